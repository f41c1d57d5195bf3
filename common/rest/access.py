"""What of a resource is there for whom: asked on the way into every query and every change of the interface."""

from __future__ import annotations

from typing import Protocol

import sqlalchemy as sa

from common.access_control.actor import Actor
from common.access_control.rights import Scope
from common.rest.resource import Resource


class Access(Protocol):
    """Which rows and which attributes somebody reaches who holds the permission to read the resource."""

    def rows(self, actor: Actor, resource: Resource) -> sa.ColumnElement[bool] | None:
        """Which rows are there for them; None: all."""

    def hidden(self, actor: Actor, resource: Resource) -> frozenset[str]:
        """The attributes of the first level that are not there for them, not even as filters."""


class WholeNode:
    """All records, for those whose permission reaches all of the node's records; none for anybody else."""

    def rows(self, actor: Actor, resource: Resource) -> sa.ColumnElement[bool] | None:
        return None if actor.rights.require(resource.reading) >= Scope.PROVINCE else sa.false()

    def hidden(self, actor: Actor, resource: Resource) -> frozenset[str]:
        return frozenset()
