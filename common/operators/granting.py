"""Giving weighty rights needs a second person: those that otherwise the administrator alone holds, and to read the
audit log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from common.access_control.approval import RESOURCE, Approval
from common.access_control.rights import Permission
from common.operators.built_in import ADMINISTRATOR_ALONE
from common.operators.commands import ChangeOperator, ChangeRole, CreateOperator, GivePost, Post
from common.operators.parameters import GRANT_APPROVAL
from common.operators.repository import OperatorBook, RoleBook
from common.operators.roles import Role, known_permission

WEIGHTY = frozenset(map(Permission.parse, (*ADMINISTRATOR_ALONE, "audit:read")))


def is_weighty(permissions: Iterable[Permission]) -> bool:
    """Whether any of them is, or lets somebody approve."""
    return any(permission in WEIGHTY or permission.resource == RESOURCE for permission in permissions)


def gives_weighty_rights(command: Any, uow: Any) -> bool:
    """Whether the command gives anybody a weighty role, or makes a role weighty. Raises what the command would of roles
    and operators that are not there."""
    if isinstance(command, ChangeRole):
        return _becomes_weightier(command, uow)
    return any(is_weighty(role.permissions) for role in _given(command, uow))


def _given(command: Any, uow: Any) -> list[Role]:
    given: tuple[Post, ...] = ()
    if isinstance(command, CreateOperator):
        given = command.posts
    elif isinstance(command, GivePost):
        given = (command.post,)
    elif isinstance(command, ChangeOperator) and command.posts is not None:
        held = OperatorBook(uow).get(command.operator).posts
        given = tuple(post for post in command.posts if post not in held)
    return [RoleBook(uow).get(post.role) for post in given]


def _becomes_weightier(command: ChangeRole, uow: Any) -> bool:
    """Also a wider scope is more than it gave."""
    known = RoleBook(uow).get(command.role).permissions
    wanted = {known_permission(text, uow.node.permissions): scope for text, scope in command.permissions.items()}
    more = [each for each, scope in wanted.items() if each not in known or known[each].name != scope.upper()]
    return is_weighty(more)


GRANTING = Approval(
    "grant-rights",
    GRANT_APPROVAL,
    "Giving weighty rights",
    "授予重要权限",
)
"""For what always gives some."""

GRANTING_ROLES = Approval(
    GRANTING.action,
    GRANT_APPROVAL,
    GRANTING.en,
    GRANTING.zh,
    when=gives_weighty_rights,
    # The operator's name is among it.
    personal=True,
)
"""For what gives some, where the role is weighty."""
