"""The organisation tree as TMF632 has organisations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from common.access_control.actor import Actor
from common.operators.row_scope import Belongs
from common.organisations.commands import (
    CreateOrganisation,
    DeactivateOrganisation,
    MoveOrganisation,
    RenameOrganisation,
)
from common.organisations.kinds import KINDS
from common.organisations.model import ACTIVE, INACTIVE
from common.organisations.permissions import READ
from common.organisations.repository import organisations
from common.rest.attributes import MOMENT, Attribute, listed, not_empty
from common.rest.bodies import Body
from common.rest.resource import Api, Change, Create, Resource
from common.validation import Unfit

TEXT_CHARS_MAX = 128


class NewOrganization(Body):
    """An organisation under another one."""

    id: str = Field(max_length=TEXT_CHARS_MAX)
    name: str = Field(max_length=TEXT_CHARS_MAX)
    organization_type: str = Field(max_length=TEXT_CHARS_MAX)
    parent_id: str = Field(max_length=TEXT_CHARS_MAX)


def _create(new: NewOrganization, _actor: Actor) -> CreateOrganisation:
    return CreateOrganisation(new.id, new.organization_type, new.name, new.parent_id)


class OrganizationChange(Body):
    """One change: another name, another organisation above it (all below it moves along), or that it is no more."""

    name: str = Field(default="", max_length=TEXT_CHARS_MAX)
    parent_id: str = Field(default="", max_length=TEXT_CHARS_MAX)
    status: Literal["inactive"] = "inactive"

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise Unfit("name one of name, parentId and status", "请只给出 name、parentId、status 之一")
        return self


def _change(
    organisation_id: str, changes: Mapping[str, Any], _actor: Actor
) -> RenameOrganisation | MoveOrganisation | DeactivateOrganisation:
    if "name" in changes:
        return RenameOrganisation(organisation_id, changes["name"])
    if "parentId" in changes:
        return MoveOrganisation(organisation_id, changes["parentId"])
    return DeactivateOrganisation(organisation_id, "")


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
    change=Change(OrganizationChange, _change, en="Rename, move or deactivate an organisation"),
    en="Headquarters, a province, city, county, branch, community or department.",
)

PARTY_API = Api("partyManagement", "/tmf-api/party/v4", "TMF632 Party", (ORGANIZATION,))
