"""Tokens by which other systems are known to the public REST interface."""
