"""Keys of HQ that one replica replaces are the others' at once: under load, when the one that replaces them is killed,
and, where the keys were copied, after a pause in which the others do the work."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from common.gen.quanwang.federation.v1 import seal_pb2
from tests.integration.processes.test_keys import in_force, rotate
from tests.integration.processes.test_replica_roles import owner_of
from tests.support.books import NodeBooks
from tests.support.judgement import verdict
from tests.support.processes import WAIT_S, Spawned
from tests.support.replicas import ReplicatedFederation
from tests.support.request_load import Load, plan_jobs
from tests.support.running import SETTINGS, RunningNode, eventually, import_customers
from tests.support.stores import POSTGRES, Databases, databases_of

PROVINCES = ("31", "44")
CUSTOMERS = 40
HOT_SUBSCRIPTIONS = 20
SEED = 20270403
REQUESTS = 160
OFTEN = f"{SETTINGS}\n[keys]\nlook_ms = 200\n"
ALL = {"signing", "private-bodies", "tls"}

# As processes.PROGRAM; dies by SIGKILL where the keys are replaced.
PROGRAM = """
import os, runpy, signal, sys, threading
threading.Thread(target=lambda: (os.read(0, 1), os._exit(9)), daemon=True).start()
package, data_dir, point = sys.argv[1:]
sys.argv = [package, "serve", "--data", data_dir]

from common.program import key_keeper
from hq_node.directory import key_desk


def die(*_args, **_kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()


def when_rotating():
    step = key_keeper.KeyKeeper.rotate
    async def rotate(self, uses):
        uses = list(uses)
        if uses:
            self._finish = die
        return await step(self, uses)
    key_keeper.KeyKeeper.rotate = rotate


{
    "": lambda: None,
    "stored, nobody told": when_rotating,
    "named, certificate not stored": lambda: setattr(key_desk.HqKeyDesk, "keep_certificate", die),
}[point]()
runpy.run_module(package, run_name="__main__", alter_sys=True)
"""


class Replica(RunningNode):
    """Dies by SIGKILL at `point` of replacing its keys, if any is set."""

    point = ""

    def _spawn(self, program: str, *arguments: str) -> Spawned:
        return super()._spawn(PROGRAM, self.point)

    def dies_rotating(self, point: str) -> None:
        """Starts, is told to replace its keys, and dies on the way."""
        self.point = point
        self.start()
        with self.admin() as client, pytest.raises(httpx.TransportError):
            client.post("/keys/rotate", json={"uses": []}, timeout=WAIT_S)
        self._serving.clear()
        assert self._end(lambda process: process.wait(WAIT_S)) == -signal.SIGKILL
        self.point = ""


class KeyReplicas(ReplicatedFederation):
    """Two replicas of HQ that look after their keys often."""

    def __init__(self, directory: Path, url: str, *, copy_keys: bool = False) -> None:
        super().__init__(directory, PROVINCES, url, OFTEN, copy_keys=copy_keys)
        self.a, self.b = (Replica("hq_node", self.replicas[name].data_dir) for name in "ab")
        self.hq, self.replicas["a"], self.replicas["b"] = self.a, self.a, self.b
        self.a.url = self.b.url = url


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Databases]:
    with databases_of(POSTGRES, tmp_path) as made:
        yield made


def test_keys_that_one_replica_replaces_are_used_by_the_other_without_one_failed_request(
    tmp_path: Path, postgres: Databases
) -> None:
    with KeyReplicas(tmp_path, postgres.empty()) as federation:
        held = {code: import_customers(federation[code], code, CUSTOMERS) for code in PROVINCES}
        jobs = plan_jobs(SEED, REQUESTS, PROVINCES, {code: h[:HOT_SUBSCRIPTIONS] for code, h in held.items()})
        with Load(federation, jobs, counters_a_node=3, open_a_counter=4) as load:
            for number, (here, there) in enumerate((("a", "b"), ("b", "a")), start=1):
                rotating, sealing = federation.replicas[here], federation.replicas[there]
                # The links are the other one's.
                rotating.stop()
                rotating.start()
                eventually(lambda name=there: owners(federation) == {name}, f"{there} has all links")
                before = in_force(sealing)
                assert rotate(rotating) == sorted(ALL)
                after = in_force(rotating)
                assert not set(after.values()) & set(before.values())
                eventually(lambda node=sealing, new=after: in_force(node) == new, f"{there} has the next keys")
                load.wait_until_ended(number * REQUESTS // 3)
        # And what is sealed from now on is so by the newest.
        more = plan_jobs(SEED + 1, REQUESTS // 8, PROVINCES, held)
        with Load(federation, more, counters_a_node=2, open_a_counter=4) as last:
            last.wait_until_ended(len(more))
        federation.wait_until_quiet()
        assert owners(federation) == {"a"}
        signing = in_force(federation.a)["signing"]
        assert {last_sealed_by(federation, code) for code in PROVINCES} == {signing}
        assert alarms(federation.a) & {"OWN_KEYS_MISSING", "KEY_ROTATION_FAILED", "BAD_SIGNATURE"} == set()
        assert set(federation.stop_all().values()) == {0}
        assert load.results.broken_submits == last.results.broken_submits == 0
        request_ids = load.results.request_ids | last.results.request_ids
        assert verdict(federation, [*jobs, *more], request_ids, held) == []


def test_what_a_killed_replica_began_is_finished_by_the_other(tmp_path: Path, postgres: Databases) -> None:
    with KeyReplicas(tmp_path, postgres.empty()) as federation:
        a, b = federation.a, federation.b
        a.stop()
        for point in ("stored, nobody told", "named, certificate not stored"):
            before, said = in_force(b), len(b.log)
            a.dies_rotating(point)
            b.wait_for("keys replaced", after=said)
            after = in_force(b)
            assert not set(after.values()) & set(before.values()), point
            assert "next" not in {key["state"] for key in b.get("/keys")["items"]}
        a.start()
        assert in_force(a) == in_force(b)
        assert all(key["held"] for key in a.get("/keys")["items"])
        federation.wait_until_quiet()


def test_a_replica_without_the_next_keys_leaves_the_links_to_the_others_until_it_has_them(
    tmp_path: Path, postgres: Databases
) -> None:
    with KeyReplicas(tmp_path, postgres.empty(), copy_keys=True) as federation:
        a, b = federation.a, federation.b
        held = {code: import_customers(federation[code], code, CUSTOMERS) for code in PROVINCES}
        jobs = plan_jobs(SEED, REQUESTS // 2, PROVINCES, held)
        a.stop()
        a.start()
        eventually(lambda: owners(federation) == {"b"}, "b has all links")
        with Load(federation, jobs, counters_a_node=2, open_a_counter=4) as load:
            said = len(b.log)
            assert rotate(a) == sorted(ALL)
            b.wait_for("own keys missing", after=said)
            eventually(lambda: owners(federation) == {"a"}, "a has all links")
            assert b.http("/readyz").json()["problems"] == {"keys": "OWN_KEYS_MISSING"}
            eventually(lambda: "OWN_KEYS_MISSING" in alarms(a), "an operator hears of it")
            load.wait_until_ended(len(jobs))
        for part in ("keys", "tls"):
            shutil.copytree(a.data_dir / part, b.data_dir / part, dirs_exist_ok=True)
        b.wait_for("own keys complete", after=said)
        # A certificate that was not yet there with its key is found at the next look.
        eventually(lambda: in_force(b) == in_force(a), "b uses what a uses")
        eventually(b.ready, "b is ready")
        eventually(lambda: "OWN_KEYS_MISSING" not in alarms(a), "the alarm has cleared")
        # And takes links again.
        a.stop()
        eventually(lambda: owners(federation) == {"b"}, "b has all links")
        a.start()
        federation.wait_until_quiet()
        assert set(federation.stop_all().values()) == {0}
        wrong = verdict(federation, jobs, load.results.request_ids, held)
        assert [fault for fault in wrong if not fault.startswith("00: alarm OWN_KEYS_MISSING b")] == []


def owners(federation: KeyReplicas) -> set[str]:
    return {owner_of(federation, code) for code in PROVINCES}


def alarms(node: RunningNode) -> set[str]:
    return {alarm["kind"] for alarm in node.get("/alarms")["items"]}


def last_sealed_by(federation: KeyReplicas, code: str) -> str:
    rows: list[dict[str, Any]] = NodeBooks("00", federation.hq.database).rows("journal")
    last = max((row for row in rows if row["link"] == f"00>{code}"), key=lambda row: int(row["seal_number"]))
    sealed = seal_pb2.SealedBatch.FromString(bytes(last["batch"])).seal
    return seal_pb2.Seal.FromString(sealed.seal).key_id
