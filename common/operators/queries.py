"""What is read of roles, operators and teams: rows, on a reader's connection."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from common.access_control.ceilings import NO_LIMITS, AccessLimits
from common.access_control.version import access_version_of
from common.operators.book import AccessBook, KnownOperator
from common.operators.built_in import BUILT_IN
from common.operators.commands import Post
from common.operators.model import OperatorNotFound
from common.operators.repository import operators, posts, roles, team_members, teams
from common.operators.roles import Role, RoleNotFound, ceilings_on, read_role
from common.organisations.model import ACTIVE
from common.organisations.repository import organisations, within_organisation

ROWS_MAX = 500


def load_book(connection: sa.Connection) -> AccessBook:
    """Everything about who may do what, as of one moment."""
    own = {row.role: read_role(json.loads(row.content)) for row in connection.execute(sa.select(roles))}
    held: dict[str, list[Post]] = {}
    for row in connection.execute(sa.select(posts)):
        held.setdefault(row.operator, []).append(Post(row.organisation_id, row.role))
    known = {
        row.operator: KnownOperator(row.organisation_id, row.state, tuple(sorted(held.get(row.operator, ()))))
        for row in connection.execute(sa.select(operators.c.operator, operators.c.organisation_id, operators.c.state))
    }
    active = sa.select(organisations.c.organisation_id).where(organisations.c.state == ACTIVE)
    ids = frozenset(connection.execute(active).scalars())
    return AccessBook(access_version_of(connection), ids, own, known)


def list_roles(connection: sa.Connection, limits: AccessLimits = NO_LIMITS) -> list[dict[str, Any]]:
    """The built-in roles, then the node's own by id; `ceilings`: what of each counts only so far (`ceilings_on`)."""
    own = connection.execute(sa.select(roles.c.content).order_by(roles.c.role)).scalars()
    known = [*BUILT_IN.values(), *(read_role(json.loads(content)) for content in own)]
    return [{**role.document(), "ceilings": ceilings_on(role, limits)} for role in known]


def show_role(connection: sa.Connection, role: str, limits: AccessLimits = NO_LIMITS) -> dict[str, Any]:
    """One role, with its ceilings and how many posts there are in it. Raises RoleNotFound."""
    found: Role | None = BUILT_IN.get(role)
    if found is None:
        content = connection.execute(sa.select(roles.c.content).where(roles.c.role == role)).scalar()
        if content is None:
            raise RoleNotFound(role=repr(role[:64]))
        found = read_role(json.loads(content))
    counted = sa.select(sa.func.count()).select_from(posts).where(posts.c.role == role)
    posts_held = int(connection.execute(counted).scalar_one())
    return {**found.document(), "ceilings": ceilings_on(found, limits), "posts": posts_held}


def list_operators(
    connection: sa.Connection, below: str = "", after: str = "", limit: int = 50, state: str = ""
) -> dict[str, Any]:
    """The operators behind `after` by sign-in name, at most `limit` and never more than ROWS_MAX: of one organisation
    and all below it, or all; `next` is where to go on."""
    c, size = operators.c, min(limit, ROWS_MAX)
    statement = sa.select(operators).where(c.operator > after).order_by(c.operator).limit(size + 1)
    if below:
        statement = statement.where(within_organisation(c.organisation_id, below))
    if state:
        statement = statement.where(c.state == state)
    rows = [dict(row._mapping) for row in connection.execute(statement)]
    items = rows[:size]
    held = sa.select(posts).where(posts.c.operator.in_([item["operator"] for item in items]))
    for item in items:
        item["posts"] = []
    by_name = {item["operator"]: item for item in items}
    for row in connection.execute(held.order_by(posts.c.organisation_id, posts.c.role)):
        by_name[row.operator]["posts"].append({"role": row.role, "organisation_id": row.organisation_id})
    return {"items": items, "next": items[-1]["operator"] if len(rows) > size else ""}


def show_operator(connection: sa.Connection, operator: str) -> dict[str, Any]:
    """One operator with their posts and teams. Raises OperatorNotFound."""
    row = connection.execute(sa.select(operators).where(operators.c.operator == operator)).one_or_none()
    if row is None:
        raise OperatorNotFound(operator=repr(operator[:64]))
    held = sa.select(posts).where(posts.c.operator == operator).order_by(posts.c.organisation_id, posts.c.role)
    theirs = sa.select(team_members.c.team).where(team_members.c.operator == operator).order_by(team_members.c.team)
    return {
        **row._mapping,
        "posts": [{"role": post.role, "organisation_id": post.organisation_id} for post in connection.execute(held)],
        "teams": list(connection.execute(theirs).scalars()),
    }


def list_teams(connection: sa.Connection) -> list[dict[str, Any]]:
    """All teams by id, at most ROWS_MAX, with their members."""
    found = connection.execute(sa.select(teams).order_by(teams.c.team).limit(ROWS_MAX)).all()
    members: dict[str, list[str]] = {row.team: [] for row in found}
    statement = sa.select(team_members).where(team_members.c.team.in_(members)).order_by(team_members.c.operator)
    for row in connection.execute(statement):
        members[row.team].append(row.operator)
    return [{**row._mapping, "members": members[row.team]} for row in found]
