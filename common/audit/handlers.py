"""Noting deeds: the dispatcher writes the entry, as of every command; here it only comes to its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from common.audit.commands import Deed, Noted

Handlers = Mapping[type, Callable[[Any, Any], Any]]


def handlers(others: Handlers) -> dict[type, Callable[[Any, Any], Any]]:
    """`others`: the handlers of commands that tell more of what was done."""

    def note(noted: Noted, uow: Any) -> None:
        if noted.error is not None:
            raise noted.error
        if not isinstance(noted.command, Deed):
            others[type(noted.command)](noted.command, uow)

    return {Noted: note}
