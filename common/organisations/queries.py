"""What screens read of the organisation tree: rows, on a reader's connection."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from common.organisations.model import ACTIVE, OrganisationNotFound
from common.organisations.repository import organisation_closure, organisations, within_organisation

ROWS_MAX = 500


def has_root(connection: sa.Connection, node: str) -> bool:
    """Whether the node's own organisation stands already."""
    root = sa.select(organisations.c.organisation_id).where(organisations.c.organisation_id == node)
    return connection.execute(root).scalar() is not None


def list_organisations(
    connection: sa.Connection, below: str = "", after: str = "", limit: int = 50, *, inactive: bool = False
) -> dict[str, Any]:
    """The organisations behind `after` by id, at most `limit` and never more than ROWS_MAX: one with all `below` it, or
    all; `next` is where to go on."""
    c, size = organisations.c, min(limit, ROWS_MAX)
    statement = sa.select(organisations).where(c.organisation_id > after).order_by(c.organisation_id).limit(size + 1)
    if below:
        statement = statement.where(within_organisation(c.organisation_id, below))
    if not inactive:
        statement = statement.where(c.state == ACTIVE)
    rows = [dict(row._mapping) for row in connection.execute(statement)]
    items = rows[:size]
    return {"items": items, "next": items[-1]["organisation_id"] if len(rows) > size else ""}


def show_organisation(connection: sa.Connection, organisation_id: str) -> dict[str, Any]:
    """One organisation, with what is above it (from the root) and how many hang below. Raises OrganisationNotFound."""
    found: dict[str, dict[str, Any]] = {}
    pairs = organisation_closure.c
    above = sa.select(pairs.ancestor_id).where(pairs.organisation_id == organisation_id)
    for row in connection.execute(sa.select(organisations).where(organisations.c.organisation_id.in_(above))):
        found[row.organisation_id] = dict(row._mapping)
    if organisation_id not in found:
        raise OrganisationNotFound(organisation=repr(organisation_id[:64]))
    path: list[dict[str, str]] = []
    at = found[organisation_id]["parent_id"]
    while at:
        path.insert(0, {"organisation_id": at, "name": found[at]["name"]})
        at = found[at]["parent_id"]
    counted = sa.select(sa.func.count()).select_from(organisation_closure).where(pairs.ancestor_id == organisation_id)
    below = int(connection.execute(counted).scalar_one()) - 1
    return {**found[organisation_id], "path": path, "below": below}
