"""Placing a call: a row in the transaction of whoever wishes it. It is made afterwards, outside of any transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from common.db.rows import RowSet, RowSpec
from common.ids import IdSource, format_id
from common.interfaces.call_states import WAITING
from common.interfaces.events import CallsWait
from common.interfaces.model import (
    CONTENT_BYTES_MAX,
    SHOWN_CHARS_MAX,
    InterfaceCallUnfit,
    InterfaceQueueFull,
    Port,
)
from common.interfaces.parameters import WAITING_MAX
from common.interfaces.repository import CALL_ROWS, CONTENT, IS_OPEN, CallRow, interface_calls
from common.node_context import NodeContext

if TYPE_CHECKING:
    from common.personal_data.repository import PersonalData


class Work(Protocol):
    """The part of the unit of work that is needed here."""

    ids: IdSource
    kept: dict[Any, Any]
    node: NodeContext

    @property
    def now_us(self) -> int: ...

    @property
    def personal_data(self) -> PersonalData: ...

    def rows(self, spec: RowSpec) -> RowSet[Any]: ...

    def query(self, statement: sa.Executable) -> sa.CursorResult[Any]: ...

    def record(self, event: Any) -> None: ...


def place_call(
    uow: Work,
    port: Port,
    operation: str,
    content: bytes,
    *,
    shown: str,
    customer_number: str = "",
    not_after_us: int = 0,
) -> bytes:
    """Places a call; its id. It is made once this transaction is committed, and again until it is answered.

    `shown`: what the call log shows of it, masked. `customer_number`: whose personal data the content is: it opens
    never again once they are erased. `not_after_us`: when nobody wants it any more (0: it stays wanted).

    Raises InterfaceCallUnfit, InterfaceQueueFull.
    """
    if not 0 < len(content) <= CONTENT_BYTES_MAX:
        most = CONTENT_BYTES_MAX
        raise InterfaceCallUnfit(
            port=port.name, detail=f"it must have 1 to {most} bytes", detail_zh=f"内容应为 1 至 {most} 字节"
        )
    _require_room(uow, port)
    call_id = uow.ids.new()
    subject = customer_number or f"interface {port.name}"
    cipher = uow.personal_data.new_cipher(subject)
    row = CallRow(
        call_id,
        port.name,
        operation,
        shown[:SHOWN_CHARS_MAX],
        WAITING,
        adapter="",
        tries=0,
        placed_at_us=uow.now_us,
        next_try_at_us=uow.now_us,
        not_after_us=not_after_us,
        ended_at_us=0,
        took_us=0,
        error="",
        reference="",
        subject=subject,
        generation=cipher.generation,
        content=cipher.seal_bytes(CONTENT, format_id(call_id), content),
    )
    uow.rows(CALL_ROWS).insert(row)
    uow.record(CallsWait())
    return call_id


def _require_room(uow: Work, port: Port) -> None:
    """Counts once for a group, and through it."""
    most, key = uow.node.parameters.value(WAITING_MAX, uow.now_us), ("interface calls", port.name)
    if key not in uow.kept:
        some = sa.select(interface_calls.c.call_id).where(interface_calls.c.port == port.name, IS_OPEN)
        counted = sa.select(sa.func.count()).select_from(some.limit(most).subquery())
        uow.kept[key] = uow.query(counted).scalar_one()
    if uow.kept[key] >= most:
        raise InterfaceQueueFull(port=port.name, most=most)
    uow.kept[key] += 1
