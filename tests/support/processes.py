"""A federation of real processes: HQ and provinces, each in its own, on ports that the system chooses.

Nothing here waits by the clock: what a node says in its log is what is waited for.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from common.clock import SystemClock
from hq_node import bootstrap as hq_bootstrap
from province_node import bootstrap as province_bootstrap
from province_node.directory.enrolment import ApprovalPending, EnrolmentOptions, enrol
from tests.support.fork_server import ForkedProcess, fork_server

Spawned = subprocess.Popen[str] | ForkedProcess

ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 120.0

# As `python -m` does it; but the node dies with whoever holds the other end of its standard input, so that nothing is
# left behind even by a test run that is itself killed.
PROGRAM = """
import os, runpy, sys, threading
threading.Thread(target=lambda: (os.read(0, 1), os._exit(9)), daemon=True).start()
package, data_dir = sys.argv[1:]
sys.argv = [package, "serve", "--data", data_dir]
runpy.run_module(package, run_name="__main__", alter_sys=True)
"""

COMMAND = """
import runpy, sys
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


class NodeProcess:
    """One node and its process, which may be killed and started again."""

    def __init__(self, package: str, data_dir: Path) -> None:
        self.package = package
        self.data_dir = data_dir
        self.checkout = ROOT
        """Where the program is that runs; another one than this for a node of an earlier release."""
        self.from_scratch = False
        """Whether a new interpreter starts it and imports everything, as it is at a carrier's; else it is forked."""
        self.log: list[dict[str, Any]] = []
        self._said = threading.Condition()
        self._process: Spawned | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> NodeProcess:
        """Starts the process and waits until it serves."""
        said_before = self.launch()
        self.wait_for("node serves", after=said_before)
        return self

    def launch(self) -> int:
        """Starts the process. Where in the log its first word will be."""
        said_before = len(self.log)
        self._process = self._spawn(PROGRAM)
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        return said_before

    def _spawn(self, program: str, *arguments: str) -> Spawned:
        told = [self.package, str(self.data_dir), *arguments]
        if not self.from_scratch and self.checkout == ROOT:
            environment = _environment()
            server = fork_server(self.package, environment)
            return server.start(program, told, directory=ROOT, environment=environment)
        return subprocess.Popen(
            [sys.executable, "-c", program, *told],
            cwd=self.checkout,
            env=_environment(),
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, event: str, after: int = 0, **facts: Any) -> dict[str, Any]:
        """The first entry of the log from `after` on that says `event` with these facts; fails when the node ends."""
        with self._said:
            while True:
                for entry in self.log[after:]:
                    if entry.get("event") == event and all(entry.get(key) == fact for key, fact in facts.items()):
                        return entry
                ended = self._reader is None or not self._reader.is_alive()
                if ended or not self._said.wait(WAIT_S):
                    raise AssertionError(f"{self.data_dir.name} never said {event!r}; it said:\n{self.said()}")

    def said(self) -> str:
        """The end of the log, for people."""
        return "\n".join(json.dumps(entry, ensure_ascii=False) for entry in self.log[-40:])

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """As a power cut does it."""
        self._end(lambda process: process.kill())

    def stop(self) -> int:
        """As an operator does it. The exit code."""
        return self._end(lambda process: process.terminate())

    def _end(self, how: Any) -> int:
        process, reader = self._process, self._reader
        assert process is not None
        assert reader is not None
        how(process)
        code = process.wait(WAIT_S)
        reader.join(WAIT_S)
        assert process.stderr is not None
        process.stderr.close()
        assert process.stdin is not None
        process.stdin.close()
        self._process = None
        return code

    @property
    def running(self) -> bool:
        return self._process is not None

    def rss_bytes(self) -> int:
        """The memory that the process holds now."""
        for line in Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    # Its two doors

    def get(self, path: str, **parameters: Any) -> Any:
        """The document at a path of the admin API."""
        with self.admin() as client:
            return self._document(client.get(path, params=parameters))

    def post(self, path: str, document: Any = None) -> Any:
        """The answer of the admin API to a document."""
        with self.admin() as client:
            return self._document(client.post(path, json=document))

    def admin(self) -> httpx.Client:
        """A client on the admin socket."""
        socket = (self.data_dir / "admin.address").read_text(encoding="utf-8").strip()
        return httpx.Client(transport=httpx.HTTPTransport(uds=socket), base_url="http://node", timeout=WAIT_S)

    def http(self, path: str) -> httpx.Response:
        """What the TCP port answers."""
        address = (self.data_dir / "http.address").read_text(encoding="utf-8").strip()
        return httpx.get(f"http://{address}{path}", timeout=WAIT_S, trust_env=False)

    def _document(self, response: httpx.Response) -> Any:
        assert response.status_code < 400, f"{response.status_code} {response.text}\n{self.said()}"
        return response.json()

    def _read(self, process: Spawned) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            try:
                entry = json.loads(line)
            except ValueError:
                entry = {"event": line.rstrip("\n")}
            with self._said:
                self.log.append(entry if isinstance(entry, dict) else {"event": line})
                self._said.notify_all()
        with self._said:
            self._said.notify_all()


class ProcessFederation:
    """HQ and some provinces, enrolled, running, and with their links open."""

    def __init__(self, directory: Path, provinces: tuple[str, ...], settings: str = "") -> None:
        self.hq = NodeProcess("hq_node", directory / "hq")
        self.init_hq()
        _append(self.hq.data_dir / "node.toml", settings)
        self.provinces: dict[str, NodeProcess] = {}
        for code in provinces:
            node = self.provinces[code] = NodeProcess("province_node", directory / code)
            self.init_province(code)
            _append(node.data_dir / "node.toml", settings)

    def __enter__(self) -> Self:
        try:
            self.hq.start()
            for code in self.provinces:
                self.enrol(code)
            # At once: a process spends most of its start importing.
            for node in self.provinces.values():
                node.launch()
            for code, node in self.provinces.items():
                node.wait_for("node serves")
                self.hq.wait_for("link open", peer=code)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __getitem__(self, code: str) -> NodeProcess:
        return self.provinces[code]

    def init_hq(self) -> None:
        """Makes HQ's data directory, with ports that the system chooses."""
        hq_bootstrap.init(
            self.hq.data_dir,
            advertised_host="localhost",
            listen_host="127.0.0.1",
            link_port=0,
            enrolment_port=0,
            http_port=0,
        )

    def init_province(self, code: str) -> None:
        """Makes a province's data directory."""
        province_bootstrap.init(self.provinces[code].data_dir, node=code, http_port=0)

    def enrol(self, code: str) -> None:
        """Invitation, request, approval, membership: the whole way of joining."""
        invitation = self.hq.post("/nodes/invitations", {"node": code, "valid_hours": 1})["invitation"]
        try:
            self.ask_to_join(code, invitation)
        except ApprovalPending as pending:
            self.hq.post(f"/nodes/{code}/approve", {"signing_key_id": pending.facts["signing_key_id"]})
        self.ask_to_join(code, invitation)

    def ask_to_join(self, code: str, invitation: str) -> None:
        """The province's side of it. Raises ApprovalPending while HQ has not said yes."""
        asyncio.run(enrol(invitation, code, self.provinces[code].data_dir, "0.1.0", SystemClock(), EnrolmentOptions()))

    def close(self) -> None:
        """Ends what still runs."""
        for node in (*self.provinces.values(), self.hq):
            if node.running:
                node.kill()


def run_command(
    package: str, *arguments: str, directory: Path = ROOT, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Runs a command of a node's command line in `directory`, with `given` on its standard input."""
    environment = _environment()
    with tempfile.TemporaryFile() as output:
        process = fork_server(package, environment).start(
            COMMAND, [package, *arguments], directory=directory, environment=environment, output=output.fileno()
        )
        too_long = threading.Timer(WAIT_S, process.kill)
        too_long.start()
        with process.stdin, process.stderr:
            process.stdin.write(given)
            process.stdin.close()
            errors = process.stderr.read()
        too_long.cancel()
        code = process.wait(WAIT_S)
        output.seek(0)
        return subprocess.CompletedProcess([package, *arguments], code, output.read().decode(), errors)


def _append(file: Path, settings: str) -> None:
    if settings:
        with file.open("a", encoding="utf-8") as content:
            content.write(settings)


def _environment() -> dict[str, str]:
    """Without settings of whoever runs the tests; with compiled modules kept, since these nodes are started often."""
    left_out = ("QUANWANG_", "PYTHONDONTWRITEBYTECODE")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    compiled = Path(tempfile.gettempdir()) / f"quanwang-compiled-{os.getuid()}"
    return {"PYTHONPYCACHEPREFIX": str(compiled), **inherited}
