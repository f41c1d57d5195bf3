"""What a node's operators do with its own keys."""

from __future__ import annotations

from dataclasses import dataclass

from common.audit.commands import Deed


@dataclass(frozen=True, slots=True)
class RotateOwnKeys(Deed):
    """Replace the node's keys of these uses: asked of HQ, step by step."""

    uses: tuple[str, ...]
