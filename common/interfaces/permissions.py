"""What somebody needs in order to look after interfaces."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared, Needs
from common.access_control.rights import Permission
from common.ids import format_id
from common.interfaces.commands import (
    ClaimCalls,
    NoteAnswer,
    NoteTestCall,
    ReplayCalls,
    SwitchAdapter,
    TidyCalls,
)

READ = Permission("interface", "read")
TEST = Permission("interface", "test")
SWITCH = Permission("interface", "switch")
REPLAY = Permission("interface", "replay")

READING = frozenset({READ})


def _record(wish: ReplayCalls) -> str:
    return f"{wish.port}/{format_id(wish.call_id)}" if wish.call_id else wish.port


NEEDS: Declared = {
    NoteTestCall: Needs(TEST.resource, TEST.action, record=lambda wish: f"{wish.port}/{wish.adapter}"),
    SwitchAdapter: Needs(
        SWITCH.resource,
        SWITCH.action,
        record=lambda wish: f"{wish.port}/{wish.adapter}",
        reason=lambda wish: wish.reason,
    ),
    ReplayCalls: Needs(REPLAY.resource, REPLAY.action, record=_record, reason=lambda wish: wish.reason),
    ClaimCalls: INTERNAL,
    NoteAnswer: INTERNAL,
    TidyCalls: INTERNAL,
}
