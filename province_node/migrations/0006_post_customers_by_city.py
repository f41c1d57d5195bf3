"""Customers by city, for lists within the scope of one. This release works without it as well, only slower."""

from alembic import op

revision = "province_0006"
down_revision = "province_0005"


def upgrade() -> None:
    op.create_index("customers_by_city", "customer_records", ["city_code", "customer_number"])
