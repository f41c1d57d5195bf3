"""Service requests for channels and other systems: what is asked of other nodes, how far it is, and where it has been.

A resource of our own in the style of the TM Forum's; cancelling is a task, as it is for product orders.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from common.access_control.actor import Actor
from common.event_hub.rest import with_hub
from common.ids import format_id, parse_id
from common.operators.row_scope import Belongs
from common.program.node import Node
from common.requests.commands import ActingFor, CancelServiceRequest, SubmitServiceRequest
from common.requests.events import LegEnded
from common.requests.leg_states import CANCELLED, OPEN, TERMINAL
from common.requests.permissions import READ
from common.requests.queries import LEGS_OF_REQUEST, REQUEST_STATE, STATES
from common.requests.repository import asked_legs, requests
from common.rest.attributes import (
    IDENTITY,
    INTEGER,
    MOMENT,
    Attribute,
    Collection,
    Form,
    happened,
    listed,
    not_empty,
    write_moment,
)
from common.rest.bodies import Body
from common.rest.resource import Api, Create, EventKind, Resource, View

API = "serviceRequest"
BASE = "/api/serviceRequest/v1"
TEXT_CHARS_MAX = 128
DESTINATIONS_MAX = 1_000
TIME_TO_LIVE_MS_MAX = 2**53
CHANNEL_CHARS_MAX = 32


class NewServiceRequest(Body):
    """A service request; `content` holds the kind's fields, personal ones too: each goes where it belongs."""

    kind: str = Field(min_length=1, max_length=TEXT_CHARS_MAX)
    """The kind of business, such as suspend-subscription."""
    destination: list[str] = Field(default=[], max_length=DESTINATIONS_MAX)
    """The nodes to ask, by their codes; or none, with a region."""
    region: str = Field(default="", max_length=64)
    """A region of the directory, in place of destinations."""
    content: dict[str, Any] = Field(default={})
    """The fields of the kind."""
    channel: str = Field(default="", max_length=CHANNEL_CHARS_MAX)
    """Where the customer is served."""
    customer_authentication: str = Field(default="NONE", max_length=32)
    """How the customer was authenticated."""
    interaction: str = Field(
        default="", max_length=36, pattern=r"^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$"
    )
    """The interaction with the customer (a UUID): what the home province verifies counts within it alone."""
    time_to_live_ms: int = Field(default=0, ge=0, le=TIME_TO_LIVE_MS_MAX)
    """How long the request may take (milliseconds, from its admission at the hub); 0: the node's default."""


class RequestNamed(Body):
    """A service request by its id."""

    id: str = Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


class NewCancellation(Body):
    """Ask for the open legs of a service request to be cancelled: all, or the one at `destination`."""

    service_request: RequestNamed
    destination: str = Field(default="", max_length=2)


class TraceStep(BaseModel):
    """One step of one leg, by the clock of the node that tells it."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    leg: str
    node: str
    step: str
    at: str = Field(json_schema_extra={"format": "date-time"})
    clock: str
    facts: dict[str, Any]


class Trace(BaseModel):
    """Where a service request has been, as this node knows it."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    service_request: dict[str, str]
    kind: str
    role: str
    step: list[TraceStep]


LEG = Collection(
    "leg",
    asked_legs,
    LEGS_OF_REQUEST,
    asked_legs.c.leg_id,
    (
        Attribute("destination", asked_legs.c.destination, en="The node that was asked."),
        Attribute("state", asked_legs.c.state, listed((*OPEN, *TERMINAL))),
        Attribute("reasonCode", not_empty(asked_legs.c.reason_code), en="Why it ended as it did."),
        Attribute("businessDate", not_empty(asked_legs.c.business_date), en="The hub's business date."),
        Attribute("endDate", happened(asked_legs.c.ended_at_us), MOMENT),
    ),
    en="What was asked of one node, and what became of it.",
)

ATTRIBUTES = (
    Attribute("state", REQUEST_STATE, listed(STATES), sortable=False, en="Derived from its legs."),
    Attribute("creationDate", requests.c.created_at_us, MOMENT),
    Attribute("region", not_empty(requests.c.region)),
    Attribute("timeToLiveMs", requests.c.time_to_live_ms, INTEGER),
    Attribute("operator", not_empty(requests.c.operator)),
    Attribute("organisation", not_empty(requests.c.organisation)),
    Attribute("channel", not_empty(requests.c.channel)),
    Attribute("customerAuthentication", requests.c.customer_authentication),
)

_CANCEL_ASKED = sa.and_(LEGS_OF_REQUEST, asked_legs.c.cancel_asked_at_us > 0)


def _cancelled_legs(*columns: Any) -> sa.Select[Any]:
    return sa.select(*columns).select_from(asked_legs).where(_CANCEL_ASKED).correlate(requests)


OF_WHOM = Belongs(requests.c.organisation, requests.c.operator)
"""A request is its operator's, and that of the organisation in which they acted."""

IN_PROGRESS, DONE, FAILED = "inProgress", "done", "terminatedWithError"
_CANCELLATION_STATE = _cancelled_legs(
    sa.case(
        (sa.func.max(sa.case((asked_legs.c.state.in_(OPEN), 1), else_=0)) == 1, IN_PROGRESS),
        (sa.func.min(sa.case((asked_legs.c.state == CANCELLED, 1), else_=0)) == 1, DONE),
        else_=FAILED,
    )
).scalar_subquery()


def service_request_api(node: Node) -> Api:
    """The API of one node."""

    def submit(new: NewServiceRequest, actor: Actor) -> SubmitServiceRequest:
        body, private = node.context.kinds.asked_as(new.kind).encode_request(new.content)
        channel = actor.channel or new.channel
        acting = ActingFor(actor.name, actor.organisation, channel, new.customer_authentication, new.interaction)
        return SubmitServiceRequest(
            kind=new.kind,
            destinations=tuple(new.destination),
            region=new.region,
            body=body,
            private=private,
            acting=acting,
            time_to_live_ms=new.time_to_live_ms,
        )

    def trace(connection: sa.Connection, request_id: bytes) -> Mapping[str, Any]:
        found = node.role.trace(connection, node.context, request_id)
        identity = format_id(request_id)
        return {
            "serviceRequest": {"id": identity, "href": f"{BASE}/serviceRequest/{identity}"},
            "kind": found["kind"],
            "role": found["role"],
            "step": trace_steps(found),
        }

    def cancel(wanted: NewCancellation, _actor: Actor) -> CancelServiceRequest:
        return CancelServiceRequest(parse_id(wanted.service_request.id), wanted.destination)

    kinds = node.context.kinds
    kind = Form("a kind of business", "业务类型", {"type": "string"}, kinds.alias_of, kinds.name_of)
    service_request = Resource(
        "serviceRequest",
        READ,
        requests,
        Attribute("id", requests.c.request_id, IDENTITY),
        (Attribute("kind", requests.c.kind, kind, en="The kind of business."), *ATTRIBUTES),
        belongs=OF_WHOM,
        collections=(LEG,),
        default_sort="-id",
        create=Create(NewServiceRequest, submit, lambda submitted: submitted.request_id),
        views=(View("trace", Trace, trace, "Where it has been, step by step."),),
        en="What this node asks of one or more others.",
    )
    cancel_service_request = Resource(
        "cancelServiceRequest",
        READ,
        requests,
        Attribute("id", requests.c.request_id, IDENTITY),
        (
            Attribute("state", _CANCELLATION_STATE, listed((IN_PROGRESS, DONE, FAILED)), sortable=False),
            Attribute("serviceRequest.id", requests.c.request_id, IDENTITY, sortable=False),
            Attribute(
                "requestedDate",
                _cancelled_legs(sa.func.min(asked_legs.c.cancel_asked_at_us)).scalar_subquery(),
                MOMENT,
                sortable=False,
            ),
        ),
        belongs=OF_WHOM,
        where=sa.exists(_cancelled_legs(sa.literal(1))),
        default_sort="-id",
        create=Create(NewCancellation, cancel, lambda asked: asked.request_id),
        streamed=False,
        en="The wish to have a service request's open legs cancelled; there is one for each request.",
    )
    ended = EventKind(
        "ServiceRequestStateChangeEvent",
        "serviceRequest",
        LegEnded,
        lambda event: event.request_id,
        lambda document: document["state"] not in OPEN,
        "Service request ended",
        "All legs of a service request have ended.",
    )
    return with_hub(Api(API, BASE, "Service requests", (service_request, cancel_service_request), (ended,)))


def trace_steps(trace: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The steps of a trace as they are told outside."""
    return [_step(step) for step in trace["steps"]]


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: step[name] for name in ("leg", "node", "step", "clock")}
    return told | {"at": write_moment(step["at_us"]), "facts": dict(step["facts"])}
