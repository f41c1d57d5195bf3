"""What a node's own batches say, read plainly."""

from __future__ import annotations

from collections.abc import Iterator

from common.gen.quanwang.federation.v1 import envelope_pb2, seal_pb2
from common.ids import leg_id
from common.messaging.envelope import header_digest

Batches = list[tuple[int, bytes]]
"""Of one directed link, with their seals' numbers."""

Answers = dict[bytes, list[bytes]]
"""Digests of the headers of final answers, by the leg."""


def routing_of(entry: seal_pb2.Entry) -> envelope_pb2.Routing | None:
    """What an entry's header says; None where it has none."""
    if not entry.header:
        return None
    return envelope_pb2.Routing.FromString(envelope_pb2.EnvelopeHeader.FromString(entry.header).routing)


def said_in(batches: Batches) -> Iterator[tuple[envelope_pb2.Routing, seal_pb2.Entry]]:
    """All messages of a journal."""
    for _number, batch in batches:
        for entry in seal_pb2.SealedBatch.FromString(batch).entries:
            if (routing := routing_of(entry)) is not None:
                yield routing, entry


def asked_in(batches: Batches) -> tuple[set[bytes], set[bytes]]:
    """The requests in a journal of a node's own batches, and their legs."""
    requests: set[bytes] = set()
    legs: set[bytes] = set()
    for routing, _ in said_in(batches):
        if routing.phase == envelope_pb2.PHASE_REQUEST:
            requests.add(routing.request_id)
            legs.add(leg_id(routing.request_id, routing.source, routing.leg_destination))
    return requests, legs


def answers_in(batches: Batches) -> Answers:
    """The final answers in a journal of a node's own batches."""
    found: Answers = {}
    for routing, entry in said_in(batches):
        if routing.phase == envelope_pb2.PHASE_FINAL:
            leg = leg_id(routing.request_id, routing.destination, routing.leg_destination)
            found.setdefault(leg, []).append(header_digest(entry.header))
    return found


def answered_in(batches: Batches) -> set[tuple[str, bytes]]:
    """The requests that a journal of a node's own batches answers for good: their sources and message ids."""
    finals = (routing for routing, _ in said_in(batches) if routing.phase == envelope_pb2.PHASE_FINAL)
    return {(routing.destination, routing.in_reply_to) for routing in finals}
