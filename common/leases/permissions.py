"""Leases are held by processes of the node, never by people."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared
from common.leases.commands import BeatLease, ReleaseLease, UnderLease

NEEDS: Declared = {BeatLease: INTERNAL, ReleaseLease: INTERNAL, UnderLease: INTERNAL}
