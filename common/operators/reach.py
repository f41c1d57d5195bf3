"""Whether what somebody may do reaches an operator, or a role that they would give."""

from __future__ import annotations

from typing import Any

from common.access_control.actor import ActorKind
from common.access_control.rights import Permission, Scope
from common.operators.model import Operator, OwnRightsFixed, RoleReachesFurther
from common.operators.repository import RoleBook, TeamBook
from common.operators.roles import Role
from common.organisations.reach import require_reach
from common.organisations.repository import OrganisationTree


def require_another(operator: Operator, uow: Any) -> None:
    """Raises OwnRightsFixed where the operator is the actor."""
    if uow.actor.kind is ActorKind.OPERATOR and uow.actor.name == operator.operator:
        raise OwnRightsFixed()


def require_no_further(role: Role, permission: Permission, uow: Any) -> None:
    """Raises NotPermitted; RoleReachesFurther where the role reaches further than the actor's permission does."""
    own = uow.actor.rights.require(permission)
    if role.widest > own:
        raise RoleReachesFurther(role=role.role, scope=role.widest.name, own=own.name)


def require_no_takeover(operator: Operator, permission: Permission, uow: Any) -> None:
    """Whoever could become an operator would hold all that they hold: the actor must reach where they belong and all
    their posts, and each role. Raises NotPermitted, OutsideScope, RoleReachesFurther."""
    require_reach(uow, permission, operator.organisation_id)
    for post in operator.posts:
        require_reach(uow, permission, post.organisation_id)
        require_no_further(RoleBook(uow).get(post.role), permission, uow)


def reaches_record(uow: Any, permission: Permission, organisation_id: str, owner: str) -> bool:
    """Whether the actor's permission reaches a record of this operator and organisation: for one record what
    `rows_within` is for lists. Raises NotPermitted."""
    actor = uow.actor
    scope = actor.rights.require(permission)
    if scope >= Scope.PROVINCE:
        return True
    if scope is Scope.BELOW:
        return OrganisationTree(uow).is_within(organisation_id, actor.organisation)
    if scope is Scope.ORGANISATION:
        return bool(organisation_id == actor.organisation)
    if owner == actor.name:
        return True
    return scope is Scope.TEAM and organisation_id == actor.organisation and TeamBook(uow).share(owner, actor)
