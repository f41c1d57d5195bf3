"""Parameters that headquarters publishes for the whole network, and which publication the node is at."""

import sqlalchemy as sa
from alembic import op

revision = "common_0019"
down_revision = "common_0018"
branch_labels = None


def upgrade() -> None:
    op.create_table(
        "network_parameters",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("version", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("least", sa.String(32), nullable=False),
        sa.Column("most", sa.String(32), nullable=False),
        sa.Column("fixed", sa.Integer(), nullable=False),
        sa.Column("effective_from_us", sa.BigInteger(), nullable=False),
        sa.Column("set_at_us", sa.BigInteger(), nullable=False),
        sa.Column("set_by", sa.String(100), nullable=False),
        sa.Column("reason", sa.String(512), nullable=False),
        sa.Column("withdrawn_at_us", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "publications",
        sa.Column("topic", sa.String(100), primary_key=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("published_at_us", sa.BigInteger(), nullable=False),
        sa.Column("taken_at_us", sa.BigInteger(), nullable=False),
    )
