"""What each process says of the node's keys."""

import sqlalchemy as sa
from alembic import op

revision = "common_0016"
down_revision = "common_0015"
branch_labels = None


def upgrade() -> None:
    op.add_column("replicas", sa.Column("missing_keys", sa.String(512), nullable=False, server_default=""))
