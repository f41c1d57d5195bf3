"""An index of the legs that this province has not ended yet."""

import sqlalchemy as sa
from alembic import op

revision = "province_0002"
down_revision = "province_0001"


def upgrade() -> None:
    op.create_index(
        "serving_legs_open",
        "serving_legs",
        ["received_at_us"],
        sqlite_where=sa.text("ended_at_us = 0"),
        postgresql_where=sa.text("ended_at_us = 0"),
    )
