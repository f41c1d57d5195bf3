"""Values of dictionaries, headquarters' and the node's own, with their history."""

import sqlalchemy as sa
from alembic import op

revision = "common_0021"
down_revision = "common_0020"
branch_labels = None


def upgrade() -> None:
    op.create_table(
        "dictionary_values",
        sa.Column("origin", sa.String(8), primary_key=True),
        sa.Column("dictionary", sa.String(64), primary_key=True),
        sa.Column("code", sa.String(32), primary_key=True),
        sa.Column("version", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("zh", sa.String(100), nullable=False),
        sa.Column("en", sa.String(100), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("from_us", sa.BigInteger(), nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=False),
        sa.Column("parent", sa.String(32), nullable=False),
        sa.Column("set_at_us", sa.BigInteger(), nullable=False),
        sa.Column("set_by", sa.String(100), nullable=False),
        sa.Column("reason", sa.String(512), nullable=False),
    )
