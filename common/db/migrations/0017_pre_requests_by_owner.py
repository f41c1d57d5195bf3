"""The organisation beside the owner of a service request: what a team may see is found in the index alone."""

from alembic import op

revision = "common_0017"
down_revision = "common_0016"
branch_labels = None


def upgrade() -> None:
    op.drop_index("requests_by_operator", "requests")
    op.create_index("requests_by_operator", "requests", ["operator", "request_id", "organisation"])
