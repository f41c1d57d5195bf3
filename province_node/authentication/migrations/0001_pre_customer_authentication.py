"""What the home province knows for authenticating its customers, and what it has verified."""

import sqlalchemy as sa
from alembic import op

revision = "authentication_0001"
down_revision = None
branch_labels = ("authentication",)


def upgrade() -> None:
    op.create_table(
        "service_passwords",
        sa.Column("customer_number", sa.String(32), primary_key=True),
        sa.Column("hashed", sa.String(200), nullable=False),
        sa.Column("set_at_us", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "authentication_attempts",
        sa.Column("customer_number", sa.String(32), primary_key=True),
        sa.Column("channel", sa.String(32), primary_key=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at_us", sa.BigInteger(), nullable=False),
        sa.Column("locked_until_us", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "one_time_codes",
        sa.Column("customer_number", sa.String(32), primary_key=True),
        sa.Column("node", sa.String(2), nullable=False),
        sa.Column("interaction", sa.LargeBinary(16), nullable=False),
        sa.Column("salt", sa.LargeBinary(16), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("sent_at_us", sa.BigInteger(), nullable=False),
        sa.Column("valid_until_us", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "customer_authentications",
        sa.Column("node", sa.String(2), primary_key=True),
        sa.Column("interaction", sa.LargeBinary(16), primary_key=True),
        sa.Column("customer_number", sa.String(32), primary_key=True),
        sa.Column("method", sa.String(32), primary_key=True),
        sa.Column("verified_at_us", sa.BigInteger(), nullable=False),
        sa.Column("valid_until_us", sa.BigInteger(), nullable=False),
        sa.Column("leg_id", sa.LargeBinary(20), nullable=False),
        sa.Column("operator", sa.String(64), nullable=False),
        sa.Column("organisation", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
    )
    op.create_index("ix_customer_authentications_verified_at_us", "customer_authentications", ["verified_at_us"])
