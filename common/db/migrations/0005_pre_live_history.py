"""The history of the live view: one row for each span of time and process."""

import sqlalchemy as sa
from alembic import op

revision = "common_0005"
down_revision = "common_0004"
branch_labels = None


def upgrade() -> None:
    op.create_table(
        "live_buckets",
        sa.Column("width_s", sa.Integer(), primary_key=True),
        sa.Column("begin_s", sa.BigInteger(), primary_key=True),
        sa.Column("process", sa.String(64), primary_key=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
