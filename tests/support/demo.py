"""The demonstration as a program of its own: started, listened to, interrupted."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic
from types import TracebackType

import psutil

ROOT = Path(__file__).resolve().parents[2]
MARK = "DEMO_OF_QUANWANG_CRM"
"""What the demonstration writes into the environment of every process that it starts: its directory."""

WAIT_S = 240.0
"""Many times what is needed; a test that waits so long has failed."""


class Demo:
    """One demonstration in the background. What it says on standard error is read as it comes."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.said = ""
        environment = {name: value for name, value in os.environ.items() if name != MARK}
        # Wide enough for every column on one line, wherever the tests run.
        environment["COLUMNS"] = "150"
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "scripts" / "demo.py"), "--data", str(data), "--lang", "en", *options],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        self._selector = selectors.DefaultSelector()
        assert self.process.stderr is not None
        self._selector.register(self.process.stderr, selectors.EVENT_READ)

    def wait_until_it_says(self, words: str) -> None:
        """Reads on until these words were said; fails when the demonstration ends or takes too long."""
        deadline = monotonic() + WAIT_S
        while words not in self.said:
            assert self._selector.select(max(0.0, deadline - monotonic())), f"not said in time: {words}\n{self.said}"
            assert self.process.stderr is not None
            content = os.read(self.process.stderr.fileno(), 65_536)
            assert content, f"ended without saying: {words}\n{self.said}"
            self.said += content.decode()

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def end(self) -> tuple[int, str]:
        """Waits for the end: the exit code and what stands on standard output."""
        output, errors = self.process.communicate(timeout=WAIT_S)
        self.said += errors.decode()
        return self.process.returncode, output.decode()

    def processes(self) -> list[psutil.Process]:
        """All living processes that this demonstration has started, by the mark in their environment."""
        return processes_of(self.data)

    def __enter__(self) -> Demo:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Whatever a failed test has left running is ended."""
        for process in [self.process, *self.processes()]:
            with contextlib.suppress(psutil.Error, OSError):
                process.kill()
        self.process.communicate()
        self._selector.close()


def processes_of(data: Path) -> list[psutil.Process]:
    """All living processes that a demonstration in this directory has started."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == str(data):
                found.append(process)
    return found
