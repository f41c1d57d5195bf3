"""What must hold when provinces were lost, and let in anew."""

from __future__ import annotations

from collections.abc import Iterator

from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import HQ, format_leg, link_name
from common.messaging.envelope import header_digest
from hq_node.hub.model import HOME_LOST
from tests.simulation.chains import directory_of
from tests.simulation.checkers import Ended
from tests.simulation.snapshots import TERMINAL


def lost_homes_end(ended: Ended) -> Iterator[str]:
    """No leg stays open at the hub; what was ended because its home was lost had been forwarded to a home that was."""
    for leg_id, leg in ended.nodes[HQ].hub.items():
        if leg["state"] not in TERMINAL:
            yield f"{format_leg(leg_id)} of {leg['origin']} is {leg['state']} at the hub"
        if leg["reason_code"] == HOME_LOST and (
            leg["home"] not in ended.world.losses.ended_at_hub or not leg["forwarded_at_us"] or leg["answered_at_us"]
        ):
            yield f"{format_leg(leg_id)} of {leg['origin']} was ended, and its home was not lost, or had no part in it"


def sealed_reaches_hub(ended: Ended) -> Iterator[str]:
    """What a node had sealed when it was enrolled anew with the database that it had is at HQ, under whatever key."""
    for node, digests in ended.world.losses.sealed.items():
        if node in ended.world.losses.databases:
            continue
        there = {
            header_digest(entry.header)
            for _, batch in ended.nodes[HQ].journal.get(link_name(node, HQ), [])
            for entry in seal_pb2.SealedBatch.FromString(batch).entries
        }
        if digests - there:
            yield f"{len(digests - there)} of {len(digests)} messages that {node} had sealed never came to HQ"


def breaks_said(ended: Ended) -> Iterator[str]:
    """The directory says of each node how often it was enrolled anew."""
    *_, (newest, _) = ended.nodes[HQ].directories.values()
    for entry in directory_of(newest).nodes:
        times = ended.world.losses.came_back[entry.node]
        if len(entry.re_enrolments) != times:
            yield f"{entry.node} was enrolled anew {times} times; the directory says {len(entry.re_enrolments)}"


def thieves_ask_nothing(ended: Ended) -> Iterator[str]:
    """Nobody carries out, or even admits, what somebody asked for under a key that was revoked."""
    for node, snapshot in ended.nodes.items():
        for leg_id in ended.world.losses.forged & (snapshot.hub.keys() | snapshot.serving.keys()):
            yield f"{format_leg(leg_id)} is known at {node}, and a thief asked for it"


LOSS_CHECKERS = (lost_homes_end, sealed_reaches_hub, breaks_said, thieves_ask_nothing)
