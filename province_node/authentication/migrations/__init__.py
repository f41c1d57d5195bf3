"""Migrations of a province's own tables. Run by common.db.migrate, by path; never imported."""
