"""What somebody needs in order to look at subscriptions. They are changed by requests alone."""

from __future__ import annotations

from common.access_control.rights import Permission

READ = Permission("subscription", "read")
READING = frozenset({READ})
