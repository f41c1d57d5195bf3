"""Databases with tables and no rows, lent to one test after another: copying one for each takes longer than most tests.

What a test may have left is taken away when it gives its database back: rows, the state of sequences, connections.
A database whose tables or functions were changed is dropped in place of being lent again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql

FREE_MAX = 6
"""How many are kept for one template; a test needs one for each node of its federation."""
END_WITHIN_MS = 5_000
"""For how long connections that a test left open may take to end."""

SHAPE = """
SELECT (SELECT array_agg((oid, relname, relkind, relnatts, relhastriggers) ORDER BY oid) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace)::text,
       (SELECT count(*) FROM pg_trigger), (SELECT count(*) FROM pg_constraint), (SELECT count(*) FROM pg_namespace),
       (SELECT array_agg((oid, xmin) ORDER BY oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace)::text,
       (SELECT count(*) FROM pg_db_role_setting),
       (SELECT md5(array_agg((attrelid, attnum, attname, atttypid, atttypmod, attnotnull, atthasdef)
                             ORDER BY attrelid, attnum)::text)
        FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid WHERE relnamespace = 'public'::regnamespace)
"""
"""What differs when anything but rows was changed."""

OTHERS_END = """
SELECT coalesce(bool_and(pg_terminate_backend(pid, %s)), true) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

# Triggers that forbid deleting are no concern of tests that are over, nor are references. Deleting a few rows takes a
# tenth of the time that it takes to truncate their tables, but only a superuser may leave the triggers out.
EMPTY = """
DO $$
DECLARE name text; filled bool; all_filled text[] := '{}';
BEGIN
    FOR name IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || name || ')' INTO filled;
        IF filled THEN all_filled := all_filled || name; END IF;
    END LOOP;
    IF current_setting('is_superuser')::bool THEN
        SET LOCAL session_replication_role = replica;
        FOREACH name IN ARRAY all_filled LOOP
            EXECUTE 'DELETE FROM ' || name;
        END LOOP;
    ELSIF all_filled <> '{}' THEN
        EXECUTE 'TRUNCATE ' || array_to_string(all_filled, ', ') || ' RESTART IDENTITY CASCADE';
    END IF;
    PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
"""


@dataclass(slots=True)
class _Lent:
    """A database, the connection by which it is made empty, and its tables as they were when it was made."""

    template: str
    connection: psycopg.Connection[Any]
    shape: Any


class Pool:
    """Lends the databases of a cluster."""

    def __init__(self, cluster: Any) -> None:
        self._cluster = cluster
        self._free: dict[str, list[str]] = {}
        self._known: dict[str, _Lent] = {}

    def lend(self, template: str) -> str:
        """The URL of a database like the one at the URL `template`, without rows."""
        free = self._free.setdefault(template, [])
        if free:
            return free.pop()
        url = str(self._cluster.create(template))
        connection = psycopg.connect(arguments_of(url), autocommit=True)
        self._known[url] = _Lent(template, connection, _shape(connection))
        return url

    def lent(self, url: str) -> bool:
        """Whether the database at `url` is one of the pool's."""
        return url in self._known

    def give_back(self, url: str) -> None:
        """The test is over."""
        lent = self._known[url]
        free = self._free[lent.template]
        if len(free) < FREE_MAX and _made_empty(lent):
            free.append(url)
            return
        del self._known[url]
        lent.connection.close()
        self._cluster.drop(url)

    def close(self) -> None:
        """Ends the pool's own connections."""
        for lent in self._known.values():
            lent.connection.close()


def arguments_of(url: str) -> str:
    """What psycopg itself is given to connect to `url`."""
    made = sa.make_url(url)
    _, arguments = made.get_dialect()().create_connect_args(made)
    return psycopg.conninfo.make_conninfo(**arguments)


def _shape(connection: psycopg.Connection[Any]) -> Any:
    return connection.execute(SHAPE).fetchone()


def _made_empty(lent: _Lent) -> bool:
    """Whether it can be lent again."""
    (ended,) = lent.connection.execute(OTHERS_END, [END_WITHIN_MS]).fetchone() or (False,)
    if not ended or _shape(lent.connection) != lent.shape:
        return False
    lent.connection.execute(sql.SQL(EMPTY))
    return True
