"""Mistakes planted where provinces are put back from backups, and take back what they forgot."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from common.gen.quanwang.federation.v1 import envelope_pb2
from common.recovery import handlers
from common.recovery.taking_back import LinkTakingBack, TakingBack
from province_node.message_processor import ProvinceMessageProcessor, RecoveringProcessor
from province_node.serving import taking_back as serving
from province_node.serving.leg_states import WORKING
from province_node.serving.model import ServingLeg
from tests.simulation import enrolments
from tests.simulation.kinds import LONG
from tests.simulation.planting import Put, mutant
from tests.simulation.said import routing_of

OFTEN = {"node_restored_per_s": 0.25}
"""Provinces are put back all the time."""


@mutant("recovery", "answered-once", "witnessed-is-taken-back", **OFTEN)
def recovery_decides_anew(put: Put) -> None:
    """What others ask is carried out while the node still takes back what it had answered."""
    put(RecoveringProcessor, "process", ProvinceMessageProcessor.process)


@mutant("processed-once", "answered-once", **OFTEN)
def own_answers_are_not_looked_for(put: Put) -> None:
    """The node's own seals come back into the journal, and nobody reads the answers in them."""

    def take_entry(self: TakingBack, entry: Any, batch: Any, seal: Any) -> None:
        routing = routing_of(entry)
        if routing is not None and routing.phase in (envelope_pb2.PHASE_REQUEST, envelope_pb2.PHASE_CANCEL):
            original(self, entry, batch, seal)

    original = TakingBack.take_entry
    put(TakingBack, "take_entry", take_entry)


@mutant("comes-to-rest", "journals-prove", "everybody-recovers", **OFTEN)
def numbers_of_seals_are_used_again(put: Put) -> None:
    """What the node had sealed is not looked at: it goes on sealing where its backup ends."""

    async def next_batches(self: LinkTakingBack, fetch: Any, link: str, after: int) -> list[bytes]:
        return [] if link == self.own else await original(self, fetch, link, after)

    original = LinkTakingBack.next_batches
    put(LinkTakingBack, "next_batches", next_batches)


@mutant("outside-once", "answered-once", **OFTEN)
def answered_work_goes_on_again(put: Put) -> None:
    """The answer to long work is not taken for its end: the outside system is asked once more."""

    def take_back(self: ServingLeg, state: str, reason: str, answer: bytes, at_us: int) -> None:
        original(self, WORKING if self.kind == LONG else state, reason, answer, at_us)

    original = ServingLeg.take_back
    put(ServingLeg, "take_back", take_back)


@mutant("effects-once", "subscriptions-replay", **OFTEN)
def answers_without_their_effects(put: Put) -> None:
    """The answer is there again, and what it speaks of is not."""
    put(serving, "_bring_about", lambda leg, uow: "")


@mutant("requests-kept", **OFTEN)
def used_idempotency_keys_are_free_again(put: Put) -> None:
    """A client that repeats what was taken back makes a second request of it."""

    def request(routing: Any) -> Any:
        return replace(original(routing), idempotency_key=None)

    original = handlers._request
    put(handlers, "_request", request)


@mutant("comes-to-rest", **OFTEN)
def what_nobody_answered_waits_for_ever(put: Put) -> None:
    """The end of the recovery makes nothing due."""
    put(handlers, "release_waiting", lambda uow: 0)


@mutant("journals-prove", "legs-agree", "alarms-explained", **OFTEN)
def restored_node_begins_where_hq_is(put: Put) -> None:
    """A node that comes back with new keys forgets what it has yet to take back."""

    def resume(*arguments: Any, restored: bool = False) -> int:
        return original(*arguments)

    original = enrolments.resume_link
    put(enrolments, "resume_link", resume)
