"""One replica of HQ shuts a province out while another takes in what the province says: whatever the order of their
statements, the one comes before the other, and the later one knows of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from common.core import NodeCore
from common.ids import HQ
from common.messaging.dispatcher import CommandWork
from common.messaging.incoming import ReceivedBatch
from common.messaging.replica import ClaimLink
from common.security.tls import issue_authority
from hq_node.directory.authority import DAY_US, Authority
from hq_node.directory.commands import LookForDirectory, ResumeNode, RevokeNode, SuspendNode
from hq_node.directory.following import DirectoryFollower
from hq_node.directory.handlers import handlers
from hq_node.directory.in_force import DirectoryInForce
from hq_node.hub.repository import hub_legs
from tests.support.federation import SHANGHAI, Federation
from tests.support.stepping import Actor, Interleaving, make_replica
from tests.support.stores import POSTGRES, Databases, databases_of


class HeldFederation(Federation):
    """What arrives at HQ is held, for a replica to take."""

    def __init__(self, databases: Databases) -> None:
        self.held: list[ReceivedBatch] = []
        super().__init__(databases)

    def group(self, node: str, commands: Sequence[Any] = (), batches: Sequence[ReceivedBatch] = ()) -> None:
        if node == HQ and batches:
            self.held.extend(batches)
        else:
            super().group(node, commands, batches)


class Replicas:
    """HQ's replicas: `a` hears its operators, `b` owns the link of Shanghai. They hear no notices of each other."""

    def __init__(self, databases: Databases) -> None:
        self.federation = federation = HeldFederation(databases)
        federation.cores[HQ].close()
        self.a, self.b = (self._make(name) for name in ("a", "b"))
        federation.cores[HQ] = self.b
        self.interleaving = Interleaving(federation.urls[HQ])
        run(self.b, ClaimLink(SHANGHAI))

    def _make(self, name: str) -> NodeCore:
        federation = self.federation
        root, key = federation.root, generate_private_key(SECP256R1())
        authority = Authority(
            root_public_key=root.public_key,
            root_signers=lambda: (root,),
            tls=issue_authority(key, bytes(20), federation.clock.now_us(), DAY_US),
            entropy=federation._entropy,
            enrolment_address="hq.example:7441",
            link_address="hq.example:7440",
        )
        core = make_replica(federation, name, handlers(authority))
        follower = DirectoryFollower(DirectoryInForce(federation.signed_directory, b"", root.public_key))
        follower.attend(core)
        return core

    def said_by_shanghai(self) -> list[ReceivedBatch]:
        """A request of Shanghai, as it has arrived at b's end of a new stream."""
        federation = self.federation
        federation.held.clear()
        federation.reconnect(SHANGHAI)
        if not federation.held:
            federation.suspend(SHANGHAI)
            federation.run()
        for batch in federation.held:
            batch.epoch = self.b.dispatcher.port(SHANGHAI).epoch
        return list(federation.held)

    def admitted(self) -> int:
        """How many requests HQ has admitted."""
        statement = sa.select(sa.func.count()).select_from(hub_legs).where(hub_legs.c.hub_position > 0)
        return int(self.a.connection.execute(statement).scalar_one())

    def close(self) -> None:
        self.a.close()
        self.federation.close()
        self.interleaving.close()


def run(core: NodeCore, *commands: Any) -> list[Any]:
    """One group, alone."""
    results: list[Any] = []

    def done(result: Any, error: BaseException | None) -> None:
        assert error is None, error
        results.append(result)

    core.dispatcher.run_group([CommandWork(command, done) for command in commands], ())
    return results


@pytest.fixture
def replicas(tmp_path: Path) -> Iterator[Replicas]:
    with databases_of(POSTGRES, tmp_path) as databases:
        made = Replicas(databases)
        yield made
        made.close()


@pytest.mark.parametrize("shuts_out_first", [True, False])
def test_what_a_province_says_is_taken_before_it_is_shut_out_or_not_at_all(
    replicas: Replicas, shuts_out_first: bool
) -> None:
    """`shuts_out_first`: whose first statements come first."""
    after, steps, seen = 0, 1, set()
    while after < steps:
        batches, before = replicas.said_by_shanghai(), replicas.admitted()
        shutting_out = Actor(replicas.a, [SuspendNode(SHANGHAI, "under suspicion", "operator")])
        taking_in = Actor(replicas.b, [], batches)
        actors = (shutting_out, taking_in) if shuts_out_first else (taking_in, shutting_out)
        steps = replicas.interleaving.run(*actors, after)
        taken = replicas.admitted() > before
        assert taken == (taking_in.place < shutting_out.place), f"after {after} statements"
        seen.add(taken)
        run(replicas.a, ResumeNode(SHANGHAI, "cleared", "operator"))
        after += 1
    assert seen == {True, False}


def test_a_revocation_counts_at_once_where_nobody_has_told_of_it(replicas: Replicas) -> None:
    batches = replicas.said_by_shanghai()
    (revoked,) = run(replicas.a, RevokeNode(SHANGHAI, "stolen", "operator"))
    outcome = replicas.b.dispatcher.run_group([], batches)
    assert outcome.failed == {SHANGHAI: "NODE_NOT_ACTIVE"}
    assert replicas.admitted() == 0
    assert replicas.b.context.directory.version == revoked.version


def test_whoever_looks_goes_by_what_another_replica_has_published(replicas: Replicas) -> None:
    (before,) = run(replicas.b, LookForDirectory())
    (suspended,) = run(replicas.a, SuspendNode(SHANGHAI, "under suspicion", "operator"))
    assert run(replicas.b, LookForDirectory()) == [suspended.version] == [before + 1]
