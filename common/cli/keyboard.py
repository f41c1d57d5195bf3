"""Single keys from a terminal, without waiting for the end of a line."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class Keyboard:
    """Keys as they are pressed. `open`: whether there are any to be had."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def wait(self, seconds: float) -> str:
        """The next key, or "" when the time is over. A terminal that was closed is the key "q"."""
        if self._descriptor is None:
            select.select([], [], [], seconds)
            return ""
        ready, _, _ = select.select([self._descriptor], [], [], seconds)
        if not ready:
            return ""
        read = os.read(self._descriptor, 32).decode("utf-8", "ignore")
        # An arrow or another key of several characters is none of ours.
        return "" if read.startswith("\x1b") and len(read) > 1 else read[:1].lower() or "q"


@contextmanager
def keyboard() -> Iterator[Keyboard]:
    """The terminal's keys, one at a time and not shown; it is as it was afterwards, however this ends. Where standard
    input is no terminal there are no keys."""
    if not sys.stdin.isatty():
        yield Keyboard(None)
        return
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        yield Keyboard(descriptor)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
