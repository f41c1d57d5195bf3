"""Subscriptions: what a customer has from us, by which number it is reached, and whether it is in service."""
