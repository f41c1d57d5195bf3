"""What somebody may do: actions on kinds of resources, each within a data scope."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from common.errors import Refusal


class Scope(IntEnum):
    """Whose records an action reaches, from the narrowest to the widest; each holds all before it."""

    OWN = 1
    """Records that the operator owns."""
    TEAM = 2
    """Records of the operators of the same organisation who share a team with them."""
    ORGANISATION = 3
    """Records of the organisation in which they act."""
    BELOW = 4
    """Records of that organisation and of all below it."""
    PROVINCE = 5
    """All records of the province."""
    NETWORK = 6
    """All records of the node, and what it may ask of others."""


class FieldRight(IntEnum):
    """What somebody sees of a field, from the least to the most."""

    HIDDEN = 1
    """Not there for them, not even to search by."""
    MASKED = 2
    """As much as tells two records apart."""
    VISIBLE = 3
    EDITABLE = 4


class NotPermitted(Refusal):
    """The actor's roles do not hold this action."""

    en = "You may not do this: it needs the permission {permission}. Ask an administrator for a role that holds it."
    zh = "您无权执行此操作：需要权限 {permission}。请联系管理员分配含有该权限的角色。"


class CeilingNotPermitted(NotPermitted):
    """The action is held, or would be, and headquarters lets nobody in this province have it."""

    en = (
        "Nobody in this province may do this: headquarters has withdrawn the permission {permission} ({reason}). "
        "`access ceilings list` shows what it limits."
    )
    zh = "总部已收回权限 {permission}（{reason}），本省任何人不得执行此操作。可用 `access ceilings list` 查看总部限定。"


class OutsideScope(Refusal):
    """The action is held, but not for this record."""

    en = "You may not do this here: {permission} reaches {scope} for you, and this record lies outside."
    zh = "您无权对该记录执行此操作：您的权限 {permission} 范围为 {scope}，该记录不在范围内。"


@dataclass(frozen=True, slots=True, order=True)
class Permission:
    """An action on a kind of resource, such as `customer:import`."""

    resource: str
    action: str

    def __str__(self) -> str:
        return f"{self.resource}:{self.action}"

    @classmethod
    def parse(cls, text: str) -> Permission:
        """The permission that is written so. Raises ValueError."""
        resource, colon, action = text.partition(":")
        if not (resource and colon and action):
            raise ValueError(f"{text!r} is no permission; one looks like customer:import")
        return cls(resource, action)


ALL_FIELDS = "*"
"""Stands for every field of a resource that is not named by itself."""

Fields = Mapping[str, Mapping[str, FieldRight]]
"""By resource and field (or ALL_FIELDS)."""


class Limit(Protocol):
    """How far one thing may reach at most. `scope`: of an action, None: not at all; `view`: of a field."""

    @property
    def scope(self) -> Scope | None: ...
    @property
    def view(self) -> FieldRight: ...
    @property
    def reason(self) -> str: ...


class Limits(Protocol):
    """What is limited (`common.access_control.ceilings`)."""

    def __bool__(self) -> bool: ...
    def on_action(self, permission: Permission) -> Limit | None: ...
    def on_field(self, resource: str, name: str) -> Limit | None: ...


class Rights:
    """Permissions with the scope in which each is held, and rights on fields."""

    __slots__ = ("_everything", "_fields", "_limits", "_scopes")

    def __init__(
        self, scopes: Mapping[Permission, Scope], *, fields: Fields | None = None, everything: bool = False
    ) -> None:
        self._scopes = dict(scopes)
        self._fields = {resource: dict(names) for resource, names in (fields or {}).items()}
        self._everything = everything
        self._limits: Limits | None = None

    def cut(self, limits: Limits) -> Rights:
        """The same, as far as the limits let it be.

        Whoever holds everything acts for the whole node and in no organisation: a narrower scope does not bind them,
        but what nobody may do they may not do either, nor see what nobody may see.
        """
        if not limits:
            return self
        scopes = {
            permission: scope if limit is None else min(scope, limit.scope or scope)
            for permission, scope in self._scopes.items()
            if (limit := limits.on_action(permission)) is None or limit.scope is not None
        }
        cut = Rights(scopes, fields=self._fields, everything=self._everything)
        cut._limits = limits
        return cut

    @property
    def fields(self) -> Fields:
        """What is said of fields."""
        return self._fields

    def field_right(self, resource: str, field: str, default: FieldRight) -> FieldRight:
        """What is seen of a field. `default`: what the resource itself says of it, for whom no role says anything."""
        given = self._given(resource, field, default)
        limit = self._limits.on_field(resource, field) if self._limits is not None else None
        return given if limit is None else min(given, limit.view)

    def _given(self, resource: str, field: str, default: FieldRight) -> FieldRight:
        if self._everything:
            return FieldRight.EDITABLE
        named = self._fields.get(resource)
        if named is None:
            return default
        return named.get(field, named.get(ALL_FIELDS, default))

    def scope_of(self, permission: Permission) -> Scope | None:
        """The widest scope in which the permission is held; None where it is not."""
        if not self._everything:
            return self._scopes.get(permission)
        return None if self._withdrawn(permission) is not None else Scope.NETWORK

    def require(self, permission: Permission) -> Scope:
        """The scope in which the permission is held. Raises NotPermitted; CeilingNotPermitted where nobody may."""
        scope = self.scope_of(permission)
        if scope is None:
            withdrawn = self._withdrawn(permission)
            if withdrawn is not None:
                raise CeilingNotPermitted(permission=str(permission), reason=withdrawn.reason)
            raise NotPermitted(permission=str(permission))
        return scope

    def _withdrawn(self, permission: Permission) -> Limit | None:
        limit = self._limits.on_action(permission) if self._limits is not None else None
        return limit if limit is not None and limit.scope is None else None

    def __iter__(self) -> Iterator[tuple[Permission, Scope]]:
        return iter(sorted(self._scopes.items()))


def joined(rights: Iterable[Rights]) -> Rights:
    """All rights together: each permission in the widest scope in which any of them holds it, each field as far as any
    of those sees it that say something of it. Who holds everything is not joined."""
    scopes: dict[Permission, Scope] = {}
    rights = list(rights)
    for each in rights:
        for permission, scope in each:
            scopes[permission] = max(scope, scopes.get(permission, scope))
    return Rights(scopes, fields=_joined_fields([each.fields for each in rights]))


def _joined_fields(fields: Iterable[Fields]) -> Fields:
    """A field that one names, and another means by ALL_FIELDS, is said something of by both."""
    found: dict[str, dict[str, FieldRight]] = {}
    by_resource: dict[str, list[Mapping[str, FieldRight]]] = {}
    for each in fields:
        for resource, names in each.items():
            by_resource.setdefault(resource, []).append(names)
    for resource, said in by_resource.items():
        for field in {field for names in said for field in names}:
            rights = [right for names in said if (right := names.get(field, names.get(ALL_FIELDS))) is not None]
            found.setdefault(resource, {})[field] = max(rights)
    return found


NOTHING = Rights({})
EVERYTHING = Rights({}, everything=True)
