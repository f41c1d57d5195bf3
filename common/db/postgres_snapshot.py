"""A PostgreSQL database at one moment: every table by COPY, in one transaction that sees one snapshot.

No programs of the server's are needed, and no rights beyond the node's own. A database is refilled by making its tables
with the migrations that the snapshot's had, and copying the rows in, in one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

import psycopg
import sqlalchemy as sa
from psycopg import sql

from common.db.schema import VERSION_TABLE
from common.db.snapshot import Copied, Pieces

LAYOUT = "database.json"
LAYOUT_BYTES_MAX = 4_194_304
SUFFIX = ".copy"

_TABLES = """
SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
GROUP BY c.relname ORDER BY c.relname
"""
_SEQUENCES = "SELECT sequencename::text FROM pg_sequences WHERE schemaname = current_schema() ORDER BY 1"
_SIZE = """
SELECT coalesce(sum(pg_table_size(oid)), 0) FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
"""


class PostgresSnapshot:
    """One transaction of a reader, which sees one moment."""

    def __init__(self, engine: sa.Engine, copied: Copied) -> None:
        self._engine, self._copied = engine, copied
        self.connection = engine.connect()
        self._rows: dict[str, int] = {}
        # The reader's sessions see one moment a transaction and cannot write; COPY may take its time.
        self._execute("SET LOCAL statement_timeout = 0")
        self._execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        self._tables = {name: columns for name, columns in self._execute(_TABLES) if name != VERSION_TABLE}
        self._sequences = {name: self._sequence(name) for (name,) in self._execute(_SEQUENCES)}
        self.bytes_about = int(self._execute(_SIZE)[0][0])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()
        self._engine.dispose()

    def files(self) -> Iterator[tuple[str, Pieces]]:
        layout = {"tables": self._tables, "sequences": self._sequences}
        yield LAYOUT, iter([json.dumps(layout).encode("utf-8")])
        for table in self._tables:
            yield table + SUFFIX, self._copy(table)

    def rows(self) -> dict[str, int]:
        return dict(self._rows)

    def _copy(self, table: str) -> Pieces:
        columns = sql.SQL(", ").join(map(sql.Identifier, self._tables[table]))
        statement = sql.SQL("COPY {} ({}) TO STDOUT (FORMAT binary)").format(sql.Identifier(table), columns)
        with _driver(self.connection).cursor() as cursor:
            done = 0
            with cursor.copy(statement) as copy:
                for block in copy:
                    piece = bytes(block)
                    done += len(piece)
                    self._copied(done, max(done, self.bytes_about))
                    yield piece
            self._rows[table] = cursor.rowcount

    def _sequence(self, name: str) -> list[Any]:
        """How far it is. Numbers are given out beside all transactions, so it may be ahead of the snapshot."""
        statement = sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(name))
        return list(_driver(self.connection).execute(statement).fetchone() or ())

    def _execute(self, statement: str) -> list[Any]:
        # Through SQLAlchemy, which begins the transaction.
        result = self.connection.execute(sa.text(statement))
        return list(result.all()) if result.returns_rows else []


class PostgresRefill:
    """Copies rows into the tables of a database that has none yet, in one transaction."""

    def __init__(self, engine: sa.Engine, make_tables: Callable[[], None]) -> None:
        self._engine = engine
        self._make_tables = make_tables
        self._connection: sa.Connection | None = None
        self._layout: dict[str, Any] = {}

    def take(self, name: str, pieces: Pieces) -> None:
        if name == LAYOUT and self._connection is None:
            self._begin(_joined(pieces))
        elif name.removesuffix(SUFFIX) in self._layout.get("tables", ()):
            self._fill(name.removesuffix(SUFFIX), pieces)
        else:
            raise ValueError(name)

    def finish(self) -> None:
        if self._connection is None or self._layout["tables"]:
            raise ValueError(LAYOUT)
        for name, (value, called) in self._layout["sequences"].items():
            statement = sql.SQL("SELECT setval({}::regclass, %s, %s)").format(sql.Literal(_quoted(name)))
            _driver(self._connection).execute(statement, (value, called))
        _driver(self._connection).execute("COMMIT")
        self._close()

    def abandon(self) -> None:
        """The tables that were made stay, and are empty; nothing says that they belong to a node."""
        if self._connection is not None:
            self._connection.invalidate()
            self._close()

    def _begin(self, layout: bytes) -> None:
        self._layout = json.loads(layout)
        self._make_tables()
        self._connection = self._engine.connect()
        driver = _driver(self._connection)
        driver.execute("BEGIN")
        for setting in ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout"):
            driver.execute(sql.SQL("SET LOCAL {} = 0").format(sql.Identifier(setting)))

    def _fill(self, table: str, pieces: Pieces) -> None:
        assert self._connection is not None, "the layout comes first"
        columns = sql.SQL(", ").join(map(sql.Identifier, self._layout["tables"].pop(table)))
        driver = _driver(self._connection)
        # What the migrations put in themselves is in the snapshot too.
        driver.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(sql.Identifier(table), columns)
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for piece in pieces:
                copy.write(piece)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._engine.dispose()


def _joined(pieces: Pieces) -> bytes:
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > LAYOUT_BYTES_MAX:
            raise ValueError(LAYOUT)
    return bytes(content)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _driver(connection: sa.Connection) -> psycopg.Connection[Any]:
    driver: Any = connection.connection.dbapi_connection
    return driver
