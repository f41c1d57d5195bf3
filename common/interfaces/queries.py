"""What is read of interfaces: whether something is due, how they are, and the log of their calls. Nothing of what a
call says, but what its port shows of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from common.alarms.commands import Reading
from common.ids import format_id
from common.interfaces.call_states import OK, REPLAYABLE
from common.interfaces.model import SIMULATOR, Port, Ports
from common.interfaces.repository import IS_OPEN, HealthRow, healthy, interface_calls, interface_health
from common.parameters.model import ParameterBook

CALLS_SHOWN_MAX = 500
COUNTED_MAX = 100_000
SHOWN_COLUMNS = (
    "port",
    "operation",
    "shown",
    "state",
    "adapter",
    "tries",
    "placed_at_us",
    "next_try_at_us",
    "not_after_us",
    "ended_at_us",
    "took_us",
    "error",
    "reference",
)


def due_ports(connection: sa.Connection, ports: Sequence[str], now_us: int) -> list[str]:
    """Those of the ports for which a call is due."""
    c = interface_calls.c
    due = sa.select(sa.literal(1)).where(IS_OPEN, c.next_try_at_us <= now_us).limit(1)
    return [port for port in ports if connection.execute(due.where(c.port == port)).first() is not None]


def list_interfaces(connection: sa.Connection, ports: Ports, book: ParameterBook, now_us: int) -> list[dict[str, Any]]:
    """All interfaces by name, each with how it is."""
    return [describe_interface(connection, port, book, now_us) for _, port in sorted(ports.items())]


def describe_interface(connection: sa.Connection, port: Port, book: ParameterBook, now_us: int) -> dict[str, Any]:
    """One interface: the adapter in use with its figures, and what waits."""
    adapter = book.value(port.adapter, now_us)
    c = interface_calls.c
    waiting = sa.select(c.placed_at_us).where(c.port == port.name, IS_OPEN).limit(COUNTED_MAX).subquery()
    count, oldest_us = connection.execute(
        sa.select(sa.func.count(), sa.func.min(waiting.c.placed_at_us)).select_from(waiting)
    ).one()
    failed = sa.select(c.call_id).where(c.port == port.name, c.state.in_(REPLAYABLE)).limit(COUNTED_MAX)
    return {
        "port": port.name,
        "en": port.en,
        "zh": port.zh,
        "adapter": adapter,
        "simulated": adapter == SIMULATOR,
        "parameter": port.adapter.name,
        **_figures(adapter_health(connection, port.name).get(adapter, healthy(port.name, adapter))),
        "waiting": count,
        "oldest_waiting_at_us": oldest_us or 0,
        "failed": connection.execute(sa.select(sa.func.count()).select_from(failed.subquery())).scalar_one(),
    }


def adapter_health(connection: sa.Connection, port: str) -> dict[str, HealthRow]:
    """What is known of each adapter of a port that was ever called."""
    statement = sa.select(interface_health).where(interface_health.c.port == port)
    return {row.adapter: HealthRow._make(row) for row in connection.execute(statement)}


def adapter_figures(connection: sa.Connection, port: Port) -> list[dict[str, Any]]:
    """The figures of each adapter of a port."""
    known = adapter_health(connection, port.name)
    return [{"adapter": name, **_figures(known.get(name, healthy(port.name, name)))} for name in port.adapters]


def list_calls(
    connection: sa.Connection, port: str, state: str, before: bytes | None, limit: int
) -> list[dict[str, Any]]:
    """Calls of an interface, the last first. `state` empty: all; `before`: only earlier ones than this."""
    c = interface_calls.c
    statement = sa.select(interface_calls).where(c.port == port).order_by(c.call_id.desc()).limit(limit)
    if state:
        statement = statement.where(c.state == state)
    if before is not None:
        statement = statement.where(c.call_id < before)
    return [_call(row) for row in connection.execute(statement)]


def interface_readings(connection: sa.Connection, now_us: int) -> Iterator[Reading]:
    """For the rules on alarms: how long ago an interface last worked that rests now."""
    latest: dict[str, HealthRow] = {}
    for row in map(HealthRow._make, connection.execute(sa.select(interface_health))):
        # Of several adapters the one that was called last: that is the one in use.
        if row.port not in latest or _called_at_us(row) > _called_at_us(latest[row.port]):
            latest[row.port] = row
    for port, row in latest.items():
        if row.state != OK:
            yield Reading("INTERFACE_DOWN", port, (now_us - (row.worked_at_us or row.failed_at_us)) / 1e6, row.error)


def _called_at_us(row: HealthRow) -> int:
    return max(row.worked_at_us, row.failed_at_us)


def _figures(row: HealthRow) -> dict[str, Any]:
    return {
        "state": row.state,
        "next_at_us": row.next_at_us,
        "calls": row.calls,
        "done": row.done,
        "refused": row.refused,
        "errors": row.calls - row.done - row.refused,
        "took_us_mean": row.took_us // row.calls if row.calls else 0,
        "took_us_max": row.took_us_max,
        "worked_at_us": row.worked_at_us,
        "failed_at_us": row.failed_at_us,
        "error": row.error,
    }


def _call(row: sa.Row[Any]) -> dict[str, Any]:
    return {"call": format_id(row.call_id), **{name: getattr(row, name) for name in SHOWN_COLUMNS}}
