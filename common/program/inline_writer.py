"""A writer without a thread: for an operator's command on a node that does not run, and for tests."""

from __future__ import annotations

import asyncio
from typing import Any

from common.access_control.actor import SYSTEM, Actor
from common.messaging.dispatcher import CommandWork, Dispatcher
from common.messaging.writer import Queue


class InlineWriter:
    """Runs each command at once, as a group of its own, where it is asked for."""

    storage_failing = False

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    def queues(self) -> list[Queue]:
        """Nothing ever waits."""
        return []

    def execute(self, command: Any, bulk: bool = False, actor: Actor = SYSTEM) -> asyncio.Future[Any]:
        """A future, already done: the command's result, or the refusal or fault that it failed with."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def done(result: Any, error: BaseException | None) -> None:
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self._dispatcher.run_group([CommandWork(command, done, actor=actor)], ())
        return future

    def run(self, command: Any, actor: Actor = SYSTEM) -> Any:
        """The same outside an event loop: the result; raises what the command failed with."""
        answers: list[tuple[Any, BaseException | None]] = []
        self._dispatcher.run_group([CommandWork(command, lambda *answer: answers.append(answer), actor=actor)], ())
        result, error = answers[0]
        if error is not None:
            raise error
        return result
