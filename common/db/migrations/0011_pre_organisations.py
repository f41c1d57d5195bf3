"""The organisation tree, and the count of changes of who may do what."""

import sqlalchemy as sa
from alembic import op

revision = "common_0011"
down_revision = "common_0010"
branch_labels = None


def upgrade() -> None:
    op.create_table(
        "access_version",
        sa.Column("version_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "organisations",
        sa.Column("organisation_id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("parent_id", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
    )
    op.create_index("organisations_by_parent", "organisations", ["parent_id", "organisation_id"])
    op.create_table(
        "organisation_closure",
        sa.Column("ancestor_id", sa.String(32), primary_key=True),
        sa.Column("organisation_id", sa.String(32), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("organisation_closure_upwards", "organisation_closure", ["organisation_id", "ancestor_id"])
