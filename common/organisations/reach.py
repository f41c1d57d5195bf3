"""Whether what somebody may do reaches an organisation."""

from __future__ import annotations

from common.access_control.rights import OutsideScope, Permission, Scope
from common.db.unit_of_work import UnitOfWork
from common.organisations.repository import OrganisationTree


def require_reach(uow: UnitOfWork, permission: Permission, organisation_id: str) -> None:
    """Raises NotPermitted, or OutsideScope where the actor holds the permission, but not for this organisation."""
    scope, own = uow.actor.rights.require(permission), uow.actor.organisation
    if scope >= Scope.PROVINCE:
        return
    if scope is Scope.BELOW and OrganisationTree(uow).is_within(organisation_id, own):
        return
    if scope is Scope.ORGANISATION and organisation_id == own:
        return
    raise OutsideScope(permission=str(permission), scope=scope.name)
