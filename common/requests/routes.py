"""Service requests over HTTP: submit, list, show, wait, trace, cancel."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from common.ids import HQ, format_id
from common.personal_data.revealing import REASON_CHARACTERS_MAX
from common.program.node import Node
from common.requests.commands import ActingFor, CancelServiceRequest, RevealAnswer, SubmitServiceRequest
from common.requests.queries import REQUESTS_MAX, legs_not_cancelled_yet, list_requests, show_request
from common.requests.watch import wait_for_end
from common.requests.whereabouts import hub_link
from common.routing import Router
from common.web import id_of

WAIT_MS_MAX = 30_000
TEXT_CHARS_MAX = 128


class Acting(BaseModel):
    """Who acts, and how the customer was authenticated."""

    model_config = ConfigDict(extra="forbid")

    operator: str = Field(default="", max_length=64)
    organisation: str = Field(default="", max_length=64)
    channel: str = Field(default="", max_length=32)
    customer_authentication: str = Field(default="NONE", max_length=32)
    interaction: str = Field(default="", max_length=36)


class NewRequest(BaseModel):
    """A service request; `content` holds the kind's fields, personal ones too: each goes where it belongs."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(max_length=TEXT_CHARS_MAX)
    destinations: list[str] = Field(default=[], max_length=1_000)
    region: str = Field(default="", max_length=64)
    content: dict[str, Any] = {}
    acting: Acting = Acting()
    time_to_live_ms: int = Field(default=0, ge=0)
    idempotency_key: str = Field(default="", max_length=TEXT_CHARS_MAX)


class Cancellation(BaseModel):
    """Which leg to cancel; without a destination, all that are open."""

    model_config = ConfigDict(extra="forbid")

    destination: str = Field(default="", max_length=2)


class Revealing(BaseModel):
    """Why an answer is to be shown in full; whose, where several answered."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=REASON_CHARACTERS_MAX)
    destination: str = Field(default="", max_length=2)


def answer_routes(node: Node) -> Router:
    """The routes of a node that is answered about customers."""
    router = Router(prefix="/requests")

    @router.post("/{request_id}/reveal")
    async def reveal(request_id: str, wish: Revealing) -> dict[str, Any]:
        identity = id_of(request_id)
        revealed: dict[str, Any] = await node.local_desk.execute(RevealAnswer(identity, wish.reason, wish.destination))
        return {"request_id": format_id(identity)} | revealed

    return router


def request_routes(node: Node) -> Router:
    """The routes of one node."""
    router = Router(prefix="/requests")

    @router.get("")
    async def requests(
        state: str = "", limit: Annotated[int, Field(ge=1, le=REQUESTS_MAX)] = 50, before: str = ""
    ) -> dict[str, Any]:
        page_before = id_of(before) if before else None
        return await node.reads.run(list_requests, node.context.kinds, state, limit, page_before)

    @router.post("", status_code=201)
    async def submit(new: NewRequest) -> dict[str, Any]:
        body, private = node.context.kinds.asked_as(new.kind).encode_request(new.content)
        command = SubmitServiceRequest(
            kind=new.kind,
            destinations=tuple(new.destinations),
            region=new.region,
            body=body,
            private=private,
            acting=ActingFor(**new.acting.model_dump()),
            time_to_live_ms=new.time_to_live_ms,
            idempotency_key=new.idempotency_key,
        )
        submitted = await node.local_desk.execute(command)
        return {
            "request_id": format_id(submitted.request_id),
            "destinations": list(submitted.destinations),
            "repeated": submitted.repeated,
        }

    @router.get("/{request_id}")
    async def show(request_id: str, wait_ms: Annotated[int, Field(ge=0, le=WAIT_MS_MAX)] = 0) -> dict[str, Any]:
        identity = id_of(request_id)
        if wait_ms:
            await wait_for_end(node.watch, node.reads, identity, wait_ms)
        found = await node.reads.run(show_request, node.context, identity)
        return found | {"hub_link": hub_link(node.link_activities().get(HQ))}

    @router.get("/{request_id}/trace")
    async def trace(request_id: str) -> dict[str, Any]:
        found = await node.reads.run(node.role.trace, node.context, id_of(request_id))
        return found | {"now_us": node.clock.now_us()}

    @router.post("/{request_id}/cancel", status_code=202)
    async def cancel(request_id: str, which: Cancellation | None = None) -> dict[str, Any]:
        destination = which.destination if which is not None else ""
        asked = await node.local_desk.execute(CancelServiceRequest(id_of(request_id), destination))
        return {
            "request_id": format_id(asked.request_id),
            "destinations": list(asked.destinations),
            "waiting_here": await node.reads.run(legs_not_cancelled_yet, asked.request_id),
        }

    return router
