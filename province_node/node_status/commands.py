"""What can be asked about this node."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QueryNodeStatus:
    """Say how this node is."""
