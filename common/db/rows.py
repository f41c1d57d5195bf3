"""Rows by primary key: read in batches, written behind.

The hot path must not pay a statement per row. A `RowSet` holds the rows of one table that a group touches: they are
fetched with one statement (`prefetch`), changed in memory, and written together at `flush`, one statement for each kind
of change.

Changes lie in two layers. Those of the item being worked on are in the upper one; they sink into the group's layer when
the item succeeds and are thrown away when it fails, so that a failed item leaves no trace and costs no savepoint.

Statements are the store's (`common.db.store`) and go to the driver's own cursor: they are few, written once, and run
for every group, and what a general statement costs on its way through SQLAlchemy is several times what SQLite needs to
run one of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import sqlalchemy as sa

from common.errors import Fault

if TYPE_CHECKING:
    from common.db.store import RowStatements

R = TypeVar("R", bound=tuple[Any, ...])

FETCH_KEYS_MAX = 400


class RowsDisagree(Fault):
    """A write changed another number of rows than it should have; the group is run again, item by item."""

    en = "Table {table}: {expected} rows should have changed, {actual} did."
    zh = "表 {table}：应更改 {expected} 行，实际更改 {actual} 行。"


class RowSpec(NamedTuple):
    """How a table's rows are read and written. `row_type` is a NamedTuple with the table's columns in their order; the
    first column is the primary key, or the first `key_width` columns are."""

    table: sa.Table
    row_type: Any
    key_width: int = 1

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in order."""
        columns = [column.name for column in self.table.columns]
        assert columns == list(self.row_type._fields), f"{self.name}: row type and table differ"
        return columns


_UNKNOWN: Any = object()


class RowSet(Generic[R]):
    """The rows of one table within one group. A staged value of None is a deletion.

    `cursor` is the driver's, `statements` the store's for this table; `touched` is a list to which the set adds itself
    when an item first changes something in it.
    """

    __slots__ = ("_cursor", "_group", "_item", "_loaded", "_row_type", "_spec", "_statements", "_touched", "_width")

    def __init__(self, cursor: Any, spec: RowSpec, statements: RowStatements, touched: list[RowSet[Any]]) -> None:
        self._cursor = cursor
        self._spec = spec
        self._statements = statements
        self._width = spec.key_width
        self._row_type = spec.row_type
        self._touched = touched
        self._loaded: dict[Any, R | None] = {}
        self._group: dict[Any, R | None] = {}
        self._item: dict[Any, R | None] = {}

    def prefetch(self, keys: Iterable[Any]) -> None:
        """Loads the rows of `keys` that are not known yet, with as few statements as can be."""
        loaded = self._loaded
        wanted = [key for key in dict.fromkeys(keys) if key not in loaded]
        if len(wanted) > FETCH_KEYS_MAX:
            # Each statement locks in the order of the keys; so do several.
            wanted.sort()
        for start in range(0, len(wanted), FETCH_KEYS_MAX):
            self._load(wanted[start : start + FETCH_KEYS_MAX])

    def prefetch_free(self, keys: Iterable[Any]) -> set[Any]:
        """The same without waiting for anybody. Returns the keys of rows that were not loaded: another transaction
        holds them, or there are none."""
        loaded, make, width = self._loaded, self._row_type._make, self._width
        wanted = [key for key in dict.fromkeys(keys) if key not in loaded]
        for start in range(0, len(wanted), FETCH_KEYS_MAX):
            for values in self._statements.select(self._cursor, wanted[start : start + FETCH_KEYS_MAX], free=True):
                loaded[values[0] if width == 1 else tuple(values[:width])] = make(values)
        return {key for key in wanted if key not in loaded}

    def knows(self, key: Any) -> bool:
        """Whether the row, or that there is none, is known here already."""
        return key in self._loaded

    def _load(self, keys: Sequence[Any]) -> None:
        loaded = self._loaded
        for key in keys:
            loaded[key] = None
        make, width = self._row_type._make, self._width
        for values in self._statements.select(self._cursor, keys):
            loaded[values[0] if width == 1 else tuple(values[:width])] = make(values)

    def key_of(self, row: R) -> Any:
        """The primary key of a row: its first column, or a tuple of the first ones."""
        return row[0] if self._width == 1 else tuple(row[: self._width])

    def get(self, key: Any) -> R | None:
        """The row as this item sees it, or None."""
        if self._item:
            row = self._item.get(key, _UNKNOWN)
            if row is not _UNKNOWN:
                return row
        row = self._group.get(key, _UNKNOWN)
        if row is not _UNKNOWN:
            return row
        row = self._loaded.get(key, _UNKNOWN)
        if row is not _UNKNOWN:
            return row
        self._load((key,))
        return self._loaded[key]

    def insert(self, row: R) -> None:
        """Stages a row whose key is new. That it is new is checked by the database, at the flush."""
        key = row[0] if self._width == 1 else tuple(row[: self._width])
        if key not in self._loaded:
            self._loaded[key] = None
        self._stage(key, row)

    def update(self, row: R) -> None:
        """Stages the content of a row whose key was asked for before: new content, or a first one."""
        self._stage(row[0] if self._width == 1 else tuple(row[: self._width]), row)

    def delete(self, key: Any) -> None:
        """Stages the removal of a row, read here first where it is not known: only what is there is removed."""
        if key not in self._loaded:
            self._load((key,))
        self._stage(key, None)

    def _stage(self, key: Any, row: R | None) -> None:
        if not self._item:
            self._touched.append(self)
        self._item[key] = row

    def keep_item(self) -> None:
        """The item succeeded: its changes become the group's."""
        self._group.update(self._item)
        self._item.clear()

    def drop_item(self) -> None:
        """The item failed: as if it had never been."""
        self._item.clear()

    def forget(self) -> None:
        """What was read or written since the savepoint may be gone: the database knows, this set no longer does."""
        self._loaded.clear()
        self._group.clear()
        self._item.clear()

    def flush(self) -> None:
        """Writes what the group's items left, one statement for each kind of change."""
        if not self._group:
            return
        inserts: list[Sequence[Any]] = []
        updates: list[Sequence[Any]] = []
        deletes: list[Any] = []
        loaded = self._loaded
        for key, row in self._group.items():
            known = loaded.get(key)
            if row is None:
                if known is not None:
                    deletes.append(key)
            elif known is None:
                inserts.append(row)
            elif row is not known:
                updates.append(row)
        loaded.update(self._group)
        self._group.clear()
        self._write(self._statements.delete, deletes)
        self._write(self._statements.insert, inserts)
        self._write(self._statements.update, updates)

    def _write(self, write: Callable[[Any, Sequence[Any]], int], rows: list[Any]) -> None:
        if not rows:
            return
        changed = write(self._cursor, rows)
        if changed != len(rows):
            raise RowsDisagree(table=self._spec.name, expected=len(rows), actual=changed)
