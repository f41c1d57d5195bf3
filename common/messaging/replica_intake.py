"""Receiving and processing where a node has several replicas.

* A batch is received only under the epoch of the stream that it came on, judged on the locked row of its link.
* What is received is processed at once where it was received, as ever; the rows that it changes are locked, so a leg
  whose two links have two owners is still worked on by one at a time.
* What waits for its next try is anybody's. A replica takes the earliest waiting message of each leg, passing over what
  another one holds right now: so the messages of a leg are processed in order by one process at a time, nobody owns
  work that it may take along when it dies, and legs spread over the replicas by themselves.
* A process that does not process (its roles say so) receives, and leaves every message waiting.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from common.db.unit_of_work import UnitOfWork
from common.messaging.inbox import IS_WAITING, WAITING, inbox, leg_of, overtakes
from common.messaging.incoming import Incoming, ReceivedBatch
from common.messaging.intake import Intake
from common.messaging.links import link_of
from common.messaging.replica import INBOX_NOTICE

if TYPE_CHECKING:
    from common.messaging.dispatcher import GroupOutcome

LOOK_US = 1_000_000
"""How often it is looked whether something waits, should a notice have been lost."""

HELD_AGAIN_US = 50_000
"""What is due but held by another replica is asked for again after this."""


class ReplicaIntake(Intake):
    """The inbox of one of several replicas. What waits, and which legs wait with it, is asked of the database."""

    def __init__(self, processes: bool, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._processes = processes
        self._due_asked = False
        self._waits = False

    def load(self, connection: sa.Connection) -> None:
        self.next_due_us = 0 if self._processes else None

    def look_soon(self) -> None:
        """Another replica has left something to be processed."""
        if self._processes:
            self.next_due_us = 0

    # Receiving

    def receive(
        self, batches: Sequence[ReceivedBatch], outcome: GroupOutcome, uow: UnitOfWork, receive_only: bool
    ) -> list[Incoming]:
        messages = super().receive(batches, outcome, uow, receive_only)
        if not self._processes:
            return self._leave_to_others(messages, uow)
        self._blocked = self._waiting_among({leg_of(it.envelope) for it in messages if it.envelope is not None}, uow)
        return messages

    def _is_fenced(self, batch: ReceivedBatch, uow: UnitOfWork) -> bool:
        link = link_of(uow, batch.peer)
        return link is None or link.epoch != batch.epoch

    def _leave_to_others(self, messages: list[Incoming], uow: UnitOfWork) -> list[Incoming]:
        """What is new waits, and is due. Stamps alone have no row to wait in, and for what came before there is only
        its stored answer to give: that is done here."""
        here: list[Incoming] = []
        uow.begin_item()
        for incoming in messages:
            if (incoming.envelope is None and not incoming.fault) or incoming.fault == "REPEATED":
                here.append(incoming)
            else:
                self._update_row(incoming, uow, state=WAITING, next_attempt_at_us=uow.now_us)
                uow.notify(INBOX_NOTICE)
        uow.keep_item()
        return here

    def _waiting_among(self, legs: set[bytes], uow: UnitOfWork) -> set[bytes]:
        """Those of the legs of which a message waits. Asked after the rows of the links are locked: what a former owner
        of the link received before is committed by then."""
        if not legs:
            return set()
        statement = sa.select(inbox.c.leg_id).where(IS_WAITING, inbox.c.leg_id.in_(legs)).distinct()
        return set(uow.connection.execute(statement).scalars())

    # What waits

    def due(self, uow: UnitOfWork) -> list[Incoming]:
        if not self._processes:
            return []
        self._due_asked = self.next_due_us is not None and self.next_due_us <= uow.now_us
        return super().due(uow)

    def _must_wait(self, incoming: Incoming, uow: UnitOfWork) -> bool:
        envelope = incoming.envelope
        # What is due is the earliest of its leg, or it would not have been taken.
        if incoming.attempts or envelope is None or incoming.fault or overtakes(envelope):
            return False
        return leg_of(envelope) in self._blocked

    def _due_statement(self, now_us: int, limit: int) -> sa.Select[Any]:
        """The earliest waiting message of each leg and link (what need not keep its place, at any time)."""
        earlier = inbox.alias("earlier")
        place = sa.tuple_(inbox.c.seal_number, inbox.c.entry_index)
        overtaken = sa.exists().where(
            earlier.c.state == WAITING,
            earlier.c.leg_id == inbox.c.leg_id,
            earlier.c.link == inbox.c.link,
            sa.tuple_(earlier.c.seal_number, earlier.c.entry_index) < place,
        )
        return (
            super()
            ._due_statement(now_us, limit)
            .where(sa.or_(sa.not_(inbox.c.in_order), sa.not_(overtaken)))
            .with_for_update(skip_locked=True, key_share=True, of=inbox)
        )

    # The group's end

    def settle(self, uow: UnitOfWork) -> None:
        if not self._processes:
            self._due_after = None
        elif self._waiting_changed or self._due_asked or uow.inbox_changed:
            statement = sa.select(sa.func.min(inbox.c.next_attempt_at_us)).where(IS_WAITING)
            found: int | None = uow.connection.execute(statement).scalar()
            self._waits = found is not None
            # What is due and was not given belongs to a replica that is at it right now.
            held = found is not None and found <= uow.now_us and self._due_asked and not self._suspects
            soon = uow.now_us + (HELD_AGAIN_US if held else LOOK_US)
            self._due_after = soon if found is None or held else min(found, soon)
        else:
            self._due_after = self.next_due_us

    def _anything_waits(self) -> bool:
        return self._waits

    def _begin(self) -> None:
        super()._begin()
        self._due_asked = False
