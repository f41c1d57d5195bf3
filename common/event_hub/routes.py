"""Subscriptions to events over HTTP, for who administers the node: those of all owners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from common.event_hub.commands import ReplayDeadLetters, Unsubscribe
from common.event_hub.model import CALLBACK_CHARS_MAX, QUERY_CHARS_MAX, ApiUnknown
from common.event_hub.queries import SUBSCRIPTIONS_SHOWN_MAX, list_subscriptions, show_subscription
from common.event_hub.repository import API_CHARS_MAX
from common.event_hub.rest import make_subscription, secret_text
from common.ids import format_id
from common.program.node import Node
from common.rest.resource import Api
from common.routing import Router
from common.web import id_of


class NewSubscription(BaseModel):
    """Who wants to hear of an API's events."""

    model_config = ConfigDict(extra="forbid")

    api: str = Field(max_length=API_CHARS_MAX)
    callback: str = Field(min_length=1, max_length=CALLBACK_CHARS_MAX)
    query: str = Field(default="", max_length=QUERY_CHARS_MAX)


def hub_routes(node: Node, apis: Sequence[Api]) -> Router:
    """The routes of one node. `apis`: those of the REST interface, of which some tell events."""
    router = Router(prefix="/hubs")
    telling = {api.name: api for api in apis if api.events}

    @router.get("")
    async def subscriptions(
        api: Annotated[str, Field(max_length=API_CHARS_MAX)] = "",
        after: Annotated[str, Field(max_length=64)] = "",
        limit: Annotated[int, Field(ge=1, le=SUBSCRIPTIONS_SHOWN_MAX)] = 50,
    ) -> dict[str, Any]:
        return await node.reads.run(list_subscriptions, api, id_of(after) if after else b"", limit)

    @router.post("")
    async def subscribe(given: NewSubscription) -> dict[str, Any]:
        api = telling.get(given.api)
        if api is None:
            raise ApiUnknown(api=repr(given.api), known=", ".join(telling))
        wish = make_subscription(api, given.callback, given.query, node.local_desk.actor)
        subscribed = await node.local_desk.execute(wish)
        return {"subscription_id": format_id(subscribed.subscription_id), "secret": secret_text(subscribed)}

    @router.get("/{subscription}")
    async def one(subscription: str) -> dict[str, Any]:
        return await node.reads.run(show_subscription, id_of(subscription))

    @router.post("/{subscription}/removal")
    async def remove(subscription: str) -> dict[str, Any]:
        identity = id_of(subscription)
        await node.local_desk.execute(Unsubscribe(identity))
        return {"subscription_id": format_id(identity)}

    @router.post("/{subscription}/replay")
    async def replay(subscription: str) -> dict[str, Any]:
        replayed = await node.local_desk.execute(ReplayDeadLetters(id_of(subscription)))
        return {"subscription_id": format_id(replayed.subscription_id), "replayed": replayed.deliveries}

    return router
