"""Parameters, with all values that they ever had."""

import sqlalchemy as sa
from alembic import op

revision = "common_0014"
down_revision = "common_0013"
branch_labels = None


def upgrade() -> None:
    op.create_table(
        "parameter_versions",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("version", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("effective_from_us", sa.BigInteger(), nullable=False),
        sa.Column("set_at_us", sa.BigInteger(), nullable=False),
        sa.Column("set_by", sa.String(100), nullable=False),
        sa.Column("reason", sa.String(512), nullable=False),
        sa.Column("withdrawn_at_us", sa.BigInteger(), nullable=False),
    )
