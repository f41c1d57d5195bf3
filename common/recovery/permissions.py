"""Only the node itself takes back what it forgot, while it does not run."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared
from common.recovery.commands import EndRecovery, TakeBackBatch, TakeBackCancel, TakeBackRequest

NEEDS: Declared = {
    TakeBackBatch: INTERNAL,
    TakeBackRequest: INTERNAL,
    TakeBackCancel: INTERNAL,
    EndRecovery: INTERNAL,
}
