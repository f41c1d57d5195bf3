"""The deliverer: takes what is due, tells it, and notes what became of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from common.errors import QuanwangError
from common.event_hub.callbacks import Callbacks, Told
from common.event_hub.commands import ClaimDeliveries, ForgetDeadLetters, NoteDeliveries
from common.event_hub.events import DeliveriesWait
from common.event_hub.handlers import Claimed
from common.event_hub.model import OFF
from common.event_hub.parameters import DEAD_LETTER_DAYS
from common.event_hub.queries import is_something_due
from common.ids import format_id
from common.log import get_logger
from common.program.node import Node

log = get_logger()

LOOK_EVERY_S = 1.0
DAY_US = 86_400_000_000
FORGET_EVERY_US = 600_000_000
FORGOTTEN_AT_ONCE = 500
SUBSCRIPTION_OFF = "EVENT_SUBSCRIPTION_OFF"


class Deliverer:
    """Delivers for as long as the node serves. Several processes of a node may do so: each claims what it tells."""

    def __init__(self, node: Node, callbacks: Callbacks, look_every_s: float = LOOK_EVERY_S) -> None:
        self._node = node
        self._callbacks = callbacks
        self._look_every_s = look_every_s
        self._something_waits = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._forget_at_us = 0
        node.core.dispatcher.subscribe(DeliveriesWait, self._wake)

    def _wake(self, _event: DeliveriesWait) -> None:
        """After a commit, on the writer's thread."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._something_waits.set)

    async def run(self) -> None:
        """Until it is cancelled."""
        self._loop = asyncio.get_running_loop()
        while True:
            # Before looking, so that what comes meanwhile is not missed.
            self._something_waits.clear()
            try:
                while await self.deliver_due():
                    pass
                await self._forget()
            except QuanwangError as error:
                log.error("delivering events failed", error=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._something_waits.wait(), self._look_every_s)

    async def deliver_due(self) -> int:
        """Delivers what is due, to each subscription in its order. To how many subscriptions."""
        if not await self._node.reads.run(is_something_due, self._node.clock.now_us()):
            return 0
        claimed: tuple[Claimed, ...] = await self._node.writer.execute(ClaimDeliveries())
        await asyncio.gather(*(self._deliver(each) for each in claimed))
        return len(claimed)

    async def _deliver(self, claimed: Claimed) -> None:
        subscription = claimed.subscription
        delivered: list[int] = []
        failed, told = 0, Told()
        for delivery in claimed.deliveries:
            told = await self._callbacks.tell(
                subscription.callback,
                delivery.event_type,
                format_id(delivery.event_id),
                subscription.secret,
                delivery.body,
                self._node.clock.now_us(),
            )
            if told.error:
                failed = delivery.position
                break
            delivered.append(delivery.position)
        identity = subscription.subscription_id
        note = NoteDeliveries(identity, tuple(delivered), failed, told.error, told.refused, told.gone)
        state = await self._node.writer.execute(note)
        if failed:
            log.info("event not delivered", subscription=format_id(identity), error=told.error)
        if state == OFF:
            await self._tell_operator(identity, told.error)

    async def _tell_operator(self, identity: bytes, error: str) -> None:
        from common.alarms.commands import RaiseAlarm

        log.warning("event subscription switched off", subscription=format_id(identity), error=error)
        await self._node.writer.execute(RaiseAlarm(SUBSCRIPTION_OFF, format_id(identity), error))

    async def _forget(self) -> None:
        now_us = self._node.clock.now_us()
        if now_us < self._forget_at_us:
            return
        self._forget_at_us = now_us + FORGET_EVERY_US
        kept_us = self._node.context.parameters.value(DEAD_LETTER_DAYS, now_us) * DAY_US
        command = ForgetDeadLetters(now_us - kept_us, FORGOTTEN_AT_ONCE)
        while await self._node.writer.execute(command, bulk=True) == FORGOTTEN_AT_ONCE:
            pass
