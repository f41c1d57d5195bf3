"""What the proved statements say together: who asked, what the hub stamped, who answered, what was decided.

Each statement may only be made by the party that the state tables name, about the very request it is bound to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from common.evidence.findings import Finding, found
from common.evidence.seals import HUB
from common.evidence.statements import Message, Statement
from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.gen.quanwang.federation.v1 import seal_pb2

OVERDUE = "OVERDUE"

_OUTCOMES = {
    pb.OUTCOME_COMPLETED: "completed",
    pb.OUTCOME_REJECTED: "rejected",
    pb.OUTCOME_EXPIRED: "expired",
    pb.OUTCOME_CANCELLED: "cancelled",
}
_ANSWERS = (pb.PHASE_INTERIM, pb.PHASE_FINAL)
HOME_LOST = "HOME_LOST"
_MATTER = ("hub_position", "business_date", "admitted_at_us")


@dataclass(slots=True)
class Leg:
    """What one origin asked of one destination: the statements, and what is to be said about them."""

    origin: str
    destination: str
    statements: list[Statement] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    request: Message | None = None
    final: Message | None = None
    admission: seal_pb2.Stamp | None = None
    forwarded_at_us: int = 0
    home_lost: bool = False
    """Whether the hub ended it though it had forwarded it, since its home was revoked and would answer no more."""

    @property
    def where(self) -> str:
        return f"leg {self.origin}/{self.destination}"

    def say(self, code: str, **facts: Any) -> None:
        self.findings.append(found(code, self.where, **facts))

    def messages(self) -> list[Message]:
        """The proved messages, each once."""
        return list({s.message.number: s.message for s in self.statements if s.message and s.message.proved}.values())

    def stamps_of(self, message: Message) -> list[seal_pb2.Stamp]:
        """The hub's stamps on a message."""
        return [s.stamp for s in self.statements if s.stamp is not None and s.stamp.message_digest == message.digest]


def legs_of(statements: list[Statement], request_id: bytes) -> list[Leg]:
    """The legs that the proved statements are about, judged."""
    requests = {
        statement.message.digest: (statement.message.routing.source, statement.message.routing.leg_destination)
        for statement in statements
        if statement.message is not None and statement.message.routing.phase == pb.PHASE_REQUEST
    }
    legs: dict[tuple[str, str], Leg] = {}
    for statement in statements:
        origin, destination = name = _leg_of(statement, requests)
        legs.setdefault(name, Leg(origin, destination)).statements.append(statement)
    for leg in legs.values():
        _judge_stamps(leg, request_id)
        _judge_request(leg)
        for message in leg.messages():
            _judge_message(leg, message)
        _judge_ends(leg)
        _judge_keys(leg)
    return [legs[name] for name in sorted(legs)]


def _leg_of(statement: Statement, requests: dict[bytes, tuple[str, str]]) -> tuple[str, str]:
    """Origin and destination of the leg: those of the request that a statement is bound to, else those that it
    names."""
    message, stamp = statement.message, statement.stamp
    if message is None:
        assert stamp is not None, "a statement without message and stamp is not proved"
        return requests.get(stamp.message_digest) or (statement.seal.receiver, stamp.destination)
    routing = message.routing
    if routing.phase == pb.PHASE_REQUEST:
        return routing.source, routing.leg_destination
    if routing.request_digest in requests:
        return requests[routing.request_digest]
    if routing.phase in _ANSWERS:
        return routing.destination, routing.leg_destination
    if routing.source == HUB and routing.destination != HUB:
        return routing.reply_to, routing.leg_destination
    return routing.source, routing.leg_destination


def _judge_stamps(leg: Leg, request_id: bytes) -> None:
    good = []
    for statement in leg.statements:
        stamp, message = statement.stamp, statement.message
        if stamp is None:
            continue
        if stamp.request_id != request_id or stamp.destination != leg.destination:
            leg.say("STAMP_OF_ANOTHER_LEG", other=f"{stamp.request_id.hex()}/{stamp.destination}")
        elif message is not None and stamp.message_digest != message.digest:
            leg.say("STAMP_OF_ANOTHER_MESSAGE")
        else:
            good.append(stamp)
            leg.forwarded_at_us = max(leg.forwarded_at_us, stamp.forwarded_at_us)
    for name in _MATTER:
        if len({getattr(stamp, name) for stamp in good}) > 1:
            leg.say("STAMPS_CONTRADICT", detail=name)
    if len({(stamp.message_digest, stamp.verdict) for stamp in good}) > len({stamp.message_digest for stamp in good}):
        leg.say("STAMPS_CONTRADICT", detail="verdict")
    leg.admission = next(iter(good), None)


def _judge_request(leg: Leg) -> None:
    requests = [message for message in leg.messages() if message.routing.phase == pb.PHASE_REQUEST]
    if not requests:
        leg.say("REQUEST_MISSING")
        return
    if len(requests) > 1:
        leg.say("REQUESTS_CONTRADICT")
    leg.request = requests[0]
    if leg.request.routing.destination != leg.destination:
        leg.say("LEG_MISNAMED", destination=leg.request.routing.destination)
    for stamp in leg.stamps_of(leg.request):
        if stamp.verdict != seal_pb2.VERDICT_ADMITTED:
            leg.say("STAMP_VERDICT_WRONG", verdict=stamp.verdict)
    _judge_lone_stamps(leg, leg.request)


def _judge_lone_stamps(leg: Leg, request: Message) -> None:
    for statement in leg.statements:
        if statement.message is not None or statement.stamp is None:
            continue
        if statement.stamp.message_digest != request.digest:
            leg.say("STAMP_OF_ANOTHER_MESSAGE")
        elif statement.seal.receiver != request.routing.source:
            leg.say(
                "SEAL_OF_ANOTHER_LINK", link=statement.seal.seal.link, source=HUB, destination=request.routing.source
            )


def _judge_message(leg: Leg, message: Message) -> None:
    """Whether its source may say this, about this request, to this node."""
    routing, request = message.routing, leg.request
    if routing.phase == pb.PHASE_REQUEST:
        return
    if request is not None and (
        routing.in_reply_to != request.routing.message_id or routing.request_digest != request.digest
    ):
        leg.say("ANSWER_OF_ANOTHER_REQUEST")
        return
    if routing.phase in _ANSWERS:
        _judge_answer(leg, message)
    elif routing.phase == pb.PHASE_CANCEL:
        if routing.source not in (HUB, leg.origin):
            leg.say("WRONG_PARTY", node=routing.source, what="cancel")
    else:
        leg.say("WRONG_PARTY", node=routing.source, what=f"phase {routing.phase}")


def _judge_answer(leg: Leg, message: Message) -> None:
    routing = message.routing
    if routing.source not in (leg.destination, HUB):
        leg.say("WRONG_PARTY", node=routing.source, what="answer")
        return
    if routing.destination != leg.origin:
        leg.say("ANSWER_TO_ANOTHER_NODE", destination=routing.destination)
    for stamp in leg.stamps_of(message):
        if stamp.verdict != seal_pb2.VERDICT_RELAYED:
            leg.say("STAMP_VERDICT_WRONG", verdict=stamp.verdict)
    if routing.phase != pb.PHASE_FINAL:
        if routing.source == HUB and leg.destination != HUB and routing.reason_code != OVERDUE:
            leg.say("WRONG_PARTY", node=HUB, what="interim")
        return
    if routing.outcome not in _OUTCOMES:
        leg.say("OUTCOME_UNKNOWN")
    elif routing.source == HUB and routing.outcome == pb.OUTCOME_COMPLETED:
        leg.say("HUB_CANNOT_COMPLETE")
    elif routing.source == HUB and routing.reason_code == HOME_LOST and routing.outcome == pb.OUTCOME_REJECTED:
        leg.home_lost = True
    elif routing.source == HUB and leg.forwarded_at_us:
        leg.say("HUB_ENDED_WHAT_IT_FORWARDED")


def _judge_ends(leg: Leg) -> None:
    finals = [
        message
        for message in leg.messages()
        if message.routing.phase == pb.PHASE_FINAL and message.routing.source in (leg.destination, HUB)
    ]
    if leg.home_lost:
        # Home may be found again, and answer; the hub's word stands.
        finals = [message for message in finals if message.routing.source == HUB]
    if len({(message.routing.outcome, message.routing.source, message.digest) for message in finals}) > 1:
        leg.say("ENDS_CONTRADICT")
    leg.final = finals[0] if finals else None
    if leg.final is None:
        leg.say("ANSWER_MISSING")
    if leg.admission is None and not (leg.final is not None and leg.final.routing.source == HUB):
        leg.say("ADMISSION_STAMP_MISSING")


def _judge_keys(leg: Leg) -> None:
    """Every key at the moment that the hub's word gives: what was admitted before a revocation stays valid."""
    told: set[str] = set()
    for statement in leg.statements:
        key = statement.seal.key
        at_us, exact = _moment(leg, statement)
        if not key.valid_at(at_us):
            # By its own clock, which may be wrong, a node can neither prove nor refute itself; and what the hub has
            # witnessed it may have had for long.
            code = "KEY_OUT_OF_VALIDITY" if exact else "KEY_VALIDITY_UNPROVED"
            moment = datetime.fromtimestamp(at_us / 1e6, UTC).isoformat(timespec="milliseconds")
            leg.say(code, key_id=key.key_id, node=key.node, at=moment)
        if key.key_id in told:
            continue
        told.add(key.key_id)
        if key.anew:
            leg.say("RE_ENROLLED", node=key.node, key_id=key.key_id)
        if not key.continued:
            leg.say("KEY_NOT_CONTINUED", node=key.node, key_id=key.key_id)


def _moment(leg: Leg, statement: Statement) -> tuple[int, bool]:
    """When the hub had it, since its key is judged then, and whether the hub says so of this very message. The hub's
    own keys are judged at its own time."""
    seal, message = statement.seal.seal, statement.message
    if statement.seal.node == HUB or message is None:
        return seal.sealed_at_us, True
    if message.routing.phase == pb.PHASE_REQUEST:
        if leg.admission is not None:
            return leg.admission.admitted_at_us, True
        return seal.sealed_at_us, False
    answered = [stamp.answered_at_us for stamp in leg.stamps_of(message) if stamp.answered_at_us]
    if answered:
        return min(answered), True
    if statement.seal.witnessed_at_us:
        return statement.seal.witnessed_at_us, False
    # It may have been said again, under a later seal; it is dated as it was first.
    witnessed = any(other.message is message and other.seal.witnessed_at_us for other in leg.statements)
    if message.routing.phase == pb.PHASE_FINAL and not witnessed:
        leg.say("ANSWER_NOT_WITNESSED", node=message.routing.source)
    return seal.sealed_at_us, False


def outcome_of(message: Message) -> str:
    """The outcome of a final, by name."""
    return _OUTCOMES.get(message.routing.outcome, "")
