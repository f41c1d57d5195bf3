"""A province's own tables: the legs it carries out, customers and subscriptions."""

import sqlalchemy as sa
from alembic import op

revision = "province_0001"
down_revision = None
branch_labels = ("province",)


def upgrade() -> None:
    op.create_table(
        "serving_legs",
        sa.Column("leg_id", sa.LargeBinary(20), primary_key=True),
        sa.Column("source", sa.String(2), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("message_id", sa.LargeBinary(16), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", sa.String(128), nullable=False),
        sa.Column("received_at_us", sa.BigInteger(), nullable=False),
        sa.Column("committing_at_us", sa.BigInteger(), nullable=False),
        sa.Column("ended_at_us", sa.BigInteger(), nullable=False),
        sa.Column("reason_code", sa.String(64), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "customers",
        sa.Column("customer_number", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("document_kind", sa.String(32), nullable=False),
        sa.Column("document_number", sa.String(40), nullable=False),
        sa.Column("contact_number", sa.String(32), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("city_code", sa.String(6), nullable=False),
        sa.Column("import_reference", sa.String(64), nullable=False),
        sa.Column("import_digest", sa.LargeBinary(16), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subscriptions",
        sa.Column("subscription_id", sa.String(40), primary_key=True),
        sa.Column("customer_number", sa.String(32), nullable=False),
        sa.Column("service_number", sa.String(32), nullable=False),
        sa.Column("offering", sa.String(64), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("status_since_us", sa.BigInteger(), nullable=False),
        sa.Column("suspended_reason", sa.String(200), nullable=False),
        sa.Column("status_request_id", sa.LargeBinary(16), nullable=False),
        sa.Column("imported_digest", sa.LargeBinary(16), nullable=False),
        sa.Column("imported_status", sa.String(10), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_subscriptions_customer_number", "subscriptions", ["customer_number"])
    op.create_table(
        "service_numbers",
        sa.Column("service_number", sa.String(32), primary_key=True),
        sa.Column("subscription_id", sa.String(40), nullable=False),
        sqlite_with_rowid=False,
    )
