"""Who may see what goes through the node. Its history is written by the node alone."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared
from common.access_control.rights import Permission
from common.live.commands import StoreBucket

READ = Permission("live-view", "read")
READING = frozenset({READ})

NEEDS: Declared = {StoreBucket: INTERNAL}
