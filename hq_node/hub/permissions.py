"""What somebody needs in order to end what the hub cannot end by itself."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared, Needs
from hq_node.hub.commands import EndLegsOfLostHome, PassTimeLimits, RollBusinessDate, SettleTakenBack, TakeBackWord

NEEDS: Declared = {
    PassTimeLimits: INTERNAL,
    RollBusinessDate: INTERNAL,
    TakeBackWord: INTERNAL,
    SettleTakenBack: INTERNAL,
    EndLegsOfLostHome: Needs("node", "end-legs", record=lambda wish: wish.home, reason=lambda wish: wish.reason),
}
