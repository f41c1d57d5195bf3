"""What is asked of roles, operators and teams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

POSTS_MAX = 50
MEMBERS_MAX = 500


@dataclass(frozen=True, slots=True, order=True)
class Post:
    """A role in an organisation."""

    organisation_id: str
    role: str


@dataclass(frozen=True, slots=True)
class CreateRole:
    """A role of the node's own. `permissions`: by permission ("customer:read") the name of a scope; `fields`: by kind
    of record and field the name of a right."""

    role: str
    name: str
    permissions: Mapping[str, str]
    fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChangeRole:
    """What the role is from now on, in full."""

    role: str
    name: str
    permissions: Mapping[str, str]
    fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CreateOperator:
    """Somebody who acts at this node: by which name they sign in, what they are called, where they belong, and what
    they do where."""

    operator: str
    name: str
    organisation_id: str
    posts: tuple[Post, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeOperator:
    """What is None stays; posts are given in full."""

    operator: str
    name: str | None = None
    organisation_id: str | None = None
    posts: tuple[Post, ...] | None = None


@dataclass(frozen=True, slots=True)
class GivePost:
    """The operator has one post more."""

    operator: str
    post: Post


@dataclass(frozen=True, slots=True)
class TakePost:
    """The operator has one post less."""

    operator: str
    post: Post


@dataclass(frozen=True, slots=True)
class LockOperator:
    """They may do nothing until they are unlocked."""

    operator: str
    reason: str


@dataclass(frozen=True, slots=True)
class UnlockOperator:
    """They may again do what their posts give them."""

    operator: str
    reason: str


@dataclass(frozen=True, slots=True)
class SetTeam:
    """What a team is from now on, new or known: operators of one organisation who see each other's records."""

    team: str
    name: str
    organisation_id: str
    members: tuple[str, ...]
