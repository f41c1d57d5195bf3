"""What somebody needs in order to change the organisation tree, or to look at it."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared, Needs
from common.access_control.rights import Permission
from common.organisations.commands import (
    CreateOrganisation,
    DeactivateOrganisation,
    FoundOrganisations,
    ImportOrganisations,
    MoveOrganisation,
    RenameOrganisation,
)


def _id(
    wish: CreateOrganisation | RenameOrganisation | MoveOrganisation | DeactivateOrganisation,
) -> str:
    return wish.organisation_id


READ = Permission("organisation", "read")
CREATE = Permission("organisation", "create")
RENAME = Permission("organisation", "rename")
MOVE = Permission("organisation", "move")
DEACTIVATE = Permission("organisation", "deactivate")
IMPORT = Permission("organisation", "import")

READING = frozenset({READ})

NEEDS: Declared = {
    FoundOrganisations: INTERNAL,
    CreateOrganisation: Needs(CREATE.resource, CREATE.action, record=_id),
    RenameOrganisation: Needs(RENAME.resource, RENAME.action, record=_id),
    MoveOrganisation: Needs(MOVE.resource, MOVE.action, record=_id),
    DeactivateOrganisation: Needs(DEACTIVATE.resource, DEACTIVATE.action, record=_id, reason=lambda wish: wish.reason),
    ImportOrganisations: Needs(IMPORT.resource, IMPORT.action),
}
