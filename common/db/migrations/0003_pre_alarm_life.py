"""Alarms have a life: severity, state, who acknowledged them; and a history."""

import sqlalchemy as sa
from alembic import op

revision = "common_0003"
down_revision = "common_0002"
branch_labels = None


def upgrade() -> None:
    op.add_column("alarms", sa.Column("state", sa.String(16), nullable=False, server_default="raised"))
    op.add_column("alarms", sa.Column("severity", sa.String(16), nullable=False, server_default="warning"))
    op.add_column("alarms", sa.Column("lasting", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("alarms", sa.Column("acknowledged_at_us", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("alarms", sa.Column("acknowledged_by", sa.String(64), nullable=False, server_default=""))
    op.add_column("alarms", sa.Column("note", sa.String(512), nullable=False, server_default=""))
    op.add_column("alarms", sa.Column("cleared_at_us", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index(
        "alarms_standing",
        "alarms",
        ["last_at_us"],
        sqlite_where=sa.text("state != 'cleared'"),
        postgresql_where=sa.text("state != 'cleared'"),
    )
    op.create_table(
        "alarm_history",
        sa.Column("entry_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("by_name", sa.String(64), nullable=False),
        sa.Column("note", sa.String(512), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("alarm_history_by_alarm", "alarm_history", ["kind", "subject", "at_us"])
    op.create_index("alarm_history_by_time", "alarm_history", ["at_us"])
