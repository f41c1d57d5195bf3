"""Changing what needs approval needs approval, and always does: else whoever is to be watched switches it off first."""

from __future__ import annotations

from typing import Any

from common.access_control.approval import Approval

PREFIX = "approvals."
"""The names of all parameters begin so that decide what needs approval, also those that other features declare."""


def _about_approvals(command: Any, _uow: Any) -> bool:
    return str(command.name).startswith(PREFIX)


SWITCHING = Approval(
    "switch",
    None,
    "Changing what needs approval",
    "变更审批要求",
    when=_about_approvals,
)
