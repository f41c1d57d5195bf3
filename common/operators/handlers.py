"""Creating and changing roles, operators and teams; locking and unlocking operators."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from common.access_control.actor import ActorKind
from common.access_control.rights import OutsideScope, Permission, Scope
from common.access_control.version import begin_change
from common.operators.commands import (
    ChangeOperator,
    ChangeRole,
    CreateOperator,
    CreateRole,
    GivePost,
    LockOperator,
    Post,
    SetTeam,
    TakePost,
    UnlockOperator,
)
from common.operators.model import (
    ACTIVE,
    LOCKED,
    Operator,
    OperatorExists,
    OwnRightsFixed,
    PostHeldAlready,
    PostNotHeld,
    fit_members,
    fit_name,
    new_operator,
    require_id,
)
from common.operators.names import require_free_name
from common.operators.permissions import (
    CHANGE_OPERATOR,
    CHANGE_ROLE,
    CREATE_OPERATOR,
    CREATE_ROLE,
    LOCK_OPERATOR,
    SET_TEAM,
    UNLOCK_OPERATOR,
)
from common.operators.reach import require_another, require_no_further
from common.operators.repository import OperatorBook, RoleBook, TeamBook, TeamRow
from common.operators.roles import Role, RoleExists, RoleIsBuiltIn, make_role, require_below
from common.operators.separation import require_apart_of_posts, require_apart_of_role
from common.organisations.reach import require_reach
from common.organisations.repository import OrganisationTree
from common.personal_data.masking import mask_name


def create_role(command: CreateRole, uow: Any) -> Role:
    """Raises RoleExists, OutsideScope, RoleReachesFurther, RoleAboveCeiling, DutiesConflict, and what `make_role`
    raises."""
    begin_change(uow)
    _require_whole_node(CREATE_ROLE, uow)
    if RoleBook(uow).find(command.role) is not None:
        raise RoleExists(role=command.role)
    role = make_role(command.role, command.name, command.permissions, command.fields, uow.node.permissions)
    require_no_further(role, CREATE_ROLE, uow)
    require_below(role, uow.node.access_limits)
    require_apart_of_role(None, role, uow)
    RoleBook(uow).save(role)
    uow.describe_change(None, role.document())
    return role


def change_role(command: ChangeRole, uow: Any) -> Role:
    """Raises RoleNotFound, RoleIsBuiltIn, OutsideScope, OwnRightsFixed, RoleReachesFurther, RoleAboveCeiling,
    DutiesConflict, and what `make_role` raises."""
    begin_change(uow)
    _require_whole_node(CHANGE_ROLE, uow)
    known = RoleBook(uow).get(command.role)
    if known.built_in:
        raise RoleIsBuiltIn(role=known.role)
    _require_not_held(known.role, uow)
    role = make_role(command.role, command.name, command.permissions, command.fields, uow.node.permissions)
    require_no_further(role, CHANGE_ROLE, uow)
    require_below(role, uow.node.access_limits)
    require_apart_of_role(known, role, uow)
    RoleBook(uow).save(role)
    uow.describe_change(known.document(), role.document())
    return role


def create_operator(command: CreateOperator, uow: Any) -> Operator:
    """Raises OperatorExists, NameTaken, OperatorUnfit, OrganisationNotFound, OrganisationInactive, RoleNotFound,
    OutsideScope, RoleReachesFurther, DutiesConflict."""
    begin_change(uow)
    made = new_operator(command.operator, command.name, command.organisation_id, command.posts, uow.now_us)
    book = OperatorBook(uow)
    if book.find(made.operator) is not None:
        raise OperatorExists(operator=made.operator)
    require_free_name(made.operator, ActorKind.OPERATOR, uow)
    _require_organisation(made.organisation_id, CREATE_OPERATOR, uow)
    _require_posts(made.posts, CREATE_OPERATOR, uow)
    require_apart_of_posts(made.operator, made.posts, (), uow)
    book.save(made)
    uow.describe_change(None, _shown(made))
    return made


def change_operator(command: ChangeOperator, uow: Any) -> Operator:
    """Raises OperatorNotFound, OwnRightsFixed, and what `create_operator` raises."""
    begin_change(uow)
    book = OperatorBook(uow)
    known = book.get(command.operator)
    require_reach(uow, CHANGE_OPERATOR, known.organisation_id)
    name = known.name if command.name is None else command.name
    home = known.organisation_id if command.organisation_id is None else command.organisation_id
    posts = known.posts if command.posts is None else command.posts
    changed = known.changed(name, home, posts, uow.now_us)
    if (changed.organisation_id, changed.posts) != (known.organisation_id, known.posts):
        require_another(known, uow)
    if changed.organisation_id != known.organisation_id:
        _require_organisation(changed.organisation_id, CHANGE_OPERATOR, uow)
    _require_posts((post for post in changed.posts if post not in known.posts), CHANGE_OPERATOR, uow)
    for post in known.posts:
        if post not in changed.posts:
            require_reach(uow, CHANGE_OPERATOR, post.organisation_id)
    require_apart_of_posts(known.operator, changed.posts, known.posts, uow)
    book.save(changed, known.posts)
    uow.describe_change(_shown(known), _shown(changed))
    return changed


def give_post(command: GivePost, uow: Any) -> Operator:
    """Raises PostHeldAlready, and what `change_operator` raises."""
    begin_change(uow)
    known = OperatorBook(uow).get(command.operator)
    if command.post in known.posts:
        raise PostHeldAlready(**_of_post(command))
    return change_operator(ChangeOperator(command.operator, posts=(*known.posts, command.post)), uow)


def take_post(command: TakePost, uow: Any) -> Operator:
    """Raises PostNotHeld, and what `change_operator` raises."""
    begin_change(uow)
    known = OperatorBook(uow).get(command.operator)
    if command.post not in known.posts:
        raise PostNotHeld(**_of_post(command))
    left = tuple(post for post in known.posts if post != command.post)
    return change_operator(ChangeOperator(command.operator, posts=left), uow)


def _of_post(command: GivePost | TakePost) -> dict[str, str]:
    role, organisation = repr(command.post.role[:64]), repr(command.post.organisation_id[:64])
    return {"operator": command.operator, "role": role, "organisation": organisation}


def lock_operator(command: LockOperator, uow: Any) -> Operator:
    """Raises OperatorNotFound, OperatorStateSame, OutsideScope, OwnRightsFixed."""
    return _set_state(command.operator, LOCKED, LOCK_OPERATOR, uow)


def unlock_operator(command: UnlockOperator, uow: Any) -> Operator:
    """Raises OperatorNotFound, OperatorStateSame, OutsideScope, OwnRightsFixed."""
    return _set_state(command.operator, ACTIVE, UNLOCK_OPERATOR, uow)


def set_team(command: SetTeam, uow: Any) -> tuple[str, ...]:
    """The members. Raises OperatorUnfit, OperatorNotFound, OrganisationNotFound, OrganisationInactive, OutsideScope."""
    begin_change(uow)
    require_id(command.team)
    members = fit_members(command.members)
    book = TeamBook(uow)
    known = book.find(command.team)
    _require_organisation(command.organisation_id, SET_TEAM, uow)
    if known is not None:
        require_reach(uow, SET_TEAM, known.organisation_id)
    for operator in members:
        OperatorBook(uow).get(operator)
    former = book.members(command.team)
    team = TeamRow(command.team, fit_name(command.name), command.organisation_id, uow.now_us)
    book.save(team, members, former)
    uow.describe_change(None if known is None else _shown_team(known, former), _shown_team(team, members))
    return members


def _set_state(operator: str, state: str, permission: Permission, uow: Any) -> Operator:
    begin_change(uow)
    book = OperatorBook(uow)
    known = book.get(operator)
    require_reach(uow, permission, known.organisation_id)
    require_another(known, uow)
    changed = known.in_state(state, uow.now_us)
    book.save(changed, known.posts)
    uow.describe_change(_shown(known), _shown(changed))
    return changed


def _require_whole_node(permission: Permission, uow: Any) -> None:
    """A role counts wherever somebody has it: it is for those who administer the whole node."""
    scope = uow.actor.rights.require(permission)
    if scope < Scope.PROVINCE:
        raise OutsideScope(permission=str(permission), scope=scope.name)


def _require_not_held(role: str, uow: Any) -> None:
    if uow.actor.kind is not ActorKind.OPERATOR:
        return
    own = OperatorBook(uow).find(uow.actor.name)
    if own is not None and any(post.role == role for post in own.posts):
        raise OwnRightsFixed()


def _require_organisation(organisation_id: str, permission: Permission, uow: Any) -> None:
    OrganisationTree(uow).get(organisation_id).require_active()
    require_reach(uow, permission, organisation_id)


def _require_posts(posts: Iterable[Post], permission: Permission, uow: Any) -> None:
    for post in posts:
        _require_organisation(post.organisation_id, permission, uow)
        require_no_further(RoleBook(uow).get(post.role), permission, uow)


def _shown(operator: Operator) -> dict[str, Any]:
    """What the audit log shows."""
    return {
        "name": mask_name(operator.name),
        "organisation_id": operator.organisation_id,
        "state": operator.state,
        "posts": [f"{post.role} @ {post.organisation_id}" for post in operator.posts],
    }


def _shown_team(team: TeamRow, members: tuple[str, ...]) -> dict[str, Any]:
    return {"name": team.name, "organisation_id": team.organisation_id, "members": list(members)}


HANDLERS: dict[type, Callable[[Any, Any], Any]] = {
    CreateRole: create_role,
    ChangeRole: change_role,
    CreateOperator: create_operator,
    ChangeOperator: change_operator,
    GivePost: give_post,
    TakePost: take_post,
    LockOperator: lock_operator,
    UnlockOperator: unlock_operator,
    SetTeam: set_team,
}
