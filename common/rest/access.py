"""What of a resource is there for whom: asked on the way into every query and every change of the interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa

from common.access_control.actor import Actor
from common.access_control.rights import FieldRight, Limits, Rights, Scope
from common.operators.row_scope import Reached, rows_within
from common.rest.errors import FieldFinding, FieldsNotEditable
from common.rest.resource import ALWAYS_SHOWN, Resource

NOTHING_HIDDEN: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody sees of a resource's documents. `hidden`: attributes of the first level that are not there for
    them; `masks`: by the names of others, how their values are masked; `unsearchable`: attributes of the first level
    that are no filters and nothing to sort by, for what may not be seen must not be found out either."""

    hidden: frozenset[str] = NOTHING_HIDDEN
    masks: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    unsearchable: frozenset[str] = NOTHING_HIDDEN

    def of(self, document: Mapping[str, Any], fields: frozenset[str] | None = None) -> dict[str, Any]:
        """The document as they see it; with `fields`, no more of it than these."""
        seen = {
            name: value
            for name, value in document.items()
            if name not in self.hidden and (fields is None or name in fields)
        }
        for name, mask in self.masks.items():
            first, _, rest = name.partition(".")
            if first in seen:
                seen[first] = _masked(seen[first], rest.split(".") if rest else [], mask)
        return seen


EVERYTHING_SHOWN = Shown()


class Access(Protocol):
    """Which rows and which attributes somebody reaches who holds the permission to read the resource."""

    def rows(self, actor: Actor, resource: Resource) -> Reached | None:
        """Which rows are there for them; None: all."""

    def shown(self, actor: Actor, resource: Resource) -> Shown:
        """What they see of each."""


class ByRights:
    """Rows by the scope in which the permission to read is held, attributes by what roles say of fields. `root`: the
    node's own organisation."""

    def __init__(self, root: str) -> None:
        self._root = root

    def rows(self, actor: Actor, resource: Resource) -> Reached | None:
        """Whose rows nobody can tell are there for those whose permission reaches all of the node's."""
        scope = actor.rights.require(resource.reading)
        if resource.belongs is None:
            return None if scope >= Scope.PROVINCE else sa.false()
        return rows_within(scope, actor, self._root, resource.belongs)

    def shown(self, actor: Actor, resource: Resource) -> Shown:
        return shown_to(actor, resource)


def shown_to(actor: Actor, resource: Resource) -> Shown:
    """What somebody's roles let them see. What shall be masked, and nobody has said how, is hidden."""
    hidden, masks, unsearchable = set(), {}, set()
    for name, attribute in resource.by_name.items():
        first = name.partition(".")[0]
        right = _right(actor, resource, first, attribute.default)
        if first in ALWAYS_SHOWN or right >= FieldRight.VISIBLE:
            continue
        unsearchable.add(first)
        if right is FieldRight.HIDDEN or attribute.mask is None:
            hidden.add(first)
        else:
            masks[name] = attribute.mask
    if not unsearchable:
        return EVERYTHING_SHOWN
    return Shown(frozenset(hidden), masks, frozenset(unsearchable))


def all_may_be_seen(limits: Limits, resource: Resource) -> bool:
    """Whether headquarters lets anybody at this node see all records of this kind, with all that they hold."""
    rights = Rights({resource.reading: Scope.NETWORK}).cut(limits)
    scope = rights.scope_of(resource.reading)
    names = {name.partition(".")[0] for name in resource.by_name} - ALWAYS_SHOWN
    kind = resource.reading.resource
    seen = (rights.field_right(kind, resource.field_of(name), FieldRight.VISIBLE) for name in names)
    return scope is not None and scope >= Scope.PROVINCE and min(seen, default=FieldRight.VISIBLE) >= FieldRight.VISIBLE


def require_editable(actor: Actor, resource: Resource, names: Mapping[str, Any]) -> None:
    """Raises FieldsNotEditable where a role speaks of one of these fields, and none lets it be edited."""
    fixed = [
        name
        for name in names
        if _right(actor, resource, name.partition(".")[0], FieldRight.EDITABLE) is not FieldRight.EDITABLE
    ]
    if fixed:
        raise FieldsNotEditable(
            [
                FieldFinding(name, "FIELD_NOT_EDITABLE", "your roles do not let you edit it", "您的角色无权编辑该字段")
                for name in fixed
            ]
        )


def _right(actor: Actor, resource: Resource, first: str, default: FieldRight) -> FieldRight:
    return actor.rights.field_right(resource.reading.resource, resource.field_of(first), default)


def _masked(value: Any, path: list[str], mask: Callable[[Any], Any]) -> Any:
    """A copy with what is at the path masked, also in each entry of a list."""
    if isinstance(value, list):
        return [_masked(entry, path, mask) for entry in value]
    if not path:
        return mask(value)
    if not isinstance(value, Mapping) or path[0] not in value:
        return value
    return {**value, path[0]: _masked(value[path[0]], path[1:], mask)}
