"""Calls to other systems, once for all who make them: where they may go, how they are made, when they are repeated."""
