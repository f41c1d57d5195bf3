"""The node's log: an event in words, and the facts that belong to it.

    log = get_logger()
    log.info("link open", peer="31")

A line is a flat document, handed to one sink. Until a program configures the log, warnings and what is graver go to
standard error as JSON. It is this small because a process that only serves should hold nothing that it does not use:
structlog brings Rich and Pygments with it wherever they are installed.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

Line = dict[str, Any]
Sink = Callable[[Line], None]

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

_bound: ContextVar[Mapping[str, Any]] = ContextVar("facts of every line", default={})  # noqa: B039 - never changed.


def as_json(line: Line) -> str:
    """A line as it is collected: one JSON object. What JSON does not know is written as Python shows it."""
    return json.dumps(line, ensure_ascii=False, default=repr)


def to_stream(stream: TextIO | None = None) -> Sink:
    """Writes each line at once, and whole; None: to what is standard error at that moment."""

    one_at_a_time = threading.Lock()

    def write(line: Line) -> None:
        said, target = as_json(line) + "\n", stream or sys.stderr
        with one_at_a_time:
            target.write(said)
            target.flush()

    return write


class _Output:
    """Where lines go, and which are said at all."""

    def __init__(self) -> None:
        self.level = logging.WARNING
        self.facts: Mapping[str, Any] = {}
        self.sink: Sink = to_stream()


_output = _Output()


class Logger:
    """Says what happened. Never personal data."""

    __slots__ = ()

    def debug(self, event: str, /, **facts: Any) -> None:
        """For whoever looks for a mistake."""
        _say("debug", event, facts)

    def info(self, event: str, /, **facts: Any) -> None:
        """What an operator likes to know."""
        _say("info", event, facts)

    def warning(self, event: str, /, **facts: Any) -> None:
        """Something is not as it should be, and mends itself."""
        _say("warning", event, facts)

    def error(self, event: str, /, exc_info: BaseException | None = None, **facts: Any) -> None:
        """Something failed; `exc_info`: the exception, shown with where it came from."""
        _say("error", event, facts, exc_info)

    def exception(self, event: str, /, **facts: Any) -> None:
        """The same for the exception that is being handled."""
        _say("error", event, facts, sys.exc_info()[1])


_LOGGER = Logger()


def get_logger() -> Logger:
    """The log."""
    return _LOGGER


def configure(level: str, facts: Mapping[str, Any], sink: Sink) -> None:
    """From now on lines of `level` and graver ones go to `sink`, each with these facts."""
    _output.level, _output.facts, _output.sink = LEVELS[level], facts, sink


@contextmanager
def bound(**facts: Any) -> Iterator[None]:
    """What is said within, also by tasks begun within, carries these facts."""
    token = _bound.set({**_bound.get(), **facts})
    try:
        yield
    finally:
        _bound.reset(token)


@contextmanager
def redirected(sink: Sink, level: str = "debug") -> Iterator[None]:
    """What is said within, by any thread, goes to `sink`, as it was said: without the program's own facts."""
    before = _output.level, _output.facts, _output.sink
    configure(level, {}, sink)
    try:
        yield
    finally:
        _output.level, _output.facts, _output.sink = before


def _say(level: str, event: str, facts: Line, error: BaseException | None = None) -> None:
    if LEVELS[level] >= _output.level:
        _output.sink(line_of(level, event, facts, error))


def line_of(level: str, event: str, facts: Line, error: BaseException | None = None) -> Line:
    """A line with the facts of where it was said. Those said with it come first, and win."""
    line = {**facts, "event": event}
    for name, fact in (*_bound.get().items(), *_output.facts.items()):
        line.setdefault(name, fact)
    line["level"] = level
    line["timestamp"] = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if error is not None:
        line["exception"] = "".join(traceback.format_exception(error)).rstrip()
    return line
