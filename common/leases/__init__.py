"""Leases: what exactly one of a node's processes does at a time."""
