"""The one place where it is asked whether somebody may do what they wish, and where it is noted that they did."""

from __future__ import annotations

from typing import Any

from common.access_control.actor import Actor, ActorKind
from common.access_control.needs import Declared, JudgedByRecord, Needs, OwnAccount, innermost
from common.access_control.rights import NotPermitted
from common.audit.commands import DeedFailedOutside
from common.audit.entry import DONE, AuditEntry
from common.errors import Fault, QuanwangError


class PermissionNotDeclared(Fault):
    """A command that people can reach says nowhere what it needs. A mistake in the program: nobody gets through."""

    en = "The program does not say who may do this ({wish}); nobody may. Report this as a defect."
    zh = "程序未声明何人可执行此操作（{wish}），因此拒绝执行。请将此作为缺陷上报。"


class Guard:
    """Judges wishes by what their features declared."""

    def __init__(self, declared: Declared) -> None:
        self._declared = dict(declared)

    def admit(self, wish: Any, actor: Actor) -> None:
        """Returns where the actor may. Raises NotPermitted, PermissionNotDeclared."""
        if actor.kind is ActorKind.SYSTEM:
            return
        needs = self._needs(innermost(wish))
        if isinstance(needs, OwnAccount):
            _require_kind(actor, needs, ActorKind.OPERATOR)
        elif isinstance(needs, JudgedByRecord):
            _require_kind(actor, needs, ActorKind.OPERATOR, ActorKind.LOCAL)
        else:
            actor.rights.require(needs.permission)

    def needs_of(self, kind: type) -> Needs | None:
        """What is declared of a type of command; None: it is done by the node alone."""
        needs = self._declared.get(kind)
        return needs if isinstance(needs, Needs) else None

    def entry(self, wish: Any, actor: Actor, error: QuanwangError | None = None) -> AuditEntry | None:
        """What the audit log says of it; None of what the node does by itself."""
        if actor.kind is ActorKind.SYSTEM:
            return None
        wish = innermost(wish)
        needs = self._declared.get(type(wish))
        if not isinstance(needs, Needs):
            needs = Needs("undeclared", type(wish).__name__)
        return AuditEntry(
            actor_kind=actor.kind,
            actor=actor.name,
            organisation=actor.organisation,
            channel=actor.channel,
            address=actor.address,
            session=actor.session,
            resource=needs.resource,
            action=needs.action,
            record=needs.record(wish),
            outcome=_outcome(error),
            reason=needs.reason(wish) or actor.why,
            customer=needs.customer(wish),
        )

    def _needs(self, wish: Any) -> Needs:
        needs = self._declared.get(type(wish))
        if not isinstance(needs, Needs):
            raise PermissionNotDeclared(wish=type(wish).__name__)
        return needs


def _require_kind(actor: Actor, needs: Needs, *kinds: ActorKind) -> None:
    if actor.kind not in kinds:
        raise NotPermitted(permission=str(needs.permission))


def _outcome(error: QuanwangError | None) -> str:
    if error is None:
        return DONE
    return str(error.facts["outcome"]) if isinstance(error, DeedFailedOutside) else error.code
