"""The tables that both nodes have: links and journals, inbox and outbox, the directory, and what the node asked."""

import sqlalchemy as sa
from alembic import op

revision = "common_0001"
down_revision = None
branch_labels = ("common",)


def upgrade() -> None:
    op.create_table(
        "node_identity",
        sa.Column("node", sa.String(2), primary_key=True),
        sa.Column("incarnation", sa.LargeBinary(16), nullable=False),
        sa.Column("initialised_at_us", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "links",
        sa.Column("peer", sa.String(2), primary_key=True),
        sa.Column("incarnation", sa.LargeBinary(16), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sealed_seal_number", sa.BigInteger(), nullable=False),
        sa.Column("sealed_sequence", sa.BigInteger(), nullable=False),
        sa.Column("sealed_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("acked_seal_number", sa.BigInteger(), nullable=False),
        sa.Column("acked_sequence", sa.BigInteger(), nullable=False),
        sa.Column("peer_incarnation", sa.LargeBinary(16), nullable=False),
        sa.Column("received_seal_number", sa.BigInteger(), nullable=False),
        sa.Column("received_sequence", sa.BigInteger(), nullable=False),
        sa.Column("received_hash", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "journal",
        sa.Column("link", sa.String(5), primary_key=True),
        sa.Column("seal_number", sa.BigInteger(), primary_key=True),
        sa.Column("first_sequence", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("stored_at_us", sa.BigInteger(), nullable=False),
        sa.Column("batch", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "inbox",
        sa.Column("source", sa.String(2), primary_key=True),
        sa.Column("message_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("link", sa.String(5), nullable=False),
        sa.Column("seal_number", sa.BigInteger(), nullable=False),
        sa.Column("entry_index", sa.Integer(), nullable=False),
        sa.Column("leg_id", sa.LargeBinary(20), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at_us", sa.BigInteger(), nullable=False),
        sa.Column("received_at_us", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.String(64), nullable=False),
        sa.Column("detail", sa.String(512), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "inbox_open",
        "inbox",
        ["state", "next_attempt_at_us"],
        sqlite_where=sa.text("state IN ('waiting', 'parked')"),
        postgresql_where=sa.text("state IN ('waiting', 'parked')"),
    )
    op.create_index(
        "inbox_waiting_by_leg",
        "inbox",
        ["leg_id"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "outbox",
        sa.Column("outbox_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("peer", sa.String(2), nullable=False),
        sa.Column("leg_id", sa.LargeBinary(20), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("gated", sa.Boolean(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("queued_at_us", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("origin_seal", sa.LargeBinary(), nullable=False),
    )
    if op.get_bind().dialect.supports_sequences:
        op.execute(sa.schema.CreateSequence(sa.Sequence("outbox_order")))
    op.create_index("outbox_by_peer", "outbox", ["peer", "outbox_id"])
    op.create_table(
        "alarms",
        sa.Column("kind", sa.String(64), primary_key=True),
        sa.Column("subject", sa.String(128), primary_key=True),
        sa.Column("detail", sa.String(512), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at_us", sa.BigInteger(), nullable=False),
        sa.Column("last_at_us", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "directories",
        sa.Column("version", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("directory_bytes", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("stored_at_us", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "requests",
        sa.Column("request_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("kind", sa.String(128), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.String(64), nullable=False),
        sa.Column("legs", sa.Integer(), nullable=False),
        sa.Column("time_to_live_ms", sa.BigInteger(), nullable=False),
        sa.Column("operator", sa.String(64), nullable=False),
        sa.Column("organisation", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("customer_authentication", sa.String(32), nullable=False),
        sa.Column("idempotency_key", sa.String(128), nullable=True),
        sa.Column("content_digest", sa.LargeBinary(32), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "requests_by_idempotency_key",
        "requests",
        ["idempotency_key"],
        unique=True,
        sqlite_where=sa.text("idempotency_key IS NOT NULL"),
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )
    op.create_table(
        "asked_legs",
        sa.Column("leg_id", sa.LargeBinary(20), primary_key=True),
        sa.Column("request_id", sa.LargeBinary(16), nullable=False),
        sa.Column("destination", sa.String(2), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("message_id", sa.LargeBinary(16), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("submitted_at_us", sa.BigInteger(), nullable=False),
        sa.Column("stamped_at_us", sa.BigInteger(), nullable=False),
        sa.Column("hub_position", sa.BigInteger(), nullable=False),
        sa.Column("business_date", sa.String(10), nullable=False),
        sa.Column("hub_admitted_at_us", sa.BigInteger(), nullable=False),
        sa.Column("hub_forwarded_at_us", sa.BigInteger(), nullable=False),
        sa.Column("hub_answered_at_us", sa.BigInteger(), nullable=False),
        sa.Column("home_received_at_us", sa.BigInteger(), nullable=False),
        sa.Column("home_answered_at_us", sa.BigInteger(), nullable=False),
        sa.Column("working_at_us", sa.BigInteger(), nullable=False),
        sa.Column("overdue_at_us", sa.BigInteger(), nullable=False),
        sa.Column("cancel_asked_at_us", sa.BigInteger(), nullable=False),
        sa.Column("ended_at_us", sa.BigInteger(), nullable=False),
        sa.Column("reason_code", sa.String(64), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "asked_legs_open",
        "asked_legs",
        ["submitted_at_us"],
        sqlite_where=sa.text("ended_at_us = 0"),
        postgresql_where=sa.text("ended_at_us = 0"),
    )
