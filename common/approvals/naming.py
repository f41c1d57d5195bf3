"""What somebody must hold who names substitutes for others, or ends their standing in."""

from __future__ import annotations

from common.access_control.rights import Permission

NAME_SUBSTITUTE = Permission("substitution", "name")
END_SUBSTITUTION = Permission("substitution", "end")
