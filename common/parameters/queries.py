"""What is read of parameters: the book that counts, and for screens each parameter with its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from common.parameters.model import Parameter, ParameterBook, timelines_of
from common.parameters.repository import ParameterVersionRow, parameter_versions, version_of

VERSIONS_MAX = 200


def load_book(connection: sa.Connection, declared: Mapping[str, Parameter[Any]], now_us: int) -> ParameterBook:
    """What counts now, and what will."""
    c = parameter_versions.c
    # Of all that has come into force only the last of each parameter: the history may be long.
    numbered = sa.select(
        parameter_versions,
        sa.func.row_number()
        .over(partition_by=c.name, order_by=(c.effective_from_us.desc(), c.version.desc()))
        .label("place"),
    )
    past = numbered.where(c.effective_from_us <= now_us, c.withdrawn_at_us == 0).subquery()
    fields = [past.c[name] for name in ParameterVersionRow._fields]
    rows = list(connection.execute(sa.select(*fields).where(past.c.place == 1)))
    rows += connection.execute(
        sa.select(parameter_versions).where(c.effective_from_us > now_us, c.withdrawn_at_us == 0)
    )
    versions = [version_of(ParameterVersionRow._make(row)) for row in rows]
    return ParameterBook(declared, timelines_of([one for one in versions if one.name in declared], now_us))


def list_parameters(book: ParameterBook, now_us: int) -> dict[str, Any]:
    """All parameters by name, each with what counts now."""
    return {"items": [_shown(parameter, book, now_us) for _, parameter in sorted(book.declared.items())]}


def show_parameter(
    connection: sa.Connection, book: ParameterBook, name: str, now_us: int, before: int = 0, limit: int = 50
) -> dict[str, Any]:
    """One parameter with its versions, the last first, those below version `before` (0: all); at most `limit` and never
    more than VERSIONS_MAX; `next` is where to go on. Raises ParameterUnknown."""
    parameter = book.parameter(name)
    c, size = parameter_versions.c, min(limit, VERSIONS_MAX)
    statement = sa.select(parameter_versions).where(c.name == name).order_by(c.version.desc()).limit(size + 1)
    if before:
        statement = statement.where(c.version < before)
    found = [version_of(ParameterVersionRow._make(row)) for row in connection.execute(statement)]
    in_force = book.version_at(name, now_us)
    versions = [
        {**asdict(one), "in_force": one == in_force, "waits": one.effective_from_us > now_us} for one in found[:size]
    ]
    more = found[size - 1].version if len(found) > size else 0
    return {**_shown(parameter, book, now_us), "versions": versions, "next": more}


def _shown(parameter: Parameter[Any], book: ParameterBook, now_us: int) -> dict[str, Any]:
    in_force = book.version_at(parameter.name, now_us)
    scheduled = [one for one in book.timelines.get(parameter.name, ()) if one.effective_from_us > now_us]
    return {
        "name": parameter.name,
        "value": book.value(parameter, now_us),
        "default": parameter.default,
        "is_default": in_force is None or in_force.value is None,
        "since_us": 0 if in_force is None else in_force.effective_from_us,
        "scheduled": len(scheduled),
        "next_value": scheduled[-1].value if scheduled else None,
        "next_from_us": scheduled[-1].effective_from_us if scheduled else 0,
        "allowed": parameter.value_type.document(),
        "en": parameter.en,
        "zh": parameter.zh,
    }
