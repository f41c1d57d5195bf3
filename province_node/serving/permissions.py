"""What somebody needs in order to finish what another node asked for."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared, Needs
from province_node.serving.commands import BeginOutsideEffect, FinishLeg, RefuseLeg, TakeBackAnswer

NEEDS: Declared = {
    TakeBackAnswer: INTERNAL,
    BeginOutsideEffect: Needs("served-leg", "begin-effect", record=lambda wish: wish.leg_id.hex()),
    FinishLeg: Needs("served-leg", "finish", record=lambda wish: wish.leg_id.hex()),
    RefuseLeg: Needs(
        "served-leg", "refuse", record=lambda wish: wish.leg_id.hex(), reason=lambda wish: wish.reason_code
    ),
}
