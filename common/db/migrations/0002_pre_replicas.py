"""What several processes on one database need: a link's owner, an outbox that the owner drains, leases."""

import sqlalchemy as sa
from alembic import op

revision = "common_0002"
down_revision = "common_0001"
branch_labels = None


def upgrade() -> None:
    op.add_column("links", sa.Column("owner", sa.String(64), nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("waits_for_credit", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("outbox", sa.Column("rides", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "outbox_at_once",
        "outbox",
        ["peer", "outbox_id"],
        sqlite_where=sa.text("NOT waits_for_credit"),
        postgresql_where=sa.text("NOT waits_for_credit"),
    )
    op.add_column("inbox", sa.Column("in_order", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_table(
        "leases",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
    )
