"""What somebody needs in order to give customers service passwords."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared, Needs
from province_node.authentication.commands import JudgePassword, SetServicePassword


def _number(wish: SetServicePassword) -> str:
    return wish.customer_number


NEEDS: Declared = {
    SetServicePassword: Needs(
        "service-password", "set", record=_number, reason=lambda wish: wish.reason, customer=_number
    ),
    JudgePassword: INTERNAL,
}
