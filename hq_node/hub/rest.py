"""The legs that the hub relays, over the public REST interface of headquarters, and the way of any request."""

from __future__ import annotations

from pydantic import Field
from starlette.responses import Response

from common.directory.wire import REASON_CHARACTERS_MAX
from common.ids import format_leg, parse_id, parse_leg
from common.program.node import Node
from common.requests.permissions import READ
from common.requests.rest import TraceStep, trace_steps
from common.rest.attributes import BOOLEAN, INTEGER, MOMENT, Attribute, Form, happened, listed, not_empty
from common.rest.bodies import Body, Told
from common.rest.calls import Call, telling
from common.rest.resource import Resource, Task
from hq_node.hub.commands import EndLegsOfLostHome
from hq_node.hub.leg_states import STATES
from hq_node.hub.permissions import END_LEGS
from hq_node.hub.repository import hub_legs

ID_PATTERN = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
ID_FORM = "as in the list, such as 0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90.31.44"


class RequestAsked(Body):
    """A request by its id, whoever asked it."""

    id: str = Field(pattern=ID_PATTERN)


class LostHome(Body):
    """Whose legs end, since nobody will ever answer them, and why."""

    node: str = Field(pattern="^[0-9]{2}$")
    reason: str = Field(min_length=1, max_length=REASON_CHARACTERS_MAX)


class LegsEnded(Told):
    """How many legs ended."""

    node: str
    ended_legs: int


class RequestTrace(Told):
    """Where a request has been, as headquarters knows it."""

    id: str
    kind: str
    role: str
    step: list[TraceStep]


def write_leg_id(leg: bytes) -> str:
    """A leg as it stands in an address: the request, who asked, and who was asked."""
    return format_leg(leg).replace("/", ".")


def read_leg_id(text: str) -> bytes:
    """The leg again. Raises ValueError."""
    return parse_leg(text.replace(".", "/"))


def relayed_leg(node: Node) -> Resource:
    """The legs at one node."""
    kinds = node.context.kinds
    kind = Form("a kind of business", "业务类型", {"type": "string"}, kinds.alias_of, kinds.name_of)
    c = hub_legs.c
    return Resource(
        "relayedLeg",
        READ,
        hub_legs,
        Attribute("id", c.leg_id, Form(ID_FORM, ID_FORM, {"type": "string"}, write_leg_id, read_leg_id)),
        (
            Attribute("kind", c.kind, kind, en="The kind of business."),
            Attribute("origin", c.origin, en="The node that asks."),
            Attribute("home", c.home, en="The node that is asked."),
            Attribute("state", c.state, listed(STATES)),
            Attribute("overdue", c.overdue, BOOLEAN, en="Whether its time limit has passed without an answer."),
            Attribute("reasonCode", not_empty(c.reason_code), en="Why it ended as it did."),
            Attribute("withdrawal", not_empty(c.withdraw), en="Why it was withdrawn."),
            Attribute("hubPosition", c.hub_position, INTEGER, en="Its place in the hub's one order."),
            Attribute("businessDate", not_empty(c.business_date)),
            Attribute("admittedDate", happened(c.admitted_at_us), MOMENT),
            Attribute("forwardedDate", happened(c.forwarded_at_us), MOMENT),
            Attribute("answeredDate", happened(c.answered_at_us), MOMENT),
            Attribute("expiryDate", happened(c.expires_at_us), MOMENT),
            Attribute("endDate", happened(c.ended_at_us), MOMENT),
        ),
        default_sort="-id",
        en="What one node asks of one other through headquarters, and how far it is.",
    )


def trace_tasks(node: Node) -> tuple[Task, ...]:
    """What is told of any request."""

    async def trace(_call: Call, given: RequestAsked) -> Response:
        found = await node.reads.run(node.role.trace, node.context, parse_id(given.id))
        steps = [TraceStep(**step) for step in trace_steps(found)]
        return telling(RequestTrace(id=given.id, kind=found["kind"], role=found["role"], step=steps))

    async def end_legs(call: Call, given: LostHome) -> Response:
        ended = 0
        # A group at a time, until nothing is left that this home will never answer.
        wish = EndLegsOfLostHome(given.node, given.reason, call.actor.name)
        while more := await node.writer.execute(wish, actor=call.actor):
            ended += more
        return telling(LegsEnded(node=given.node, ended_legs=ended))

    return (
        Task("endLegs", "POST", END_LEGS, end_legs, LostHome, LegsEnded, "End the legs of a node that is lost."),
        Task(
            "requestTrace",
            "GET",
            READ,
            trace,
            None,
            RequestTrace,
            "Where a request has been, whoever asked it.",
            parameters=RequestAsked,
        ),
    )
