"""What screens read about customers: rows, on a reader's connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from common.personal_data.blind_index import ENDINGS, address_parts, normal_document
from common.personal_data.repository import open_data_key
from common.personal_data.sealing import DataKeyMissing
from common.personal_data.vault import NONE, Vault
from province_node.customers.clear_rows import clear_row
from province_node.customers.model import Customer
from province_node.customers.repository import (
    ADDRESS,
    ADDRESS_TOKENS,
    CONTACT,
    CUSTOMERS,
    DOCUMENT,
    NOT_ERASED,
    CustomerRow,
    opened,
)
from province_node.customers.searching import BY_ADDRESS, BY_DOCUMENT, SearchTooShort, Wanted, fits, masked

ROWS_MAX = 500
FOUND_MAX = 500
"""So many rows at most are opened for one search."""
PARTS_LOOKED_FOR_MAX = 16


def customer_count(connection: sa.Connection) -> int:
    """How many customers there are."""
    return connection.execute(sa.select(sa.func.count()).select_from(CUSTOMERS)).scalar_one()


def list_customers(connection: sa.Connection, after: str = "", limit: int = 50) -> dict[str, Any]:
    """The customers behind `after` by number, at most `limit` and never more than ROWS_MAX; `next` is where to go on.
    Nothing that says who they are: that is what a profile is for."""
    table, size = CUSTOMERS.c, min(limit, ROWS_MAX)
    statement = (
        sa.select(table.customer_number, table.kind, table.city_code, table.created_at_us, table.updated_at_us)
        .where(table.customer_number > after)
        .order_by(table.customer_number)
        .limit(size + 1)
    )
    rows = [dict(row._mapping) for row in connection.execute(statement)]
    items = rows[:size]
    return {"items": items, "next": items[-1]["customer_number"] if len(rows) > size else ""}


def records_left(connection: sa.Connection, generation: int) -> int:
    """How many customers are not sealed under this generation of keys yet."""
    table = CUSTOMERS.c
    left = sa.select(sa.func.count()).where(table.generation < generation, NOT_ERASED)
    return connection.execute(left.select_from(CUSTOMERS)).scalar_one()


def find_customers(connection: sa.Connection, vault: Vault, wanted: Wanted, limit: int = 50) -> dict[str, Any]:
    """The customers who are found by a document, a contact number, or a part of an address, masked; by number.

    Blind tokens find rows; what is shown has been opened and compared, since tokens of parts may fit by chance.
    Raises SearchTooShort.
    """
    size = min(limit, FOUND_MAX)
    rows = connection.execute(_matching(vault, wanted).limit(FOUND_MAX + 1)).all()
    found: list[dict[str, Any]] = []
    for row in rows[:FOUND_MAX]:
        customer = _opened(connection, vault, CustomerRow(*row))
        if customer is not None and fits(customer, wanted):
            found.append(masked(customer))
    return {"items": found[:size], "more": len(rows) > FOUND_MAX or len(found) > size}


def _matching(vault: Vault, wanted: Wanted) -> sa.Select[Any]:
    generations = vault.generations
    if wanted.by == BY_ADDRESS:
        return _matching_address(vault, wanted, generations)
    place, text = (DOCUMENT, normal_document(wanted.text)) if wanted.by == BY_DOCUMENT else (CONTACT, wanted.text)
    name = "document" if wanted.by == BY_DOCUMENT else "contact"
    if len(text) in ENDINGS:
        column = CUSTOMERS.c[f"{name}_last{len(text)}"]
        tokens = [vault.index(place, generation).ending(text) for generation in generations]
    else:
        column = CUSTOMERS.c[f"{name}_token"]
        tokens = [vault.index(place, generation).exact(text) for generation in generations]
    return sa.select(CUSTOMERS).where(column.in_(tokens)).order_by(CUSTOMERS.c.customer_number)


def _matching_address(vault: Vault, wanted: Wanted, generations: Sequence[int]) -> sa.Select[Any]:
    tokens = ADDRESS_TOKENS.c
    matching: list[Any] = []
    parts = list(address_parts(wanted.text))[:PARTS_LOOKED_FOR_MAX]
    if not parts:
        raise SearchTooShort()
    for generation in generations:
        index = vault.index(ADDRESS, generation)
        of_all = [
            sa.exists().where(
                tokens.token == index.part(wanted.city_code, part),
                tokens.customer_number == CUSTOMERS.c.customer_number,
            )
            for part in parts[1:]
        ]
        first = sa.select(tokens.customer_number).where(tokens.token == index.part(wanted.city_code, parts[0]))
        matching.append(sa.and_(CUSTOMERS.c.customer_number.in_(first), *of_all))
    return sa.select(CUSTOMERS).where(sa.or_(*matching)).order_by(CUSTOMERS.c.customer_number)


def _opened(connection: sa.Connection, vault: Vault, row: CustomerRow) -> Customer | None:
    """The customer in the clear; None where erased. Raises DataKeyMissing."""
    if row.erased_at_us:
        return None
    if row.generation == NONE:
        clear = clear_row(connection, row.customer_number)
        if clear is None:
            raise DataKeyMissing()
        return Customer(**clear._asdict())
    return opened(row, open_data_key(connection, vault, row.customer_number, row.generation))
