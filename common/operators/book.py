"""Who may do what, in memory: what an operator's rights are, and which post and role gives each of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from common.access_control.actor import Actor, ActorKind
from common.access_control.ceilings import NO_LIMITS, AccessLimits
from common.access_control.rights import NOTHING, Permission, Rights, joined
from common.operators.built_in import BUILT_IN
from common.operators.commands import Post
from common.operators.model import ACTIVE, OperatorNotFound
from common.operators.roles import Role, ceilings_on
from common.operators.separation import conflicts_of


@dataclass(frozen=True, slots=True)
class KnownOperator:
    """An operator as far as their rights go."""

    organisation_id: str
    state: str
    posts: tuple[Post, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessBook:
    """All roles and operators as of one version, under the ceilings of one directory; never changed, but replaced by
    the next one."""

    version: int
    active_organisations: frozenset[str]
    own_roles: Mapping[str, Role]
    operators: Mapping[str, KnownOperator]
    limits: AccessLimits = NO_LIMITS
    """What headquarters lets this node give at most: whatever roles say, nobody's rights reach further."""
    _rights: dict[tuple[str, str], Rights] = field(default_factory=dict, repr=False)

    def under(self, limits: AccessLimits) -> AccessBook:
        """The same roles and operators under other ceilings."""
        return replace(self, limits=limits, _rights={})

    def role(self, role: str) -> Role | None:
        """A role, built in or not."""
        return BUILT_IN.get(role) or self.own_roles.get(role)

    def organisations_of(self, operator: str) -> tuple[str, ...]:
        """Where an operator has posts, in order: where they may act."""
        known = self.operators.get(operator)
        return tuple(sorted({post.organisation_id for post in known.posts})) if known is not None else ()

    def rights_of(self, operator: str, organisation_id: str = "") -> Rights:
        """What an operator may do when they act in an organisation (empty: in the one they belong to): what their posts
        there give, together. Nothing for whom is locked or unknown, and in an organisation that was deactivated."""
        known = self.operators.get(operator)
        if known is None or known.state != ACTIVE:
            return NOTHING
        key = operator, organisation_id or known.organisation_id
        rights = self._rights.get(key)
        if rights is None:
            rights = self._rights[key] = self._joined(known, key[1])
        return rights

    def rights_given(self, role: str, organisation_id: str, only: Collection[str] = ()) -> Rights:
        """What a role gives in an organisation; with `only`, no more of it than these permissions."""
        known = self.role(role)
        if known is None or organisation_id not in self.active_organisations:
            return NOTHING
        return known.narrowed(only).cut(self.limits)

    def is_active(self, operator: str) -> bool:
        """Whether there is such an operator, who is not locked."""
        known = self.operators.get(operator)
        return known is not None and known.state == ACTIVE

    def actor(self, operator: str, organisation_id: str = "", **more: str) -> Actor:
        """The operator as one who acts; `more`: channel, address, session."""
        known = self.operators.get(operator)
        acting_in = organisation_id or (known.organisation_id if known is not None else "")
        rights = self.rights_of(operator, acting_in)
        return Actor(ActorKind.OPERATOR, operator, acting_in, rights=rights, **more)

    def explain(self, operator: str, permission: Permission | None = None) -> dict[str, Any]:
        """What an operator may do, and why: each permission (or only one) with the post and the role that give it, also
        where it does not count at present, with the reason, and with the ceiling where the role reaches further. Raises
        OperatorNotFound."""
        known = self.operators.get(operator)
        if known is None:
            raise OperatorNotFound(operator=repr(operator[:64]))
        ways = [
            {
                "permission": str(given),
                "scope": role.permissions[given].name,
                "role": role.role,
                "organisation_id": post.organisation_id,
                "ceiling": self._ceiling(role, given),
                "counts": not self._why_not(known, post, given),
                "why_not": self._why_not(known, post, given),
            }
            for post in known.posts
            if (role := self.role(post.role)) is not None
            for given in sorted(role.permissions)
            if permission is None or given == permission
        ]
        fields = [
            {
                "role": role.role,
                "organisation_id": post.organisation_id,
                "fields": role.document()["fields"],
                "ceilings": ceilings_on(role, self.limits)["fields"],
            }
            for post in known.posts
            if (role := self.role(post.role)) is not None and role.fields and permission is None
        ]
        ways.sort(key=lambda way: (way["permission"], way["organisation_id"], way["role"]))
        return {
            "operator": operator,
            "state": known.state,
            "organisation_id": known.organisation_id,
            "permission": "" if permission is None else str(permission),
            "permitted": any(way["counts"] for way in ways),
            "ways": ways,
            "fields": fields,
        }

    def conflicts(self) -> list[dict[str, Any]]:
        """Who has duties that nobody has both of, and by which permissions, in order of names: from before they were
        declared apart, or kept apart. Whether a post counts at present does not matter."""
        found = []
        for operator, known in sorted(self.operators.items()):
            roles = [role for post in known.posts if (role := self.role(post.role)) is not None]
            held = {permission for role in roles for permission in role.permissions}
            for apart, permissions in conflicts_of(held):
                ways = sorted({role.role for role in roles if role.permissions.keys() & set(permissions)})
                found.append(
                    {
                        "operator": operator,
                        "state": known.state,
                        "conflict": apart.name,
                        "permissions": [str(permission) for permission in permissions],
                        "roles": ways,
                    }
                )
        return found

    def _joined(self, known: KnownOperator, organisation_id: str) -> Rights:
        if organisation_id not in self.active_organisations:
            return NOTHING
        held = (self.role(post.role) for post in known.posts if post.organisation_id == organisation_id)
        return joined([role.rights for role in held if role is not None]).cut(self.limits)

    def _ceiling(self, role: Role, given: Permission) -> dict[str, str] | None:
        """The ceiling above which the role gives this; None where there is none."""
        return ceilings_on(role, self.limits)["permissions"].get(str(given))

    def _why_not(self, known: KnownOperator, post: Post, given: Permission) -> str:
        if known.state != ACTIVE:
            return "OPERATOR_LOCKED"
        if post.organisation_id not in self.active_organisations:
            return "ORGANISATION_INACTIVE"
        limit = self.limits.on_action(given)
        return "CEILING" if limit is not None and limit.scope is None else ""
