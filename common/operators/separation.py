"""Duties that nobody has both of: declared as pairs of permissions, counted over all posts that somebody has.

It is the person who must not do both, so that it does not matter in which organisations, or by which roles.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from common.access_control.rights import Permission
from common.errors import Refusal
from common.operators.commands import Post
from common.operators.repository import OperatorBook, RoleBook
from common.operators.roles import Role


class DutiesConflict(Refusal):
    """Somebody would have two duties that must be apart."""

    en = "{whom} may not have both: {first} and {second} ({permissions})."
    zh = "{whom} 不得兼任：{first_zh}与{second_zh}（{permissions}）。"


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that somebody does; whoever holds any of its permissions does it."""

    en: str
    zh: str
    permissions: frozenset[Permission]


@dataclass(frozen=True, slots=True)
class Apart:
    """Two duties that nobody has both of, by a stable name."""

    name: str
    one: Duty
    other: Duty

    def held(self, permissions: Collection[Permission]) -> tuple[Permission, ...]:
        """What of these permissions is of the one and of the other duty; nothing unless both are among them."""
        both = [sorted(duty.permissions.intersection(permissions)) for duty in (self.one, self.other)]
        return tuple(both[0] + both[1]) if all(both) else ()


def _permissions(*texts: str) -> frozenset[Permission]:
    return frozenset(map(Permission.parse, texts))


ADMINISTERING = Duty(
    "administering who may do what",
    "权限管理",
    _permissions("operator:create", "operator:change", "operator:reset-password", "role:create", "role:change"),
)
AUDITING = Duty("reading the audit log", "审计", _permissions("audit:read"))
SERVING = Duty(
    "dealing with customers' personal data",
    "处理客户个人信息",
    _permissions("customer:reveal", "customer:export", "customer:import"),
)

APART = (
    Apart("administering-auditing", ADMINISTERING, AUDITING),
    Apart("auditing-serving", AUDITING, SERVING),
)
"""The pairs: whoever is watched does not read what watches them."""


def require_apart_of_posts(operator: str, posts: Iterable[Post], former: Iterable[Post], uow: Any) -> None:
    """Raises DutiesConflict where an operator would come into a conflict that they were not in before."""
    book = RoleBook(uow)
    before = _permissions_of(filter(None, (book.find(post.role) for post in former)))
    after = _permissions_of(filter(None, (book.find(post.role) for post in posts)))
    _require_no_new(operator, before, after)


def require_apart_of_role(former: Role | None, role: Role, uow: Any) -> None:
    """Raises DutiesConflict where the role, or somebody who has it, would come into a conflict that was not there."""
    _require_no_new(role.role, _permissions_of([former] if former is not None else []), frozenset(role.permissions))
    if former is None:
        return
    roles, operators = RoleBook(uow), OperatorBook(uow)
    for operator in operators.having(role.role):
        held = {post.role for post in operators.get(operator).posts}
        others = [found for name in held - {role.role} if (found := roles.find(name)) is not None]
        _require_no_new(operator, _permissions_of([*others, former]), _permissions_of([*others, role]))


def conflicts_of(permissions: Collection[Permission]) -> list[tuple[Apart, tuple[Permission, ...]]]:
    """The pairs of which both duties are among these permissions, and by which of them."""
    return [(apart, held) for apart in APART if (held := apart.held(permissions))]


def _permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    return frozenset(permission for role in roles for permission in role.permissions)


def _require_no_new(whom: str, before: Collection[Permission], after: Collection[Permission]) -> None:
    for apart, held in conflicts_of(after):
        if not apart.held(before):
            raise DutiesConflict(
                whom=whom,
                first=apart.one.en,
                second=apart.other.en,
                first_zh=apart.one.zh,
                second_zh=apart.other.zh,
                permissions=", ".join(map(str, held)),
            )
