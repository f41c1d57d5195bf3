"""Where the time goes inside a node: the interpreter's own profiler, on the writer's thread or on the event loop.

It makes calls dearer than they are, so its shares say where to look and not how much there is to win. One thread at a
time: newer interpreters have one profiler for the whole process.
"""

from __future__ import annotations

import cProfile
import io
import pstats
from dataclasses import dataclass
from typing import Any

THREADS = ("writer", "loop")


@dataclass(frozen=True, slots=True)
class SwitchProfile:
    """Switch the profiler of the writer's thread on or off."""

    profile: cProfile.Profile
    on: bool


def switch_profile(command: SwitchProfile, _uow: Any) -> None:
    """Runs on the writer's thread, as all commands do."""
    if command.on:
        command.profile.enable()
    else:
        command.profile.disable()


class Profiler:
    """Profiles one thread of the node in this process."""

    def __init__(self, node: Any) -> None:
        self._node = node
        self._profile: cProfile.Profile | None = None
        self._thread = ""

    async def begin(self, thread: str) -> None:
        self._profile, self._thread = cProfile.Profile(), thread
        await self._switch(True)

    async def end(self, top: int) -> str:
        """The costliest functions as text."""
        assert self._profile is not None, "the profile was not begun"
        await self._switch(False)
        text = io.StringIO()
        stats = pstats.Stats(self._profile, stream=text).strip_dirs()
        stats.sort_stats("tottime").print_stats(top)
        stats.sort_stats("cumulative").print_stats(top)
        return text.getvalue()

    async def _switch(self, on: bool) -> None:
        assert self._profile is not None
        if self._thread == "loop":
            switch_profile(SwitchProfile(self._profile, on), None)
        else:
            await self._node.writer.execute(SwitchProfile(self._profile, on))
