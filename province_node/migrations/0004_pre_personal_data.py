"""Customers whose personal data is encrypted. Those of before are copied without it: the node's program encrypts it
record by record while it serves, and takes each out of `customers` then."""

import sqlalchemy as sa
from alembic import op

revision = "province_0004"
down_revision = "province_0003"

FOUND_BY = ("document_token", "document_last6", "document_last4", "contact_token", "contact_last6", "contact_last4")


def upgrade() -> None:
    op.create_table(
        "personal_data_generations",
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("master_key_id", sa.LargeBinary(8), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_index_key", sa.LargeBinary(), nullable=False),
        sa.Column("made_at_us", sa.BigInteger(), nullable=False),
        sa.Column("destroyed_at_us", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "personal_data_keys",
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("subject", sa.String(40), primary_key=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "customer_records",
        sa.Column("customer_number", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("document_kind", sa.String(32), nullable=False),
        sa.Column("city_code", sa.String(6), nullable=False),
        sa.Column("import_reference", sa.String(64), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
        sa.Column("erased_at_us", sa.BigInteger(), nullable=False),
        sa.Column("erased_reason", sa.String(200), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("document_number", sa.LargeBinary(), nullable=False),
        sa.Column("contact_number", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("import_digest", sa.LargeBinary(), nullable=False),
        *(sa.Column(name, sa.LargeBinary(16 if name.endswith("token") else 8)) for name in FOUND_BY),
        sqlite_with_rowid=False,
    )
    for name in FOUND_BY:
        found = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"customer_{name}", "customer_records", [name], sqlite_where=found, postgresql_where=found)
    not_erased = sa.text("erased_at_us = 0")
    op.create_index(
        "customers_by_generation",
        "customer_records",
        ["generation", "customer_number"],
        sqlite_where=not_erased,
        postgresql_where=not_erased,
    )
    op.create_table(
        "customer_address_tokens",
        sa.Column("token", sa.LargeBinary(8), primary_key=True),
        sa.Column("customer_number", sa.String(32), primary_key=True),
        sqlite_with_rowid=False,
    )
    columns = "customer_number, kind, name, document_kind, city_code, import_reference, created_at_us, updated_at_us"
    nothing = "CAST('' AS BLOB)" if op.get_bind().dialect.name == "sqlite" else "''::bytea"
    op.execute(
        "INSERT INTO customer_records "  # noqa: S608 - the names above, and nothing else.
        f"({columns}, erased_at_us, erased_reason, generation, document_number, contact_number, address, "
        f"import_digest) SELECT {columns}, 0, '', 0, {nothing}, {nothing}, {nothing}, {nothing} FROM customers"
    )
