"""Comparing service passwords, beside the writer: Argon2id takes a good part of a second, on purpose.

What waits is in memory alone, and bounded (common.sign_in.passwords). A node that stops forgets it; the attempt has
been counted, the leg ends when its time is over, and whoever asked asks again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from common.errors import QuanwangError
from common.ids import format_leg
from common.log import get_logger
from common.sign_in.passwords import Passwords
from province_node.authentication.commands import JudgePassword
from province_node.authentication.events import CustomerAuthenticated, PasswordAsked
from province_node.authentication.wire import authenticated_answer

log = get_logger()

Execute = Callable[[Any], Awaitable[Any]]
Finish = Callable[[bytes, bytes], Awaitable[None]]
"""`finish(leg_id, body)`: ends the leg with the answer."""
Refuse = Callable[[bytes, str], Awaitable[None]]
"""`refuse(leg_id, reason_code)`."""


class PasswordDesk:
    """On the event loop; `asked` hands over what was committed."""

    def __init__(self, passwords: Passwords, execute: Execute, finish: Finish, refuse: Refuse) -> None:
        self._passwords, self._execute, self._finish, self._refuse = passwords, execute, finish, refuse
        self._tasks: set[asyncio.Task[None]] = set()

    def asked(self, event: PasswordAsked) -> None:
        """A password is to be compared."""
        task = asyncio.ensure_future(self._answer(event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Until nothing is left to compare."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def stop(self) -> None:
        """Compares nothing more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _answer(self, event: PasswordAsked) -> None:
        leg_id = event.asked_from.leg_id
        try:
            try:
                checked = await self._passwords.run(lambda: self._passwords.check(event.secret, event.stored))
            except QuanwangError as busy:
                await self._refuse(leg_id, busy.code)
                return
            judged: CustomerAuthenticated = await self._execute(
                JudgePassword(event.customer_number, event.stored, checked.right, event.asked_from)
            )
            await self._finish(leg_id, authenticated_answer(judged).body.SerializeToString())
        except QuanwangError as error:
            # It was withdrawn meanwhile, or the database is away: its time limit ends it.
            log.warning("authentication not answered", leg=format_leg(leg_id), error=str(error))
