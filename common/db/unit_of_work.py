"""One group of work: one transaction, many items.

The dispatcher opens it, runs each item in it, seals what was said, and commits once. Handlers see it as `uow`: the
repositories of their node (added by the node's own subclass), the time, new identities, and `emit`.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from common.access_control.actor import SYSTEM, Actor
from common.db.engine import store_of
from common.db.rows import RowSet, RowSpec
from common.db.store import Notice
from common.ids import IdSource

if TYPE_CHECKING:
    from common.audit.entry import AuditEntry
    from common.messaging.incoming import Incoming
    from common.messaging.outbox import Outgoing


ORDER_NUMBERS_AT_ONCE_MAX = 256
"""How many places in the outbox's order a group asks for at a time; those that it does not use are passed over."""


Announce = Callable[[Any, Any], None]
"""`announce(event, uow)`."""


class ItemSpoilsGroup(Exception):
    """An item failed that had written already, on a store without savepoints: its group cannot go on without it."""


class UnitOfWork:
    """The state of one group. `now_us` is one reading of the clock for the whole group, so that it is one moment."""

    def __init__(self, connection: sa.Connection, ids: IdSource, now_us: int) -> None:
        self.connection = connection
        self.store = store_of(connection)
        self.ids = ids
        self.now_us = now_us
        self.outgoing: list[Outgoing] = []
        self.events: list[Any] = []
        self.actor: Actor = SYSTEM
        """Who acts in the item at hand."""
        self.audited: list[AuditEntry] = []
        self.audit_head: tuple[int, bytes] | None = None
        """Where the audit log ends once this group is committed, if it grows."""
        self.change = ""
        """What the item changed, as the audit log shows it."""
        self.customer = ""
        """For whom the item is, where its handler had to find that out."""
        self.claims: list[Any] = []
        """Links that this group claims (common.messaging.replica)."""
        self.notices: dict[tuple[str, str], None] = {}
        """What the node's other processes are told once the group is committed: channel and payload, each once."""
        self.inbox_changed = False
        """Whether a command changed what waits in the inbox: then it is looked at anew, at the end of the group."""
        self.kept: dict[Any, Any] = {}
        """What is looked up once for a group, or counted through it, by whoever does so."""
        self.announcers: Mapping[type, Announce] = {}
        """What an item's events have told outside (common.event_hub); called as the item's last step."""
        self._item_outgoing: list[Outgoing] = []
        self._item_events: list[Any] = []
        self._item_audited: list[AuditEntry] = []
        self.alone = False
        """Whether the group is one single item, so that undoing the item may undo the whole transaction."""
        self._cursor: Any = self.store.cursor(connection)
        self._row_sets: dict[str, RowSet[Any]] = {}
        self._touched: list[RowSet[Any]] = []
        self._savepoint_open = False
        self._item_written = False
        self._flush_failed = False
        self._order_numbers: deque[int] = deque()
        self._last_order_number = 0
        self._numbers_at_once = 1
        self._here: deque[Incoming] = deque()

    # What handlers use

    def rows(self, spec: RowSpec) -> RowSet[Any]:
        """The rows of a table as this group sees them. For repositories."""
        row_set = self._row_sets.get(spec.name)
        if row_set is None:
            statements = self.store.statements(spec)
            row_set = self._row_sets[spec.name] = RowSet(self._cursor, spec, statements, self._touched)
        return row_set

    def query(self, statement: sa.Executable, parameters: Any = None) -> sa.CursorResult[Any]:
        """Runs SQL that must see what was staged so far: a search by something else than the key. For repositories.

        Writes everything staged first, so that the item can still fail alone: its own changes inside a savepoint, or
        noted as written where the store has none.
        """
        if self.store.savepoints:
            self._open_savepoint()
        elif self._touched:
            self._item_written = True
        self._keep_rows()
        self.flush()
        return self.connection.execute(statement, parameters)

    def emit(self, outgoing: Outgoing) -> None:
        """Says something to another node. It is sealed at the end of the group, or never if the item fails."""
        self._item_outgoing.append(outgoing)

    def deliver_here(self, incoming: Incoming) -> None:
        """Says something to this node itself: processed in the same item, after the handler."""
        self._here.append(incoming)

    def record(self, event: Any) -> None:
        """Tells the node's own subscribers something, after the commit."""
        self._item_events.append(event)

    def audit(self, entry: AuditEntry) -> None:
        """Adds to the audit log, if the item succeeds."""
        self._item_audited.append(entry)

    def describe_change(self, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> None:
        """What the item changes, for its entry in the audit log: None where there was nothing before, or is nothing
        after. Personal data is masked by whoever calls."""
        self.change = json.dumps({"before": before, "after": after}, ensure_ascii=False, sort_keys=True)

    def notify(self, channel: str, payload: str = "") -> None:
        """Tells all processes of this node that something is there for them to look at, after the commit. It is a hint
        that may come in vain, and may be lost: what must not be lost stands in a table."""
        self.notices[channel, payload] = None

    def order_number(self) -> int:
        """The next place in the order of the outbox."""
        if not self._order_numbers:
            numbers = self.store.order_numbers(self._cursor, self._numbers_at_once, self._last_order_number)
            self._order_numbers.extend(numbers)
            self._numbers_at_once = min(2 * self._numbers_at_once, ORDER_NUMBERS_AT_ONCE_MAX)
        self._last_order_number = self._order_numbers.popleft()
        return self._last_order_number

    def start_over(self) -> None:
        """Undoes all that this item did so far; it goes on (to record a refusal)."""
        self.drop_item()
        self.begin_item(self.actor)

    # What the dispatcher uses

    def begin_item(self, actor: Actor = SYSTEM) -> None:
        self.actor = actor
        self.change = self.customer = ""
        self._item_outgoing = []
        self._item_events = []
        self._item_audited = []

    def deliveries_here(self) -> Iterator[Incoming]:
        """What this item said to the node itself, until nothing is left."""
        while self._here:
            yield self._here.popleft()

    def keep_item(self) -> None:
        """The item succeeded; its changes sink into the group."""
        if self.announcers and self._item_events:
            self._announce()
        self._keep_rows()
        if self._item_outgoing:
            self.outgoing.extend(self._item_outgoing)
            self._item_outgoing = []
        if self._item_events:
            self.events.extend(self._item_events)
            self._item_events = []
        if self._item_audited:
            self.audited.extend(self._item_audited)
            self._item_audited = []
        self._item_written = False
        if self._savepoint_open:
            self._close_savepoint("RELEASE SAVEPOINT item")

    def drop_item(self, because: BaseException | None = None) -> None:
        """The item failed; the group goes on as if it had never been.

        Raises `because` again where the group cannot go on, whoever fails: something of it could not be written, or the
        database has given the transaction up. Raises ItemSpoilsGroup where it cannot go on without this item.
        """
        if because is not None and (self._flush_failed or self.store.transaction_lost(self.connection)):
            raise because
        for row_set in self._touched:
            row_set.drop_item()
        self._touched.clear()
        self._here.clear()
        self._item_outgoing = []
        self._item_events = []
        self._item_audited = []
        if self._item_written:
            self._begin_again()
        if self._savepoint_open:
            self._close_savepoint("ROLLBACK TO SAVEPOINT item", "RELEASE SAVEPOINT item")
            # What was read or flushed inside the savepoint may be gone; what came before it is in the database.
            for row_set in self._row_sets.values():
                row_set.forget()

    def close(self) -> None:
        """The group is over. Gives the driver's cursor back, and lets go of all it held but its events, here and now.

        A unit of work and its repositories hold each other: left to the collector, everything that a group read and
        said would live on until it is looked for. And a cursor that is freed on another thread while the writer uses a
        statement of the same text resets that statement under its hands (seen: InterfaceError, API misuse).
        """
        self._cursor.close()
        events = self.events
        vars(self).clear()
        self.events = events

    def flush(self) -> None:
        """Writes what is staged. Not a commit. What fails here fails the group: half of it may be written."""
        self._flush_failed = True
        for row_set in self._row_sets.values():
            row_set.flush()
        self._flush_failed = False

    def finish(self) -> None:
        """Writes what is staged and says what is to be told with the commit: the group's last step before it."""
        self.flush()
        if self.notices:
            self.store.notify(self._cursor, [Notice(*notice) for notice in self.notices])

    def _announce(self) -> None:
        for event in tuple(self._item_events):
            announce = self.announcers.get(type(event))
            if announce is not None:
                announce(event, self)

    def _begin_again(self) -> None:
        """Undoes an item that has written already, where there are no savepoints: with all of its transaction, if it is
        alone in it."""
        if not self.alone:
            raise ItemSpoilsGroup
        self.store.roll_back(self.connection)
        self.store.begin(self.connection)
        self._item_written = False
        for row_set in self._row_sets.values():
            row_set.forget()

    def _keep_rows(self) -> None:
        for row_set in self._touched:
            row_set.keep_item()
        self._touched.clear()

    def _open_savepoint(self) -> None:
        if self._savepoint_open:
            return
        self.flush()
        self.connection.exec_driver_sql("SAVEPOINT item")
        self._savepoint_open = True

    def _close_savepoint(self, *statements: str) -> None:
        if self._savepoint_open:
            for statement in statements:
                self.connection.exec_driver_sql(statement)
            self._savepoint_open = False


UnitOfWorkFactory = Callable[[sa.Connection, IdSource, int], UnitOfWork]
