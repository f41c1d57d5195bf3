"""Where a customer is served who is to be authenticated at home."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AskedFrom:
    """Where a customer is served: the node, the interaction there (16 bytes, or empty), the leg, who acts, over which
    channel."""

    node: str
    interaction: bytes
    leg_id: bytes
    operator: str = ""
    organisation: str = ""
    channel: str = ""
