"""Parameters: what may be changed while a node runs, typed, bounded, dated, with its history (SYS-02)."""
