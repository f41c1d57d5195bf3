"""What somebody needs in order to change parameters, or to look at them."""

from __future__ import annotations

from common.access_control.needs import Declared, Needs
from common.access_control.rights import Permission
from common.approvals.switching import SWITCHING
from common.parameters.commands import SetParameter, WithdrawParameter


def _name(wish: SetParameter | WithdrawParameter) -> str:
    return wish.name


def _why(wish: SetParameter | WithdrawParameter) -> str:
    return wish.reason


READ = Permission("parameter", "read")
SET = Permission("parameter", "set")

READING = frozenset({READ})

NEEDS: Declared = {
    SetParameter: Needs(SET.resource, SET.action, record=_name, reason=_why, approval=SWITCHING),
    WithdrawParameter: Needs(SET.resource, SET.action, record=_name, reason=_why, approval=SWITCHING),
}
