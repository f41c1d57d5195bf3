"""Receiving, and bringing received messages to their processing: once, in order for each leg, again when it failed
for now.

Receiving (journal, watermark, inbox) is what an ack means. Processing is a step of its own; usually it shares the
commit, but a message that cannot be processed now stays received and waits, and only its own leg waits with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from common.alarms.handlers import raise_alarm
from common.db.engine import is_storage_fault
from common.db.unit_of_work import UnitOfWork
from common.errors import Fault, QuanwangError, TemporaryFault
from common.log import get_logger
from common.messaging.inbox import (
    DONE,
    INBOX,
    IS_WAITING,
    PARKED,
    WAITING,
    InboxRow,
    inbox,
    leg_of,
    next_try,
    overtakes,
    row_beside,
    row_of,
    waiting_of,
)
from common.messaging.incoming import Incoming, ReceivedBatch
from common.messaging.links import JOURNAL, LINKS, JournalRow, journal_batch, link_of, new_link
from common.messaging.log_facts import message_facts

if TYPE_CHECKING:
    from common.messaging.dispatcher import GroupOutcome, MessageProcessor

log = get_logger()

Reread = Callable[[str, str, int, int, bytes], Incoming]
"""`reread(peer, link, seal_number, index, batch bytes)`: an entry of the journal, judged anew."""


NODE_NOT_ACTIVE = "NODE_NOT_ACTIVE"
"""The peer was shut out: nothing that it says is received any more."""


class SequenceGap(Fault):
    """A batch does not continue the journal of its link: the stream must be cut and resumed."""

    en = "Link {link}: batch {got} does not follow {expected}."
    zh = "链路 {link}：批次 {got} 不接续 {expected}。"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Spacing of retries (µs): doubled from `first_us` up to `most_us`. `due_max`: how many are taken into one
    group."""

    first_us: int = 500_000
    most_us: int = 60_000_000
    due_max: int = 256

    def next_at(self, now_us: int, attempts: int) -> int:
        """When to try again after `attempts` failures."""
        return now_us + min(self.first_us << min(attempts - 1, 20), self.most_us)


class Intake:
    """The inbox at work."""

    def __init__(
        self,
        node: str,
        incarnation: bytes,
        processor: MessageProcessor,
        reread: Reread,
        retry: RetryPolicy | None = None,
        may_speak: Callable[[ReceivedBatch], bool] = lambda _batch: True,
    ) -> None:
        self._may_speak = may_speak
        self._node = node
        self._incarnation = incarnation
        self._processor = processor
        self._reread = reread
        self._retry = retry or RetryPolicy()
        self._blocked: set[bytes] = set()
        self._block_undo: list[tuple[Callable[[bytes], None], bytes]] = []
        self._waiting_changed = False
        self._singly = False
        self._suspects: list[tuple[str, bytes]] = []
        self._failed: list[tuple[str, bytes]] = []
        self._due_after: int | None = None
        self._blocked_after: set[bytes] | None = None
        self._giving_up: set[tuple[str, bytes]] = set()
        self.next_due_us: int | None = None

    def load(self, connection: sa.Connection) -> None:
        """Takes up from the database: which legs wait, and for when."""
        waiting = connection.execute(sa.select(inbox.c.leg_id, inbox.c.next_attempt_at_us).where(IS_WAITING)).all()
        self._blocked = {leg for leg, _ in waiting if leg}
        self.next_due_us = min((due for _, due in waiting), default=None)

    def look_soon(self) -> None:
        """Another process of the node has left something to be processed; a node without replicas has none."""

    # Receiving

    def receive(
        self, batches: Sequence[ReceivedBatch], outcome: GroupOutcome, uow: UnitOfWork, receive_only: bool
    ) -> list[Incoming]:
        """Journals the batches, advances the watermarks, writes the inbox. Returns the messages to be processed now."""
        if not batches:
            return []
        uow.begin_item()
        uow.rows(INBOX).prefetch(
            (entry.envelope.routing.source, entry.envelope.routing.message_id)
            for batch in batches
            for entry in batch.entries
            if entry.envelope is not None
        )
        messages: list[Incoming] = []
        for batch in batches:
            if self._is_fenced(batch, uow):
                outcome.lost[batch.peer] = batch.epoch
                continue
            if not self._may_speak(batch):
                # Proved while it still took part, but not durable: it was not received before it was shut out.
                outcome.failed[batch.peer] = NODE_NOT_ACTIVE
                continue
            if self._take_batch(batch, uow):
                outcome.receipts.append(batch)
                messages.extend(self._take_entry(entry, uow, receive_only) for entry in batch.entries)
            outcome.received[batch.peer] = batch
        uow.keep_item()
        return [] if receive_only else messages

    def _is_fenced(self, batch: ReceivedBatch, uow: UnitOfWork) -> bool:
        """Whether the link has another owner than when the batch's stream was opened. Never, without replicas."""
        return False

    def _take_batch(self, batch: ReceivedBatch, uow: UnitOfWork) -> bool:
        """Whether the batch is new: then journal and watermark have it. The durable watermark decides (section C)."""
        link = link_of(uow, batch.peer)
        if link is None:
            link = new_link(batch.peer, self._incarnation)
            uow.rows(LINKS).insert(link)
        seal = batch.seal
        if seal.seal_number <= link.received_seal_number:
            return False
        if seal.seal_number != link.received_seal_number + 1 or seal.previous_hash != link.received_hash:
            raise SequenceGap(link=batch.link, got=seal.seal_number, expected=link.received_seal_number)
        uow.rows(JOURNAL).insert(
            JournalRow(batch.link, seal.seal_number, seal.first_sequence, seal.count, uow.now_us, batch.batch_bytes)
        )
        uow.rows(LINKS).update(
            link._replace(
                peer_incarnation=seal.incarnation,
                received_seal_number=seal.seal_number,
                received_sequence=batch.last_sequence,
                received_hash=batch.seal_hash,
                acked_seal_number=max(link.acked_seal_number, seal.witnessed_seal_number),
                acked_sequence=max(link.acked_sequence, seal.witnessed_sequence),
            )
        )
        return True

    def _take_entry(self, incoming: Incoming, uow: UnitOfWork, receive_only: bool) -> Incoming:
        """Writes the entry's inbox row. A stamp alone, which can be taken again without harm, has one only where it has
        to wait: nobody will say it again."""
        incoming.received_at_us = uow.now_us
        if incoming.envelope is None and not incoming.fault and not receive_only:
            return incoming
        row = row_of(incoming, uow.now_us)
        if receive_only:
            row = row._replace(state=WAITING, next_attempt_at_us=uow.now_us)
            self._block(row)
            self._singly = True
        known: InboxRow | None = uow.rows(INBOX).get(row.key)
        if known is None:
            uow.rows(INBOX).insert(row)
        elif known.digest == row.digest:
            incoming.fault = incoming.fault or "REPEATED"
        else:
            incoming.fault = "MESSAGE_ID_REUSED"
            uow.rows(INBOX).insert(row_beside(incoming, uow.now_us))
        return incoming

    def due(self, uow: UnitOfWork) -> list[Incoming]:
        """Messages whose next try has come, oldest first; at most one where the last group failed as a whole."""
        if self.next_due_us is None or self.next_due_us > uow.now_us:
            return []
        uow.flush()
        limit = 1 if self._singly else self._retry.due_max
        rows = [InboxRow._make(values) for values in uow.connection.execute(self._due_statement(uow.now_us, limit))]
        uow.rows(INBOX).prefetch(row.key for row in rows)
        # As they are now that they are ours: another process may have come first.
        known = [uow.rows(INBOX).get(row.key) for row in rows]
        rows = [row for row in known if row is not None and row.state == WAITING]
        self._suspects = [row.key for row in rows]
        batches: dict[tuple[str, int], bytes] = {}
        return [self._from_journal(row, batches, uow) for row in rows]

    def _due_statement(self, now_us: int, limit: int) -> sa.Select[Any]:
        return (
            sa.select(inbox)
            .where(IS_WAITING, inbox.c.next_attempt_at_us <= now_us)
            .order_by(inbox.c.received_at_us, inbox.c.seal_number, inbox.c.entry_index)
            .limit(limit)
        )

    def _from_journal(self, row: InboxRow, batches: dict[tuple[str, int], bytes], uow: UnitOfWork) -> Incoming:
        """A message as its journal has it. `batches`: those read already, since messages of one batch come together."""
        peer = row.link.split(">")[0]
        batch = batches.get((row.link, row.seal_number))
        if batch is None:
            batch = journal_batch(uow.connection, row.link, row.seal_number)
            if batch is None:
                raise JournalIncomplete(link=row.link, seal_number=row.seal_number)
            batches[row.link, row.seal_number] = batch
        incoming = self._reread(peer, row.link, row.seal_number, row.entry_index, batch)
        incoming.received_at_us = row.received_at_us
        # What waits was tried, if only in a group that failed as a whole.
        incoming.attempts = max(1, row.attempts)
        if row.key in self._giving_up:
            incoming.fault = "INTERNAL_FAULT"
        return incoming

    # Processing

    def run(self, incoming: Incoming, uow: UnitOfWork) -> None:
        """Brings one message to its processing, as an item of its own."""
        if self._must_wait(incoming, uow):
            self._wait_behind(incoming, uow)
            return
        uow.begin_item()
        try:
            self._process(incoming, uow)
        except TemporaryFault as fault:
            uow.drop_item(fault)
            self._try_again(incoming, fault, uow)
        except Exception as error:
            if is_storage_fault(error):
                raise
            uow.drop_item(error)
            self._give_up(incoming, error, uow)
        else:
            self._set_done(incoming, uow)
            uow.keep_item()

    def _process(self, incoming: Incoming, uow: UnitOfWork) -> None:
        if not incoming.fault:
            self._processor.process(incoming, uow)
        elif incoming.fault == "REPEATED":
            self._processor.repeat(incoming, uow)
        else:
            raise UnprovedMessage(fault=incoming.fault)
        self.process_here(uow)

    def process_here(self, uow: UnitOfWork) -> None:
        """Processes what the item said to this node itself, in the same item."""
        for incoming in uow.deliveries_here():
            incoming.received_at_us = uow.now_us
            self._processor.process(incoming, uow)

    def _must_wait(self, incoming: Incoming, uow: UnitOfWork) -> bool:
        """Whether earlier messages of the same leg still wait (G3)."""
        envelope = incoming.envelope
        if not self._blocked or envelope is None or incoming.fault or overtakes(envelope):
            return False
        leg = leg_of(envelope)
        return leg in self._blocked and (incoming.attempts == 0 or self._earlier_waits(incoming, leg, uow))

    def _earlier_waits(self, incoming: Incoming, leg: bytes, uow: UnitOfWork) -> bool:
        # Earlier by its place in the journal of its link: the wall clock may have been set back between the two. What
        # two links say of one leg has no order.
        mine = (incoming.seal_number, incoming.index)
        place = sa.tuple_(inbox.c.seal_number, inbox.c.entry_index)
        earlier = place < sa.tuple_(*map(sa.literal, mine))
        statement = waiting_of(leg).where(inbox.c.link == incoming.link, earlier)
        uow.flush()
        return bool(uow.connection.execute(statement).scalar())

    def _wait_behind(self, incoming: Incoming, uow: UnitOfWork) -> None:
        uow.begin_item()
        self._update_row(
            incoming, uow, state=WAITING, attempts=1, next_attempt_at_us=self._retry.next_at(uow.now_us, 1)
        )
        uow.keep_item()

    def _try_again(self, incoming: Incoming, fault: TemporaryFault, uow: UnitOfWork) -> None:
        """It failed for now: received it stays; its leg waits, everything else flows."""
        attempts = incoming.attempts + 1
        uow.begin_item()
        self._update_row(
            incoming,
            uow,
            state=WAITING,
            attempts=attempts,
            next_attempt_at_us=self._retry.next_at(uow.now_us, attempts),
            problem=fault.code,
            detail=str(fault)[:512],
        )
        uow.keep_item()

    def _give_up(self, incoming: Incoming, error: Exception, uow: UnitOfWork) -> None:
        """It failed for good: parked and alarmed; refused, where the sender waits for an answer."""
        code = error.facts["fault"] if isinstance(error, UnprovedMessage) else getattr(error, "code", "INTERNAL_FAULT")
        detail = str(error) if isinstance(error, QuanwangError) else type(error).__name__
        if not isinstance(error, QuanwangError):
            log.exception("message failed", **message_facts(incoming))
        uow.begin_item()
        if code != "MESSAGE_ID_REUSED":
            try:
                self._processor.refuse(incoming, code, uow)
            except Exception as failure:
                uow.drop_item(failure)
                log.exception("refusal failed", **message_facts(incoming))
                uow.begin_item()
        self._update_row(incoming, uow, state=PARKED, next_attempt_at_us=0, problem=code[:64], detail=detail[:512])
        log.warning("message parked", problem=code[:64], **message_facts(incoming))
        raise_alarm(uow, code[:64], f"{incoming.link} {incoming.seal_number}/{incoming.index}", detail)
        uow.keep_item()

    def _set_done(self, incoming: Incoming, uow: UnitOfWork) -> None:
        if incoming.attempts:
            self._update_row(incoming, uow, state=DONE, next_attempt_at_us=0, problem="", detail="")

    def _update_row(self, incoming: Incoming, uow: UnitOfWork, **changes: Any) -> None:
        row = (
            row_of(incoming, uow.now_us) if incoming.fault != "MESSAGE_ID_REUSED" else row_beside(incoming, uow.now_us)
        )
        known: InboxRow | None = uow.rows(INBOX).get(row.key)
        if known is None:
            if incoming.envelope is None and not incoming.fault:
                return
            uow.rows(INBOX).insert(row._replace(**changes))
        else:
            row = known._replace(**changes)
            uow.rows(INBOX).update(row)
        if changes["state"] == WAITING:
            self._block(row._replace(**changes))
        elif row.leg_id in self._blocked:
            self._unblock(row, uow)

    def _block(self, row: InboxRow) -> None:
        self._waiting_changed = True
        if row.leg_id and row.leg_id not in self._blocked:
            self._blocked.add(row.leg_id)
            self._block_undo.append((self._blocked.discard, row.leg_id))

    def _unblock(self, row: InboxRow, uow: UnitOfWork) -> None:
        """A waiting message of the leg is through: its leg is free once none waits any more."""
        self._waiting_changed = True
        if not uow.query(waiting_of(row.leg_id)).scalar():
            self._blocked.discard(row.leg_id)
            self._block_undo.append((self._blocked.add, row.leg_id))

    # The group's end

    def settle(self, uow: UnitOfWork) -> None:
        """Everything is flushed: when is the next try due?"""
        self._blocked_after = self._waiting_legs(uow) if uow.inbox_changed else None
        if self._waiting_changed or self._suspects or uow.inbox_changed:
            self._due_after = uow.connection.execute(next_try()).scalar()
        else:
            self._due_after = self.next_due_us

    def _waiting_legs(self, uow: UnitOfWork) -> set[bytes]:
        """The legs with waiting messages, after an operator's command changed which these are."""
        statement = sa.select(inbox.c.leg_id).where(IS_WAITING).distinct()
        return {leg for leg in uow.connection.execute(statement).scalars() if leg}

    def committed(self) -> None:
        """What the group decided is durable."""
        self.next_due_us = self._due_after
        if self._blocked_after is not None:
            self._blocked = self._blocked_after
        self._giving_up.difference_update(self._suspects)
        self._singly = self._singly and self._anything_waits()
        self._begin()

    def _anything_waits(self) -> bool:
        """Whether it is about a leg or (a stamp, rubbish) not."""
        return self.next_due_us is not None

    def rolled_back(self) -> bool:
        """The group never was. Whether messages that were due took part in it."""
        for undo, leg in reversed(self._block_undo):
            undo(leg)
        taken = self._suspects
        self._begin()
        self._failed = taken
        return bool(taken)

    def _begin(self) -> None:
        self._block_undo.clear()
        self._waiting_changed = False
        self._suspects = []
        self._failed = []

    # When a group fails as a whole

    def suspects_due(self, now_us: int) -> bool:
        """Whether due messages must now be run alone, one at a time, since a group failed that they took part in."""
        return self._singly and self.next_due_us is not None and self.next_due_us <= now_us

    def suspect(self) -> None:
        """A group failed in which due messages took part: from now on they are run alone."""
        self._singly = True

    def due_failed(self) -> None:
        """A group of due messages alone failed. Was it a single one, it is the culprit, and given up at its next
        try."""
        if self._singly:
            self._giving_up.update(self._failed)
        self._singly = True


class JournalIncomplete(Fault):
    """A received message is not in the journal any more."""

    en = "Batch {seal_number} of link {link} is missing from the journal."
    zh = "日志中缺少链路 {link} 的批次 {seal_number}。"


class UnprovedMessage(Fault):
    """Something about the message is not proved; `fault` says what."""

    en = "The message is not proved: {fault}."
    zh = "报文未通过验证：{fault}。"
