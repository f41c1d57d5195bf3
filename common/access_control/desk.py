"""Where somebody stands who wishes something of a node: their wishes reach the writer with their name on them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from common.access_control.actor import Actor
from common.access_control.rights import Permission
from common.audit.commands import DeedBroke, Noted
from common.errors import QuanwangError

T = TypeVar("T")


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

    async def perform(
        self,
        deed: Any,
        permission: Permission,
        work: Callable[[], Awaitable[T]],
        told: Callable[[T], Any] | None = None,
    ) -> T:
        """What `work` gives: done if the actor may, and in the audit log before it is given. What fails is noted with
        its code, as `deed`; so is what is done, or as the command that `told` makes of the result, which tells more.

        Raises NotPermitted, what `work` raises, and what storing the entry does: what was not noted is not given.
        """

        async def permitted() -> T:
            self.actor.rights.require(permission)
            return await work()

        result = await self.attempt(deed, permitted)
        await self.execute(Noted(deed if told is None else told(result)))
        return result

    async def attempt(self, wish: Any, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` gives, which is done for the sake of `wish`: where it fails, that is noted as an attempt of it.

        Raises NotPermitted, what `work` raises, and what storing the entry does.
        """
        try:
            return await work()
        except QuanwangError as error:
            await self.execute(Noted(wish, error))
            raise
        except Exception as error:
            with suppress(DeedBroke):
                await self.execute(Noted(wish, DeedBroke(detail=type(error).__name__)))
            raise
