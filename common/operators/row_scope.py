"""Whose records somebody reaches, as a condition on the rows of a table."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from common.access_control.actor import Actor
from common.access_control.rights import Scope
from common.operators.repository import team_members, teams
from common.organisations.repository import within_organisation


@dataclass(frozen=True, slots=True)
class Belongs:
    """Which columns say whose a row is. `owner`: the operator's sign-in name; None where rows have no owner.

    A table that lists such rows has an index on the organisation followed by the key by which it lists them.
    """

    organisation_id: sa.ColumnElement[str]
    owner: sa.ColumnElement[str] | None = None


def rows_within(scope: Scope, actor: Actor, root: str, belongs: Belongs) -> sa.ColumnElement[bool] | None:
    """The condition; None: all rows. `root`: the node's own organisation. Who acts in no organisation reaches nothing
    narrower than the province."""
    if scope >= Scope.PROVINCE or (scope is Scope.BELOW and actor.organisation == root):
        return None
    if scope is Scope.BELOW:
        return within_organisation(belongs.organisation_id, actor.organisation)
    in_organisation = belongs.organisation_id == actor.organisation
    if scope is Scope.ORGANISATION:
        return in_organisation
    if belongs.owner is None:
        return sa.false()
    own = belongs.owner == actor.name
    if scope is Scope.OWN:
        return own
    return own | (in_organisation & belongs.owner.in_(_team_mates(actor)))


def _team_mates(actor: Actor) -> sa.Select[tuple[str]]:
    """The operators who share a team of the organisation with the actor."""
    mine = sa.select(team_members.c.team).join(teams, teams.c.team == team_members.c.team)
    mine = mine.where(team_members.c.operator == actor.name, teams.c.organisation_id == actor.organisation)
    mates = team_members.alias("mates")
    return sa.select(mates.c.operator).where(mates.c.team.in_(mine))
