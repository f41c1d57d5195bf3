"""What somebody needs in order to look at the audit log."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared
from common.access_control.rights import Permission
from common.audit.commands import Noted

READ = Permission("audit", "read")
READING = frozenset({READ})

NEEDS: Declared = {Noted: INTERNAL}
"""What is noted says what is needed (common.access_control.needs.Wraps)."""
