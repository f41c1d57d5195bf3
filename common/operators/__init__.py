"""Operators: people who act at a node, their posts, the roles these give them, and their teams."""
