"""What screens read about the keys of personal data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from common.personal_data.repository import GENERATIONS

GENERATIONS_SHOWN_MAX = 20

CountBelow = Callable[[sa.Connection, int], int]
"""How many records are of a lower generation than this one."""

CountAll = Callable[[sa.Connection], int]
"""How many records there are."""


def key_status(connection: sa.Connection, records: CountBelow, records_total: CountAll) -> Any:
    """The generations, the newest first, and how far a rotation has got."""
    table = GENERATIONS.c
    statement = sa.select(table.generation, table.master_key_id, table.made_at_us, table.destroyed_at_us).order_by(
        table.generation.desc()
    )
    rows = list(connection.execute(statement.limit(GENERATIONS_SHOWN_MAX)))
    current = rows[0].generation if rows else 0
    return {
        "generation": current,
        "records": records_total(connection),
        "records_left": records(connection, current),
        "rotating": sum(not row.destroyed_at_us for row in rows) > 1,
        "generations": [
            {
                "generation": row.generation,
                "master_key": bytes(row.master_key_id).hex(),
                "made_at_us": row.made_at_us,
                "destroyed_at_us": row.destroyed_at_us,
            }
            for row in rows
        ],
    }
