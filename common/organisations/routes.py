"""The organisation tree over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from common.organisations.commands import (
    IMPORT_ROWS_MAX,
    CreateOrganisation,
    DeactivateOrganisation,
    ImportOrganisations,
    MoveOrganisation,
    OrganisationRow,
    RenameOrganisation,
)
from common.organisations.queries import ROWS_MAX, list_organisations, show_organisation
from common.program.node import Node
from common.routing import Router
from common.web import Language, language_of

TEXT_CHARACTERS_MAX = 512

Text = Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewOrganisation(_Body):
    """An organisation to be created."""

    organisation_id: Text
    kind: Text
    name: Text
    parent_id: Text


class NewName(_Body):
    """What it is to be called."""

    name: Text


class NewParent(_Body):
    """Under which it is to hang."""

    parent_id: Text


class Deactivation(_Body):
    """Why it is no more."""

    reason: Text = ""


class ImportRows(_Body):
    """Rows of a file, as its reader gives them."""

    rows: list[OrganisationRow] = Field(max_length=IMPORT_ROWS_MAX)


def organisation_routes(node: Node) -> Router:
    """The routes of one node."""
    router = Router(prefix="/organisations")

    @router.get("")
    async def organisations(
        below: Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)] = "",
        after: Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)] = "",
        limit: Annotated[int, Field(ge=1, le=ROWS_MAX)] = 50,
        all: bool = False,
    ) -> dict[str, Any]:
        return await node.reads.run(list_organisations, below, after, limit, inactive=all)

    @router.post("/import")
    async def import_rows(given: ImportRows, accept_language: Language = None) -> dict[str, Any]:
        done = await node.local_desk.execute(ImportOrganisations(tuple(given.rows)), bulk=True)
        chinese = language_of(accept_language).startswith("zh")
        problems = [
            {
                "line": problem.line,
                "column": problem.column,
                "code": problem.code,
                "reason": problem.zh if chinese else problem.en,
            }
            for problem in done.problems
        ]
        counts = {"created": done.created, "updated": done.updated, "unchanged": done.unchanged}
        return {**counts, "problems": problems}

    @router.post("")
    async def create(given: NewOrganisation) -> dict[str, Any]:
        return asdict(await node.local_desk.execute(CreateOrganisation(**given.model_dump())))

    @router.get("/{organisation_id}")
    async def show(organisation_id: str) -> dict[str, Any]:
        return await node.reads.run(show_organisation, organisation_id)

    @router.post("/{organisation_id}/name")
    async def rename(organisation_id: str, given: NewName) -> dict[str, Any]:
        return asdict(await node.local_desk.execute(RenameOrganisation(organisation_id, given.name)))

    @router.post("/{organisation_id}/parent")
    async def move(organisation_id: str, given: NewParent) -> dict[str, Any]:
        return asdict(await node.local_desk.execute(MoveOrganisation(organisation_id, given.parent_id)))

    @router.post("/{organisation_id}/deactivation")
    async def deactivate(organisation_id: str, given: Deactivation) -> dict[str, Any]:
        return asdict(await node.local_desk.execute(DeactivateOrganisation(organisation_id, given.reason)))

    return router
