"""What `check` says of the interfaces to other systems."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from common.checks import Finding
from common.db.engine import reading
from common.errors import Fault
from common.interfaces.model import SIMULATOR, Port
from common.parameters.queries import load_book


def check_simulated(url: str, ports: Iterable[Port], now_us: int) -> list[Finding]:
    """A warning for each interface that still goes to its simulator: whoever is called there is nobody."""
    declared = {port.adapter.name: port.adapter for port in ports}
    try:
        with reading(url) as connection:
            book = load_book(connection, declared, now_us)
    except (Fault, sa.exc.SQLAlchemyError):
        return []  # The database has findings of its own.
    return [
        Finding(
            "warning",
            "interfaces",
            f"{port.en} goes to a simulator: nothing reaches anybody.",
            f"{port.zh}仍连接模拟器，不会真正送达。",
            f"Connect the other side, then: province-node interfaces switch {port.name} rest --reason TEXT",
            f"接入对端系统后执行：province-node interfaces switch {port.name} rest --reason TEXT",
        )
        for port in ports
        if book.value(port.adapter, now_us) == SIMULATOR
    ]
