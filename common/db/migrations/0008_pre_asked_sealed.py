"""When a request of this node left it: was sealed for the hub. 0 where that was not kept, or it waits."""

import sqlalchemy as sa
from alembic import op

revision = "common_0008"
down_revision = "common_0007"
branch_labels = None


def upgrade() -> None:
    # The release before writes rows without it.
    op.add_column("asked_legs", sa.Column("sealed_at_us", sa.BigInteger(), nullable=False, server_default="0"))
