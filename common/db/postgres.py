"""PostgreSQL 15 and later, through psycopg 3: for several processes on one database.

Rows travel as arrays, one parameter a column and one statement a table (`unnest`), in the binary format. Rows are
locked as they are read, in the order of their keys, so that two writers who want the same ones wait for each other in
turn. There are no savepoints: a group that fails is undone and run again item by item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql
from psycopg.pq import TransactionStatus
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import NullPool, QueuePool

from common.db.faults import (
    DatabaseLoginRefused,
    DatabaseMissing,
    DatabaseRightsMissing,
    DatabaseServerTooOld,
    DatabaseUnreachable,
)
from common.db.rows import RowsDisagree, RowSpec
from common.db.snapshot import Copied, Refill, Snapshot
from common.db.store import Notice, RowStatements, Store
from common.errors import Fault

SERVER_VERSION_MIN = 150_000
CONNECT_TIMEOUT_S = 5
LOCK_TIMEOUT_MS = 10_000
"""How long a writer waits for rows that another holds."""
WRITER_STATEMENT_TIMEOUT_MS = 60_000
READER_STATEMENT_TIMEOUT_MS = 30_000
READER_POOL_TIMEOUT_S = 10.0
IDLE_TIMEOUT_MS = 60_000
"""A transaction that does nothing for so long has lost its program: it must not hold rows any longer."""
DEAD_PEER_TIMEOUT_MS = 15_000
"""After so long without an answer from the server's machine the connection is given up."""

MIGRATION_LOCK = 0x5175616E57616E67
"""The advisory lock under which a database is migrated: the bytes of "QuanWang"."""


class PostgresStore(Store):
    """The store of `postgresql+psycopg:` URLs."""

    name = "postgresql"
    shared = True
    savepoints = False
    merges_ranges = True

    def __init__(self) -> None:
        self._statements: dict[str, PostgresStatements] = {}

    def open_writer(self, url: str) -> sa.Engine:
        engine = sa.create_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            use_native_hstore=False,
            connect_args=_arguments(url, "writer"),
        )
        event.listen(engine, "connect", _configure_writer)
        return engine

    def open_reader(self, url: str, connections_max: int) -> sa.Engine:
        engine = sa.create_engine(
            url,
            poolclass=QueuePool,
            pool_size=connections_max,
            max_overflow=0,
            pool_timeout=READER_POOL_TIMEOUT_S,
            pool_pre_ping=True,
            hide_parameters=True,
            use_native_hstore=False,
            connect_args=_arguments(url, "reader"),
        )
        event.listen(engine, "connect", _configure_reader)
        return engine

    def display(self, url: str) -> str:
        """Host, port and database. What else a URL holds may be secret."""
        parsed = sa.make_url(url)
        given = parsed.query.get("host", "")
        host = parsed.host or (given if isinstance(given, str) else ",".join(given))
        if host.startswith("/"):
            return f"postgresql:///{parsed.database}?host={host}"
        return f"postgresql://{host or 'localhost'}:{parsed.port or 5432}/{parsed.database}"

    def is_there(self, url: str) -> bool:
        """Only the server can tell."""
        return True

    def protect(self, url: str) -> None:
        """Who may read it is said at the server."""

    def why_unreachable(self, url: str, error: Exception) -> Fault:
        # Before a connection stands the driver has no states, only the words of the server or of the library.
        said = str(getattr(error, "orig", error)).strip().replace("\n", " ")
        for sign, fault in _REFUSALS:
            if sign in said:
                return fault(database=self.display(url), detail=_detail(said))
        return DatabaseUnreachable(database=self.display(url), detail=_detail(said))

    def require_usable(self, connection: sa.Connection) -> None:
        """The server's version, and what the user may do where the tables are."""
        database = self.display(connection.engine.url.render_as_string(hide_password=True))
        driver = _driver(connection)
        if driver.info.server_version < SERVER_VERSION_MIN:
            version = ".".join(str(part) for part in divmod(driver.info.server_version, 10_000))
            raise DatabaseServerTooOld(database=database, version=version, needed=SERVER_VERSION_MIN // 10_000)
        user, schema, may_create, closed = connection.execute(sa.text(_RIGHTS)).one()
        missing = [] if schema else ["find a schema on the search path"]
        missing += [] if may_create or not schema else [f"create tables in the schema {schema}"]
        missing += [f"write the table {table}" for table in closed or ()]
        if missing:
            raise DatabaseRightsMissing(database=database, user=user, missing=", ".join(missing[:3]))

    def begin(self, connection: sa.Connection) -> None:
        """A connection that was lost since it was last used is opened anew: nothing was under way on it."""
        try:
            _run(connection, "BEGIN")
        except psycopg.Error:
            if not self.roll_back(connection):
                raise
            _run(connection, "BEGIN")

    def commit(self, connection: sa.Connection) -> None:
        # A transaction in which something failed is undone by COMMIT, and the server calls that a success.
        if self.transaction_lost(connection):
            raise TransactionUndone
        _run(connection, "COMMIT")

    def roll_back(self, connection: sa.Connection) -> bool:
        if not connection.invalidated:
            driver = _driver(connection)
            # A connection that cannot even undo is beyond use.
            with suppress(psycopg.Error):
                if not driver.closed and driver.info.transaction_status != TransactionStatus.IDLE:
                    driver.execute("ROLLBACK", prepare=False)
            if not driver.closed and driver.info.transaction_status == TransactionStatus.IDLE:
                return False
            connection.invalidate()
        # SQLAlchemy's own idea of a transaction goes with the connection; the next use opens another.
        connection.rollback()
        return True

    def transaction_lost(self, connection: sa.Connection) -> bool:
        if connection.invalidated:
            return True
        driver = _driver(connection)
        return bool(driver.closed) or driver.info.transaction_status != TransactionStatus.INTRANS

    def cursor(self, connection: sa.Connection) -> Any:
        return _driver(connection).cursor(binary=True)

    def statements(self, spec: RowSpec) -> RowStatements:
        known = self._statements.get(spec.name)
        if known is None:
            known = self._statements[spec.name] = PostgresStatements(spec)
        return known

    def order_numbers(self, cursor: Any, count: int, after: int) -> Sequence[int]:
        given = cursor.execute("SELECT nextval('outbox_order') FROM generate_series(1, %s)", (count,)).fetchall()
        return sorted(number for (number,) in given)

    def take_turn(self, connection: sa.Connection, table: str, alone: bool) -> None:
        mode = "EXCLUSIVE" if alone else "ROW SHARE"
        _driver(connection).execute(
            sql.SQL("LOCK TABLE {} IN {} MODE").format(sql.Identifier(table), sql.SQL(mode)), prepare=False
        )

    def notify(self, cursor: Any, notices: Iterable[Notice]) -> None:
        told = list(dict.fromkeys(notices))
        if told:
            cursor.execute(
                "SELECT pg_notify(channel, payload) FROM unnest(%s::text[], %s::text[]) AS told(channel, payload)",
                ([notice.channel for notice in told], [notice.payload for notice in told]),
            )

    def open_listener(self, url: str, channels: Sequence[str]) -> PostgresListener:
        return PostgresListener(url, channels)

    def begin_read(self, connection: sa.Connection) -> None:
        """The first statement begins a transaction by itself, which has one snapshot (see `_configure_reader`)."""

    def is_storage_fault(self, error: BaseException) -> bool:
        if isinstance(error, PoolTimeout) or (isinstance(error, DBAPIError) and error.connection_invalidated):
            return True
        said = error.orig if isinstance(error, DBAPIError) else error
        if not isinstance(said, psycopg.Error):
            return False
        state = said.sqlstate
        if state is None:
            # The connection could not be opened, or is gone; what the server says itself has a state.
            return isinstance(said, psycopg.OperationalError | psycopg.InterfaceError)
        return state[:2] in _STORAGE_CLASSES or state in _STORAGE_STATES

    def is_race(self, error: BaseException) -> bool:
        """A row that two add at once fails the later one, who finds it there when it is run again."""
        said = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(said, RowsDisagree):
            return True
        return isinstance(said, psycopg.Error) and said.sqlstate in _RACE_STATES

    def begin_migration(self, connection: sa.Connection) -> None:
        _run(connection, "BEGIN")
        # Waits for whoever migrates already, however long that takes; given back when the transaction ends.
        _run(connection, "SET LOCAL lock_timeout = 0")
        _run(connection, "SET LOCAL statement_timeout = 0")
        _run(connection, f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
        _run(connection, "SET LOCAL enable_seqscan = on")

    def check_integrity(self, connection: sa.Connection) -> str:
        """The server's own checksums speak when damaged pages are read; there is no quick look at all of them."""
        return ""

    def snapshot(self, url: str, scratch: Path, copied: Copied) -> Snapshot:
        from common.db.postgres_snapshot import PostgresSnapshot

        return PostgresSnapshot(self.open_reader(url, 1), copied)

    def refill(self, url: str, make_tables: Callable[[], None]) -> Refill:
        from common.db.postgres_snapshot import PostgresRefill

        return PostgresRefill(self.open_writer(url), make_tables)


_REFUSALS: tuple[tuple[str, type[Fault]], ...] = (
    ("password authentication failed", DatabaseLoginRefused),
    ("no password supplied", DatabaseLoginRefused),
    ("no pg_hba.conf entry", DatabaseLoginRefused),
    ("authentication failed", DatabaseLoginRefused),
    ("role ", DatabaseLoginRefused),
    ("permission denied for database", DatabaseLoginRefused),
    ("database ", DatabaseMissing),
)
"""Signs in what the server says before a connection stands, the more telling ones first. Servers that speak another
language than English are told of as unreachable, with their own words."""

_RIGHTS = """
SELECT current_user,
       current_schema(),
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
       (SELECT array_agg(tablename::text) FROM pg_tables WHERE schemaname = current_schema()
        AND NOT has_table_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), 'SELECT, INSERT'))
"""


def _detail(said: str) -> str:
    """The end of what was said: the reason. Addresses come first, and there may be several."""
    return said.rpartition("FATAL:")[2].strip()[-200:]


class TransactionUndone(psycopg.OperationalError):
    """Something failed in the transaction and was passed over; it cannot be made durable."""


# Connection lost; no room (disk, memory, connections); the server stops or starts; the machine below it failed; what
# was run again several times and lost each time.
_STORAGE_CLASSES = frozenset({"08", "53", "57", "58", "40"})
# Waited too long for rows; a transaction idle for too long; a server that only reads (a standby).
_STORAGE_STATES = frozenset({"55P03", "25P03", "25006"})
# Deadlock, serialisation failure, unique violation.
_RACE_STATES = frozenset({"40P01", "40001", "23505"})


class PostgresStatements:
    """The statements of a table, written once: one for each kind of change, with an array for each column.

    Table and column names alone are put together here, from the schema; values are always parameters.
    """

    def __init__(self, spec: RowSpec) -> None:
        table, columns, width = spec.name, spec.columns, spec.key_width
        types = [_array_type(column) for column in spec.table.columns]
        keys, others = columns[:width], columns[width:]
        given = f"unnest({','.join(f'%b::{kind}' for kind in types)}) AS given({','.join(columns)})"
        given_keys = f"unnest({','.join(f'%b::{kind}' for kind in types[:width])}) AS given({','.join(keys)})"
        same = " AND ".join(f"{table}.{key} = given.{key}" for key in keys)
        own = ",".join(f"{table}.{column}" for column in columns)
        in_order = ",".join(f"{table}.{key}" for key in keys)
        self._width = width
        wanted = f"{table}.{keys[0]} = ANY(%b::{types[0]})" if width == 1 else same
        source = table if width == 1 else f"{given_keys} JOIN {table} ON {same}"
        self._select = f"SELECT {own} FROM {source}"  # noqa: S608
        if width == 1:
            self._select += f" WHERE {wanted}"
        self._select += f" ORDER BY {in_order} FOR NO KEY UPDATE OF {table}"
        self._select_free = f"{self._select} SKIP LOCKED"
        self._insert = f"INSERT INTO {table} ({','.join(columns)}) SELECT * FROM {given}"  # noqa: S608
        assigned = ",".join(f"{other} = given.{other}" for other in others)
        self._update = f"UPDATE {table} SET {assigned} FROM {given} WHERE {same}"  # noqa: S608
        self._delete = f"DELETE FROM {table} USING {given_keys} WHERE {same}"  # noqa: S608

    def select(self, cursor: Any, keys: Sequence[Any], free: bool = False) -> Sequence[Sequence[Any]]:
        statement = self._select_free if free else self._select
        rows: Sequence[Sequence[Any]] = cursor.execute(statement, self._key_arrays(keys)).fetchall()
        return rows

    def insert(self, cursor: Any, rows: Sequence[Sequence[Any]]) -> int:
        return int(cursor.execute(self._insert, _arrays(rows)).rowcount)

    def update(self, cursor: Any, rows: Sequence[Sequence[Any]]) -> int:
        return int(cursor.execute(self._update, _arrays(rows)).rowcount)

    def delete(self, cursor: Any, keys: Sequence[Any]) -> int:
        return int(cursor.execute(self._delete, self._key_arrays(keys)).rowcount)

    def _key_arrays(self, keys: Sequence[Any]) -> list[list[Any]]:
        return [list(keys)] if self._width == 1 else _arrays(keys)


def _arrays(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _array_type(column: sa.Column[Any]) -> str:
    """The type of an array of a column's values. Lengths are left to the table, which refuses what is too long."""
    for kind, name in _ARRAY_TYPES:
        if isinstance(column.type, kind):
            return name
    raise TypeError(f"{column}: no array type is known for {column.type!r}")


_ARRAY_TYPES: tuple[tuple[type, str], ...] = (
    (sa.BigInteger, "bigint[]"),
    (sa.SmallInteger, "smallint[]"),
    (sa.Integer, "integer[]"),
    (sa.Boolean, "boolean[]"),
    (sa.LargeBinary, "bytea[]"),
    (sa.String, "text[]"),
)


class PostgresListener:
    """LISTEN on a connection of its own."""

    def __init__(self, url: str, channels: Sequence[str]) -> None:
        self._connection = psycopg.connect(
            **_driver_arguments(url), **_arguments(url, "listener"), autocommit=True, prepare_threshold=None
        )
        for channel in channels:
            self._connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))

    def wait(self, timeout_s: float) -> list[Notice]:
        return [
            Notice(told.channel, told.payload) for told in self._connection.notifies(timeout=timeout_s, stop_after=1)
        ]

    def close(self) -> None:
        self._connection.close()


def _driver_arguments(url: str) -> dict[str, Any]:
    """What the driver is given for a URL, as SQLAlchemy would."""
    parsed = sa.make_url(url)
    _, arguments = parsed.get_dialect()().create_connect_args(parsed)
    return dict(arguments)


def _arguments(url: str, part: str) -> dict[str, Any]:
    """What the driver is told beside the URL; the URL's own word comes first."""
    arguments = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "application_name": f"quanwang {part}",
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": DEAD_PEER_TIMEOUT_MS,
    }
    given = sa.make_url(url).query
    return {name: value for name, value in arguments.items() if name not in given}


def _driver(connection: sa.Connection) -> psycopg.Connection[Any]:
    driver: Any = connection.connection.dbapi_connection
    return driver


def _run(connection: sa.Connection, statement: str) -> None:
    _driver(connection).execute(statement, prepare=False)


def _configure_writer(connection: psycopg.Connection[Any], _record: Any) -> None:
    """A writer looks rows up by their keys; a plan that was made while a table was small must not scan it later."""
    _configure(
        connection,
        f"SET lock_timeout = {LOCK_TIMEOUT_MS}",
        f"SET statement_timeout = {WRITER_STATEMENT_TIMEOUT_MS}",
        "SET enable_seqscan = off",
        "SET enable_hashjoin = off",
        "SET enable_mergejoin = off",
        # A commit that was reported is on the disk, whatever the server does by default.
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
    )


def _configure_reader(connection: psycopg.Connection[Any], _record: Any) -> None:
    """Cannot write; all statements of a transaction see one moment."""
    _configure(
        connection,
        f"SET statement_timeout = {READER_STATEMENT_TIMEOUT_MS}",
        "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    )


def _configure(connection: psycopg.Connection[Any], *statements: str) -> None:
    statements = (*statements, f"SET idle_in_transaction_session_timeout = {IDLE_TIMEOUT_MS}")
    before, connection.autocommit = connection.autocommit, True
    connection.execute("; ".join(statements), prepare=False)
    connection.autocommit = before
