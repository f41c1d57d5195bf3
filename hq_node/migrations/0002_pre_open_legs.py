"""The index of the legs that have a time limit to come becomes one of all open legs: those overdue are open too."""

import sqlalchemy as sa
from alembic import op

revision = "hq_0002"
down_revision = "hq_0001"


def upgrade() -> None:
    op.drop_index("hub_legs_due", "hub_legs")
    op.create_index(
        "hub_legs_open",
        "hub_legs",
        ["due_at_us"],
        sqlite_where=sa.text("ended_at_us = 0"),
        postgresql_where=sa.text("ended_at_us = 0"),
    )
