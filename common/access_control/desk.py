"""Where somebody stands who wishes something of a node: their wishes reach the writer with their name on them."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Protocol

from common.access_control.actor import Actor


class CommandWriter(Protocol):
    """Runs commands, durably."""

    def execute(self, command: Any, bulk: bool = False, actor: Actor = ...) -> Awaitable[Any]:
        """The command's result; fails with its refusal or fault."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One actor at one node."""

    writer: CommandWriter
    actor: Actor

    def execute(self, command: Any, bulk: bool = False) -> Awaitable[Any]:
        """The command's result, if the actor may; fails with NotPermitted, and as the command does. `bulk`: behind
        everything else."""
        return self.writer.execute(command, bulk, self.actor)
