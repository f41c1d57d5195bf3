"""Tokens over HTTP, for who administers the node."""

from __future__ import annotations

import os
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from common.api_tokens.commands import PERMISSIONS_MAX, IssueToken, RevokeToken
from common.api_tokens.queries import ROWS_MAX, list_tokens
from common.ids import format_id
from common.program.node import Node
from common.routing import Router
from common.sign_in.bearers import SECRET_BYTES, TOKEN_PREFIX, Bearer
from common.web import id_of

TEXT_CHARACTERS_MAX = 512

Text = Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewToken(_Body):
    """A token to be issued."""

    client: Text
    organisation_id: Text
    role: Text
    days: int
    only: list[Text] = Field(default=[], max_length=PERMISSIONS_MAX)


class Revocation(_Body):
    """Why a token is revoked."""

    reason: Text = ""


def token_routes(node: Node) -> Router:
    """The routes of one node."""
    router = Router(prefix="/tokens")

    @router.get("")
    async def tokens(
        client: Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)] = "",
        after: Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)] = "",
        limit: Annotated[int, Field(ge=1, le=ROWS_MAX)] = 50,
    ) -> dict[str, Any]:
        return await node.reads.run(list_tokens, client, id_of(after) if after else b"", limit)

    @router.post("")
    async def issue(given: NewToken) -> dict[str, Any]:
        secret = os.urandom(SECRET_BYTES)
        wish = IssueToken(given.client, given.organisation_id, given.role, given.days, secret, tuple(given.only))
        issued = await node.local_desk.execute(wish)
        return {
            "token_id": format_id(issued.token_id),
            "client": issued.client,
            "expires_at_us": issued.expires_at_us,
            "token": Bearer(TOKEN_PREFIX, issued.token_id, issued.secret).text(),
        }

    @router.post("/{token}/revocation")
    async def revoke(token: str, given: Revocation) -> dict[str, Any]:
        revoked = await node.local_desk.execute(RevokeToken(id_of(token), given.reason))
        return {"token_id": format_id(revoked.token_id), "client": revoked.client}

    return router
