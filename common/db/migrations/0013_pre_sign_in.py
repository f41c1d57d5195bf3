"""Credentials, sessions, failed sign-ins and tokens."""

import sqlalchemy as sa
from alembic import op

revision = "common_0013"
down_revision = "common_0012"
branch_labels = None


def upgrade() -> None:
    op.create_table(
        "credentials",
        sa.Column("operator", sa.String(64), primary_key=True),
        sa.Column("password", sa.String(256), nullable=False),
        sa.Column("expires_at_us", sa.BigInteger(), nullable=False),
        sa.Column("changed_at_us", sa.BigInteger(), nullable=False),
        sa.Column("factor", sa.LargeBinary(), nullable=False),
        sa.Column("factor_on_at_us", sa.BigInteger(), nullable=False),
        sa.Column("factor_step", sa.BigInteger(), nullable=False),
        sa.Column("recovery_hashes", sa.Text(), nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("secret_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("operator", sa.String(64), nullable=False),
        sa.Column("organisation_id", sa.String(32), nullable=False),
        sa.Column("one_time", sa.Boolean(), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("opened_at_us", sa.BigInteger(), nullable=False),
        sa.Column("used_at_us", sa.BigInteger(), nullable=False),
    )
    op.create_index("sessions_by_operator", "sessions", ["operator", "session_id"])
    op.create_table(
        "sign_in_failures",
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("wait_until_us", sa.BigInteger(), nullable=False),
        sa.Column("failed_at_us", sa.BigInteger(), nullable=False),
    )
    op.create_index("sign_in_failures_by_time", "sign_in_failures", ["failed_at_us"])
    op.create_table(
        "api_tokens",
        sa.Column("token_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("secret_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("client", sa.String(64), nullable=False),
        sa.Column("organisation_id", sa.String(32), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("permissions", sa.Text(), nullable=False),
        sa.Column("issued_at_us", sa.BigInteger(), nullable=False),
        sa.Column("issued_by", sa.String(64), nullable=False),
        sa.Column("expires_at_us", sa.BigInteger(), nullable=False),
        sa.Column("used_at_us", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at_us", sa.BigInteger(), nullable=False),
    )
    op.create_index("api_tokens_by_client", "api_tokens", ["client", "token_id"])
