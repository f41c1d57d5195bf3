"""The one place where transactions are opened and committed.

A group is everything that waits right now: commands, received batches, messages whose next try is due. Each is an item
of its own; what one of them does wrong, the others do not feel. The group is received, processed, sealed and committed
once; only then does anybody hear of it.

    run_group:  receive -> run items (commands, then messages) -> seal -> commit -> tell

This class is synchronous and deterministic: the writer thread runs it in a node, the simulator runs it inline.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import sqlalchemy as sa

from common.access_control.actor import SYSTEM, Actor
from common.access_control.guard import Guard
from common.audit.repository import chain
from common.clock import Clock
from common.db.engine import is_storage_fault, store_of
from common.db.unit_of_work import UnitOfWork, UnitOfWorkFactory
from common.errors import Awaited, Fault, OutcomeUnknown, QuanwangError, StorageUnavailable, TemporaryFault
from common.ids import IdSource
from common.log import get_logger
from common.messaging.incoming import Incoming, LinkPort, ReceivedBatch, SealedBatch
from common.messaging.intake import Intake
from common.messaging.log_facts import command_facts
from common.messaging.replica import CLAIM_NOTICE, INBOX_NOTICE, OUTBOX_NOTICE, read_claim_payload
from common.messaging.sealer import SealedGroup, Sealer

log = get_logger()

Handler = Callable[[Any, Any], Any]
"""`handler(command, uow) -> result`."""


class InternalFault(Fault):
    """A handler failed in a way that it did not foresee. The log says how; the caller learns only that nothing was
    changed."""

    en = "The command failed for a reason inside the node ({detail}). Nothing was changed; the node's log says more."
    zh = "命令因节点内部原因失败（{detail}）。未做任何更改，详情见节点日志。"


class UnknownCommand(Fault):
    """No handler is registered for this command."""

    en = "No handler is registered for {command}."
    zh = "没有为 {command} 注册处理程序。"


class MessageProcessor(Protocol):
    """What a node does with a message. Given by the node; run inside an item; never commits."""

    def process(self, incoming: Incoming, uow: Any) -> None:
        """Carries out a message that is proved and new. Raises TemporaryFault to be tried again."""

    def repeat(self, incoming: Incoming, uow: Any) -> None:
        """The same message came again: gives the stored answer, where there is one."""

    def refuse(self, incoming: Incoming, reason_code: str, uow: Any) -> None:
        """The message is about to be parked: records the refusal as the leg's outcome where the sender waits for
        one."""


@dataclass(slots=True)
class CommandWork:
    """A command and whom to tell; `done` gets the result or the exception, after the commit."""

    command: Any
    done: Callable[[Any, BaseException | None], None]
    waits_since_us: int = 0
    """On the monotonic clock; 0 where it never waited."""
    actor: Actor = SYSTEM
    """Who wishes it."""


@dataclass(slots=True)
class GroupOutcome:
    """What a group did, for the links and the meters: by peer, what was received and what was sealed."""

    received: dict[str, ReceivedBatch] = field(default_factory=dict)
    receipts: list[ReceivedBatch] = field(default_factory=list)
    """Every batch that was new; `received` has the last of each peer."""
    sealed: list[SealedBatch] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    """Links that were found to have another owner, with the epoch under which this process had them."""
    notices: dict[tuple[str, str], None] = field(default_factory=dict)
    """What the node's other processes are told: channel and payload."""
    items: int = 0
    messages: int = 0
    work_us: int = 0
    commit_us: int = 0
    storage_failed: bool = False

    def merge(self, other: GroupOutcome) -> None:
        """Takes in what a later group of the same run did."""
        self.received.update(other.received)
        self.receipts.extend(other.receipts)
        self.sealed.extend(other.sealed)
        self.failed.update(other.failed)
        self.lost.update(other.lost)
        self.notices.update(other.notices)
        self.items += other.items
        self.messages += other.messages
        self.work_us += other.work_us
        self.commit_us += other.commit_us
        self.storage_failed = self.storage_failed or other.storage_failed


Commit = Callable[[sa.Connection], None]


RUNS_MAX = 4
"""How often a group is run that lost a race against another writer of the same database."""


def commit(connection: sa.Connection) -> None:
    """Makes the group durable."""
    store_of(connection).commit(connection)


class Dispatcher:
    """Runs groups on the node's one writing connection."""

    def __init__(
        self,
        connection: sa.Connection,
        unit_of_work: UnitOfWorkFactory,
        handlers: Mapping[type, Handler],
        intake: Intake,
        sealer: Sealer,
        ids: IdSource,
        clock: Clock,
        prefetch: Callable[[Any, Sequence[Any], Sequence[Incoming]], None] | None = None,
        commit: Commit = commit,
        guard: Guard | None = None,
    ) -> None:
        self._connection = connection
        self._store = store_of(connection)
        self._unit_of_work = unit_of_work
        self._handlers = handlers
        self._intake = intake
        self.sealer = sealer
        self._ids = ids
        self._clock = clock
        self._prefetch = prefetch
        self._commit = commit
        self._guard = guard or Guard({})
        self._subscribers: dict[type, list[Callable[[Any], None]]] = {}
        self._for_others: dict[type, tuple[str, Callable[[Any], str]]] = {}
        self._committing = False
        self._load_again = False
        self.begins_with: list[Callable[[UnitOfWork, Sequence[Any]], None]] = []
        """The first steps of every group, with its commands: what another process decided is looked at in the group's
        own transaction, before anything is decided in it."""
        self.takes_up: list[Callable[[sa.Connection], None]] = []
        """What else is kept in memory of what the database says: called whenever that is taken up from it."""

    @property
    def shared(self) -> bool:
        """Whether other processes write to the same database."""
        return self.sealer.shared

    @property
    def commands(self) -> frozenset[type]:
        """The commands for which there is a handler."""
        return frozenset(self._handlers)

    def port(self, peer: str) -> LinkPort:
        """What the sealer must know of the link with `peer`."""
        return self.sealer.port(peer)

    def load(self) -> None:
        """Takes up where the database says the node was."""
        self.sealer.load(self._connection)
        self._intake.load(self._connection)
        for take_up in self.takes_up:
            take_up(self._connection)
        self._load_again = False

    def run_group(self, commands: Sequence[CommandWork], batches: Sequence[ReceivedBatch]) -> GroupOutcome:
        """Runs everything given, and what is due, in one durable commit. Never raises for what an item did."""
        suspects_alone = self._intake.suspects_due(self._clock.now_us())
        outcome = self._run(commands, batches, with_due=not suspects_alone)
        if suspects_alone:
            outcome.merge(self._run((), (), with_due=True))
        return outcome

    def _run(self, commands: Sequence[CommandWork], batches: Sequence[ReceivedBatch], with_due: bool) -> GroupOutcome:
        runs = 1
        while True:
            try:
                return self._attempt(commands, batches, with_due)
            except Exception as error:
                due_taken = self._roll_back()
                if not self._store.is_race(error) or runs == RUNS_MAX:
                    return self._failed(commands, batches, due_taken, error)
                log.info("group runs again", error=type(error).__name__, runs=runs)
                runs += 1

    def _failed(
        self, commands: Sequence[CommandWork], batches: Sequence[ReceivedBatch], due_taken: bool, error: Exception
    ) -> GroupOutcome:
        """The group is undone: what can still be done with what was in it?"""
        if is_storage_fault(error):
            return self._storage_failed(commands, batches, error)
        if due_taken and (commands or batches):
            # One of the due messages may have broken the group: what is new goes first, they go alone.
            self._intake.suspect()
            return self._run(commands, batches, with_due=False)
        if len(commands) + len(batches) > 1:
            return self._one_by_one(commands, batches)
        return self._single_failed(commands, batches, error)

    def has_work(self) -> bool:
        """Whether a group with nothing new would have something to do: a message to try again, or credit that came
        back."""
        due, now_us = self._intake.next_due_us, self._clock.now_us()
        return (due is not None and due <= now_us) or self.sealer.has_work(now_us)

    def noticed(self, channel: str, payload: str) -> None:
        """Another process of this node told something (common.messaging.replica); on the writer's thread."""
        if channel == OUTBOX_NOTICE:
            self.sealer.look_soon(payload)
        elif channel == INBOX_NOTICE:
            self._intake.look_soon()
        elif channel == CLAIM_NOTICE:
            self.sealer.claimed_elsewhere(*read_claim_payload(payload))

    def subscribe(self, event_type: type, subscriber: Callable[[Any], None]) -> None:
        """`subscriber` is called with each event of this type that a handler recorded, after the commit."""
        self._subscribers.setdefault(event_type, []).append(subscriber)

    def tell_others(self, event_type: type, channel: str, payload: Callable[[Any], str]) -> None:
        """The node's other processes are told of each event of this type, with the commit."""
        self._for_others[event_type] = (channel, payload)

    def _note_for_others(self, uow: UnitOfWork) -> None:
        for event in uow.events:
            told = self._for_others.get(type(event))
            if told is not None:
                uow.notify(told[0], told[1](event))

    def _attempt(
        self,
        commands: Sequence[CommandWork],
        batches: Sequence[ReceivedBatch],
        with_due: bool,
        receive_only: bool = False,
    ) -> GroupOutcome:
        started = self._clock.monotonic_us()
        if self._load_again:
            self.load()
        self._committing = False
        self._store.begin(self._connection)
        uow = self._unit_of_work(self._connection, self._ids, self._clock.now_us())
        with closing(uow):
            outcome = GroupOutcome()
            for first_step in self.begins_with:
                first_step(uow, [work.command for work in commands])
            messages = self._intake.receive(batches, outcome, uow, receive_only)
            messages += self._intake.due(uow) if with_due else []
            uow.alone = not batches and len(commands) + len(messages) == 1
            if self._prefetch is not None:
                self._prefetch(uow, [work.command for work in commands], messages)
            answers = [self._run_command(work, uow) for work in commands]
            for incoming in messages:
                self._intake.run(incoming, uow)
            if uow.audited:
                self._chain_audit(uow)
            group = self.sealer.seal(uow)
            if self._for_others:
                self._note_for_others(uow)
            uow.finish()
            self._intake.settle(uow)
            worked = self._clock.monotonic_us()
            self._committing = True
            self._commit(self._connection)
            self._settle(outcome, group, uow)
            for incoming in messages:
                # The two hold each other: what was read of the batch is free as soon as the links have heard.
                incoming.batch = None
            outcome.items, outcome.messages = len(commands) + len(messages), len(messages)
            outcome.work_us, outcome.commit_us = worked - started, self._clock.monotonic_us() - worked
            for work, (result, error) in zip(commands, answers, strict=True):
                work.done(result, error)
            return outcome

    def _run_command(self, work: CommandWork, uow: UnitOfWork) -> tuple[Any, BaseException | None]:
        handler = self._handlers.get(type(work.command))
        if handler is None:
            unknown = UnknownCommand(command=type(work.command).__name__)
            self._audit_failed(work, unknown, uow)
            return None, unknown
        uow.begin_item(work.actor)
        try:
            self._guard.admit(work.command, work.actor)
            result = handler(work.command, uow)
            self._intake.process_here(uow)
            awaited = result if isinstance(result, Awaited) else None
            self._audit(work, awaited, uow)
        except QuanwangError as refusal_or_fault:
            uow.drop_item(refusal_or_fault)
            self._audit_failed(work, refusal_or_fault, uow)
            return None, refusal_or_fault
        except Exception as error:
            if is_storage_fault(error):
                raise
            uow.drop_item(error)
            log.exception("command failed", **command_facts(work.command))
            fault = InternalFault(detail=type(error).__name__)
            self._audit_failed(work, fault, uow)
            return None, fault
        uow.keep_item()
        return (result, None) if awaited is None else (None, awaited)

    def _audit(self, work: CommandWork, error: QuanwangError | None, uow: UnitOfWork) -> None:
        entry = self._guard.entry(work.command, work.actor, error)
        if entry is not None:
            uow.audit(replace(entry, details=uow.change, customer=entry.customer or uow.customer))

    def _audit_failed(self, work: CommandWork, error: QuanwangError, uow: UnitOfWork) -> None:
        """The item left nothing; that somebody tried is noted all the same."""
        uow.begin_item(work.actor)
        self._audit(work, error, uow)
        uow.keep_item()

    def _chain_audit(self, uow: UnitOfWork) -> None:
        uow.begin_item()
        uow.audit_head = chain(uow, uow.audited)
        uow.keep_item()

    def _settle(self, outcome: GroupOutcome, group: SealedGroup, uow: UnitOfWork) -> None:
        """The commit succeeded: what was only meant becomes true in memory as well."""
        self.sealer.committed(group)
        self._intake.committed()
        outcome.sealed.extend(group.batches)
        outcome.lost.update(group.lost)
        outcome.notices.update(uow.notices)
        for event in uow.events:
            for subscriber in self._subscribers.get(type(event), ()):
                try:
                    subscriber(event)
                except Exception:
                    # The group is durable: what a listener does wrong must not pass for the group's failure.
                    log.exception("subscriber failed", about=type(event).__name__)

    def _one_by_one(self, commands: Sequence[CommandWork], batches: Sequence[ReceivedBatch]) -> GroupOutcome:
        """The group failed as a whole for something one item did: each alone, so that only that one fails."""
        outcome = GroupOutcome()
        for batch in batches:
            if batch.peer not in outcome.failed:
                outcome.merge(self._run((), (batch,), with_due=False))
        for work in commands:
            outcome.merge(self._run((work,), (), with_due=False))
        return outcome

    def _single_failed(
        self, commands: Sequence[CommandWork], batches: Sequence[ReceivedBatch], error: Exception
    ) -> GroupOutcome:
        if isinstance(error, TemporaryFault):
            # As when the keys' token is away at sealing: nothing of it was done, and all of it is tried again.
            log.error("group not possible for now", code=error.code, detail=str(error)[:500])
            for work in commands:
                work.done(None, error)
            return GroupOutcome(failed={batch.peer: error.code for batch in batches})
        log.error("group failed", error=type(error).__name__, detail=str(error)[:500], exc_info=error)
        if commands:
            commands[0].done(None, InternalFault(detail=type(error).__name__))
            return GroupOutcome()
        if batches:
            return self._receive_alone(batches)
        self._intake.due_failed()
        return GroupOutcome()

    def _receive_alone(self, batches: Sequence[ReceivedBatch]) -> GroupOutcome:
        """One of the batch's messages broke the group: receive it without processing; they are then tried one at a
        time."""
        try:
            return self._attempt((), batches, with_due=False, receive_only=True)
        except Exception as error:
            self._roll_back()
            if is_storage_fault(error):
                return self._storage_failed((), batches, error)
            log.error("batch cannot be received", error=type(error).__name__, exc_info=error)
            return GroupOutcome(failed={batch.peer: "INTERNAL_FAULT" for batch in batches})

    def _storage_failed(
        self, commands: Sequence[CommandWork], batches: Sequence[ReceivedBatch], error: Exception
    ) -> GroupOutcome:
        """The database takes nothing: new work is refused, links are cut and their peers send again later."""
        log.error("storage unavailable", error=type(error).__name__, detail=str(getattr(error, "orig", error))[:200])
        # A commit whose answer never came may have been made all the same.
        unknown = self._load_again and self._committing
        for work in commands:
            fault = OutcomeUnknown if unknown else StorageUnavailable
            work.done(None, fault(detail=type(error).__name__))
        return GroupOutcome(failed={batch.peer: StorageUnavailable.code for batch in batches}, storage_failed=True)

    def _roll_back(self) -> bool:
        """Undoes the group. Whether messages that were due took part in it."""
        due_taken = self._intake.rolled_back()
        if self._store.roll_back(self._connection):
            # Only the database knows by now where the node is.
            self._load_again = True
        return due_taken
