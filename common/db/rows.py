"""Rows by primary key: read in batches, written behind.

The hot path must not pay a statement per row. A `RowSet` holds the rows of one table that a group touches: they are
fetched with one statement (`prefetch`), changed in memory, and written with one `executemany` per table at `flush`.

Changes lie in two layers. Those of the item being worked on are in the upper one; they sink into the group's layer when
the item succeeds and are thrown away when it fails, so that a failed item leaves no trace and costs no savepoint.

Statements go to the driver's own cursor: they are few, written once, and run for every group, and what a general
statement costs on its way through SQLAlchemy is several times what SQLite needs to run one of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import sqlalchemy as sa

from common.errors import Fault

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


class _Sql(NamedTuple):
    insert: str
    update: str
    delete: str
    select: str


_sql_cache: dict[str, _Sql] = {}


def _sql_of(spec: RowSpec) -> _Sql:
    """The statements of a table, written once (qmark style, as the SQLite driver takes them)."""
    cached = _sql_cache.get(spec.name)
    if cached is None:
        columns = [column.name for column in spec.table.columns]
        assert columns == list(spec.row_type._fields), f"{spec.name}: row type and table differ"
        keys, others = columns[: spec.key_width], columns[spec.key_width :]
        where = " AND ".join(f"{name}=?" for name in keys)
        # Table and column names alone are put together here, from the schema; values are always parameters.
        cached = _sql_cache[spec.name] = _Sql(
            insert=f"INSERT INTO {spec.name} ({','.join(columns)}) VALUES ({','.join('?' * len(columns))})",  # noqa: S608
            update=f"UPDATE {spec.name} SET {','.join(f'{name}=?' for name in others)} WHERE {where}",  # noqa: S608
            delete=f"DELETE FROM {spec.name} WHERE {where}",  # noqa: S608
            select=_select_of(spec.name, columns, keys),
        )
    return cached


def _select_of(table: str, columns: list[str], keys: list[str]) -> str:
    """The statement that reads by key, with a place for the list of keys.

    Several key columns are joined from a list of values, which stands first: SQLite searches the primary key for each,
    where it would scan the whole table for `(a, b) IN (VALUES ...)`.
    """
    if len(keys) == 1:
        return f"SELECT {','.join(columns)} FROM {table} WHERE {keys[0]} IN (%s)"  # noqa: S608
    names = ",".join(f"k{place}" for place in range(len(keys)))
    on = " AND ".join(f"{table}.{key} = wanted.k{place}" for place, key in enumerate(keys))
    selected = ",".join(f"{table}.{column}" for column in columns)
    return f"WITH wanted({names}) AS (VALUES %s) SELECT {selected} FROM wanted CROSS JOIN {table} WHERE {on}"  # noqa: S608


_UNKNOWN: Any = object()


class RowSet(Generic[R]):
    """The rows of one table within one group. A staged value of None is a deletion.

    `cursor` is the driver's; `touched` is a list to which the set adds itself when an item first changes something in
    it.
    """

    __slots__ = ("_cursor", "_group", "_item", "_loaded", "_row_type", "_spec", "_sql", "_touched", "_width")

    def __init__(self, cursor: Any, spec: RowSpec, touched: list[RowSet[Any]]) -> None:
        self._cursor = cursor
        self._spec = spec
        self._sql = _sql_of(spec)
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
        for start in range(0, len(wanted), FETCH_KEYS_MAX):
            self._load(wanted[start : start + FETCH_KEYS_MAX])

    def _load(self, keys: Sequence[Any]) -> None:
        if self._width == 1:
            places, parameters = ",".join("?" * len(keys)), tuple(keys)
        else:
            places = ",".join([f"({','.join('?' * self._width)})"] * len(keys))
            parameters = tuple(part for key in keys for part in key)
        loaded = self._loaded
        for key in keys:
            loaded[key] = None
        make, width = self._row_type._make, self._width
        for values in self._cursor.execute(self._sql.select % places, parameters).fetchall():
            loaded[values[0] if width == 1 else values[:width]] = make(values)

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
        """Writes what the group's items left, one `executemany` for each kind of change."""
        if not self._group:
            return
        inserts: list[Sequence[Any]] = []
        updates: list[Sequence[Any]] = []
        deletes: list[Sequence[Any]] = []
        width, loaded = self._width, self._loaded
        for key, row in self._group.items():
            known = loaded.get(key)
            if row is None:
                if known is not None:
                    deletes.append(known[:width])
            elif known is None:
                inserts.append(row)
            elif row is not known:
                updates.append(row[width:] + row[:width])
        loaded.update(self._group)
        self._group.clear()
        self._write(self._sql.delete, deletes)
        self._write(self._sql.insert, inserts)
        self._write(self._sql.update, updates)

    def _write(self, statement: str, rows: list[Sequence[Any]]) -> None:
        if not rows:
            return
        changed = self._cursor.executemany(statement, rows).rowcount
        if changed != len(rows):
            raise RowsDisagree(table=self._spec.name, expected=len(rows), actual=changed)
