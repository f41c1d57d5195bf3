"""Rows by primary key: read in batches, written behind.

The hot path must not pay a statement per row. A `RowSet` holds the rows of one table that a group touches: they are
fetched with one statement (`prefetch`), changed in memory, and written with one `executemany` per table at `flush`.

Changes lie in two layers. Those of the item being worked on are in the upper one; they sink into the group's layer when
the item succeeds and are thrown away when it fails, so that a failed item leaves no trace and costs no savepoint.
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
        cached = _sql_cache[spec.name] = _Sql(
            insert=f"INSERT INTO {spec.name} ({','.join(columns)}) VALUES ({','.join('?' * len(columns))})",
            update=f"UPDATE {spec.name} SET {','.join(f'{name}=?' for name in others)} WHERE {where}",
            delete=f"DELETE FROM {spec.name} WHERE {where}",
            select=f"SELECT {','.join(columns)} FROM {spec.name} WHERE "
            + (f"{keys[0]} IN " if spec.key_width == 1 else f"({','.join(keys)}) IN "),
        )
    return cached


_MISSING: Any = object()


class RowSet(Generic[R]):
    """The rows of one table within one group. A staged value of None is a deletion."""

    def __init__(self, connection: sa.Connection, spec: RowSpec) -> None:
        self._connection = connection
        self._spec = spec
        self._sql = _sql_of(spec)
        self._width = spec.key_width
        self._loaded: dict[Any, R | None] = {}
        self._group: dict[Any, R | None] = {}
        self._item: dict[Any, R | None] = {}

    def prefetch(self, keys: Iterable[Any]) -> None:
        """Loads the rows of `keys` that are not known yet, with as few statements as can be."""
        wanted = [key for key in dict.fromkeys(keys) if key not in self._loaded]
        for start in range(0, len(wanted), FETCH_KEYS_MAX):
            self._load(wanted[start : start + FETCH_KEYS_MAX])

    def _load(self, keys: Sequence[Any]) -> None:
        one = "?" if self._width == 1 else f"({','.join('?' * self._width)})"
        opening = "(" if self._width == 1 else "(VALUES "
        parameters = tuple(keys) if self._width == 1 else tuple(part for key in keys for part in key)
        statement = f"{self._sql.select}{opening}{','.join([one] * len(keys))})"
        loaded = self._loaded
        for key in keys:
            loaded[key] = None
        make = self._spec.row_type._make
        for values in self._connection.exec_driver_sql(statement, parameters):
            row = make(values)
            loaded[self.key_of(row)] = row

    def key_of(self, row: R) -> Any:
        """The primary key of a row: its first column, or a tuple of the first ones."""
        return row[0] if self._width == 1 else tuple(row[: self._width])

    def get(self, key: Any) -> R | None:
        """The row as this item sees it, or None."""
        for layer in (self._item, self._group, self._loaded):
            row = layer.get(key, _MISSING)
            if row is not _MISSING:
                return row
        self._load((key,))
        return self._loaded[key]

    def insert(self, row: R) -> None:
        """Stages a row whose key is new. That it is new is checked by the database, at the flush."""
        key = self.key_of(row)
        self._loaded.setdefault(key, None)
        self._item[key] = row

    def update(self, row: R) -> None:
        """Stages the new content of a row that was read before."""
        self._item[self.key_of(row)] = row

    def delete(self, key: Any) -> None:
        """Stages the removal of a row that was read before."""
        self._item[key] = None

    @property
    def dirty(self) -> bool:
        return bool(self._item)

    def keep_item(self) -> None:
        """The item succeeded: its changes become the group's."""
        self._group.update(self._item)
        self._item.clear()

    def drop_item(self) -> None:
        """The item failed: as if it had never been."""
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
                    deletes.append(tuple(known[:width]))
            elif known is None:
                inserts.append(tuple(row))
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
        changed = self._connection.exec_driver_sql(statement, rows).rowcount
        if changed != len(rows):
            raise RowsDisagree(table=self._spec.name, expected=len(rows), actual=changed)
