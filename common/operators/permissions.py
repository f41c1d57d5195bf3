"""What somebody needs in order to change who may do what, or to look at it."""

from __future__ import annotations

from common.access_control.needs import Declared, Needs
from common.access_control.rights import Permission
from common.operators.commands import (
    ChangeOperator,
    ChangeRole,
    CreateOperator,
    CreateRole,
    GivePost,
    LockOperator,
    SetTeam,
    TakePost,
    UnlockOperator,
)
from common.operators.granting import GRANTING_ROLES


def _role(wish: CreateRole | ChangeRole) -> str:
    return wish.role


def _operator(wish: CreateOperator | ChangeOperator | GivePost | TakePost | LockOperator | UnlockOperator) -> str:
    return wish.operator


def _why(wish: LockOperator | UnlockOperator) -> str:
    return wish.reason


CREATE_ROLE = Permission("role", "create")
CHANGE_ROLE = Permission("role", "change")
CREATE_OPERATOR = Permission("operator", "create")
CHANGE_OPERATOR = Permission("operator", "change")
LOCK_OPERATOR = Permission("operator", "lock")
UNLOCK_OPERATOR = Permission("operator", "unlock")
SET_TEAM = Permission("team", "set")

READ_ROLE, READ_OPERATOR = Permission("role", "read"), Permission("operator", "read")
READING = frozenset({READ_ROLE, READ_OPERATOR})

NEEDS: Declared = {
    CreateRole: Needs(CREATE_ROLE.resource, CREATE_ROLE.action, record=_role),
    ChangeRole: Needs(CHANGE_ROLE.resource, CHANGE_ROLE.action, record=_role, approval=GRANTING_ROLES),
    CreateOperator: Needs(CREATE_OPERATOR.resource, CREATE_OPERATOR.action, record=_operator, approval=GRANTING_ROLES),
    ChangeOperator: Needs(CHANGE_OPERATOR.resource, CHANGE_OPERATOR.action, record=_operator, approval=GRANTING_ROLES),
    GivePost: Needs(CHANGE_OPERATOR.resource, CHANGE_OPERATOR.action, record=_operator, approval=GRANTING_ROLES),
    TakePost: Needs(CHANGE_OPERATOR.resource, CHANGE_OPERATOR.action, record=_operator),
    LockOperator: Needs(LOCK_OPERATOR.resource, LOCK_OPERATOR.action, record=_operator, reason=_why),
    UnlockOperator: Needs(UNLOCK_OPERATOR.resource, UNLOCK_OPERATOR.action, record=_operator, reason=_why),
    SetTeam: Needs(SET_TEAM.resource, SET_TEAM.action, record=lambda wish: wish.team),
}
