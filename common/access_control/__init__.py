"""Who may do what: actors, rights, what each wish needs, and the guard that asks."""
