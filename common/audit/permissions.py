"""What somebody needs in order to look at the audit log."""

from __future__ import annotations

from common.access_control.rights import Permission

READING = frozenset({Permission("audit", "read")})
