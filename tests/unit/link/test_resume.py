"""Two sessions over a pipe that breaks at any point: everything arrives once, in order, and both sides know it."""

from __future__ import annotations

import random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from common.link import effects as reason
from common.link.settings import LinkSettings
from tests.support.link_pair import Pair, Side

SMALL = [
    LinkSettings(),
    LinkSettings(in_flight_batches_max=2, recent_batches_max=2, journal_read_bytes_max=1),
    LinkSettings(in_flight_batches_max=1, recent_batches_max=1, journal_read_bytes_max=1_500),
    LinkSettings(in_flight_bytes_max=1, recent_bytes_max=1, receiving_batches_max=1),
    LinkSettings(recent_batches_max=3, in_flight_batches_max=100),
]
HONEST_ENDS = {reason.DRAINED, reason.STREAM_ENDED, reason.INTERNAL_FAULT}
"""The last one stands for a batch of an earlier stream that came to the commit out of turn."""

SIDES = st.sampled_from(["shanghai", "hq"])


def check(pair: Pair) -> None:
    """What holds at any moment."""
    limits = pair.settings
    for side in pair.sides:
        said = [batch.batch_bytes for batch in side.ledger.sealed]
        arrived = pair.other(side).ledger.received_batches
        assert arrived == said[: len(arrived)], "what arrived is what was said"
        assert side.acked <= len(arrived), "only what is durable is acknowledged"
        assert not side.alarms
        assert not side.stopped
        assert side.cut is None or side.cut.reason_code in HONEST_ENDS
        if side.session is not None:
            sender = side.session._sender
            assert sender.in_flight <= limits.in_flight_batches_max
            assert len(sender._recent) <= limits.recent_batches_max
            numbers = [batch.seal_number for batch in sender._recent]
            assert numbers == list(range(sender.sealed_seal_number - len(numbers) + 1, sender.sealed_seal_number + 1))


def become_level(pair: Pair) -> None:
    """Left alone on a new stream, each has all that the other said, and knows that the other has it."""
    pair.open()
    pair.run()
    assert pair.opened()
    assert pair.level()


class BreakingLink(RuleBasedStateMachine):
    """Sealing, committing, reading the journal, delivery and cuts, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair()

    @initialize(limits=st.sampled_from(SMALL), before=st.tuples(st.integers(0, 4), st.integers(0, 4)))
    def begin(self, limits: LinkSettings, before: tuple[int, int]) -> None:
        self.pair = Pair(limits)
        for side, batches in zip(self.pair.sides, before, strict=True):
            side.seal(1, batches)
        self.pair.open()

    def side(self, name: str) -> Side:
        side: Side = getattr(self.pair, name)
        return side

    @rule(name=SIDES, messages=st.integers(0, 3), batches=st.integers(1, 3), tell=st.booleans())
    def seal(self, name: str, messages: int, batches: int, tell: bool) -> None:
        self.side(name).seal(messages, batches, tell)

    @rule(name=SIDES, groups=st.integers(1, 4), answers=st.integers(0, 2), tell=st.booleans())
    def commit(self, name: str, groups: int, answers: int, tell: bool) -> None:
        self.side(name).commit(groups, answers, tell)

    @rule(name=SIDES)
    def tell(self, name: str) -> None:
        self.side(name).tell()

    @rule(name=SIDES)
    def load(self, name: str) -> None:
        self.side(name).load()

    @rule(name=SIDES, frames=st.integers(1, 5))
    def deliver(self, name: str, frames: int) -> None:
        for _ in range(frames):
            self.pair.deliver(self.side(name))

    @rule()
    def introduce(self) -> None:
        """The handshake goes through, if there is nothing in its way."""
        for _ in range(4):
            for side in self.pair.sides:
                side.load()
                self.pair.deliver(side)

    @rule(name=SIDES, kind=st.sampled_from(["stream", "one end", "restart", "drain", "nothing", "nothing"]))
    def cut(self, name: str, kind: str) -> None:
        side = self.side(name)
        if kind == "stream":
            self.pair.open()
        elif kind == "restart":
            # A node stops: what was not committed is gone.
            side.submitted.clear()
            self.pair.open()
        elif kind == "one end" and side.session is not None:
            # One side has noticed that the stream is gone; what the other still says goes nowhere.
            side.do(side.session.closed())
            side.session = None
            self.pair.other(side).outbox.clear()
        elif kind == "drain" and side.session is not None:
            side.do(side.session.drain(self.pair.now_us))

    @rule()
    def open(self) -> None:
        """A link that is down comes up again."""
        if any(side.session is None or side.session.is_closed for side in self.pair.sides):
            self.pair.open()

    @invariant()
    def the_rules_hold(self) -> None:
        check(self.pair)

    def teardown(self) -> None:
        become_level(self.pair)


TestBreakingLink = BreakingLink.TestCase
TestBreakingLink.settings = settings(max_examples=150, stateful_step_count=60)


STEPS = {
    "seal": 4,
    "commit": 6,
    "tell": 3,
    "load": 3,
    "deliver": 12,
    "cut": 1,
    "lose": 1,
    "settle": 1,
}


@pytest.mark.parametrize("seed", range(120))
def test_a_long_walk_along_a_breaking_link(seed: int) -> None:
    """Streams that live longer than those of the machine above, so that much is under way when they break."""
    chance = random.Random(seed)
    pair = Pair(chance.choice(SMALL))
    pair.open()
    for step in chance.choices(list(STEPS), list(STEPS.values()), k=150):
        side = chance.choice(pair.sides)
        if step == "seal":
            side.seal(chance.randrange(3), chance.randrange(1, 4), tell=chance.random() < 0.8)
        elif step == "commit":
            side.commit(chance.randrange(1, 4), chance.randrange(2), tell=chance.random() < 0.8)
        elif step == "deliver":
            for _ in range(chance.randrange(1, 4)):
                pair.deliver(side)
        elif step == "cut":
            pair.open()
        elif step == "lose":
            side.submitted.clear()
            pair.open()
        elif step == "settle":
            # The stream goes on without a break until nothing waits: no ack may be missing then.
            pair.run()
            if pair.opened():
                assert pair.level()
        else:
            getattr(side, step)()
        check(pair)
    become_level(pair)
