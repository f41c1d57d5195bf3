"""Two replicas' transactions over the same legs, interleaved statement by statement: neither waits for the other in a
circle, no request is forwarded twice, and no chain is forked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from common.core import NodeCore
from common.db.engine import open_reader
from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import HQ
from common.log import Line, redirected
from common.messaging.dispatcher import CommandWork
from common.messaging.envelope import parse
from common.messaging.inbox import leg_of
from common.messaging.replica import ClaimLink
from common.requests.commands import CancelServiceRequest, SubmitServiceRequest
from hq_node.hub.repository import hub_legs
from tests.support.federation import GUANGDONG, SHANGHAI, Federation
from tests.support.stepping import Actor, Interleaving, make_replica
from tests.support.stores import POSTGRES, Databases, databases_of

KIND = "quanwang.nodes.v1.QueryNodeStatus"


@dataclass
class Pair:
    """HQ's two replicas on one database, a with the link of Shanghai, b with that of Guangdong."""

    federation: Federation
    a: NodeCore
    b: NodeCore
    interleaving: Interleaving
    keys: int = 0

    def run(self, core: NodeCore, *commands: Any) -> list[Any]:
        """One group, alone."""
        results: list[Any] = []

        def done(result: Any, error: BaseException | None) -> None:
            assert error is None, error
            results.append(result)

        core.dispatcher.run_group([CommandWork(command, done) for command in commands], ())
        return results

    def claim_both(self) -> None:
        """As after a redial, with streams that are open and have credit."""
        for core, peer in ((self.a, SHANGHAI), (self.b, GUANGDONG)):
            self.claim(core, peer)

    def claim(self, core: NodeCore, peer: str) -> None:
        self.run(core, ClaimLink(peer))
        core.dispatcher.port(peer).hellos_agree(100_000_000)

    def asking(self, home: str) -> SubmitServiceRequest:
        self.keys += 1
        return SubmitServiceRequest(KIND, (home,), time_to_live_ms=60_000, idempotency_key=f"key-{self.keys}")


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Databases]:
    with databases_of(POSTGRES, tmp_path) as made:
        yield made


@pytest.fixture
def pair(postgres: Databases) -> Iterator[Pair]:
    federation = Federation(postgres)
    federation.close()
    cores = [make_replica(federation, name) for name in ("a", "b")]
    interleaving = Interleaving(federation.urls[HQ])
    made = Pair(federation, cores[0], cores[1], interleaving)
    made.claim_both()
    yield made
    for core in cores:
        core.close()
    interleaving.close()


Round = Callable[[Pair], tuple[Actor, Actor]]


def seal_what_the_other_cancels(pair: Pair) -> tuple[Actor, Actor]:
    """Each group cancels a leg that the other would seal, and admits another: legs of two homes, crosswise."""
    (at_a,) = pair.run(pair.a, pair.asking(GUANGDONG))
    (at_b,) = pair.run(pair.b, pair.asking(SHANGHAI))
    pair.a.dispatcher.noticed("outbox", SHANGHAI)
    pair.b.dispatcher.noticed("outbox", GUANGDONG)
    first = Actor(pair.a, [CancelServiceRequest(at_a.request_id), pair.asking(SHANGHAI)])
    return first, Actor(pair.b, [CancelServiceRequest(at_b.request_id), pair.asking(GUANGDONG)])


def admit_and_cancel_in_either_order(pair: Pair) -> tuple[Actor, Actor]:
    """One group cancels a leg and then takes a place in the hub's order; the other one the other way round."""
    (both,) = pair.run(pair.a, pair.asking(GUANGDONG))
    first = Actor(pair.a, [CancelServiceRequest(both.request_id), pair.asking(SHANGHAI)])
    return first, Actor(pair.b, [pair.asking(SHANGHAI), CancelServiceRequest(both.request_id)])


def admit_twice_under_one_key(pair: Pair) -> tuple[Actor, Actor]:
    """The same request, asked of both replicas at once."""
    wish = pair.asking(GUANGDONG)
    return Actor(pair.a, [wish]), Actor(pair.b, [wish])


def claim_while_the_owner_seals(pair: Pair) -> tuple[Actor, Actor]:
    """Replica b takes Shanghai's link over while a seals on it; a claims it back afterwards."""
    pair.claim(pair.a, SHANGHAI)
    return Actor(pair.a, [pair.asking(SHANGHAI)]), Actor(pair.b, [ClaimLink(SHANGHAI), pair.asking(GUANGDONG)])


@pytest.mark.parametrize(
    "begin",
    [
        seal_what_the_other_cancels,
        admit_and_cancel_in_either_order,
        admit_twice_under_one_key,
        claim_while_the_owner_seals,
    ],
    ids=lambda begin: begin.__name__,
)
def test_two_groups_interleaved_at_any_statement_neither_lock_up_nor_fork(pair: Pair, begin: Round) -> None:
    for turn in range(2):
        after, steps = 0, 1
        while after < steps:
            actors = begin(pair)
            logs: list[Line] = []
            with redirected(logs.append):
                steps = pair.interleaving.run(*(actors if not turn else actors[::-1]), after)
            lost = [entry for entry in logs if entry.get("error") == "DeadlockDetected"]
            assert lost == []
            after += 1
    settle(pair)
    nothing_is_forked_or_forwarded_twice(pair)


def settle(pair: Pair) -> None:
    """What is left in the outbox is sealed."""
    pair.claim_both()
    for _ in range(3):
        pair.federation.clock.at_us += 2_000_000
        for core in (pair.a, pair.b):
            pair.run(core)


def nothing_is_forked_or_forwarded_twice(pair: Pair) -> None:
    engine = open_reader(pair.federation.urls[HQ])
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT link, seal_number, batch FROM journal ORDER BY 1, 2").all()
        legs = {row.leg_id: row for row in connection.execute(sa.select(hub_legs))}
    engine.dispose()
    numbers: dict[str, list[int]] = {}
    forwarded: list[bytes] = []
    for link, number, batch in rows:
        numbers.setdefault(link, []).append(number)
        for entry in seal_pb2.SealedBatch.FromString(batch).entries:
            if entry.header and parse(entry.header, entry.body, entry.private_body).routing.phase == 1:
                forwarded.append(leg_of(parse(entry.header, entry.body, entry.private_body)))
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())
    assert len(forwarded) == len(set(forwarded)) > 0
    positions = [leg.hub_position for leg in legs.values() if leg.hub_position]
    assert sorted(positions) == list(range(1, len(positions) + 1))
    assert all(leg.forwarded_at_us for key, leg in legs.items() if key in set(forwarded))
    assert {key for key, leg in legs.items() if leg.forwarded_at_us} == set(forwarded)
    assert not [key for key, leg in legs.items() if leg.state == "admitted"]
