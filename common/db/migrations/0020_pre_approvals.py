"""Requests for approval, and substitutions."""

import sqlalchemy as sa
from alembic import op

revision = "common_0020"
down_revision = "common_0019"
branch_labels = None


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("approval_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("command_kind", sa.String(64), nullable=False),
        sa.Column("command", sa.LargeBinary(), nullable=False),
        sa.Column("encrypted", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("record", sa.String(128), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(512), nullable=False),
        sa.Column("asker_kind", sa.String(16), nullable=False),
        sa.Column("asker", sa.String(64), nullable=False),
        sa.Column("organisation_id", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("session", sa.String(64), nullable=False),
        sa.Column("asked_at_us", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_us", sa.BigInteger(), nullable=False),
        sa.Column("decider_kind", sa.String(16), nullable=False),
        sa.Column("decider", sa.String(64), nullable=False),
        sa.Column("decided_for", sa.String(64), nullable=False),
        sa.Column("decided_at_us", sa.BigInteger(), nullable=False),
        sa.Column("decision_reason", sa.String(512), nullable=False),
        sa.Column("failure", sa.String(64), nullable=False),
    )
    op.create_index("approvals_by_state", "approvals", ["state", "expires_at_us"])
    op.create_index("approvals_by_asker", "approvals", ["asker", "approval_id", "organisation_id"])
    op.create_index("approvals_by_organisation", "approvals", ["organisation_id", "approval_id"])
    op.create_table(
        "substitutions",
        sa.Column("substitution_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("operator", sa.String(64), nullable=False),
        sa.Column("substitute", sa.String(64), nullable=False),
        sa.Column("from_us", sa.BigInteger(), nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=False),
        sa.Column("named_by", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(512), nullable=False),
        sa.Column("ended_at_us", sa.BigInteger(), nullable=False),
    )
    op.create_index("substitutions_by_operator", "substitutions", ["operator", "until_us"])
    op.create_index("substitutions_by_substitute", "substitutions", ["substitute", "until_us"])
