"""Customers: who they are, how they are reached, and how they come in from the legacy systems."""
