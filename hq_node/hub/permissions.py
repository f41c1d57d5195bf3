"""What somebody needs in order to end what the hub cannot end by itself."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared, Needs
from common.access_control.rights import Permission
from hq_node.hub.commands import (
    EndLegsOfLostHome,
    PassTimeLimits,
    RollBusinessDate,
    SettleTakenBack,
    TakeBackWord,
    TakeForForwarded,
)

END_LEGS = Permission("node", "end-legs")

NEEDS: Declared = {
    PassTimeLimits: INTERNAL,
    RollBusinessDate: INTERNAL,
    TakeBackWord: INTERNAL,
    TakeForForwarded: INTERNAL,
    SettleTakenBack: INTERNAL,
    EndLegsOfLostHome: Needs(
        END_LEGS.resource, END_LEGS.action, record=lambda wish: wish.home, reason=lambda wish: wish.reason
    ),
}
