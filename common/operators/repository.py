"""Roles, operators, posts and teams in the database."""

from __future__ import annotations

import json
from typing import NamedTuple

import sqlalchemy as sa

from common.access_control.actor import Actor
from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from common.operators.built_in import BUILT_IN
from common.operators.commands import Post
from common.operators.model import NAME_CHARACTERS_MAX, OPERATOR_CHARACTERS_MAX, Operator, OperatorNotFound
from common.operators.roles import ROLE_CHARACTERS_MAX, Role, RoleNotFound, read_role
from common.organisations.model import ID_CHARACTERS_MAX

roles = sa.Table(
    "roles",
    METADATA,
    sa.Column("role", sa.String(ROLE_CHARACTERS_MAX), primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("updated_at_us", sa.BigInteger, nullable=False),
)

operators = sa.Table(
    "operators",
    METADATA,
    sa.Column("operator", sa.String(OPERATOR_CHARACTERS_MAX), primary_key=True),
    sa.Column("name", sa.String(NAME_CHARACTERS_MAX), nullable=False),
    sa.Column("organisation_id", sa.String(ID_CHARACTERS_MAX), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("created_at_us", sa.BigInteger, nullable=False),
    sa.Column("updated_at_us", sa.BigInteger, nullable=False),
)
sa.Index("operators_by_organisation", operators.c.organisation_id, operators.c.operator)

posts = sa.Table(
    "posts",
    METADATA,
    sa.Column("operator", sa.String(OPERATOR_CHARACTERS_MAX), primary_key=True),
    sa.Column("organisation_id", sa.String(ID_CHARACTERS_MAX), primary_key=True),
    sa.Column("role", sa.String(ROLE_CHARACTERS_MAX), primary_key=True),
    sqlite_with_rowid=False,
)

teams = sa.Table(
    "teams",
    METADATA,
    sa.Column("team", sa.String(OPERATOR_CHARACTERS_MAX), primary_key=True),
    sa.Column("name", sa.String(NAME_CHARACTERS_MAX), nullable=False),
    sa.Column("organisation_id", sa.String(ID_CHARACTERS_MAX), nullable=False),
    sa.Column("updated_at_us", sa.BigInteger, nullable=False),
)

team_members = sa.Table(
    "team_members",
    METADATA,
    sa.Column("team", sa.String(OPERATOR_CHARACTERS_MAX), primary_key=True),
    sa.Column("operator", sa.String(OPERATOR_CHARACTERS_MAX), primary_key=True),
    sqlite_with_rowid=False,
)
sa.Index("team_members_by_operator", team_members.c.operator, team_members.c.team)


class RoleRow(NamedTuple):
    """A row of `roles`: the role as JSON."""

    role: str
    content: str
    updated_at_us: int


class OperatorRow(NamedTuple):
    """A row of `operators`."""

    operator: str
    name: str
    organisation_id: str
    state: str
    created_at_us: int
    updated_at_us: int


class PostRow(NamedTuple):
    """A row of `posts`."""

    operator: str
    organisation_id: str
    role: str


class TeamRow(NamedTuple):
    """A row of `teams`."""

    team: str
    name: str
    organisation_id: str
    updated_at_us: int


class TeamMemberRow(NamedTuple):
    """A row of `team_members`."""

    team: str
    operator: str


ROLES = RowSpec(roles, RoleRow)
OPERATORS = RowSpec(operators, OperatorRow)
POSTS = RowSpec(posts, PostRow, key_width=3)
TEAMS = RowSpec(teams, TeamRow)
TEAM_MEMBERS = RowSpec(team_members, TeamMemberRow, key_width=2)


class RoleBook:
    """The roles within one group: those of the node's own, and the built-in ones."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._rows = uow.rows(ROLES)

    def find(self, role: str) -> Role | None:
        """The role, if there is one."""
        if role in BUILT_IN:
            return BUILT_IN[role]
        row = self._rows.get(role)
        return None if row is None else read_role(json.loads(row.content))

    def get(self, role: str) -> Role:
        """The role. Raises RoleNotFound."""
        found = self.find(role)
        if found is None:
            raise RoleNotFound(role=repr(role[:64]))
        return found

    def save(self, role: Role) -> None:
        """Stages a role whose id was asked for before, new or known."""
        content = json.dumps(role.document(), ensure_ascii=False, sort_keys=True)
        self._rows.update(RoleRow(role.role, content, self._uow.now_us))


class OperatorBook:
    """The operators within one group, with their posts."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._rows = uow.rows(OPERATORS)
        self._posts = uow.rows(POSTS)

    def find(self, operator: str) -> Operator | None:
        """The operator, if there is one."""
        row = self._rows.get(operator)
        if row is None:
            return None
        c = posts.c
        found = self._uow.query(sa.select(c.organisation_id, c.role).where(c.operator == operator))
        held = tuple(sorted(Post(*values) for values in found))
        return Operator(row.operator, row.name, row.organisation_id, row.state, held, *row[-2:])

    def get(self, operator: str) -> Operator:
        """The operator. Raises OperatorNotFound."""
        found = self.find(operator)
        if found is None:
            raise OperatorNotFound(operator=repr(operator[:64]))
        return found

    def having(self, role: str) -> tuple[str, ...]:
        """Who has a post in a role, in order."""
        found = self._uow.query(sa.select(posts.c.operator).where(posts.c.role == role).distinct())
        return tuple(sorted(found.scalars()))

    def save(self, operator: Operator, former: tuple[Post, ...] = ()) -> None:
        """Stages an operator who was asked for before, new or known; `former`: the posts they had."""
        o = operator
        self._rows.update(OperatorRow(o.operator, o.name, o.organisation_id, o.state, o.created_at_us, o.updated_at_us))
        for post in former:
            if post not in o.posts:
                self._posts.delete((o.operator, post.organisation_id, post.role))
        for post in o.posts:
            if post not in former:
                self._posts.insert(PostRow(o.operator, post.organisation_id, post.role))


class TeamBook:
    """The teams within one group, with their members."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._rows = uow.rows(TEAMS)
        self._members = uow.rows(TEAM_MEMBERS)

    def find(self, team: str) -> TeamRow | None:
        """The team, if there is one."""
        return self._rows.get(team)

    def members(self, team: str) -> tuple[str, ...]:
        """Who is in it, in order."""
        found = self._uow.query(sa.select(team_members.c.operator).where(team_members.c.team == team))
        return tuple(sorted(found.scalars()))

    def save(self, team: TeamRow, members: tuple[str, ...], former: tuple[str, ...]) -> None:
        """Stages a team that was asked for before, new or known; `former`: who was in it."""
        self._rows.update(team)
        for operator in sorted(set(former) - set(members)):
            self._members.delete((team.team, operator))
        for operator in sorted(set(members) - set(former)):
            self._members.insert(TeamMemberRow(team.team, operator))

    def share(self, operator: str, actor: Actor) -> bool:
        """Whether the operator is in a team with the actor, in the organisation in which that one acts."""
        theirs, own = team_members.alias("theirs"), team_members.alias("own")
        together = theirs.join(own, theirs.c.team == own.c.team).join(teams, teams.c.team == own.c.team)
        statement = sa.select(teams.c.team).select_from(together)
        of_both = (theirs.c.operator == operator, own.c.operator == actor.name)
        statement = statement.where(*of_both, teams.c.organisation_id == actor.organisation).limit(1)
        return self._uow.query(statement).scalar() is not None
