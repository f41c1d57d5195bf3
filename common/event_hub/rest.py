"""The hub of an API as resources of it: subscribe, look, unsubscribe; what was given up, and to have it told again.

A subscription is there for its owner alone, whatever else the owner may see.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from common.access_control.actor import Actor
from common.access_control.rights import OutsideScope, Scope
from common.event_hub.announcing import read_wanted
from common.event_hub.commands import ReplayDeadLetters, Subscribe, Unsubscribe
from common.event_hub.events import Subscribed
from common.event_hub.model import CALLBACK_CHARS_MAX, OFF, ON, QUERY_CHARS_MAX, SECRET_BYTES
from common.event_hub.permissions import READING
from common.event_hub.queries import show_subscription
from common.event_hub.repository import hub_subscriptions
from common.rest.access import EVERYTHING_SHOWN, shown_to
from common.rest.attributes import IDENTITY, MOMENT, Attribute, happened, listed, not_empty, write_moment
from common.rest.bodies import Body
from common.rest.door import caller_name
from common.rest.resource import Api, Change, Create, Delete, Resource, View

SECRET = "secret"  # noqa: S105 - the name of a field.


class NewHub(Body):
    """Who wants to hear of an API's events."""

    callback: str = Field(min_length=1, max_length=CALLBACK_CHARS_MAX)
    """Where events are sent: to `<callback>/listener/<event name>`, by POST."""
    query: str = Field(default="", max_length=QUERY_CHARS_MAX)
    """Which events: `eventType=A,B`, and `<resource>.<attribute>=` as in lists; empty: all."""


class HubChange(Body):
    """Switching on: what was given up is told again."""

    state: Literal["on"]


class DeadLetter(BaseModel):
    """An event that was given up."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    event_id: str = Field(json_schema_extra={"format": "uuid"})
    event_type: str
    event_time: str = Field(json_schema_extra={"format": "date-time"})
    tries: int
    error: str


class DeadLetters(BaseModel):
    """The first of the events that were given up, and how many there are."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    count: int
    dead_letter: list[DeadLetter]


def with_hub(api: Api) -> Api:
    """The API with its hub."""
    return replace(api, resources=(*api.resources, _hub(api)))


def make_subscription(api: Api, callback: str, query: str, actor: Actor) -> Subscribe:
    """The wish to be told of an API's events, with a new secret. Who is told of all of them must be allowed to see all
    of them. Raises OutsideScope, NotPermitted, UnknownParameter."""
    wanted = read_wanted(api, query)
    for kind in api.events:
        if not wanted.may_ask_for(kind):
            continue
        resource = _resource(api, kind.resource)
        if actor.rights.require(resource.reading) < Scope.PROVINCE:
            raise OutsideScope(permission=str(resource.reading), scope="less than all records")
        if shown_to(actor, resource) is not EVERYTHING_SHOWN:
            raise OutsideScope(permission=str(resource.reading), scope="less than all fields")
    return Subscribe(api.name, caller_name(actor), callback, query, secrets.token_bytes(SECRET_BYTES))


def _hub(api: Api) -> Resource:
    def subscribe(new: NewHub, actor: Actor) -> Subscribe:
        return make_subscription(api, new.callback, new.query, actor)

    return Resource(
        "hub",
        READING,
        hub_subscriptions,
        Attribute("id", hub_subscriptions.c.subscription_id, IDENTITY),
        (
            Attribute("callback", hub_subscriptions.c.callback, filterable=False, sortable=False),
            Attribute("query", hub_subscriptions.c.query, filterable=False, sortable=False),
            Attribute("state", hub_subscriptions.c.state, listed((ON, OFF)), en="Off: it has failed for too long."),
            Attribute("creationDate", hub_subscriptions.c.created_at_us, MOMENT),
            Attribute("failingSince", happened(hub_subscriptions.c.failing_since_us), MOMENT),
            Attribute("lastError", not_empty(hub_subscriptions.c.last_error), filterable=False, sortable=False),
        ),
        where=hub_subscriptions.c.api == api.name,
        owned=lambda actor: hub_subscriptions.c.owner == caller_name(actor),
        create=Create(NewHub, subscribe, lambda subscribed: subscribed.subscription_id, tells=(SECRET, secret_text)),
        change=Change(HubChange, lambda key, _changes, _actor: ReplayDeadLetters(key)),
        delete=Delete(lambda key, _actor: Unsubscribe(key)),
        views=(View("deadLetter", DeadLetters, _dead_letters, "The events that were given up."),),
        streamed=False,
        en="Who is told of this API's events.",
    )


def _resource(api: Api, name: str) -> Resource:
    return next(resource for resource in api.resources if resource.name == name)


def secret_text(subscribed: Subscribed) -> str:
    """The secret as it is told, once."""
    return base64.b64encode(subscribed.secret).decode()


def _dead_letters(connection: sa.Connection, subscription_id: bytes) -> Mapping[str, Any]:
    found = show_subscription(connection, subscription_id)
    return {
        "count": found["dead"],
        "deadLetter": [
            {
                "eventId": letter["event_id"],
                "eventType": letter["event_type"],
                "eventTime": write_moment(letter["created_at_us"]),
                "tries": letter["tries"],
                "error": letter["error"],
            }
            for letter in found["dead_letters"]
        ],
    }
