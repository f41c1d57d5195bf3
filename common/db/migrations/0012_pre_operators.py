"""Roles, operators with their posts, and teams."""

import sqlalchemy as sa
from alembic import op

revision = "common_0012"
down_revision = "common_0011"
branch_labels = None


def upgrade() -> None:
    op.create_table(
        "roles",
        sa.Column("role", sa.String(64), primary_key=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "operators",
        sa.Column("operator", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("organisation_id", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
    )
    op.create_index("operators_by_organisation", "operators", ["organisation_id", "operator"])
    op.create_table(
        "posts",
        sa.Column("operator", sa.String(64), primary_key=True),
        sa.Column("organisation_id", sa.String(32), primary_key=True),
        sa.Column("role", sa.String(64), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "teams",
        sa.Column("team", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("organisation_id", sa.String(32), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "team_members",
        sa.Column("team", sa.String(64), primary_key=True),
        sa.Column("operator", sa.String(64), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("team_members_by_operator", "team_members", ["operator", "team"])
