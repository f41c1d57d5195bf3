"""Backups of a node: made beside the node that serves, encrypted, verified by restoring them."""
