"""The deliverer: takes what is due, tells it, and notes what became of it."""

from __future__ import annotations

import asyncio

from common.event_hub.callbacks import Callbacks, Told
from common.event_hub.commands import ClaimDeliveries, ForgetDeadLetters, NoteDeliveries
from common.event_hub.events import DeliveriesWait
from common.event_hub.handlers import Claimed
from common.event_hub.model import OFF
from common.event_hub.parameters import DEAD_LETTER_DAYS
from common.event_hub.queries import is_something_due
from common.ids import format_id
from common.log import get_logger
from common.outbound.worker import LOOK_EVERY_S, Worker
from common.program.node import Node

log = get_logger()

DAY_US = 86_400_000_000
FORGOTTEN_AT_ONCE = 500
SUBSCRIPTION_OFF = "EVENT_SUBSCRIPTION_OFF"


class Deliverer(Worker):
    """Delivers for as long as the node serves. Several processes of a node may do so: each claims what it tells."""

    failing = "delivering events failed"

    def __init__(self, node: Node, callbacks: Callbacks, look_every_s: float = LOOK_EVERY_S) -> None:
        super().__init__(node, DeliveriesWait, look_every_s)
        self._callbacks = callbacks

    async def work(self) -> int:
        """Delivers what is due."""
        return await self.deliver_due()

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

    async def tidy(self, now_us: int) -> None:
        """Forgets what was given up long ago."""
        kept_us = self._node.context.parameters.value(DEAD_LETTER_DAYS, now_us) * DAY_US
        command = ForgetDeadLetters(now_us - kept_us, FORGOTTEN_AT_ONCE)
        while await self._node.writer.execute(command, bulk=True) == FORGOTTEN_AT_ONCE:
            pass
