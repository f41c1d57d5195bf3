"""Calls to other systems, and how each interface is."""

import sqlalchemy as sa
from alembic import op

revision = "common_0018"
down_revision = "common_0017"
branch_labels = None


def upgrade() -> None:
    op.create_table(
        "interface_calls",
        sa.Column("call_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("port", sa.String(32), nullable=False),
        sa.Column("operation", sa.String(32), nullable=False),
        sa.Column("shown", sa.String(120), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("adapter", sa.String(32), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("placed_at_us", sa.BigInteger(), nullable=False),
        sa.Column("next_try_at_us", sa.BigInteger(), nullable=False),
        sa.Column("not_after_us", sa.BigInteger(), nullable=False),
        sa.Column("ended_at_us", sa.BigInteger(), nullable=False),
        sa.Column("took_us", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.String(120), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    for name, columns, condition in (
        ("open", ["port", "next_try_at_us"], "ended_at_us = 0"),
        ("sealed", ["generation", "call_id"], "generation > 0"),
    ):
        where = sa.text(condition)
        op.create_index(
            f"interface_calls_{name}", "interface_calls", columns, sqlite_where=where, postgresql_where=where
        )
    op.create_index("interface_calls_by_state", "interface_calls", ["port", "state", "call_id"])
    op.create_table(
        "interface_health",
        sa.Column("port", sa.String(32), primary_key=True),
        sa.Column("adapter", sa.String(32), primary_key=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("rests", sa.Integer(), nullable=False),
        sa.Column("next_at_us", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("took_us", sa.BigInteger(), nullable=False),
        sa.Column("took_us_max", sa.BigInteger(), nullable=False),
        sa.Column("worked_at_us", sa.BigInteger(), nullable=False),
        sa.Column("failed_at_us", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.String(120), nullable=False),
    )
