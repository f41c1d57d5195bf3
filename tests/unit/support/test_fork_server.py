"""Forked programs are processes like those that are started from scratch."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.fork_server import ForkedProcess, ForkServer

SAYS = """
import atexit, json, os, random, signal, sys, threading
atexit.register(lambda: print("farewell", file=sys.stderr))
from hq_node.core import KINDS
print(json.dumps({
    "arguments": sys.argv[1:],
    "directory": os.getcwd(),
    "environment": dict(os.environ),
    "descriptors": len(os.listdir("/dev/fd")),
    "imported": "hq_node.bootstrap" in sys.modules,
    "interrupted": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
    "random": random.random(),
    "threads": threading.active_count(),
}), file=sys.stderr, flush=True)
os.read(0, 1)
sys.exit(7)
"""
CALL_S = 120.0


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    made = ForkServer("hq_node", {})
    yield made
    made.close()


def start(server: ForkServer, directory: Path) -> tuple[ForkedProcess, dict[str, Any]]:
    process = server.start(SAYS, ["one", "two"], directory=directory, environment={"OF_ITS_OWN": "1"})
    return process, json.loads(process.stderr.readline())


def ended(process: ForkedProcess) -> tuple[int, str]:
    """Its exit code and its last words."""
    code, words = process.wait(CALL_S), process.stderr.read()
    process.stderr.close()
    process.stdin.close()
    return code, words


def test_a_program_has_what_it_was_given_and_ends_as_programs_do(server: ForkServer, tmp_path: Path) -> None:
    process, said = start(server, tmp_path)
    other, said_by_other = start(server, tmp_path)
    assert said["arguments"] == ["one", "two"]
    assert said["directory"] == str(tmp_path)
    assert said["environment"] == {"OF_ITS_OWN": "1"}
    assert said["imported"]
    assert said["interrupted"]
    assert said["threads"] == 1
    # Nothing of the server's, nor of the process that was started before it: the three, and the listing's own.
    assert said["descriptors"] == said_by_other["descriptors"] == 4
    assert said["random"] != said_by_other["random"]
    assert len({os.getpid(), process.pid, other.pid}) == 3
    assert process.poll() is None
    process.stdin.close()
    assert ended(process) == (7, "farewell\n")
    assert other.poll() is None
    other.kill()
    assert ended(other) == (-signal.SIGKILL, "")
    # Nobody is hit by what comes too late.
    other.terminate()
    assert other.wait() == -signal.SIGKILL


def test_what_still_runs_ends_with_the_server(tmp_path: Path) -> None:
    server = ForkServer("hq_node", {})
    process, _ = start(server, tmp_path)
    server.close()
    assert ended(process) == (-signal.SIGKILL, "")
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
