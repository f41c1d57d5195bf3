"""The history of the live view is written by the node alone."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared
from common.live.commands import StoreBucket

NEEDS: Declared = {StoreBucket: INTERNAL}
