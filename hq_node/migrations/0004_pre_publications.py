"""Which province holds which publication."""

import sqlalchemy as sa
from alembic import op

revision = "hq_0004"
down_revision = "hq_0003"


def upgrade() -> None:
    op.create_table(
        "publication_deliveries",
        sa.Column("topic", sa.String(100), primary_key=True),
        sa.Column("node", sa.String(2), primary_key=True),
        sa.Column("held_version", sa.BigInteger(), nullable=False),
        sa.Column("held_at_us", sa.BigInteger(), nullable=False),
        sa.Column("sent_version", sa.BigInteger(), nullable=False),
        sa.Column("sent_at_us", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.LargeBinary(16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("reason_code", sa.String(64), nullable=False),
    )
