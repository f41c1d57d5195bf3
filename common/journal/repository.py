"""The journal's rows as pruning and erasing see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa

from common.db.unit_of_work import UnitOfWork
from common.ids import link_name
from common.journal.archive import Row
from common.messaging.inbox import DONE, ENDED, PARKED, WAITING, inbox
from common.messaging.links import journal, links

THROUGH = (DONE, ENDED)


def prunable(
    connection: sa.Connection, node: str, link: str, before_us: int, rows_max: int, bytes_max: int
) -> list[Row]:
    """The oldest rows of a link that may leave the table, up to so many and so large together (at least one)."""
    statement = (
        sa.select(journal.c.seal_number, journal.c.stored_at_us, journal.c.batch)
        .where(
            journal.c.link == link,
            journal.c.seal_number < kept_from(connection, node, link),
        )
        .order_by(journal.c.seal_number)
        .limit(rows_max)
    )
    rows: list[Row] = []
    size = 0
    for values in connection.execute(statement):
        row = Row._make(values)
        # Rows leave in the order of their numbers: one that is young keeps all that follow.
        if row.stored_at_us >= before_us or (rows and size + len(row.batch) > bytes_max):
            break
        rows.append(row)
        size += len(row.batch)
    return rows


def kept_from(connection: sa.Connection, node: str, link: str) -> int:
    """The first batch that must stay, whatever its age: the last one that both sides are sure of (a link that opens
    compares its hash), and what a message that waits or is parked came in."""
    sealer, receiver = link.split(">")
    peer = receiver if sealer == node else sealer
    sure = links.c.acked_seal_number if sealer == node else links.c.received_seal_number
    number: int = connection.execute(sa.select(sure).where(links.c.peer == peer)).scalar() or 0
    needed = sa.select(sa.func.min(inbox.c.seal_number)).where(
        inbox.c.state.in_((WAITING, PARKED)), inbox.c.link == link
    )
    waiting: int | None = connection.execute(needed).scalar()
    return number if waiting is None else min(number, waiting)


def links_of(connection: sa.Connection, node: str) -> list[str]:
    """Every directed link on which the node has sealed or received."""
    peers = connection.execute(sa.select(links.c.peer).order_by(links.c.peer)).scalars().all()
    return [name for peer in peers for name in (link_name(node, peer), link_name(peer, node))]


def delete_batches(uow: UnitOfWork, node: str, link: str, through_seal: int, before_us: int) -> int:
    """Deletes archived rows. How many."""
    kept = kept_from(uow.connection, node, link)
    statement = sa.delete(journal).where(
        journal.c.link == link,
        journal.c.seal_number <= min(through_seal, kept - 1),
        journal.c.stored_at_us < before_us,
    )
    return _count(uow.query(statement))


def old_messages(
    connection: sa.Connection, sources: Iterable[str], before_us: int, rows_max: int
) -> tuple[tuple[str, bytes], ...]:
    """Keys of inbox rows that may be deleted.

    Message ids begin with their time, so the old ones of a source lie together; that nothing else is looked at is what
    makes this cheap. (The few rows that are known by their place on a link, not by an id, may stay longer.)
    """
    keys: list[tuple[str, bytes]] = []
    for source in sources:
        statement = (
            sa.select(inbox.c.source, inbox.c.message_id)
            .where(_old(source, before_us))
            .order_by(inbox.c.message_id)
            .limit(rows_max - len(keys))
        )
        keys += [(found, message_id) for found, message_id in connection.execute(statement)]
        if len(keys) >= rows_max:
            break
    return tuple(keys)


def count_old_batches(connection: sa.Connection, node: str, before_us: int) -> int:
    """How many batches are that old."""
    statement = sa.select(sa.func.count()).where(
        journal.c.link.in_(links_of(connection, node)), journal.c.stored_at_us < before_us
    )
    return int(connection.execute(statement).scalar() or 0)


def count_old_messages(connection: sa.Connection, sources: Iterable[str], before_us: int) -> int:
    """How many messages are that old, and through."""
    counts = (sa.select(sa.func.count()).select_from(inbox).where(_old(source, before_us)) for source in sources)
    return sum(int(connection.execute(statement).scalar() or 0) for statement in counts)


def _old(source: str, before_us: int) -> sa.ColumnElement[bool]:
    """Message ids begin with their time."""
    bound = (before_us // 1000).to_bytes(6, "big") + bytes(10)
    return sa.and_(
        inbox.c.source == source,
        inbox.c.message_id < bound,
        inbox.c.received_at_us < before_us,
        inbox.c.state.in_(THROUGH),
    )


def delete_inbox(uow: UnitOfWork, before_us: int, keys: Iterable[tuple[str, bytes]]) -> int:
    """Deletes rows of messages that are through. How many."""
    by_source: dict[str, list[bytes]] = {}
    for source, message_id in keys:
        by_source.setdefault(source, []).append(message_id)
    return sum(
        _count(
            uow.query(
                sa.delete(inbox).where(
                    inbox.c.source == source,
                    inbox.c.message_id.in_(ids),
                    inbox.c.received_at_us < before_us,
                    inbox.c.state.in_(THROUGH),
                )
            )
        )
        for source, ids in by_source.items()
    )


def _count(result: sa.CursorResult[Any]) -> int:
    return int(result.rowcount)


def acked_seal(connection: sa.Connection, peer: str) -> int:
    """The last own batch that a peer has acknowledged."""
    statement = sa.select(links.c.acked_seal_number).where(links.c.peer == peer)
    return int(connection.execute(statement).scalar() or 0)


def is_open(uow: UnitOfWork, table: sa.Table, request_id: bytes) -> bool:
    """Whether a request has legs in a table of legs that have not ended."""
    statement = sa.select(sa.func.count()).where(*_of_request(table, request_id), table.c.ended_at_us == 0)
    return bool(uow.query(statement).scalar())


def erase_answers(uow: UnitOfWork, table: sa.Table, request_id: bytes, change: Callable[[bytes], bytes]) -> int:
    """Puts `change(answer)` in the place of the stored answers of a request. How many are others then."""
    stored = uow.query(sa.select(table.c.leg_id, table.c.answer).where(*_of_request(table, request_id))).all()
    changed = [(leg_id, change(answer)) for leg_id, answer in stored if answer and change(answer) != answer]
    for leg_id, answer in changed:
        uow.query(sa.update(table).where(table.c.leg_id == leg_id).values(answer=answer))
    return len(changed)


def _of_request(table: sa.Table, request_id: bytes) -> tuple[Any, Any]:
    return table.c.leg_id >= request_id, table.c.leg_id < request_id + b"\xff"


def replace_batch(uow: UnitOfWork, link: str, seal_number: int, change: Any) -> bool:
    """Puts `change(batch)` in the place of a batch. Whether it is another."""
    where = sa.and_(journal.c.link == link, journal.c.seal_number == seal_number)
    batch: bytes | None = uow.query(sa.select(journal.c.batch).where(where)).scalar()
    changed = change(batch) if batch is not None else None
    if changed is None or changed == batch:
        return False
    uow.query(sa.update(journal).where(where).values(batch=changed))
    return True
