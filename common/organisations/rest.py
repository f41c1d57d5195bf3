"""The organisation tree as TMF632 has organisations."""

from __future__ import annotations

from pydantic import Field

from common.access_control.actor import Actor
from common.operators.row_scope import Belongs
from common.organisations.commands import CreateOrganisation
from common.organisations.kinds import KINDS
from common.organisations.model import ACTIVE, INACTIVE
from common.organisations.permissions import READ
from common.organisations.repository import organisations
from common.rest.attributes import MOMENT, Attribute, listed, not_empty
from common.rest.bodies import Body
from common.rest.resource import Api, Create, Resource

TEXT_CHARS_MAX = 128


class NewOrganization(Body):
    """An organisation under another one."""

    id: str = Field(max_length=TEXT_CHARS_MAX)
    name: str = Field(max_length=TEXT_CHARS_MAX)
    organization_type: str = Field(max_length=TEXT_CHARS_MAX)
    parent_id: str = Field(max_length=TEXT_CHARS_MAX)


def _create(new: NewOrganization, _actor: Actor) -> CreateOrganisation:
    return CreateOrganisation(new.id, new.organization_type, new.name, new.parent_id)


ORGANIZATION = Resource(
    "organization",
    READ,
    organisations,
    Attribute("id", organisations.c.organisation_id),
    (
        Attribute("name", organisations.c.name),
        Attribute("organizationType", organisations.c.kind, listed(tuple(KINDS))),
        Attribute("status", organisations.c.state, listed((ACTIVE, INACTIVE))),
        Attribute("parentId", not_empty(organisations.c.parent_id), en="The organisation above it."),
        Attribute("existsDuring.startDateTime", organisations.c.created_at_us, MOMENT),
        Attribute("lastUpdate", organisations.c.updated_at_us, MOMENT),
    ),
    belongs=Belongs(organisations.c.organisation_id),
    create=Create(NewOrganization, _create, lambda made: made.organisation_id),
    en="Headquarters, a province, city, county, branch, community or department.",
)

PARTY_API = Api("partyManagement", "/tmf-api/party/v4", "TMF632 Party", (ORGANIZATION,))
