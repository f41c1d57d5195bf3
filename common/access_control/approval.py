"""That somebody else must agree before a command is carried out: declared by its feature in `permissions.py`.

RevokeNode: Needs("node", "revoke", approval=Approval("revoke-node", REVOKING, "...", "..."))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from common.access_control.rights import Permission
from common.parameters.model import Parameter

RESOURCE = "approval"
"""Permissions to approve are on this kind of resource, one for each action: `approval:revoke-node`."""


def always(_command: Any, _uow: Any) -> bool:
    """Whatever the command says."""
    return True


@dataclass(frozen=True, slots=True)
class Approval:
    """Which agreement a command needs."""

    action: str
    """By what name it is approved; commands may share it."""
    switch: Parameter[bool] | None
    """Whether it is needed at present; None: always."""
    en: str
    zh: str
    when: Callable[[Any, Any], bool] = always
    """`when(command, uow)`: whether this very command needs it. May refuse as the command itself would."""
    personal: bool = False
    """Whether the command holds personal data, and is kept encrypted."""

    @property
    def permission(self) -> Permission:
        """What whoever approves must hold, in a scope that reaches who asked."""
        return Permission(RESOURCE, self.action)
