"""Migrations of the tables that both nodes have. Run by common.db.migrate, by path; never imported."""
