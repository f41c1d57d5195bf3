"""Service requests by whose they are."""

from alembic import op

revision = "common_0015"
down_revision = "common_0014"
branch_labels = None


def upgrade() -> None:
    op.create_index("requests_by_organisation", "requests", ["organisation", "request_id"])
    op.create_index("requests_by_operator", "requests", ["operator", "request_id"])
