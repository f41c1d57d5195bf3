"""Replicas of HQ prune in turn: the one that does is killed, another takes over, and archive and database together hold
every batch exactly once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.journal.archive import JournalArchive
from tests.integration.processes.test_pruning import same_at_both_ends, sound
from tests.integration.processes.test_replica_roles import lease_holder
from tests.support.books import NodeBooks
from tests.support.dying import PROGRAM
from tests.support.processes import WAIT_S, Spawned
from tests.support.replicas import ReplicatedFederation
from tests.support.request_load import Load, plan_jobs
from tests.support.running import SETTINGS, RunningNode, eventually, import_customers
from tests.support.stores import POSTGRES, databases_of

PROVINCES = ("31", "44")
CUSTOMERS = 20
SEED = 20270402
REQUESTS = 60
OFTEN = f"{SETTINGS}\n[retention]\nprune_every_ms = 200\nslice_batches = 1\n"
LINKS = ("00>31", "00>44", "31>00", "44>00")


class Replica(RunningNode):
    """Counts everything as old, and dies by SIGKILL at `point` of pruning, if any is set."""

    point = ""

    def _spawn(self, program: str, *arguments: str) -> Spawned:
        return super()._spawn(PROGRAM, self.point)

    def wait_until_dead(self) -> int:
        """The exit code of a process that ends by itself."""
        self._serving.clear()
        return self._end(lambda process: process.wait(WAIT_S))


class PruningReplicas(ReplicatedFederation):
    """Both replicas of HQ prune often, under the lease."""

    def __init__(self, directory: Path, url: str) -> None:
        super().__init__(directory, PROVINCES, url, OFTEN)
        self.a, self.b = (Replica("hq_node", self.replicas[name].data_dir) for name in "ab")
        self.hq, self.replicas["a"], self.replicas["b"] = self.a, self.a, self.b
        self.a.url = self.b.url = url


@pytest.fixture
def federation(tmp_path: Path) -> Iterator[PruningReplicas]:
    with databases_of(POSTGRES, tmp_path) as databases, PruningReplicas(tmp_path, databases.empty()) as made:
        yield made


def test_a_killed_holder_of_the_lease_is_followed_and_nothing_is_lost_or_archived_twice(
    federation: PruningReplicas,
) -> None:
    a, b = federation.a, federation.b
    held = {code: import_customers(federation[code], code, CUSTOMERS) for code in PROVINCES}
    with Load(federation, plan_jobs(SEED, REQUESTS, PROVINCES, held), counters_a_node=2, open_a_counter=2) as load:
        load.wait_until_ended(REQUESTS // 4)
        # The holder dies between the archive and the database.
        a.stop()
        a.point = "archived, nothing deleted"
        a.start()
        b.stop()
        assert a.wait_until_dead() == -signal.SIGKILL
        a.point, said = "", len(b.log)
        b.start()
        b.wait_for("leads", after=said)
        b.wait_for("pruned", after=said)
        load.wait_until_ended(REQUESTS)
    a.start()
    assert lease_holder(federation) == "b"
    with Load(federation, plan_jobs(SEED + 1, REQUESTS, PROVINCES, held), counters_a_node=2, open_a_counter=2) as load:
        # And anywhere, with another one ready.
        load.wait_until_ended(REQUESTS // 4)
        said = len(a.log)
        b.kill()
        a.wait_for("leads", after=said)
        a.wait_for("pruned", after=said)
        load.wait_until_ended(REQUESTS)
    b.start()
    federation.wait_until_quiet()
    eventually(lambda: all(is_settled(federation, link) for link in LINKS), "what is archived is deleted")
    for link in LINKS:
        archived, stored = in_archive(federation, link), in_database(federation, link)
        assert archived == list(range(1, len(archived) + 1)), link
        assert stored == list(range(len(archived) + 1, len(archived) + len(stored) + 1)), link
        assert archived, link
    # One archive: the first replica's, which the other was told of.
    assert not (b.data_dir / "archive").exists()
    for replica in (a, b):
        assert sound(replica) == {}
    assert same_at_both_ends(federation)
    assert not [entry for node in (a, b) for entry in node.events("pruning failed")]


def in_archive(federation: PruningReplicas, link: str) -> list[int]:
    return [row.seal_number for row in JournalArchive(federation.a.data_dir / "archive").rows(link)]


def in_database(federation: PruningReplicas, link: str) -> list[int]:
    rows: list[dict[str, Any]] = NodeBooks("00", federation.hq.database).rows("journal")
    return sorted(int(row["seal_number"]) for row in rows if row["link"] == link)


def is_settled(federation: PruningReplicas, link: str) -> bool:
    """Whether nothing stands in both any more, as a holder that died between the two has left it."""
    return in_database(federation, link)[:1] == [len(in_archive(federation, link)) + 1]
