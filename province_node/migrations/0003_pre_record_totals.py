"""How many customers and subscriptions there are, counted once and kept from now on."""

import sqlalchemy as sa
from alembic import op

revision = "province_0003"
down_revision = "province_0002"


def upgrade() -> None:
    op.create_table(
        "record_totals",
        sa.Column("record", sa.String(32), primary_key=True),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO record_totals SELECT 'customers', count(*) FROM customers")
    op.execute("INSERT INTO record_totals SELECT 'subscriptions', count(*) FROM subscriptions")
