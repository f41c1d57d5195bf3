"""Published values in the database, the same at headquarters and at provinces: a row for each that was ever published,
or that this province has heard of; and which publication the node is at."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from common.parameters.model import REASON_CHARACTERS_MAX, timelines_of
from common.parameters.network import NetworkValue

TOPIC = "parameters"

network_parameters = sa.Table(
    "network_parameters",
    METADATA,
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
    # JSON; empty: headquarters says nothing from then on.
    sa.Column("value", sa.Text, nullable=False),
    # Whole numbers; empty: no bound.
    sa.Column("least", sa.String(32), nullable=False),
    sa.Column("most", sa.String(32), nullable=False),
    sa.Column("fixed", sa.Integer, nullable=False),
    sa.Column("effective_from_us", sa.BigInteger, nullable=False),
    sa.Column("set_at_us", sa.BigInteger, nullable=False),
    sa.Column("set_by", sa.String(100), nullable=False),
    sa.Column("reason", sa.String(REASON_CHARACTERS_MAX), nullable=False),
    sa.Column("withdrawn_at_us", sa.BigInteger, nullable=False),
)

publications = sa.Table(
    "publications",
    METADATA,
    sa.Column("topic", sa.String(100), primary_key=True),
    # At headquarters what it has published last, at a province what it has taken last.
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("published_at_us", sa.BigInteger, nullable=False),
    sa.Column("taken_at_us", sa.BigInteger, nullable=False),
)


class NetworkParameterRow(NamedTuple):
    name: str
    version: int
    value: str
    least: str
    most: str
    fixed: int
    effective_from_us: int
    set_at_us: int
    set_by: str
    reason: str
    withdrawn_at_us: int


class PublicationRow(NamedTuple):
    topic: str
    version: int
    published_at_us: int
    taken_at_us: int


NETWORK_PARAMETERS = RowSpec(network_parameters, NetworkParameterRow, key_width=2)
PUBLICATIONS = RowSpec(publications, PublicationRow)


class Publications:
    """At which publication of a topic the node is, within one group."""

    def __init__(self, uow: UnitOfWork, topic: str) -> None:
        self._rows = uow.rows(PUBLICATIONS)
        self._topic = topic
        self.now_us = uow.now_us

    def last(self) -> PublicationRow:
        """Where the node is; to be called before anything else is read that a change depends on: changes stand in one
        order."""
        row: PublicationRow | None = self._rows.get(self._topic)
        return row or PublicationRow(self._topic, 0, 0, 0)

    def put(self, version: int, published_at_us: int) -> None:
        """The node is at this version from now on."""
        row = PublicationRow(self._topic, version, published_at_us, self.now_us)
        (self._rows.insert if self._rows.get(self._topic) is None else self._rows.update)(row)


class NetworkParameters:
    """The published values within one group."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._rows = uow.rows(NETWORK_PARAMETERS)
        self._publications = Publications(uow, TOPIC)

    def publication(self) -> PublicationRow:
        """Where the node is, as `Publications.last`."""
        return self._publications.last()

    def put_publication(self, version: int, published_at_us: int) -> None:
        """The node is at this version from now on."""
        self._publications.put(version, published_at_us)

    def counting(self) -> list[NetworkValue]:
        """What counts now or will, by name, what was staged in this group included."""
        self._uow.flush()
        c, now_us = network_parameters.c, self._uow.now_us
        found = self._uow.query(sa.select(network_parameters).where(c.withdrawn_at_us == 0))
        values = [value_of(NetworkParameterRow._make(row)) for row in found]
        return counting_of(values, now_us)

    def last_version(self, name: str) -> int:
        """The number that was given last; 0: none was."""
        c = network_parameters.c
        self._uow.flush()
        return int(self._uow.query(sa.select(sa.func.max(c.version)).where(c.name == name)).scalar() or 0)

    def find(self, name: str, version: int) -> NetworkValue | None:
        """One published value, if there is one."""
        row = self._rows.get((name, version))
        return None if row is None else value_of(row)

    def put(self, value: NetworkValue) -> None:
        """Stages a value, new or known."""
        row = _row_of(value)
        (self._rows.insert if self._rows.get(value.key) is None else self._rows.update)(row)


def counting_of(values: Iterable[NetworkValue], now_us: int) -> list[NetworkValue]:
    """Of these what counts now or will, by name and version."""
    timelines = timelines_of(list(values), now_us)
    return sorted((one for timeline in timelines.values() for one in timeline), key=lambda one: one.key)


def withdrawn(value: NetworkValue, now_us: int) -> NetworkValue:
    """The value as one that counts no more."""
    return replace(value, withdrawn_at_us=now_us)


def value_of(row: NetworkParameterRow) -> NetworkValue:
    """A stored row as what it means."""
    return NetworkValue(
        name=row.name,
        version=row.version,
        value=_read(row.value),
        least=int(row.least) if row.least else None,
        most=int(row.most) if row.most else None,
        fixed=bool(row.fixed),
        effective_from_us=row.effective_from_us,
        set_at_us=row.set_at_us,
        set_by=row.set_by,
        reason=row.reason,
        withdrawn_at_us=row.withdrawn_at_us,
    )


def _row_of(value: NetworkValue) -> NetworkParameterRow:
    return NetworkParameterRow(
        value.name,
        value.version,
        written(value.value),
        written(value.least),
        written(value.most),
        int(value.fixed),
        value.effective_from_us,
        value.set_at_us,
        value.set_by,
        value.reason,
        value.withdrawn_at_us,
    )


def written(value: bool | int | str | None) -> str:
    """A value as JSON; empty: none."""
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _read(text: str) -> bool | int | str | None:
    value: bool | int | str | None = json.loads(text) if text else None
    return value
