"""HQ's own tables: the hub's legs and order, invitations and enrolments."""

import sqlalchemy as sa
from alembic import op

revision = "hq_0001"
down_revision = None
branch_labels = ("hq",)


def upgrade() -> None:
    op.create_table(
        "hub_legs",
        sa.Column("leg_id", sa.LargeBinary(20), primary_key=True),
        sa.Column("origin", sa.String(2), nullable=False),
        sa.Column("home", sa.String(2), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("withdraw", sa.String(16), nullable=False),
        sa.Column("overdue", sa.Boolean(), nullable=False),
        sa.Column("message_id", sa.LargeBinary(16), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", sa.String(128), nullable=False),
        sa.Column("message_class", sa.SmallInteger(), nullable=False),
        sa.Column("hub_position", sa.BigInteger(), nullable=False),
        sa.Column("business_date", sa.String(10), nullable=False),
        sa.Column("admitted_at_us", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_us", sa.BigInteger(), nullable=False),
        sa.Column("forwarded_at_us", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at_us", sa.BigInteger(), nullable=False),
        sa.Column("answered_at_us", sa.BigInteger(), nullable=False),
        sa.Column("ended_at_us", sa.BigInteger(), nullable=False),
        sa.Column("due_at_us", sa.BigInteger(), nullable=False),
        sa.Column("reason_code", sa.String(64), nullable=False),
        sa.Column("final_seal_number", sa.BigInteger(), nullable=False),
        sa.Column("final_index", sa.Integer(), nullable=False),
        sa.Column("final", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "hub_legs_due",
        "hub_legs",
        ["due_at_us"],
        sqlite_where=sa.text("due_at_us > 0"),
        postgresql_where=sa.text("due_at_us > 0"),
    )
    op.create_table(
        "hub_order",
        sa.Column("hub_order_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("business_date", sa.String(10), nullable=False),
    )
    op.create_table(
        "hub_admissions",
        sa.Column("origin", sa.String(2), primary_key=True),
        sa.Column("full_again_at_us", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "invitations",
        sa.Column("node", sa.String(2), primary_key=True),
        sa.Column("secret_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at_us", sa.BigInteger(), nullable=False),
        sa.Column("invited_at_us", sa.BigInteger(), nullable=False),
        sa.Column("invited_by", sa.String(100), nullable=False),
        sa.Column("used_by", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "enrolments",
        sa.Column("node", sa.String(2), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("signing_public_key", sa.LargeBinary(), nullable=False),
        sa.Column("private_body_public_key", sa.LargeBinary(), nullable=False),
        sa.Column("tls_public_key", sa.LargeBinary(), nullable=False),
        sa.Column("tls_certificate_request", sa.LargeBinary(), nullable=False),
        sa.Column("software_version", sa.String(100), nullable=False),
        sa.Column("requested_at_us", sa.BigInteger(), nullable=False),
        sa.Column("approved_at_us", sa.BigInteger(), nullable=False),
        sa.Column("approved_by", sa.String(100), nullable=False),
        sa.Column("tls_certificate", sa.LargeBinary(), nullable=False),
    )
