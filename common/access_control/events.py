"""What happened to who may do what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccessChanged:
    """Organisations, roles, operators or teams are no longer what they were. `version` counts such changes."""

    version: int
