"""What somebody may do as of this very transaction: for what is decided in it on behalf of somebody who does not call.

Whoever calls brings their rights with them (`book.AccessBook`), as they were a moment ago.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from common.access_control.actor import Actor, ActorKind
from common.access_control.ceilings import AccessLimits
from common.access_control.rights import NOTHING, Rights, joined
from common.operators.model import ACTIVE
from common.operators.repository import OperatorBook, RoleBook
from common.organisations.repository import OrganisationTree


def rights_now(uow: Any, operator: str, organisation_id: str) -> Rights:
    """What an operator may do when they act in an organisation; nothing for whom is locked or unknown."""
    known = OperatorBook(uow).find(operator)
    if known is None or known.state != ACTIVE or not is_active(uow, organisation_id):
        return NOTHING
    book = RoleBook(uow)
    held = [book.find(post.role) for post in known.posts if post.organisation_id == organisation_id]
    # What headquarters lets nobody do, nobody may.
    limits: AccessLimits = uow.node.access_limits
    return joined([role.rights for role in held if role is not None]).cut(limits)


def is_active(uow: Any, organisation_id: str) -> bool:
    """Whether there is such an organisation, and it was not deactivated."""
    found = OrganisationTree(uow).find(organisation_id)
    return found is not None and found.state == ACTIVE


def operator_now(uow: Any, operator: str, organisation_id: str) -> Actor:
    """The operator as one who acts in an organisation."""
    rights = rights_now(uow, operator, organisation_id)
    return Actor(ActorKind.OPERATOR, operator, organisation_id, rights=rights)


def as_of_now(uow: Any, actor: Actor) -> Actor:
    """Whoever calls, with the rights of this moment, where they are an operator."""
    if actor.kind is not ActorKind.OPERATOR:
        return actor
    return replace(actor, rights=rights_now(uow, actor.name, actor.organisation))


@contextmanager
def acting_as(uow: Any, actor: Actor) -> Iterator[None]:
    """Within it, `actor` acts in the item at hand."""
    before = uow.actor
    uow.actor = actor
    try:
        yield
    finally:
        uow.actor = before
