"""What differs between the databases that a node can work on, behind one interface.

A store is chosen by the database's URL and is the same for every connection to that kind of database; it holds no state
of its own. `common.db.engine` finds it; nothing else asks which one it is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import sqlalchemy as sa

from common.errors import Fault

if TYPE_CHECKING:
    from common.db.rows import RowSpec
    from common.db.snapshot import Copied, Refill, Snapshot


class Notice(NamedTuple):
    """Something that one process of a node tells the others, with a commit."""

    channel: str
    payload: str


class RowStatements(Protocol):
    """How the rows of one table are read and written, many at once. `cursor` is the store's, see `Store.cursor`.

    A key is the value of the first column, or a tuple of the first ones where the key has several.
    """

    def select(self, cursor: Any, keys: Sequence[Any], free: bool = False) -> Sequence[Sequence[Any]]:
        """The rows of these keys, as far as there are any; nobody else changes them before this transaction ends.
        `free`: without those that another transaction holds, which are not waited for."""

    def insert(self, cursor: Any, rows: Sequence[Sequence[Any]]) -> int:
        """Adds rows. How many were added."""

    def update(self, cursor: Any, rows: Sequence[Sequence[Any]]) -> int:
        """Gives the rows with these keys this content. How many there were."""

    def delete(self, cursor: Any, keys: Sequence[Any]) -> int:
        """Removes rows. How many there were."""


class Listener(Protocol):
    """Hears what other processes of the node tell, on a connection of its own. For one thread."""

    def wait(self, timeout_s: float) -> list[Notice]:
        """What was told, at once where something waits; nothing after `timeout_s`. Raises what `is_storage_fault` names
        when the database is away: then this listener has ended, and what was told meanwhile is lost."""

    def close(self) -> None:
        """Gives the connection back."""


class Store(ABC):
    """One kind of database."""

    name: str
    shared: bool
    """Whether several processes of a node may work on one database."""
    savepoints: bool
    """Whether an item that has written already is undone by a savepoint, which costs next to nothing there; otherwise
    its group is undone and run again item by item."""
    merges_ranges: bool
    """Whether a page out of several ranges of an index is better asked for range by range (LATERAL): the planner would
    walk the whole table in the order of the page where it expects to find enough rows soon. Otherwise it stops in each
    range by itself as soon as the page is full."""

    # Connections

    @abstractmethod
    def open_writer(self, url: str) -> sa.Engine:
        """The engine for a writer. Transactions are begun explicitly, with `begin`."""

    @abstractmethod
    def open_reader(self, url: str, connections_max: int) -> sa.Engine:
        """The engine for queries: at most `connections_max` connections, which cannot write, each with snapshots of its
        own."""

    @abstractmethod
    def display(self, url: str) -> str:
        """The database's name for people: where it is, without any secret."""

    @abstractmethod
    def is_there(self, url: str) -> bool:
        """Whether there is a database, as far as can be told without opening it."""

    @abstractmethod
    def protect(self, url: str) -> None:
        """Lets nobody else read the database, as far as that is in the node's hands."""

    @abstractmethod
    def why_unreachable(self, url: str, error: Exception) -> Fault:
        """What was wrong when a connection could not be opened."""

    @abstractmethod
    def require_usable(self, connection: sa.Connection) -> None:
        """Raises a fault of `common.db.faults` where a node cannot work on this database."""

    # A writer's transaction

    @abstractmethod
    def begin(self, connection: sa.Connection) -> None:
        """Begins a transaction that will write."""

    @abstractmethod
    def commit(self, connection: sa.Connection) -> None:
        """Makes the transaction durable. Raises where it was not, or where nobody knows whether it was."""

    @abstractmethod
    def roll_back(self, connection: sa.Connection) -> bool:
        """Undoes the transaction, if there is one. Whether the connection had been lost; it is opened anew when it is
        used next."""

    @abstractmethod
    def transaction_lost(self, connection: sa.Connection) -> bool:
        """Whether the database has given the transaction up, so that nothing in it can be kept."""

    @abstractmethod
    def cursor(self, connection: sa.Connection) -> Any:
        """The driver's own cursor, for `RowStatements`."""

    @abstractmethod
    def statements(self, spec: RowSpec) -> RowStatements:
        """How the rows of a table are read and written."""

    @abstractmethod
    def order_numbers(self, cursor: Any, count: int, after: int) -> Sequence[int]:
        """The next places in the order of the outbox: higher than those of all that waits, whoever put it there, and
        higher than `after`, the last one that this group was given."""

    @abstractmethod
    def take_turn(self, connection: sa.Connection, table: str, alone: bool) -> None:
        """Until the transaction ends: it does not run beside one that takes its turn at this table `alone`; whichever
        comes second waits, and sees what the other did. For a transaction's first step."""

    @abstractmethod
    def notify(self, cursor: Any, notices: Iterable[Notice]) -> None:
        """Tells the node's other processes something, when the transaction is committed."""

    @abstractmethod
    def open_listener(self, url: str, channels: Sequence[str]) -> Listener:
        """Hears what is told on these channels from now on."""

    # A reader's transaction

    @abstractmethod
    def begin_read(self, connection: sa.Connection) -> None:
        """From here on several statements see one moment."""

    # What went wrong

    @abstractmethod
    def is_storage_fault(self, error: BaseException) -> bool:
        """Whether the database could not take the work (full, locked, away), as opposed to the work being wrong."""

    @abstractmethod
    def is_race(self, error: BaseException) -> bool:
        """Whether the transaction lost against another that ran beside it, and may do well when it is run again."""

    # Migrations

    @abstractmethod
    def begin_migration(self, connection: sa.Connection) -> None:
        """Begins the transaction of a migration; waits until nobody else migrates the same database."""

    @abstractmethod
    def check_integrity(self, connection: sa.Connection) -> str:
        """What the database says of its own soundness; empty where it says nothing is wrong."""

    # Backups

    @abstractmethod
    def snapshot(self, url: str, scratch: Path, copied: Copied) -> Snapshot:
        """The database as it is at this moment, whoever writes to it. `scratch`: a private directory for what must be
        put somewhere meanwhile. Raises NoRoomForSnapshot, and what the database raises."""

    @abstractmethod
    def refill(self, url: str, make_tables: Callable[[], None]) -> Refill:
        """Puts a snapshot into an empty database. `make_tables` makes the tables that the snapshot's database had, for
        a store whose snapshots hold rows alone."""
