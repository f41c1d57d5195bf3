"""Whose records somebody reaches, as a condition on the rows of a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from common.access_control.actor import Actor
from common.access_control.rights import Scope
from common.operators.repository import team_members, teams
from common.organisations.repository import organisations_within


@dataclass(frozen=True, slots=True)
class Belongs:
    """Which columns say whose a row is. `owner`: the operator's sign-in name; None where rows have no owner.

    A table that lists such rows has an index on the organisation followed by the key by which it lists them, and one on
    the owner followed by that key and the organisation.
    """

    organisation_id: sa.ColumnElement[str]
    owner: sa.ColumnElement[str] | None = None
    via: Callable[[sa.ColumnElement[bool]], sa.ColumnElement[bool]] | None = None
    """Where those columns are another table's: makes of a condition on its rows the one on the rows themselves."""


@dataclass(frozen=True, slots=True)
class EachOf:
    """Rows whose `column` is one of what `values` finds, as far as `also` holds: an index on the column followed by the
    key by which they are listed has them in one range for each value."""

    column: sa.ColumnElement[str]
    values: sa.SelectBase
    """Of one column."""
    also: sa.ColumnElement[bool] | None = None

    @property
    def condition(self) -> sa.ColumnElement[bool]:
        """The rows, as a condition."""
        found = self.column.in_(self.values)
        return found if self.also is None else found & self.also


Reached = EachOf | sa.ColumnElement[bool]
"""Rows that somebody reaches."""


def condition_of(reached: Reached) -> sa.ColumnElement[bool]:
    """The rows, as a condition."""
    return reached.condition if isinstance(reached, EachOf) else reached


def rows_within(scope: Scope, actor: Actor, root: str, belongs: Belongs) -> Reached | None:
    """The rows; None: all. `root`: the node's own organisation. Who acts in no organisation reaches nothing narrower
    than the province."""
    if scope >= Scope.PROVINCE or (scope is Scope.BELOW and actor.organisation == root):
        return None
    reached = _narrower(scope, actor, belongs)
    return reached if belongs.via is None else belongs.via(condition_of(reached))


def _narrower(scope: Scope, actor: Actor, belongs: Belongs) -> Reached:
    """The rows within a scope that does not hold all."""
    if scope is Scope.BELOW:
        return EachOf(belongs.organisation_id, organisations_within(actor.organisation))
    in_organisation = belongs.organisation_id == actor.organisation
    if scope is Scope.ORGANISATION:
        return in_organisation
    if belongs.owner is None:
        return sa.false()
    own = belongs.owner == actor.name
    if scope is Scope.OWN:
        return own
    # By the owner's index alone: either part of "own, or of the organisation" by an index of its own costs a look at
    # each row for the rest.
    return EachOf(belongs.owner, _team_mates(actor), own | in_organisation)


def _team_mates(actor: Actor) -> sa.SelectBase:
    """The actor, and the operators who share a team of the organisation with them."""
    mine = sa.select(team_members.c.team).join(teams, teams.c.team == team_members.c.team)
    mine = mine.where(team_members.c.operator == actor.name, teams.c.organisation_id == actor.organisation)
    mates = team_members.alias("mates")
    shared = sa.select(mates.c.operator.label("operator")).where(mates.c.team.in_(mine))
    return sa.union(shared, sa.select(sa.literal(actor.name).label("operator")))
