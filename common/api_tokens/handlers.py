"""Issuing and revoking tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common.access_control.actor import ActorKind
from common.access_control.rights import Permission
from common.access_control.version import begin_change
from common.api_tokens.commands import PERMISSIONS_MAX, IssueToken, NoteTokenUses, RevokeToken
from common.api_tokens.events import TokenIssued, TokensChanged
from common.api_tokens.model import DAYS_MAX, TokenRevokedAlready, TokenUnfit
from common.api_tokens.permissions import ISSUE, REVOKE
from common.api_tokens.repository import TokenBook, TokenRow
from common.ids import format_id
from common.operators.model import require_id
from common.operators.names import require_free_name
from common.operators.reach import require_no_further
from common.operators.repository import RoleBook
from common.operators.roles import Role
from common.organisations.reach import require_reach
from common.organisations.repository import OrganisationTree
from common.sign_in.bearers import secret_hash

DAY_US = 86_400_000_000


def issue_token(command: IssueToken, uow: Any) -> TokenIssued:
    """Raises TokenUnfit, OperatorUnfit (of the client's name), NameTaken, RoleNotFound, RoleReachesFurther,
    OrganisationNotFound, OrganisationInactive, OutsideScope."""
    begin_change(uow)
    require_id(command.client)
    require_free_name(command.client, ActorKind.CLIENT, uow)
    if not 1 <= command.days <= DAYS_MAX:
        raise TokenUnfit(detail=f"it is good for 1 to {DAYS_MAX} days", detail_zh=f"有效期应为 1 至 {DAYS_MAX} 天")
    OrganisationTree(uow).get(command.organisation_id).require_active()
    require_reach(uow, ISSUE, command.organisation_id)
    role = RoleBook(uow).get(command.role)
    require_no_further(role, ISSUE, uow)
    only = _narrowed(role, command.only)
    token_id: bytes = uow.ids.new()
    expires_at_us = int(uow.now_us) + command.days * DAY_US
    row = TokenRow(
        token_id,
        secret_hash(command.secret),
        command.client,
        command.organisation_id,
        role.role,
        " ".join(only),
        uow.now_us,
        uow.actor.name[:64],
        expires_at_us,
    )
    TokenBook(uow).add(row)
    uow.describe_change(None, _shown(row))
    return TokenIssued(token_id, command.client, expires_at_us, command.secret)


def revoke_token(command: RevokeToken, uow: Any) -> TokenRow:
    """Raises TokenNotFound, TokenRevokedAlready, OutsideScope."""
    book = TokenBook(uow)
    known = book.get(command.token_id)
    require_reach(uow, REVOKE, known.organisation_id)
    if known.revoked_at_us:
        raise TokenRevokedAlready(token=format_id(command.token_id))
    revoked = known._replace(revoked_at_us=uow.now_us)
    book.save(revoked)
    uow.record(TokensChanged((command.token_id,)))
    uow.describe_change(_shown(known), None)
    return revoked


def note_token_uses(command: NoteTokenUses, uow: Any) -> None:
    """When each was used last."""
    book = TokenBook(uow)
    for token_id, used_at_us in sorted(command.used_at_us):
        token = book.find(token_id)
        if token is not None and token.used_at_us < used_at_us:
            book.save(token._replace(used_at_us=used_at_us))


def _narrowed(role: Role, only: tuple[str, ...]) -> tuple[str, ...]:
    """The permissions to which a token is narrowed, in order. Raises TokenUnfit where the role does not give one."""
    if len(only) > PERMISSIONS_MAX:
        raise TokenUnfit(detail="it names too many permissions", detail_zh="指定的权限过多")
    given = {str(permission) for permission in role.permissions}
    for text in only:
        if text not in given:
            raise TokenUnfit(
                detail=f"the role {role.role} does not give {text[:128]!r}",
                detail_zh=f"角色 {role.role} 不含权限 {text[:128]!r}",
            )
    return tuple(str(each) for each in sorted({Permission.parse(text) for text in only}))


def _shown(token: TokenRow) -> dict[str, Any]:
    """What the audit log shows."""
    return {
        "token": format_id(token.token_id),
        "client": token.client,
        "organisation_id": token.organisation_id,
        "role": token.role,
        "permissions": token.permissions.split(),
    }


HANDLERS: dict[type, Callable[[Any, Any], Any]] = {
    IssueToken: issue_token,
    RevokeToken: revoke_token,
    NoteTokenUses: note_token_uses,
}
