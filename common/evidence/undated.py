"""Answers in a bundle that nothing of the hub dates yet: the verifier will say ANSWER_NOT_WITNESSED of them."""

from __future__ import annotations

from common.gen.quanwang.evidence.v1 import evidence_pb2
from common.gen.quanwang.federation.v1 import envelope_pb2, seal_pb2
from common.ids import HQ, link_name
from common.messaging.envelope import header_digest


def undated_answers(bundle: evidence_pb2.Bundle) -> list[str]:
    """The nodes whose finals neither a stamp of HQ nor a later seal of HQ for them dates. Once HQ has sealed anything
    more for them, another export has that seal."""
    seals = [seal_pb2.Seal.FromString(signed.seal) for signed in bundle.seals]
    stamped = {
        header_digest(bundle.envelopes[statement.envelope - 1].header)
        for statement in bundle.statements
        if statement.envelope and statement.stamp
    }
    undated = set()
    for statement in bundle.statements:
        seal = seals[statement.seal]
        if not statement.envelope or seal.node == HQ:
            continue
        header = bundle.envelopes[statement.envelope - 1].header
        if _is_final(header) and header_digest(header) not in stamped and not _witnessed(seal, seals):
            undated.add(seal.node)
    return sorted(undated)


def _is_final(header: bytes) -> bool:
    routing = envelope_pb2.EnvelopeHeader.FromString(header).routing
    return bool(envelope_pb2.Routing.FromString(routing).phase == envelope_pb2.PHASE_FINAL)


def _witnessed(seal: seal_pb2.Seal, seals: list[seal_pb2.Seal]) -> bool:
    link = link_name(HQ, seal.node)
    return any(other.link == link and other.witnessed_seal_number >= seal.seal_number for other in seals)
