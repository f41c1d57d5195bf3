"""The node as it lives: what goes through it, how fast, and what waits; now, and in buckets of the past."""
