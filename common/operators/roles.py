"""Roles: what somebody in a post may do, and what they see of each kind of record.

Some are built in and the same at every node; they cannot be changed. Others are a node's own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.access_control.ceilings import AccessLimits, Ceiling
from common.access_control.rights import FieldRight, Permission, Rights, Scope
from common.errors import Refusal

ROLE_CHARACTERS_MAX = 64
ROLE_NAME_CHARACTERS_MAX = 120
PERMISSIONS_MAX = 500
FIELDS_MAX = 500

_ROLE = re.compile(rf"[a-z][a-z0-9-]{{0,{ROLE_CHARACTERS_MAX - 1}}}", re.ASCII)
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,63}|\*", re.ASCII)


class RoleNotFound(Refusal):
    """There is no such role."""

    en = "There is no role {role}. `roles list` shows those there are."
    zh = "没有角色 {role}。可用 `roles list` 查看。"


class RoleExists(Refusal):
    """The name is taken."""

    en = "There is a role {role} already."
    zh = "角色 {role} 已存在。"


class RoleIsBuiltIn(Refusal):
    """Built-in roles stay as they are."""

    en = "{role} is built in and cannot be changed. Create a role of your own with what you need."
    zh = "{role} 为内置角色，不能更改。请按需要另建角色。"


class RoleUnfit(Refusal):
    """What was given makes no role."""

    en = "The role cannot be made: {detail}."
    zh = "角色无效：{detail_zh}。"


class PermissionUnknown(Refusal):
    """Nothing at this node asks for the permission."""

    en = "No command or query of this node needs the permission {permission}."
    zh = "本节点没有需要权限 {permission} 的操作。"


class RoleAboveCeiling(Refusal):
    """The role would give more than headquarters lets this node give."""

    en = (
        "Headquarters lets this province give {subject} up to {most} at most ({reason}); the role would give {given}. "
        "`access ceilings list` shows what it limits."
    )
    zh = (
        "总部限定本省的 {subject} 最高为 {most}（{reason}），该角色将授予 {given}。"
        "可用 `access ceilings list` 查看总部限定。"
    )


@dataclass(frozen=True, slots=True)
class Role:
    """A role. `permissions`: each with the scope in which it is given; `fields`: by kind of record and field (or
    ALL_FIELDS), what is seen of it."""

    role: str
    en: str
    zh: str
    permissions: Mapping[Permission, Scope] = field(default_factory=dict)
    fields: Mapping[str, Mapping[str, FieldRight]] = field(default_factory=dict)
    built_in: bool = False

    @property
    def rights(self) -> Rights:
        """What the role gives."""
        return Rights(self.permissions, fields=self.fields)

    def narrowed(self, only: Collection[str]) -> Rights:
        """No more of it than these permissions; all of it, where there are none."""
        if not only:
            return self.rights
        kept = {given: scope for given, scope in self.permissions.items() if str(given) in only}
        return Rights(kept, fields=self.fields)

    @property
    def widest(self) -> Scope:
        """The widest scope in which it gives anything."""
        return max(self.permissions.values(), default=Scope.OWN)

    def document(self) -> dict[str, Any]:
        """As plain data, in one order."""
        return {
            "role": self.role,
            "en": self.en,
            "zh": self.zh,
            "built_in": self.built_in,
            "permissions": {str(each): self.permissions[each].name for each in sorted(self.permissions)},
            "fields": {
                resource: {name: self.fields[resource][name].name for name in sorted(self.fields[resource])}
                for resource in sorted(self.fields)
            },
        }


def make_role(
    role: str,
    name: str,
    permissions: Mapping[str, str],
    fields: Mapping[str, Mapping[str, str]],
    declared: Collection[Permission],
) -> Role:
    """A role of a node's own, from what somebody wrote. Raises RoleUnfit, PermissionUnknown."""
    if not _ROLE.fullmatch(role):
        raise _unfit(
            f"its id has 1 to {ROLE_CHARACTERS_MAX} small letters, digits and hyphens",
            f"编号应为 1 至 {ROLE_CHARACTERS_MAX} 个小写字母、数字或连字符",
        )
    name = name.strip()
    if not (0 < len(name) <= ROLE_NAME_CHARACTERS_MAX and name.isprintable()):
        raise _unfit(
            f"its name has 1 to {ROLE_NAME_CHARACTERS_MAX} characters",
            f"名称应为 1 至 {ROLE_NAME_CHARACTERS_MAX} 个字符",
        )
    if len(permissions) > PERMISSIONS_MAX or sum(map(len, fields.values())) > FIELDS_MAX:
        raise _unfit("it has too many permissions or fields", "权限或字段过多")
    given = {known_permission(text, declared): _scope(scope) for text, scope in permissions.items()}
    return Role(role, name, name, given, _fields(fields, {each.resource for each in declared}))


def require_below(role: Role, limits: AccessLimits) -> None:
    """Raises RoleAboveCeiling where the role gives anything that the node may not give."""
    for permission, limit in _cut_permissions(role, limits).items():
        raise _above(limit, role.permissions[permission].name)
    for resource, names in _cut_fields(role, limits).items():
        for name, limit in names.items():
            raise _above(limit, role.fields[resource][name].name)


def ceilings_on(role: Role, limits: AccessLimits) -> dict[str, Any]:
    """What of a role does not count as it is written: by permission, and by kind of record and field, the most that
    headquarters lets be given, since when and why. As plain data."""
    return {
        "permissions": {str(each): described(limit) for each, limit in _cut_permissions(role, limits).items()},
        "fields": {
            resource: {name: described(limit) for name, limit in names.items()}
            for resource, names in _cut_fields(role, limits).items()
        },
    }


def described(limit: Ceiling) -> dict[str, Any]:
    """A ceiling as what it says of its subject."""
    return {"most": limit.most, "since_us": limit.since_us, "reason": limit.reason, "set_by": limit.set_by}


def _cut_permissions(role: Role, limits: AccessLimits) -> dict[Permission, Ceiling]:
    return {
        permission: limit
        for permission, scope in sorted(role.permissions.items())
        if (limit := limits.on_action(permission)) is not None and (limit.scope is None or limit.scope < scope)
    }


def _cut_fields(role: Role, limits: AccessLimits) -> dict[str, dict[str, Ceiling]]:
    found: dict[str, dict[str, Ceiling]] = {}
    for resource, names in sorted(role.fields.items()):
        for name, right in sorted(names.items()):
            limit = limits.on_field(resource, name)
            if limit is not None and limit.view < right:
                found.setdefault(resource, {})[name] = limit
    return found


def _above(limit: Ceiling, given: str) -> RoleAboveCeiling:
    return RoleAboveCeiling(subject=limit.subject, most=limit.most, reason=limit.reason, given=given)


def read_role(stored: Mapping[str, Any]) -> Role:
    """A role from what `Role.document` wrote."""
    permissions = {Permission.parse(text): Scope[scope] for text, scope in stored["permissions"].items()}
    fields = {
        resource: {name: FieldRight[right] for name, right in names.items()}
        for resource, names in stored["fields"].items()
    }
    return Role(stored["role"], stored["en"], stored["zh"], permissions, fields, bool(stored["built_in"]))


def known_permission(text: str, declared: Collection[Permission]) -> Permission:
    """The permission that is written so. Raises PermissionUnknown: of others nothing can be said."""
    try:
        permission = Permission.parse(text)
    except ValueError as error:
        raise PermissionUnknown(permission=repr(text[:128])) from error
    if permission not in declared:
        raise PermissionUnknown(permission=repr(text[:128]))
    return permission


def _scope(text: str) -> Scope:
    try:
        return Scope[text.upper()]
    except KeyError as error:
        known = ", ".join(scope.name for scope in Scope)
        raise _unfit(
            f"{text[:64]!r} is no scope; there are {known}", f"{text[:64]!r} 不是范围，可用：{known}"
        ) from error


def _fields(fields: Mapping[str, Mapping[str, str]], resources: Collection[str]) -> dict[str, dict[str, FieldRight]]:
    found: dict[str, dict[str, FieldRight]] = {}
    for resource, names in fields.items():
        if resource not in resources:
            raise _unfit(f"there are no records of kind {resource[:64]!r}", f"没有 {resource[:64]!r} 类记录")
        for name, text in names.items():
            if not _FIELD.fullmatch(name):
                raise _unfit(f"{name[:64]!r} is no field", f"{name[:64]!r} 不是字段")
            found.setdefault(resource, {})[name] = _field_right(text)
    return found


def _field_right(text: str) -> FieldRight:
    try:
        return FieldRight[text.upper()]
    except KeyError as error:
        known = ", ".join(right.name for right in FieldRight)
        raise _unfit(
            f"{text[:64]!r} is no right on a field; there are {known}", f"{text[:64]!r} 不是字段权限，可用：{known}"
        ) from error


def _unfit(en: str, zh: str) -> RoleUnfit:
    return RoleUnfit(detail=en, detail_zh=zh)
