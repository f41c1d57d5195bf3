"""Rows that taking back changes beside the features' own."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from common.db.unit_of_work import UnitOfWork
from common.gen.quanwang.federation.v1 import seal_pb2
from common.messaging.envelope import Envelope, parse
from common.messaging.inbox import DONE, INBOX, IS_WAITING, WAITING, InboxRow, inbox
from common.messaging.links import journal_batch
from common.messaging.outbox import outbox
from common.recovery.model import RecoveryUnderWay


def drop_said(uow: UnitOfWork, peer: str, digests: Collection[bytes]) -> None:
    """What waits to be sealed for a peer and was sealed already."""
    if digests:
        uow.query(sa.delete(outbox).where(outbox.c.peer == peer, outbox.c.digest.in_(sorted(digests))))


def received_request(uow: UnitOfWork, source: str, message_id: bytes) -> Envelope | None:
    """A message as it was received, from the journal; None where it is not known (any more)."""
    row = uow.rows(INBOX).get((source, message_id))
    batch = journal_batch(uow.connection, row.link, row.seal_number) if row is not None else None
    if row is None or batch is None:
        return None
    entry = seal_pb2.SealedBatch.FromString(batch).entries[row.entry_index]
    return parse(entry.header, entry.body, entry.private_body)


def settle_received(uow: UnitOfWork, source: str, message_id: bytes) -> None:
    """A message that waited is through: what became of it was taken back."""
    row = uow.rows(INBOX).get((source, message_id))
    if row is not None and row.state == WAITING:
        uow.rows(INBOX).update(row._replace(state=DONE, next_attempt_at_us=0, problem="", detail=""))
        uow.inbox_changed = True


_FOR_RECOVERY = sa.and_(IS_WAITING, inbox.c.problem.in_((RecoveryUnderWay.code, "")))
"""What waits for the end of the recovery, or behind another message of its leg that does."""


def waiting_messages(uow: UnitOfWork, after: tuple[str, bytes] | None, most: int, leg: bytes = b"") -> list[InboxRow]:
    """Messages that wait for the recovery, in the order of their keys, behind one; of one leg alone, where it is
    named."""
    statement = sa.select(inbox).where(_FOR_RECOVERY).order_by(inbox.c.source, inbox.c.message_id).limit(most)
    if leg:
        statement = statement.where(inbox.c.leg_id == leg)
    if after is not None:
        place = sa.tuple_(inbox.c.source, inbox.c.message_id)
        statement = statement.where(place > sa.tuple_(*map(sa.literal, after)))
    return [InboxRow._make(values) for values in uow.query(statement)]


def release_waiting(uow: UnitOfWork) -> int:
    """What waited while the recovery lasted is due now. How many messages waited for its end; others were tried
    meanwhile, and put off until after any recovery."""
    count = uow.query(sa.select(sa.func.count()).select_from(inbox).where(_FOR_RECOVERY)).scalar_one()
    uow.query(
        sa.update(inbox).where(IS_WAITING).values(next_attempt_at_us=uow.now_us, attempts=1, problem="", detail="")
    )
    uow.inbox_changed = True
    return int(count)
