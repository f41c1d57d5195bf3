"""Making sure of a customer: the service password, a one-time code, a document that a clerk has looked at (ACC-03)."""
