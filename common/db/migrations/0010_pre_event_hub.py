"""Who is told of events, and what waits to be delivered to them."""

import sqlalchemy as sa
from alembic import op

revision = "common_0010"
down_revision = "common_0009"
branch_labels = None


def upgrade() -> None:
    op.create_table(
        "hub_subscriptions",
        sa.Column("subscription_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("api", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(160), nullable=False),
        sa.Column("callback", sa.String(512), nullable=False),
        sa.Column("query", sa.String(1024), nullable=False),
        sa.Column("secret", sa.LargeBinary(32), nullable=False),
        sa.Column("state", sa.String(4), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("failing_since_us", sa.BigInteger(), nullable=False),
        sa.Column("next_try_at_us", sa.BigInteger(), nullable=False),
        sa.Column("last_error", sa.String(200), nullable=False),
    )
    op.create_table(
        "hub_deliveries",
        sa.Column("subscription_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("position", sa.BigInteger(), primary_key=True),
        sa.Column("event_id", sa.LargeBinary(16), nullable=False),
        sa.Column("event_type", sa.String(128), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.String(200), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "hub_deliveries_waiting",
        "hub_deliveries",
        ["subscription_id", "position"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
