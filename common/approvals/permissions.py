"""What somebody needs in order to decide requests for approval, to look at them, or to name substitutes."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared, JudgedByRecord, Needs, OwnAccount
from common.access_control.rights import Permission
from common.approvals.commands import (
    Approve,
    BreakGlass,
    EndOwnSubstitution,
    EndSubstitution,
    ExpireApprovals,
    NameOwnSubstitute,
    NameSubstitute,
    Refuse,
    Withdraw,
)
from common.approvals.naming import END_SUBSTITUTION, NAME_SUBSTITUTE
from common.ids import format_id
from common.operators.granting import GRANTING

READ = Permission("approval", "read")
READ_SUBSTITUTION = Permission("substitution", "read")
READING = frozenset({READ, READ_SUBSTITUTION})

OWN = "own-account"


def _approval(wish: Approve | Refuse | Withdraw | BreakGlass) -> str:
    return format_id(wish.approval_id)


def _substitution(wish: EndSubstitution | EndOwnSubstitution) -> str:
    return format_id(wish.substitution_id)


def _why(
    wish: Approve
    | Refuse
    | Withdraw
    | BreakGlass
    | NameSubstitute
    | NameOwnSubstitute
    | EndSubstitution
    | EndOwnSubstitution,
) -> str:
    return wish.reason


NEEDS: Declared = {
    # Which permission, and in which scope, depends on what was asked, by whom, and for whom one stands in.
    Approve: JudgedByRecord("approval", "approve", record=_approval, reason=_why),
    Refuse: JudgedByRecord("approval", "refuse", record=_approval, reason=_why),
    Withdraw: JudgedByRecord("approval", "withdraw", record=_approval, reason=_why),
    BreakGlass: JudgedByRecord("approval", "break-glass", record=_approval, reason=_why),
    ExpireApprovals: INTERNAL,
    NameSubstitute: Needs(
        NAME_SUBSTITUTE.resource,
        NAME_SUBSTITUTE.action,
        record=lambda wish: wish.operator,
        reason=_why,
        # Who approves for others could be chosen by whoever wants something approved.
        approval=GRANTING,
    ),
    EndSubstitution: Needs(END_SUBSTITUTION.resource, END_SUBSTITUTION.action, record=_substitution, reason=_why),
    NameOwnSubstitute: OwnAccount(OWN, "name-substitute", record=lambda wish: wish.substitute, reason=_why),
    EndOwnSubstitution: OwnAccount(OWN, "end-substitution", record=_substitution, reason=_why),
}
