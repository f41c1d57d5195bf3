"""How far long work is: a bar on standard error, where that is a terminal and no JSON was asked for; else nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from common.cli.session import Session


class Bar(Protocol):
    """Is told how far the work is."""

    def show(self, what: str, done: int, total: int) -> None:
        """So much of `total` is done of `what`."""


class _NoBar:
    def show(self, what: str, done: int, total: int) -> None:
        pass


class _RichBar:
    def __init__(self, progress: Any) -> None:
        self._progress = progress
        self._tasks: dict[str, Any] = {}

    def show(self, what: str, done: int, total: int) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total)
        self._progress.update(self._tasks[what], completed=done, total=max(done, total))


@contextmanager
def progress_bar(session: Session) -> Iterator[Bar]:
    """A bar for each thing that is worked on. What was interrupted leaves its bar where it stood."""
    if session.as_json or not session.err.is_terminal:
        yield _NoBar()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=session.err) as progress:
        yield _RichBar(progress)
