"""Evidence is looked for in the journal by when it was said."""

from alembic import op

revision = "common_0004"
down_revision = "common_0003"
branch_labels = None


def upgrade() -> None:
    op.create_index("journal_by_time", "journal", ["link", "stored_at_us"])
