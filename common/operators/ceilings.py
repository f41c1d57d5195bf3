"""What headquarters limits, as screens show it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from common.access_control.ceilings import Ceiling
from common.ids import HQ


def published_ceilings(ceilings: Iterable[Ceiling], node: str) -> list[dict[str, Any]]:
    """The ceilings that concern a node, by subject; at headquarters all."""
    return [
        described_ceiling(each)
        for each in sorted(ceilings, key=lambda one: one.key)
        if node == HQ or each.concerns(node)
    ]


def described_ceiling(ceiling: Ceiling) -> dict[str, Any]:
    """A ceiling as plain data; `node` is empty where it is for all provinces."""
    return {
        "subject": ceiling.subject,
        "node": ceiling.node,
        "most": ceiling.most,
        "since_us": ceiling.since_us,
        "reason": ceiling.reason,
        "set_by": ceiling.set_by,
    }
