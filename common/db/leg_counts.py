"""How many legs are in each state, at a cost that does not grow with history.

Open legs are counted all: an index holds them alone. Of the ended ones only the latest are: counting all there ever
were would read the whole table, and totals kept beside the records would be one row that every transaction has to
write. What ended since the start is a meter's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import sqlalchemy as sa

LATEST_MAX = 2_000
"""So many of the latest legs, by id, are looked at for those that ended."""

ZERO: sa.ColumnElement[int] = sa.literal_column("0", sa.BigInteger)
"""Written into the statement, not bound to it: a partial index is only taken where the statement shows that it fits."""


class LegCounts(NamedTuple):
    """Legs by state. `latest_only`: there are older ones, and those that ended among them are not counted."""

    by_state: Mapping[str, int]
    latest_only: bool


def count_legs(
    connection: sa.Connection, legs: sa.Table, states: Iterable[str], latest_max: int = LATEST_MAX
) -> LegCounts:
    """Counts a table of legs (with leg_id, state, and ended_at_us, which is 0 while a leg is open). All of `states` are
    named, with 0 where there is none."""
    is_open = sa.select(legs.c.state, sa.func.count()).where(legs.c.ended_at_us == ZERO).group_by(legs.c.state)
    latest = sa.select(legs.c.leg_id, legs.c.state, legs.c.ended_at_us).order_by(legs.c.leg_id.desc()).limit(latest_max)
    seen = latest.subquery()
    has_ended = sa.select(seen.c.state, sa.func.count()).where(seen.c.ended_at_us != ZERO).group_by(seen.c.state)
    # Not min(): PostgreSQL has it for bytes from 18 on only.
    first_seen = sa.select(seen.c.leg_id).order_by(seen.c.leg_id).limit(1).scalar_subquery()
    older = sa.select(legs.c.leg_id).where(legs.c.leg_id < first_seen).limit(1)
    counted = dict.fromkeys(states, 0)
    for statement in (has_ended, is_open):
        counted.update(connection.execute(statement).tuples().all())
    return LegCounts(counted, connection.execute(older).first() is not None)
