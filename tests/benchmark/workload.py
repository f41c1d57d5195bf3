"""The work that is measured: subscriptions suspended and resumed in turn, with so many requests in flight."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from common.gen.quanwang.subscriptions.v1 import subscriptions_pb2 as pb
from common.requests.commands import ActingFor, SubmitServiceRequest
from common.requests.events import LegEnded
from tests.benchmark.federation import subscription_ids

SUSPEND = "quanwang.subscriptions.v1.SuspendSubscription"
RESUME = "quanwang.subscriptions.v1.ResumeSubscription"

ACTING = ActingFor("counter-0231", "31-pudong-0007", "counter", "SERVICE_PASSWORD")

Ask = Callable[[SubmitServiceRequest], Awaitable[LegEnded]]
"""Submits a request, and gives its leg's end."""


class RequestNotCompleted(Exception):
    """A request of the measurement ended otherwise than it must: what was measured is not the work."""


class Subscriptions:
    """A home's pool: each subscription is suspended, then resumed, then suspended; never twice at a time."""

    def __init__(self, home: str) -> None:
        self._home = home
        self._free = deque((subscription_id, False) for subscription_id in subscription_ids(home))

    def take(self) -> tuple[str, bool, SubmitServiceRequest]:
        """The next free subscription, whether it is suspended, and the request that turns that over."""
        subscription_id, suspended = self._free.popleft()
        if suspended:
            body = pb.ResumeSubscriptionRequest(subscription_id=subscription_id).SerializeToString()
            command = SubmitServiceRequest(RESUME, (self._home,), body=body, acting=ACTING)
        else:
            body = pb.SuspendSubscriptionRequest(subscription_id=subscription_id, reason="lost").SerializeToString()
            command = SubmitServiceRequest(SUSPEND, (self._home,), body=body, acting=ACTING)
        return subscription_id, suspended, command

    def give_back(self, subscription_id: str, suspended: bool) -> None:
        """It is in its new state now."""
        self._free.append((subscription_id, suspended))


@dataclass
class Measured:
    """One uninterrupted stretch of work, and the processor time of each node meanwhile."""

    in_flight: int
    seconds: float = 0.0
    latencies_us: list[int] = field(default_factory=list, repr=False)
    cpu_s: dict[str, float] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        return len(self.latencies_us)


@dataclass(frozen=True)
class Stretch:
    """How long to work: at least so many seconds and so many requests, but no longer than `seconds_max`; with
    `requests_max`, exactly so many requests.

    The least number matters where many are in flight: they travel in waves, and a stretch must see several.
    """

    seconds: float
    requests_min: int = 0
    requests_max: int = 0
    seconds_max: float = 120.0

    def over(self, seconds: float, requests: int) -> bool:
        """Whether it is over after so much."""
        if seconds >= self.seconds_max:
            return True
        if self.requests_max:
            return requests >= self.requests_max
        return seconds >= self.seconds and requests >= self.requests_min


class Load:
    """Keeps `in_flight` requests under way, as so many clerks who each wait for their answer before asking again."""

    def __init__(self, ask: Ask, subscriptions: Subscriptions) -> None:
        self._ask = ask
        self._subscriptions = subscriptions
        self._stopping = False
        self._completed = 0
        self._stretch = Stretch(0)
        self._since = 0.0
        self._over = asyncio.Event()
        self._latencies_us: list[int] = []

    async def run(
        self, in_flight: int, warm_up: Stretch, stretch: Stretch, mark: Callable[[str], Awaitable[None]]
    ) -> Measured:
        """Warms up, measures one stretch, and leaves nothing under way. `mark` is called with "begin" and "end" at the
        edges of what is measured."""
        measured = Measured(in_flight)
        self._stopping = False
        clerks = [asyncio.create_task(self._clerk()) for _ in range(in_flight)]
        try:
            await self._until_over(clerks, warm_up)
            await mark("begin")
            self._latencies_us = measured.latencies_us
            measured.seconds = await self._until_over(clerks, stretch)
            self._latencies_us = []
            await mark("end")
        finally:
            self._stopping = True
            await asyncio.gather(*clerks)
        return measured

    async def _until_over(self, clerks: list[asyncio.Task[None]], stretch: Stretch) -> float:
        """How long it took; raises what a clerk raised."""
        self._stretch, self._completed, self._over = stretch, 0, asyncio.Event()
        self._since = time.perf_counter()
        over = asyncio.ensure_future(self._over.wait())
        while not over.done():
            # Requests look whether it is over as they complete; this look is for when none does.
            done, _ = await asyncio.wait([*clerks, over], timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {over}:
                task.result()
            self._look()
        return time.perf_counter() - self._since

    def _look(self) -> None:
        if self._stretch.over(time.perf_counter() - self._since, self._completed):
            self._over.set()

    async def _clerk(self) -> None:
        while not self._stopping:
            subscription_id, suspended, command = self._subscriptions.take()
            asked_at = time.perf_counter_ns()
            ended = await self._ask(command)
            if ended.outcome != "completed":
                raise RequestNotCompleted(f"{command.kind} of {subscription_id}: {ended.outcome} {ended.reason_code}")
            self._subscriptions.give_back(subscription_id, not suspended)
            self._latencies_us.append((time.perf_counter_ns() - asked_at) // 1000)
            self._completed += 1
            self._look()


class LegEnds:
    """Whoever asked hears of the leg's end, whichever thread says it; many ends wake the loop once.

    `in_groups`: they are told when the group is over. Else the first of them wakes the loop, whose clerk asks again at
    once: his request then travels alone before all others, where many customers' requests would have come together.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, in_groups: bool = False) -> None:
        self._loop = loop
        self._in_groups = in_groups
        self._said: deque[LegEnded] = deque()
        self._waking = False
        self._early: dict[bytes, LegEnded] = {}
        self._awaited: dict[bytes, asyncio.Future[LegEnded]] = {}

    def say(self, ended: LegEnded) -> None:
        """From any thread."""
        self._said.append(ended)
        if not self._in_groups:
            self.tell()

    def tell(self) -> None:
        """Has the loop hear what was said. From any thread."""
        if self._said and not self._waking:
            self._waking = True
            self._loop.call_soon_threadsafe(self._deliver)

    async def of(self, request_id: bytes) -> LegEnded:
        """On the loop: the end of the request's one leg."""
        ended = self._early.pop(request_id, None)
        if ended is not None:
            return ended
        future = self._awaited[request_id] = self._loop.create_future()
        return await future

    def _deliver(self) -> None:
        self._waking = False
        while self._said:
            ended = self._said.popleft()
            future = self._awaited.pop(ended.request_id, None)
            if future is None:
                self._early[ended.request_id] = ended
            else:
                future.set_result(ended)
