"""Two people decide the same request at two replicas, interleaved statement by statement: one decision counts, and what
was asked is done once or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from common.access_control.actor import SYSTEM, Actor, ActorKind
from common.approvals.approval_states import CARRIED_OUT, REFUSED, WITHDRAWN
from common.approvals.commands import Approve, Refuse, Withdraw
from common.approvals.model import ApprovalAwaited, ApprovalEnded
from common.approvals.repository import approvals
from common.audit.queries import Sought, search
from common.core import NodeCore
from common.db.engine import open_reader
from common.ids import HQ, parse_id
from common.operators.built_in import ADMINISTRATOR, BUILT_IN
from common.operators.commands import CreateOperator, Post
from common.operators.repository import operators
from common.organisations.commands import FoundOrganisations
from common.program.inline_writer import InlineWriter
from tests.support import stepping
from tests.support.federation import Federation
from tests.support.stepping import Interleaving, make_replica
from tests.support.stores import POSTGRES, Databases, databases_of

POST = Post(HQ, ADMINISTRATOR)


def acting(name: str) -> Actor:
    return Actor(ActorKind.OPERATOR, name, organisation=HQ, rights=BUILT_IN[ADMINISTRATOR].rights)


@dataclass
class Desks:
    """HQ's two replicas on one database; an, bo and chen may ask, and decide what others asked."""

    federation: Federation
    a: NodeCore
    b: NodeCore
    interleaving: Interleaving
    asked: int = 0

    def ask(self) -> tuple[str, bytes]:
        """An asks for somebody new who shall have weighty rights: the name, and the request."""
        self.asked += 1
        name = f"new-{self.asked}"
        with pytest.raises(ApprovalAwaited) as awaited:
            InlineWriter(self.a.dispatcher).run(CreateOperator(name, "New", HQ, (POST,)), acting("an"))
        return name, parse_id(awaited.value.facts["approval"])

    def found(self, name: str, approval_id: bytes) -> tuple[str, int, int]:
        """How the request ended, how many there are of that name, and how often that was done by the audit log."""
        engine = open_reader(self.federation.urls[HQ])
        with engine.connect() as connection:
            row = connection.execute(sa.select(approvals).where(approvals.c.approval_id == approval_id)).one()
            there = sa.select(sa.func.count()).select_from(operators).where(operators.c.operator == name)
            count = connection.execute(there).scalar_one()
            done = search(connection, Sought(resource="operator", action="create", record=name, outcome="DONE"))
        engine.dispose()
        return str(row.state), int(count), len(done["items"])


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Databases]:
    with databases_of(POSTGRES, tmp_path) as made:
        yield made


@pytest.fixture
def desks(postgres: Databases) -> Iterator[Desks]:
    federation = Federation(postgres)
    federation.close()
    cores = [make_replica(federation, name) for name in ("a", "b")]
    made = Desks(federation, cores[0], cores[1], Interleaving(federation.urls[HQ]))
    alone = InlineWriter(made.a.dispatcher)
    alone.run(FoundOrganisations(), SYSTEM)
    for name in ("an", "bo", "chen"):
        alone.run(CreateOperator(name, name.title(), HQ, (POST,)), SYSTEM)
    yield made
    for core in cores:
        core.close()
    made.interleaving.close()


def at(core: NodeCore, command: Any, who: Actor) -> stepping.Actor:
    return stepping.Actor(core, [command], acting=who, too_late=ApprovalEnded)


def both_approve(desks: Desks, approval_id: bytes) -> tuple[stepping.Actor, stepping.Actor]:
    first = at(desks.a, Approve(approval_id, "yes"), acting("bo"))
    return first, at(desks.b, Approve(approval_id, "yes"), acting("chen"))


def one_refuses(desks: Desks, approval_id: bytes) -> tuple[stepping.Actor, stepping.Actor]:
    first = at(desks.a, Approve(approval_id, "yes"), acting("bo"))
    return first, at(desks.b, Refuse(approval_id, "no"), acting("chen"))


def the_asker_withdraws(desks: Desks, approval_id: bytes) -> tuple[stepping.Actor, stepping.Actor]:
    first = at(desks.a, Approve(approval_id, "yes"), acting("bo"))
    return first, at(desks.b, Withdraw(approval_id, "no longer"), acting("an"))


Round = Callable[[Desks, bytes], tuple[stepping.Actor, stepping.Actor]]


@pytest.mark.parametrize(
    ("begin", "ends"),
    [
        (both_approve, {CARRIED_OUT}),
        (one_refuses, {CARRIED_OUT, REFUSED}),
        (the_asker_withdraws, {CARRIED_OUT, WITHDRAWN}),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_of_two_decisions_at_once_one_counts_and_the_wish_is_carried_out_once(
    desks: Desks, begin: Round, ends: set[str]
) -> None:
    seen: set[str] = set()
    for turn in range(2):
        after, steps = 0, 1
        while after < steps:
            name, approval_id = desks.ask()
            actors = begin(desks, approval_id)
            steps = desks.interleaving.run(*(actors if not turn else actors[::-1]), after)
            decided = [result for actor in actors for result in actor.results]
            state, there, done = desks.found(name, approval_id)
            assert [result.state for result in decided] == [state], f"after {after} of {steps}"
            assert there == done == (1 if state == CARRIED_OUT else 0)
            seen.add(state)
            after += 1
    assert seen == ends
