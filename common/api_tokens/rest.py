"""Tokens of other systems over the public REST interface."""

from __future__ import annotations

import secrets

from pydantic import Field

from common.access_control.actor import Actor
from common.api_tokens.commands import PERMISSIONS_MAX, IssueToken, RevokeToken
from common.api_tokens.events import TokenIssued
from common.api_tokens.model import DAYS_MAX
from common.api_tokens.permissions import READ
from common.api_tokens.repository import api_tokens
from common.operators.row_scope import Belongs
from common.rest.attributes import IDENTITY, MOMENT, Attribute, Form, happened
from common.rest.bodies import Body
from common.rest.resource import Create, Delete, Resource
from common.sign_in.bearers import SECRET_BYTES, TOKEN_PREFIX, Bearer

TEXT_CHARS_MAX = 128
PERMISSIONS = Form("permissions", "权限", {"type": "array", "items": {"type": "string"}}, str.split, str)


class NewApiToken(Body):
    """A token for a system, which acts in an organisation with what a role gives."""

    client: str = Field(max_length=TEXT_CHARS_MAX)
    """The system's name; it may have several tokens."""
    organisation_id: str = Field(max_length=TEXT_CHARS_MAX)
    role: str = Field(max_length=TEXT_CHARS_MAX)
    days: int = Field(default=90, ge=1, le=DAYS_MAX)
    """So long it is good."""
    permission: list[str] = Field(default=[], max_length=PERMISSIONS_MAX)
    """No more of the role than these; empty: all of it."""


def _issue(new: NewApiToken, _actor: Actor) -> IssueToken:
    secret = secrets.token_bytes(SECRET_BYTES)
    return IssueToken(new.client, new.organisation_id, new.role, new.days, secret, tuple(new.permission))


def _text(issued: TokenIssued) -> str:
    return Bearer(TOKEN_PREFIX, issued.token_id, issued.secret).text()


API_TOKEN = Resource(
    "apiToken",
    READ,
    api_tokens,
    Attribute("id", api_tokens.c.token_id, IDENTITY),
    (
        Attribute("client", api_tokens.c.client),
        Attribute("organisationId", api_tokens.c.organisation_id),
        Attribute("role", api_tokens.c.role),
        Attribute("permission", api_tokens.c.permissions, PERMISSIONS, filterable=False, sortable=False),
        Attribute("creationDate", api_tokens.c.issued_at_us, MOMENT),
        Attribute("issuedBy", api_tokens.c.issued_by),
        Attribute("validUntil", api_tokens.c.expires_at_us, MOMENT),
        Attribute("lastUse", happened(api_tokens.c.used_at_us), MOMENT),
    ),
    where=api_tokens.c.revoked_at_us == 0,
    belongs=Belongs(api_tokens.c.organisation_id),
    create=Create(NewApiToken, _issue, lambda issued: issued.token_id, tells=("token", _text)),
    delete=Delete(lambda token_id, _actor: RevokeToken(token_id, ""), en="Revoke it."),
    en="What another system shows in order to be let in. Revoked ones are not there any more.",
)
