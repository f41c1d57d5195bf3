"""What headquarters lets provinces give their people at most: published in the directory, applied by every province.

A ceiling is about an action on a kind of record (`customer:export`), or about a field (`customer.address`). It gives
nothing; it cuts what roles give. Of several that concern a province, the lowest counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from common.access_control.rights import ALL_FIELDS, FieldRight, Permission, Scope
from common.errors import Refusal
from common.ids import HQ

RESOURCE_CHARACTERS_MAX = 64
SUBJECT_CHARACTERS_MAX = 2 * RESOURCE_CHARACTERS_MAX + 1

NONE = "NONE"
"""In words: not at all."""

_WORD = re.compile(rf"[a-z][a-z0-9_-]{{0,{RESOURCE_CHARACTERS_MAX - 1}}}", re.ASCII)


class CeilingUnfit(Refusal):
    """What was given makes no ceiling."""

    en = "This makes no ceiling: {detail}."
    zh = "上限无效：{detail_zh}。"


@dataclass(frozen=True, slots=True)
class Ceiling:
    """One ceiling. `node`: a province, or empty for all. Either `action` is given, with `scope` (None: not at all), or
    `field` (one, or ALL_FIELDS), with `view`."""

    node: str
    resource: str
    action: str = ""
    field: str = ""
    scope: Scope | None = None
    view: FieldRight = FieldRight.HIDDEN
    since_us: int = 0
    reason: str = ""
    set_by: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """There is one ceiling on each subject for each province, and one for all."""
        return self.subject, self.node

    @property
    def subject(self) -> str:
        """What it is about, in words."""
        return f"{self.resource}:{self.action}" if self.action else f"{self.resource}.{self.field}"

    @property
    def most(self) -> str:
        """The most that it lets be given, in words."""
        if not self.action:
            return self.view.name
        return NONE if self.scope is None else self.scope.name

    def concerns(self, node: str) -> bool:
        """Whether a node goes by it. Headquarters sets ceilings for others."""
        return node != HQ and self.node in ("", node)


@dataclass(frozen=True, slots=True)
class AccessLimits:
    """All ceilings that concern one node, the lowest on each subject. `actions`: by permission; `fields`: by kind of
    record and field."""

    actions: Mapping[Permission, Ceiling] = field(default_factory=dict)
    fields: Mapping[str, Mapping[str, Ceiling]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.actions or self.fields)

    def __iter__(self) -> Iterator[Ceiling]:
        yield from self.actions.values()
        for named in self.fields.values():
            yield from named.values()

    def on_action(self, permission: Permission) -> Ceiling | None:
        """What limits an action."""
        return self.actions.get(permission)

    def on_field(self, resource: str, name: str) -> Ceiling | None:
        """What limits a field."""
        named = self.fields.get(resource)
        if named is None:
            return None
        found = [each for each in (named.get(name), named.get(ALL_FIELDS)) if each is not None]
        return min(found, key=lambda one: one.view, default=None)


NO_LIMITS = AccessLimits()


def limits_for(ceilings: Iterable[Ceiling], node: str) -> AccessLimits:
    """What the ceilings make together for a node."""
    actions: dict[Permission, Ceiling] = {}
    fields: dict[str, dict[str, Ceiling]] = {}
    for each in ceilings:
        if not each.concerns(node):
            continue
        if each.action:
            permission = Permission(each.resource, each.action)
            actions[permission] = min(each, actions.get(permission, each), key=lambda one: one.scope or 0)
        else:
            named = fields.setdefault(each.resource, {})
            named[each.field] = min(each, named.get(each.field, each), key=lambda one: one.view)
    return AccessLimits(actions, fields) if actions or fields else NO_LIMITS


def parse_subject(text: str) -> tuple[str, str, str]:
    """Resource, action and field of what is written `customer:export` or `customer.address`; one of the last two is
    empty. Raises CeilingUnfit."""
    resource, colon, action = text.partition(":")
    if not colon:
        resource, _, name = text.partition(".")
        if _WORD.fullmatch(resource) and (name == ALL_FIELDS or _WORD.fullmatch(name)):
            return resource, "", name
    elif _WORD.fullmatch(resource) and _WORD.fullmatch(action):
        return resource, action, ""
    raise CeilingUnfit(
        detail=f"{text[:64]!r} is neither a permission, such as customer:export, nor a field, such as customer.address",
        detail_zh=f"{text[:64]!r} 既不是权限（例如 customer:export），也不是字段（例如 customer.address）",
    )


def read_scope(text: str) -> Scope | None:
    """A scope, or None for not at all. Raises CeilingUnfit."""
    if text.upper() == NONE:
        return None
    try:
        return Scope[text.upper()]
    except KeyError as error:
        raise _not_one_of(text, (NONE, *(scope.name for scope in Scope))) from error


def read_view(text: str) -> FieldRight:
    """A right on a field. Raises CeilingUnfit."""
    try:
        return FieldRight[text.upper()]
    except KeyError as error:
        raise _not_one_of(text, [right.name for right in FieldRight]) from error


def _not_one_of(text: str, known: Iterable[str]) -> CeilingUnfit:
    listed = ", ".join(known)
    return CeilingUnfit(detail=f"{text[:64]!r} is none of {listed}", detail_zh=f"{text[:64]!r} 不是下列之一：{listed}")
