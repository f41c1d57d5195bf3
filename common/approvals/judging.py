"""Who may decide a request: somebody else, who may approve this action where it was asked, or their substitute."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from common.access_control.actor import Actor, ActorKind
from common.access_control.approval import RESOURCE
from common.access_control.rights import NotPermitted, OutsideScope, Permission
from common.api_tokens.repository import TokenBook
from common.approvals.model import PASSWORD_REST_US, NotAnotherPerson, OwnRequest
from common.approvals.repository import ApprovalRow, SubstitutionBook
from common.audit.entry import DONE
from common.audit.repository import audit_log
from common.errors import Refusal
from common.ids import parse_id
from common.operators.reach import reaches_record
from common.operators.repository import OperatorBook
from common.operators.rights_now import acting_as, as_of_now, operator_now
from common.sign_in.permissions import RESET_PASSWORD


def judge(row: ApprovalRow, uow: Any) -> str:
    """For whom the actor decides the request: empty for themselves, else whose substitute they are.

    Raises OwnRequest, NotAnotherPerson, NotPermitted, OutsideScope.
    """
    actor = uow.actor
    if actor.kind is ActorKind.LOCAL:
        if row.asker_kind == ActorKind.LOCAL:
            raise OwnRequest()
        return ""
    _require_another(row, actor, uow)
    permission = Permission(RESOURCE, row.action)
    own = _why_not(row, permission, as_of_now(uow, actor), uow)
    if own is None:
        return ""
    for absent in SubstitutionBook(uow).absent_of(actor.name):
        if absent != row.asker and _reaches_anywhere(row, permission, absent, uow):
            return absent
    raise own


def _require_another(row: ApprovalRow, actor: Actor, uow: Any) -> None:
    """Raises OwnRequest, NotAnotherPerson."""
    if row.asker_kind == ActorKind.CLIENT:
        token = TokenBook(uow).find(parse_id(row.session))
        if token is not None and token.issued_by == actor.name:
            raise NotAnotherPerson(
                detail="you issued the token with which it was asked", detail_zh="提出请求所用的令牌由您签发"
            )
    if row.asker_kind != ActorKind.OPERATOR:
        return
    if row.asker == actor.name:
        raise OwnRequest()
    if row.asker in SubstitutionBook(uow).absent_of(actor.name):
        raise NotAnotherPerson(detail="you stand in for whoever asked", detail_zh="您是提出人的代理人")
    if _had_password_from(row.asker, actor.name, uow):
        raise NotAnotherPerson(
            detail="whoever asked has given you a one-time password not long ago",
            detail_zh="提出人近期为您签发过一次性密码",
        )


def _had_password_from(asker: str, operator: str, uow: Any) -> bool:
    """Whoever gives somebody a password can sign in as them, and could so agree with themselves."""
    c = audit_log.c
    given = sa.and_(c.resource == RESET_PASSWORD.resource, c.action == RESET_PASSWORD.action, c.record == operator)
    lately = sa.and_(c.actor == asker, c.outcome == DONE, c.at_us > uow.now_us - PASSWORD_REST_US)
    return uow.query(sa.select(c.number).where(given, lately).limit(1)).scalar() is not None


def _reaches_anywhere(row: ApprovalRow, permission: Permission, operator: str, uow: Any) -> bool:
    """Whether an operator could decide it, wherever they have a post."""
    known = OperatorBook(uow).find(operator)
    places = {post.organisation_id for post in known.posts} if known is not None else set()
    return any(_why_not(row, permission, operator_now(uow, operator, place), uow) is None for place in sorted(places))


def _why_not(row: ApprovalRow, permission: Permission, actor: Actor, uow: Any) -> Refusal | None:
    with acting_as(uow, actor):
        scope = actor.rights.scope_of(permission)
        if scope is None:
            return NotPermitted(permission=str(permission))
        if reaches_record(uow, permission, row.organisation_id, row.asker):
            return None
        return OutsideScope(permission=str(permission), scope=scope.name)
