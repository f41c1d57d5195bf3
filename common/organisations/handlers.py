"""Founding, creating, renaming, moving, deactivating organisations, and taking them in from a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from common.access_control.rights import Permission
from common.access_control.version import begin_change
from common.errors import Refusal
from common.organisations.commands import (
    IMPORT_ROWS_MAX,
    CreateOrganisation,
    DeactivateOrganisation,
    FoundOrganisations,
    ImportOrganisations,
    MoveOrganisation,
    OrganisationRow,
    RenameOrganisation,
)
from common.organisations.events import OrganisationRowProblem, OrganisationsImported
from common.organisations.model import (
    Organisation,
    OrganisationCannotHangThere,
    OrganisationCodeUnfit,
    OrganisationExists,
    OrganisationIdUnfit,
    OrganisationKindFixed,
    OrganisationKindUnknown,
    OrganisationNameUnfit,
    new_organisation,
    root_of,
)
from common.organisations.permissions import CREATE, DEACTIVATE, IMPORT, MOVE, RENAME
from common.organisations.reach import require_reach
from common.organisations.repository import OrganisationTree

_AT_FAULT: dict[type[Refusal], str] = {
    OrganisationIdUnfit: "organisation_id",
    OrganisationCodeUnfit: "organisation_id",
    OrganisationKindUnknown: "kind",
    OrganisationKindFixed: "kind",
    OrganisationCannotHangThere: "kind",
    OrganisationNameUnfit: "name",
}
"""Which column a refusal is about; all others are about the parent."""


def found_organisations(_command: FoundOrganisations, uow: Any) -> None:
    """Sets the root where there is none yet."""
    tree = OrganisationTree(uow)
    if tree.find(uow.node.node) is None:
        begin_change(uow)
        tree.add(root_of(uow.node.node, uow.now_us))


def create_organisation(command: CreateOrganisation, uow: Any) -> Organisation:
    """Raises OrganisationExists, OrganisationsTooMany, OrganisationNotFound (of the parent), OutsideScope, and what
    `new_organisation` raises."""
    begin_change(uow)
    tree = OrganisationTree(uow)
    if tree.find(command.organisation_id) is not None:
        raise OrganisationExists(organisation=command.organisation_id)
    tree.require_room(1)
    created = _create(command, CREATE, uow)
    uow.describe_change(None, _shown(created))
    return created


def rename_organisation(command: RenameOrganisation, uow: Any) -> Organisation:
    """Raises OrganisationNotFound, OrganisationInactive, OrganisationNameUnfit, OutsideScope."""
    begin_change(uow)
    tree = OrganisationTree(uow)
    known = tree.get(command.organisation_id)
    require_reach(uow, RENAME, known.organisation_id)
    renamed = known.renamed(command.name, uow.now_us)
    tree.save(renamed)
    uow.describe_change(_shown(known), _shown(renamed))
    return renamed


def move_organisation(command: MoveOrganisation, uow: Any) -> Organisation:
    """Raises OrganisationNotFound (of either), OutsideScope, and what `Organisation.moved` raises."""
    begin_change(uow)
    known = OrganisationTree(uow).get(command.organisation_id)
    moved = _move(known, command.parent_id, MOVE, uow)
    uow.describe_change(_shown(known), _shown(moved))
    return moved


def deactivate_organisation(command: DeactivateOrganisation, uow: Any) -> Organisation:
    """Raises OrganisationNotFound, OutsideScope, and what `Organisation.deactivated` raises."""
    begin_change(uow)
    tree = OrganisationTree(uow)
    known = tree.get(command.organisation_id)
    require_reach(uow, DEACTIVATE, known.organisation_id)
    ended = known.deactivated(tree.active_part_of(known.organisation_id), uow.now_us)
    tree.save(ended)
    uow.describe_change(_shown(known), _shown(ended))
    return ended


def import_organisations(command: ImportOrganisations, uow: Any) -> OrganisationsImported:
    """What became of each row. A row is judged in full before anything of it is staged. Raises OrganisationsTooMany."""
    assert len(command.rows) <= IMPORT_ROWS_MAX, "the reader cuts files into parts"
    begin_change(uow)
    tree = OrganisationTree(uow)
    tree.require_room(sum(tree.find(row.organisation_id) is None for row in command.rows))
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    problems: list[OrganisationRowProblem] = []
    for row in command.rows:
        try:
            counts[_take_row(row, uow)] += 1
        except Refusal as refusal:
            column = _AT_FAULT.get(type(refusal), "parent_id")
            problems.append(
                OrganisationRowProblem(row.line, column, refusal.code, refusal.text("en"), refusal.text("zh"))
            )
    uow.describe_change(None, {**counts, "rejected": len(problems)})
    return OrganisationsImported(**counts, problems=tuple(problems))


def _take_row(row: OrganisationRow, uow: Any) -> str:
    known = OrganisationTree(uow).find(row.organisation_id)
    if known is None:
        _create(CreateOrganisation(row.organisation_id, row.kind, row.name, row.parent_id), IMPORT, uow)
        return "created"
    if known.kind != row.kind:
        raise OrganisationKindFixed(organisation=known.organisation_id, kind=known.kind, given=repr(row.kind[:64]))
    require_reach(uow, IMPORT, known.organisation_id)
    if (known.name, known.parent_id) == (row.name.strip(), row.parent_id):
        return "unchanged"
    renamed = known.renamed(row.name, uow.now_us)
    if known.parent_id == row.parent_id:
        OrganisationTree(uow).save(renamed)
    else:
        _move(renamed, row.parent_id, IMPORT, uow)
    return "updated"


def _create(command: CreateOrganisation, permission: Permission, uow: Any) -> Organisation:
    tree = OrganisationTree(uow)
    parent = tree.get(command.parent_id)
    require_reach(uow, permission, parent.organisation_id)
    created = new_organisation(command.organisation_id, command.kind, command.name, parent, uow.now_us)
    tree.add(created)
    return created


def _move(known: Organisation, parent_id: str, permission: Permission, uow: Any) -> Organisation:
    tree = OrganisationTree(uow)
    known.require_below()
    parent = tree.get(parent_id)
    require_reach(uow, permission, known.organisation_id)
    require_reach(uow, permission, parent.organisation_id)
    moved = known.moved(parent, tree.above(parent.organisation_id), uow.now_us)
    tree.hang_anew(moved, tree.above(tree.get(known.organisation_id).parent_id))
    return moved


def _shown(organisation: Organisation) -> dict[str, str]:
    """What the audit log shows."""
    shown = asdict(organisation)
    return {name: shown[name] for name in ("kind", "name", "parent_id", "state")}


HANDLERS: dict[type, Callable[[Any, Any], Any]] = {
    FoundOrganisations: found_organisations,
    CreateOrganisation: create_organisation,
    RenameOrganisation: rename_organisation,
    MoveOrganisation: move_organisation,
    DeactivateOrganisation: deactivate_organisation,
    ImportOrganisations: import_organisations,
}
