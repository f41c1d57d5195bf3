"""What must hold when a run is over: each function is a checker, known by its name, and says what it finds wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from common.gen.quanwang.federation.v1 import envelope_pb2, seal_pb2
from common.gen.quanwang.subscriptions.v1 import subscriptions_pb2
from common.ids import HQ, format_id, format_leg
from hq_node.hub.model import HOME_LOST
from province_node.subscriptions.wire import RESUME, SUSPEND
from tests.simulation import databases
from tests.simulation.kinds import EFFECT, LONG
from tests.simulation.said import asked_in, said_in
from tests.simulation.snapshots import TERMINAL, Snapshot
from tests.simulation.workload import CANARY, CUSTOMERS_A_PROVINCE, first_status, subscription_id

if TYPE_CHECKING:
    from tests.simulation.workload import Workload
    from tests.simulation.world import World

OUTCOMES = {
    envelope_pb2.OUTCOME_COMPLETED: "completed",
    envelope_pb2.OUTCOME_REJECTED: "rejected",
    envelope_pb2.OUTCOME_EXPIRED: "expired",
    envelope_pb2.OUTCOME_CANCELLED: "cancelled",
}


@dataclass(slots=True)
class Ended:
    """A run that is over: what was done, and what the databases say."""

    world: World
    workload: Workload
    nodes: dict[str, Snapshot]

    def ever(self, node: str) -> Iterator[Snapshot]:
        """What the node's database holds; then what databases held that it has lost, the last one first."""
        yield self.nodes[node]
        yield from reversed(self.world.losses.databases.get(node, []))

    def lost_database(self, node: str) -> bool:
        """Whether the node began anew with an empty one."""
        return node in self.world.losses.databases

    def went_unheard(self, node: str, request_id: bytes, destination: str = "") -> bool:
        """Whether the node was put back, and HQ had not heard of the request (of its leg): then it may be gone."""
        if node not in self.world.restored.former:
            return False
        requests, legs = asked_in(self.nodes[HQ].journal.get(f"{node}>{HQ}", []))
        key = request_id + node.encode() + destination.encode()
        return key not in legs if destination else request_id not in requests

    def asked(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every leg that was asked for anywhere, with its origin."""
        for node, snapshot in self.nodes.items():
            for leg in snapshot.asked.values():
                yield node, leg


Checker = Callable[[Ended], Iterator[str]]


def legs_agree(ended: Ended) -> Iterator[str]:
    """Every leg has exactly one end, and origin, hub and home say the same one. Home may not know a leg that the hub
    ended before it was sealed for home."""
    hub = ended.nodes[HQ].hub
    known = {leg_id for lost in ended.world.losses.databases.values() for snapshot in lost for leg_id in snapshot.asked}
    for origin, leg in ended.asked():
        name = f"{format_leg(leg['leg_id'])} of {origin}"
        known.add(leg["leg_id"])
        at_hub = hub.get(leg["leg_id"])
        if leg["state"] not in TERMINAL:
            yield f"{name} is {leg['state']} at its origin, {at_hub['state'] if at_hub else 'unknown'} at the hub"
            continue
        if at_hub is None or at_hub["state"] != leg["state"]:
            yield f"{name} is {leg['state']} at its origin, {at_hub['state'] if at_hub else 'unknown'} at the hub"
            continue
        if leg["reason_code"] == HOME_LOST:
            # For good: what really became of it is settled between people.
            continue
        served = [row for each in ended.ever(leg["destination"]) if (row := each.serving.get(leg["leg_id"]))]
        # What home had answered before it lost its database may come to it again; the first word stands.
        at_home = served[-1] if served else None
        if at_home is None:
            if at_hub["forwarded_at_us"]:
                yield f"{name} was forwarded, and home does not know it"
        elif at_home["state"] != leg["state"]:
            yield f"{name} is {leg['state']} at its origin, {at_home['state']} at home"
        elif not at_hub["forwarded_at_us"]:
            yield f"{name} is known at home, but was never forwarded"
        elif leg["answer"] != at_home["answer"]:
            yield f"{name}: the origin has another answer than home gave"
        elif leg["reason_code"] != at_home["reason_code"] or leg["reason_code"] != at_hub["reason_code"]:
            yield f"{name}: reasons {leg['reason_code']}, {at_hub['reason_code']}, {at_home['reason_code']}"
    for snapshot in ended.nodes.values():
        for leg_id in (snapshot.hub.keys() | snapshot.serving.keys()) - known:
            yield f"{format_leg(leg_id)} is known at {snapshot.node}, and was asked for nowhere"


def requests_kept(ended: Ended) -> Iterator[str]:
    """What a client was told is stored; what it was told was not taken is not; nothing is there twice."""
    for submission in ended.workload.submissions:
        key = submission.command.idempotency_key
        requests = ended.nodes[submission.node].requests
        found = [request_id for request_id, row in requests.items() if row["idempotency_key"] == key]
        if len(found) > 1:
            yield f"{key} was stored {len(found)} times"
        if submission.told is not None:
            if any(submission.told.request_id in lost.requests for lost in [*ended.ever(submission.node)][1:]):
                continue
            if submission.told.request_id not in ended.nodes[submission.node].requests and ended.went_unheard(
                submission.node, submission.told.request_id
            ):
                continue
            if found != [submission.told.request_id]:
                yield f"{key}: {format_id(submission.told.request_id)} was accepted, and is not stored"
                continue
            legs = [leg for leg in ended.nodes[submission.node].asked.values() if leg["request_id"] == found[0]]
            missing = set(submission.told.destinations) ^ {leg["destination"] for leg in legs}
            if any(not ended.went_unheard(submission.node, submission.told.request_id, each) for each in missing):
                yield f"{key}: its legs are not those that were accepted"
        elif found and not submission.open_tries:
            yield f"{key} is stored, but every try was answered with a fault"


def effects_once(ended: Ended) -> Iterator[str]:
    """Each effect exactly once where its leg was completed, and none where it was not."""
    for node, snapshot in ended.nodes.items():
        for leg_id, leg in snapshot.serving.items():
            times = snapshot.effects.get(leg_id, {"times": 0})["times"]
            expected = int(leg["state"] == "completed" and leg["kind"] == EFFECT)
            if times != expected:
                yield f"{format_leg(leg_id)} {leg['state']} at {node}: its effect is there {times} times"
            if leg["kind"] == LONG and not ended.lost_database(node) and ended.world.behaviour.plans.get(leg_id):
                plan = ended.world.behaviour.plans[leg_id]
                done = leg_id in ended.world.outside.done
                if done and node in ended.world.restored.former and leg["state"] in ("expired", "cancelled"):
                    # That its point of no return was passed, nobody had witnessed.
                    continue
                if done != (leg["state"] == "completed" and plan.outside):
                    yield f"{format_leg(leg_id)} {leg['state']} at {node}: outside it was {'' if done else 'not '}done"
        for leg_id in snapshot.effects.keys() - snapshot.serving.keys():
            yield f"{format_leg(leg_id)} has an effect at {node}, and no leg"


def subscriptions_replay(ended: Ended) -> Iterator[str]:
    """Replaying the outcomes in the order in which home said them leads to the subscriptions as they are."""
    for node, snapshot in ended.nodes.items():
        if node == HQ or ended.lost_database(node):
            continue
        states = {subscription_id(node, index): first_status(index) for index in range(CUSTOMERS_A_PROVINCE)}
        by_request: dict[str, bytes] = {}
        seen: set[bytes] = set()
        for routing, _entry in _said_by(snapshot, f"{node}>{HQ}"):
            if routing.phase != envelope_pb2.PHASE_FINAL or routing.message_type not in (SUSPEND, RESUME):
                continue
            if routing.message_id in seen or OUTCOMES.get(routing.outcome) not in ("completed", "rejected"):
                continue
            seen.add(routing.message_id)
            subscription = _subscription_of(ended, routing)
            before, after = ("active", "suspended") if routing.message_type == SUSPEND else ("suspended", "active")
            if routing.outcome == envelope_pb2.OUTCOME_COMPLETED:
                if states.get(subscription) != before:
                    yield f"{subscription} was not {before} when {format_id(routing.request_id)} was completed"
                states[subscription], by_request[subscription] = after, routing.request_id
            elif states.get(subscription) == before and routing.reason_code != "CUSTOMER_NOT_AUTHENTICATED":
                yield f"{subscription} was {before}, yet {format_id(routing.request_id)}: {routing.reason_code}"
        for subscription, row in snapshot.subscriptions.items():
            if row["status"] != states[subscription] or row["status_request_id"] != by_request.get(subscription, b""):
                yield f"{subscription} is {row['status']}, the outcomes say {states[subscription]}"


def _said_by(snapshot: Snapshot, link: str) -> Iterator[tuple[envelope_pb2.Routing, seal_pb2.Entry]]:
    return said_in(snapshot.journal.get(link, []))


def _subscription_of(ended: Ended, final: envelope_pb2.Routing) -> str:
    """Which subscription a final is about: what its request was about, by what the client wished."""
    asked = next(each.requests for each in ended.ever(final.destination) if final.request_id in each.requests)
    key = asked[final.request_id]["idempotency_key"]
    wish = next(s.command for s in ended.workload.submissions if s.command.idempotency_key == key)
    return str(subscriptions_pb2.ResumeSubscriptionRequest.FromString(wish.body).subscription_id)


def nothing_left(ended: Ended) -> Iterator[str]:
    """Nothing waits any more: no outbox rows, no message to be tried again, nothing sealed and not received."""
    for node, snapshot in ended.nodes.items():
        if snapshot.outbox:
            yield f"{node}: {len(snapshot.outbox)} rows are left in the outbox"
        for row in snapshot.inbox:
            if row["state"] == "waiting":
                yield f"{node}: a message of {row['link']} still waits ({row['problem'] or 'behind another'})"
        for peer, link in snapshot.links.items():
            other = ended.nodes[peer].links.get(node)
            received = other["received_seal_number"] if other else 0
            if received != link["sealed_seal_number"]:
                yield f"{node} sealed {link['sealed_seal_number']} for {peer}, which received {received}"


def alarms_explained(ended: Ended) -> Iterator[str]:
    """No alarm, but for what injected faults explain; and nothing parked that no alarm speaks of."""
    explained = ended.world.faults.explained_alarms()
    for node, snapshot in ended.nodes.items():
        for alarm in snapshot.alarms:
            if alarm["kind"] not in explained:
                yield f"{node}: {alarm['kind']} {alarm['subject']}: {alarm['detail']}"
        for row in snapshot.inbox:
            if row["state"] == "parked" and row["problem"] not in explained:
                yield f"{node}: a message of {row['link']} was parked: {row['problem']} {row['detail']}"


def hub_order(ended: Ended) -> Iterator[str]:
    """The hub's positions are unique and without gaps; what a stamp says of them is what the hub's row says."""
    hub = ended.nodes[HQ]
    positions = sorted(leg["hub_position"] for leg in hub.hub.values() if leg["hub_position"])
    if positions != list(range(1, len(positions) + 1)):
        yield f"positions are {positions}"
    if hub.order[0]["position"] != len(positions):
        yield f"the hub's last position is {hub.order[0]['position']}, it gave {len(positions)}"
    for origin, leg in ended.asked():
        at_hub = hub.hub.get(leg["leg_id"])
        # What the hub ended itself may never have been stamped.
        ended_there = at_hub and (not at_hub["forwarded_at_us"] or at_hub["reason_code"] == HOME_LOST)
        unstamped = leg["hub_position"] == 0 and ended_there
        if at_hub and not unstamped and leg["hub_position"] != at_hub["hub_position"]:
            name = f"{format_leg(leg['leg_id'])} of {origin}"
            yield f"{name}: stamped {leg['hub_position']}, not {at_hub['hub_position']}"


def nobody_else_reads(ended: Ended) -> Iterator[str]:
    """Personal data is readable at home alone; each private body has the keys of its two ends and no others."""
    if ended.world.frames_with_canary:
        yield f"{ended.world.frames_with_canary} frames had personal data in the open"
    for node, simulated in ended.world.nodes.items():
        stored = databases.stored_bytes(simulated.path)
        others = [province for province in ended.world.provinces if province != node]
        if any(f"{CANARY}-{other}".encode() in stored for other in others):
            yield f"{node} holds personal data of another province in the open"
    for node, snapshot in ended.nodes.items():
        for link in snapshot.journal:
            for routing, entry in _said_by(snapshot, link):
                if entry.private_body:
                    readers = {key.node for key in envelope_pb2.PrivateBody.FromString(entry.private_body).keys}
                    if readers != {routing.source, routing.destination}:
                        yield f"{node}: a private body on {link} can be opened by {sorted(readers)}"


CHECKERS: tuple[Checker, ...] = (
    legs_agree,
    requests_kept,
    effects_once,
    subscriptions_replay,
    nothing_left,
    alarms_explained,
    hub_order,
    nobody_else_reads,
)
