"""Starts the nodes' programs by forking a process that has imported them already: nine tenths of a start are imports,
and the tests start programs hundreds of times.

What is started is a process like any other: with an id, an environment, limits and signals of its own, killed as a
power cut does it, and ended as every Python program ends. It runs the same program text as a start from scratch would.
Only its imports are those of the server, which has nothing else: no thread, no connection, no event loop. That programs
also start from scratch is seen by those tests that ask for it (`NodeProcess.from_scratch`), and by the demonstration's.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
START_WITHIN_S = 120.0
LENGTH = struct.Struct("!I")
NUMBER = struct.Struct("!q")

IMPORTED = (
    "{package}.bootstrap",
    "common.cli.program",
    "runpy",
    "typer.main",
    "uvicorn.lifespan.off",
    "uvicorn.protocols.http.h11_impl",
)
"""What a node that serves imports, of its package and of what it loads on first use."""


# The tests' side


class ForkedProcess:
    """A process that the server has forked, in those words of subprocess.Popen that the tests use."""

    def __init__(self, pid: int, report: socket.socket, stdin: Any, stderr: Any) -> None:
        self.pid = pid
        self.stdin = stdin
        self.stderr = stderr
        self.returncode: int | None = None
        self._report = report

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, negative for a signal. Raises TimeoutError when it does not end in time."""
        if self.returncode is None:
            self._report.settimeout(timeout)
            self.returncode = _number(self._report)
            self._report.close()
        return self.returncode

    def poll(self) -> int | None:
        """The exit code, if it has ended."""
        with contextlib.suppress(BlockingIOError):
            return self.wait(0)
        return None

    def send_signal(self, number: int) -> None:
        """Nothing happens when it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class ForkServer:
    """The server of one package's programs; ends, with all that it has started, when this process does."""

    def __init__(self, package: str, python: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        self._channel, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "tests.support.fork_server", str(theirs.fileno()), package]
            self._process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **python}, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
            )

    def start(
        self,
        program: str,
        arguments: Sequence[str],
        *,
        directory: Path,
        environment: Mapping[str, str],
        output: int = 1,
    ) -> ForkedProcess:
        """Runs the program text as `python -c` would, with pipes for standard input and standard error; `output`: the
        descriptor of its standard output."""
        job = {"program": program, "arguments": list(arguments), "directory": str(directory)}
        message = json.dumps({**job, "environment": dict(environment)}).encode()
        their_input, our_input = os.pipe()
        our_errors, their_errors = os.pipe()
        report, their_report = socket.socketpair()
        try:
            with self._lock:
                handed = [their_input, output, their_errors, their_report.fileno()]
                socket.send_fds(self._channel, [LENGTH.pack(len(message))], handed)
                self._channel.sendall(message)
            report.settimeout(START_WITHIN_S)
            pid = _number(report)
        except BaseException:
            for ours in (our_input, our_errors):
                os.close(ours)
            report.close()
            raise
        finally:
            os.close(their_input)
            os.close(their_errors)
            their_report.close()
        return ForkedProcess(pid, report, open(our_input, "w"), open(our_errors, encoding="utf-8"))

    def close(self) -> None:
        """Ends it, and whatever it has started that still runs."""
        self._channel.close()
        self._process.wait()


def fork_server(package: str, environment: Mapping[str, str]) -> ForkServer:
    """The server of this process for a package, in environments that the interpreter takes for the same."""
    return _server_for(package, tuple(sorted(item for item in environment.items() if item[0].startswith("PYTHON"))))


@cache
def _server_for(package: str, python: tuple[tuple[str, str], ...]) -> ForkServer:
    made = ForkServer(package, dict(python))
    atexit.register(made.close)
    return made


def _number(connection: socket.socket) -> int:
    content = connection.recv(NUMBER.size, socket.MSG_WAITALL)
    if len(content) != NUMBER.size:
        raise ConnectionError("the fork server has ended")
    return int(NUMBER.unpack(content)[0])


# The server


class _Server:
    """Forks on demand and tells of every end. It waits in one place, so nothing needs a lock or a thread."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._reports: dict[int, socket.socket] = {}
        self._woken, self._wake = socket.socketpair()
        for end in (self._woken, self._wake):
            end.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> dict[str, Any] | None:
        """Returns in every forked process, with what it is to do; in the server itself at the end, with nothing."""
        with selectors.DefaultSelector() as selector:
            for readable in (self._channel, self._woken):
                selector.register(readable, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._woken in ready:
                    self._tell_of_ends()
                if self._channel in ready:
                    length, handed, _, _ = socket.recv_fds(self._channel, LENGTH.size, 4)
                    if not length:
                        break
                    job = self._fork(LENGTH.unpack(length)[0], handed)
                    if job is not None:
                        return job
        self._end_all()
        return None

    def _fork(self, length: int, handed: list[int]) -> dict[str, Any] | None:
        job: dict[str, Any] = json.loads(self._channel.recv(length, socket.MSG_WAITALL))
        report = socket.socket(fileno=handed.pop())
        pid = os.fork()
        if not pid:
            report.close()
            self._become(job, handed)
            return job
        for standard in handed:
            os.close(standard)
        self._reports[pid] = report
        self._tell(report, pid)
        return None

    def _become(self, job: dict[str, Any], handed: list[int]) -> None:
        """In the forked process: makes it as one that was started from scratch."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for inherited in (self._channel, self._woken, self._wake, *self._reports.values()):
            inherited.close()
        for number, standard in enumerate(handed):
            os.dup2(standard, number)
            os.close(standard)
        sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
        sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace")
        os.environ.clear()
        os.environ.update(job["environment"])
        os.chdir(job["directory"])
        sys.argv = ["-c", *job["arguments"]]

    def _tell_of_ends(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._woken.recv(4096):
                pass
        while self._reports:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            with self._reports.pop(pid) as report:
                self._tell(report, os.waitstatus_to_exitcode(status))

    def _tell(self, report: socket.socket, number: int) -> None:
        # Whoever asked may have gone.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            report.sendall(NUMBER.pack(number))

    def _end_all(self) -> None:
        for pid, report in self._reports.items():
            os.kill(pid, signal.SIGKILL)
            self._tell(report, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _import(package: str) -> None:
    gc.disable()
    for module in IMPORTED:
        importlib.import_module(module.format(package=package))
    # Nor is it touched by searches in the processes to come, who share it until they write to it.
    gc.freeze()
    gc.enable()


def _main(descriptor: str, package: str) -> None:
    # Ctrl-C goes to the whole group; the server stays until its tests have ended theirs.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _import(package)
    job = _Server(socket.socket(fileno=int(descriptor))).serve()
    if job is not None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        exec(compile(job["program"], "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 (as `python -c`)


if __name__ == "__main__":
    _main(*sys.argv[1:])
