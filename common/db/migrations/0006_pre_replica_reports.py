"""The processes of a node, as they tell each other what they are."""

import sqlalchemy as sa
from alembic import op

revision = "common_0006"
down_revision = "common_0005"
branch_labels = None


def upgrade() -> None:
    op.create_table(
        "replicas",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("roles", sa.String(64), nullable=False),
        sa.Column("software_version", sa.String(64), nullable=False),
        sa.Column("started_at_us", sa.BigInteger(), nullable=False),
        sa.Column("seen_at_us", sa.BigInteger(), nullable=False),
        sa.Column("open_links", sa.String(512), nullable=False),
        sa.Column("leads", sa.Boolean(), nullable=False),
    )
