"""The next directory while it waits for a root key that is kept elsewhere; HQ's own certificates by their requests."""

import sqlalchemy as sa
from alembic import op

revision = "hq_0003"
down_revision = "hq_0002"


def upgrade() -> None:
    op.create_table(
        "directory_drafts",
        sa.Column("draft", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("directory_bytes", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("began_at_us", sa.BigInteger(), nullable=False),
        sa.Column("changed_at_us", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "directory_exports",
        sa.Column("hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("directory_bytes", sa.LargeBinary(), nullable=False),
        sa.Column("exported_at_us", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "server_certificates",
        sa.Column("request_digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at_us", sa.BigInteger(), nullable=False),
    )
