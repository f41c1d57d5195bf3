"""A province that cannot serve what it is asked, for now or by a mistake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from common.errors import TemporaryFault
from common.requests.registry import RequestKinds
from province_node.core import KINDS
from tests.support.federation import GUANGDONG, Federation


class SwitchAway(TemporaryFault):
    """Something that the handler needs is away."""

    en = zh = "the switch is away"


def serve_with(federation: Federation, handle: Callable[[Any, Any], Any] | None) -> None:
    """Guangdong serves suspensions by this handler; None: by its own again."""
    context = federation.cores[GUANGDONG].context
    if handle is None:
        context.kinds = RequestKinds(KINDS)
        return
    kinds = [
        replace(kind, serve=replace(kind.serve, handle=handle)) if kind.alias == "suspend-subscription" else kind
        for kind in context.kinds
    ]
    context.kinds = RequestKinds(kinds)


def fail_with(error: Exception) -> Callable[[Any, Any], Any]:
    def handle(_command: Any, _uow: Any) -> Any:
        raise error

    return handle
