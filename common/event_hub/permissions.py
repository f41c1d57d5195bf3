"""What somebody needs in order to be told of events. Whose subscription it is, is asked where it is looked up."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared, Needs
from common.access_control.rights import Permission
from common.event_hub.commands import (
    ClaimDeliveries,
    ForgetDeadLetters,
    NoteDeliveries,
    ReplayDeadLetters,
    Subscribe,
    Unsubscribe,
)
from common.ids import format_id

READING = Permission("event-subscription", "read")

NEEDS: Declared = {
    Subscribe: Needs("event-subscription", "create", record=lambda wish: wish.api),
    Unsubscribe: Needs("event-subscription", "delete", record=lambda wish: format_id(wish.subscription_id)),
    ReplayDeadLetters: Needs("event-subscription", "replay", record=lambda wish: format_id(wish.subscription_id)),
    ClaimDeliveries: INTERNAL,
    NoteDeliveries: INTERNAL,
    ForgetDeadLetters: INTERNAL,
}
