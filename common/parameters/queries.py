"""What is read of parameters: the book that counts, and for screens each parameter with its history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from common.parameters.model import Parameter, ParameterBook, timelines_of
from common.parameters.network import NetworkValue
from common.parameters.network_repository import (
    TOPIC,
    NetworkParameterRow,
    PublicationRow,
    network_parameters,
    publications,
    value_of,
)
from common.parameters.repository import ParameterVersionRow, parameter_versions, version_of

VERSIONS_MAX = 200

Run = Callable[[sa.Select[Any]], Any]
"""Runs a statement: `connection.execute`, or `uow.query`."""


def load_book(
    connection: sa.Connection,
    declared: Mapping[str, Parameter[Any]],
    now_us: int,
    of_others: Mapping[str, Parameter[Any]] | None = None,
) -> ParameterBook:
    """What counts now, and what will."""
    return read_book(connection.execute, declared, now_us, of_others)


def read_book(
    run: Run,
    declared: Mapping[str, Parameter[Any]],
    now_us: int,
    of_others: Mapping[str, Parameter[Any]] | None = None,
) -> ParameterBook:
    """The same for whoever runs statements: a unit of work sees what it has staged."""
    own = [version_of(ParameterVersionRow._make(row)) for row in _counting(run, parameter_versions, now_us)]
    known = [one for one in own if one.name in declared]
    rows = _counting(run, network_parameters, now_us)
    network = [value_of(NetworkParameterRow._make(row)) for row in rows]
    timelines, published = timelines_of(known, now_us), timelines_of(network, now_us)
    return ParameterBook(declared, timelines, published, of_others or {})


def _counting(run: Run, table: sa.Table, now_us: int) -> list[Any]:
    """The rows of a table of dated values that count now, or will."""
    c = table.c
    # Of all that has come into force only the last of each parameter: the history may be long.
    numbered = sa.select(
        table,
        sa.func.row_number()
        .over(partition_by=c.name, order_by=(c.effective_from_us.desc(), c.version.desc()))
        .label("place"),
    )
    past = numbered.where(c.effective_from_us <= now_us, c.withdrawn_at_us == 0).subquery()
    fields = [past.c[column.name] for column in table.columns]
    rows = list(run(sa.select(*fields).where(past.c.place == 1)))
    return rows + list(run(sa.select(table).where(c.effective_from_us > now_us, c.withdrawn_at_us == 0)))


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
    return {
        **_shown(parameter, book, now_us),
        "versions": versions,
        "next": more,
        "network": list_published(connection, book, now_us, name),
    }


def list_published(connection: sa.Connection, book: ParameterBook, now_us: int, name: str) -> list[dict[str, Any]]:
    """What headquarters has published of a parameter, the last first, as far as this node has heard of it; at most
    VERSIONS_MAX."""
    c = network_parameters.c
    statement = sa.select(network_parameters).where(c.name == name).order_by(c.version.desc()).limit(VERSIONS_MAX)
    found = [value_of(NetworkParameterRow._make(row)) for row in connection.execute(statement)]
    in_force = book.published_at(name, now_us)
    return [{**asdict(one), "in_force": one == in_force, "waits": one.effective_from_us > now_us} for one in found]


def publication_of(connection: sa.Connection, topic: str = TOPIC) -> dict[str, Any]:
    """Which publication the node is at; version 0: none."""
    row = connection.execute(sa.select(publications).where(publications.c.topic == topic)).first()
    found = PublicationRow(topic, 0, 0, 0) if row is None else PublicationRow(*row)
    return {"version": found.version, "published_at_us": found.published_at_us, "taken_at_us": found.taken_at_us}


def shown_layer(parameter: Parameter[Any], book: ParameterBook, now_us: int) -> dict[str, Any]:
    """Where the value comes from, and what headquarters lets it be. `cut_from`: the node's own value where that is not
    let be."""
    own, published = book.own_value(parameter, now_us), book.published_at(parameter.name, now_us)
    says = published is not None and published.says_of(parameter)
    assert published is None or isinstance(published, NetworkValue)
    value = book.value(parameter, now_us)
    layer = "own" if own is not None and own == value else "network" if says else "default"
    return {
        "layer": layer,
        "cut_from": own if own is not None and own != value else None,
        "network_value": published.value if published is not None and says else None,
        "least": published.least if published is not None and says else None,
        "most": published.most if published is not None and says else None,
        "fixed": bool(published is not None and says and published.fixed),
    }


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
        **shown_layer(parameter, book, now_us),
        "allowed": parameter.value_type.document(),
        "en": parameter.en,
        "zh": parameter.zh,
    }
