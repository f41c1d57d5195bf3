"""What a command or query needs: declared by its feature in `permissions.py`, asked for by the guard.

    NEEDS = {ImportCustomers: Needs("customer", "import"), ...}

What is not declared is done for nobody but the node itself; a test finds it before.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from common.access_control.approval import Approval
from common.access_control.rights import Permission


def _no_record(_wish: Any) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Needs:
    """The permission that somebody must hold, and what of the wish the audit log shows."""

    resource: str
    action: str
    record: Callable[[Any], str] = _no_record
    """Which record the wish is about, for the audit log: an identity, never personal data."""
    reason: Callable[[Any], str] = _no_record
    """Why, where the wish says so."""
    customer: Callable[[Any], str] = _no_record
    """The number of the customer whose matter it is, where it is one's."""
    approval: Approval | None = None
    """Whose agreement it needs besides, where it needs a second person. Only for what a handler carries out, and for
    what leaves an effect and no result: whoever approves is not told what the asker would have been."""

    @property
    def permission(self) -> Permission:
        """What must be held."""
        return Permission(self.resource, self.action)


@dataclass(frozen=True, slots=True)
class OwnAccount(Needs):
    """What everybody who is signed in may do for themselves, whatever their roles, and nobody for anybody else: the
    command names no operator, its handler goes by the actor. Resource and action are for the audit log."""


@dataclass(frozen=True, slots=True)
class JudgedByRecord(Needs):
    """Whether somebody may, only the record itself can tell: the handler asks. Open to operators and to the owner of
    the data directory, to nobody else. Resource and action are for the audit log."""


class Wraps(ABC):
    """A wish that only carries out another one, `command`, in some way: that one says what is needed."""

    command: Any


def innermost(wish: Any) -> Any:
    """What is wished in the end."""
    while isinstance(wish, Wraps):
        wish = wish.command
    return wish


class ForTheNodeAlone:
    """Marks what only the node itself does: its timers, its links, what other nodes ask of it."""


INTERNAL = ForTheNodeAlone()

Declared = Mapping[type, Needs | ForTheNodeAlone]
"""What each command needs."""


def permissions_in(declared: Declared) -> frozenset[Permission]:
    """Every permission that anything here needs."""
    known = [needs for needs in declared.values() if isinstance(needs, Needs)]
    held = {needs.permission for needs in known if not isinstance(needs, OwnAccount | JudgedByRecord)}
    return frozenset(held | {needs.approval.permission for needs in known if needs.approval is not None})
