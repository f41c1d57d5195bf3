"""Answers that callers of the REST interface were given under their Idempotency-Keys."""

import sqlalchemy as sa
from alembic import op

revision = "common_0009"
down_revision = "common_0008"
branch_labels = None


def upgrade() -> None:
    op.create_table(
        "rest_answers",
        sa.Column("caller", sa.String(160), primary_key=True),
        sa.Column("idempotency_key", sa.String(255), primary_key=True),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.String(4096), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at_us", sa.BigInteger(), nullable=False),
    )
    op.create_index("rest_answers_by_end", "rest_answers", ["expires_at_us"])
