"""Mistakes planted in the lives of requests and legs: at their origin, at the hub, at home."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from common.ids import HQ
from common.node_context import NodeContext
from common.requests.leg_states import CANCELLED as ASKED_CANCELLED
from common.requests.model import AskedLeg
from common.requests.repository import RequestRepository
from common.security.private_bodies import encrypt_private_body
from hq_node.hub.gate import HubGate
from hq_node.hub.leg_states import EXPIRED, FORWARDED
from hq_node.hub.model import HubLeg
from hq_node.hub.repository import HubOrder
from hq_node.hub.statements import admission_stamp
from province_node.serving import handlers as serving_handlers
from province_node.serving.leg_states import COMMITTING, COMPLETED, WORKING
from province_node.serving.model import ServingLeg
from province_node.unit_of_work import ProvinceUnitOfWork
from tests.simulation.planting import Put, mutant

# The hub


@mutant("legs-agree", "effects-once")
def forwarded_without_the_admitted_guard(put: Put) -> None:
    """What waited is sealed for home even if its leg has ended meanwhile."""

    def passes(self: HubGate, outgoing: Any, uow: Any) -> bool:
        leg = uow.hub_legs.get(outgoing.leg_id)
        if leg is not None and leg.ended_at_us and not outgoing.rides:
            outgoing.entry.stamp = admission_stamp(leg, uow, forwarded=True)
            return True
        return original(self, outgoing, uow)

    original = HubGate.passes
    put(HubGate, "passes", passes)


@mutant("legs-agree", "effects-once")
def expired_after_forwarding(put: Put) -> None:
    """The hub ends a leg by its clock although home may already have carried it out."""

    def pass_time_limit(self: HubLeg, now_us: int) -> Any:
        row = original(self, now_us)
        if self.state == FORWARDED:
            self.state, self.ended_at_us, self.due_at_us = EXPIRED, now_us, 0
            return replace(row, emits=("Final(expired) -> origin",))
        return row

    original = HubLeg.pass_time_limit
    put(HubLeg, "pass_time_limit", pass_time_limit)


@mutant("hub-order")
def position_given_twice(put: Put) -> None:
    """The hub's order does not remember each position that it gives."""

    def next_position(self: HubOrder) -> int:
        position = original(self)
        if position % 3 == 0:
            row = self._row()
            self._rows.update(row._replace(position=position - 1))
        return position

    original = HubOrder.next_position
    put(HubOrder, "next_position", next_position)


# Origin


@mutant("alarms-explained", "legs-agree", "comes-to-rest")
def cancel_overtakes_its_request(put: Put) -> None:
    """A Cancel does not wait behind its own request."""

    def send_to_hub(self: ProvinceUnitOfWork, envelope: Any, leg_id: bytes, *, waits_for_credit: bool) -> None:
        overtakes = envelope.routing.destination == HQ
        original(self, envelope, leg_id, waits_for_credit=waits_for_credit and not overtakes)

    original = ProvinceUnitOfWork.send_to_hub
    put(ProvinceUnitOfWork, "send_to_hub", send_to_hub)


@mutant("legs-agree", "terminal-is-terminal", "alarms-explained")
def origin_ends_a_leg_by_its_own_cancel(put: Put) -> None:
    """The origin takes its wish for the outcome."""

    def ask_cancel(self: AskedLeg, now_us: int) -> bool:
        asked = original(self, now_us)
        if asked:
            self.state, self.ended_at_us = ASKED_CANCELLED, now_us
        return asked

    original = AskedLeg.ask_cancel
    put(AskedLeg, "ask_cancel", ask_cancel)


@mutant("requests-kept", "idempotency", "workload")
def idempotency_key_ignored(put: Put) -> None:
    """A repeated command is a new request."""
    put(RequestRepository, "by_idempotency_key", lambda self, key: None)


@mutant("nobody-else-reads")
def private_body_encrypted_for_hq_too(put: Put) -> None:
    """HQ can read what it relays."""

    def encrypt(self: NodeContext, plaintext: bytes, routing_bytes: bytes, reader: str) -> bytes:
        readers = [self.directory.private_body_reader(node) for node in dict.fromkeys((reader, self.node, HQ))]
        return encrypt_private_body(plaintext, routing_bytes, [found for found in readers if found is not None])

    put(NodeContext, "encrypt", encrypt)


# Home


@mutant("legs-agree", "effects-once", "alarms-explained")
def withdrawn_without_a_tombstone(put: Put) -> None:
    """A Withdraw that comes before its request is answered, and forgotten."""

    def answer(leg: Any, envelope: Any, uow: Any) -> None:
        if leg.state in ("expired", "cancelled") and uow.serving_legs.get(leg.leg_id) is None:
            uow.send_to_hub(envelope, leg.leg_id, waits_for_credit=False)
            return
        original(leg, envelope, uow)

    original = serving_handlers._answer
    put(serving_handlers, "_answer", answer)


@mutant("effects-once", "legs-agree", "alarms-explained", outside_call_crashes=0.8)
def withdrawn_after_the_point_of_no_return(put: Put) -> None:
    """A leg is withdrawn while the outside system already acts on it."""

    def withdraw(self: ServingLeg, reason: str, now_us: int) -> Any:
        if self.state == COMMITTING:
            self.state = WORKING
        return original(self, reason, now_us)

    original = ServingLeg.withdraw
    put(ServingLeg, "withdraw", withdraw)


@mutant("terminal-is-terminal", "alarms-explained", "legs-agree")
def withdrawn_after_the_final(put: Put) -> None:
    """Home grants a withdrawal of what it has completed: a second, different final."""

    def withdraw(self: ServingLeg, reason: str, now_us: int) -> Any:
        if self.state == COMPLETED:
            self.state = WORKING
        return original(self, reason, now_us)

    original = ServingLeg.withdraw
    put(ServingLeg, "withdraw", withdraw)
