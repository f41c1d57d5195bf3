"""A node whose disk is full: it refuses new work, stays alive, loses nothing, and goes on when there is room again."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.judgement import verdict
from tests.support.request_load import QUERY, Job
from tests.support.running import Held, RunningFederation, RunningNode, eventually, import_customers

PROVINCES = ("31", "44")
CUSTOMERS = 20
WRITES_MAX = 400
"""So many requests are enough to fill what room was left."""
BACK_WITHIN_S = 20.0
SPACE = "STORAGE_UNAVAILABLE"
DISK = "8m"


@contextmanager
def file_sizes_limited(node: RunningNode) -> Iterator[None]:
    """No file of the node may grow any more: the system refuses each write beyond, as a full disk does."""
    log = Path(node.database).with_name("node.db-wal").stat().st_size
    hard = resource.prlimit(node.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(node.pid, resource.RLIMIT_FSIZE, (log, hard))
    try:
        yield
    finally:
        resource.prlimit(node.pid, resource.RLIMIT_FSIZE, (hard, hard))


@contextmanager
def disk_filled(node: RunningNode) -> Iterator[None]:
    """Somebody else's file takes all the room on the disk."""
    ballast = node.data_dir / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 65_536):
                pass
        except OSError:
            pass
    try:
        yield
    finally:
        ballast.unlink()


def test_a_province_without_room_refuses_and_recovers_when_its_files_may_not_grow(tmp_path: Path) -> None:
    with RunningFederation(tmp_path, PROVINCES) as federation:
        a_node_without_room_loses_nothing(federation, federation["31"], file_sizes_limited)


def test_hq_without_room_stays_up_and_recovers_when_its_files_may_not_grow(tmp_path: Path) -> None:
    with RunningFederation(tmp_path, PROVINCES) as federation:
        a_node_without_room_loses_nothing(federation, federation.hq, file_sizes_limited)


@pytest.mark.extra("a small disk of its own, which only root may mount, and not in every container")  # noqa: S610
def test_a_province_without_room_refuses_and_recovers_when_its_disk_is_full(tmp_path: Path) -> None:
    disk = tmp_path / "31"
    disk.mkdir(mode=0o700)
    options = f"size={DISK},mode=0700"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    try:
        with RunningFederation(tmp_path, PROVINCES) as federation:
            a_node_without_room_loses_nothing(federation, federation["31"], disk_filled)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def a_node_without_room_loses_nothing(
    federation: RunningFederation, node: RunningNode, without_room: Callable[[RunningNode], Any]
) -> None:
    """The whole story, of whichever node it is."""
    held = {code: import_customers(federation[code], code, CUSTOMERS) for code in PROVINCES}
    request_ids: dict[str, str] = {}
    jobs = [query(number, held["44"]) for number in range(WRITES_MAX)]
    federation.wait_until_quiet()
    with without_room(node):
        asked = ask_until(federation, jobs, lambda refused: bool(refused) or not_ready(node), request_ids)
        assert not_ready(node) == {"database": SPACE}
        assert node.http("/healthz").status_code == 200
        assert node.get("/status")["storage_failing"]
        # It goes on saying so, also when nobody asks it to write, and when those who can read ask again and again.
        assert not_ready(node) == {"database": SPACE}
        if node is not federation.hq:
            again = asked[-1]
            refused = submit(node, again)
            assert (refused.status_code, refused.json()["code"]) == (503, SPACE)
            assert again.key not in request_ids
    eventually(node.ready, "the node finds that there is room again", BACK_WITHIN_S)
    for job in asked:
        # What was refused was not stored in part: asked again, it is a new request; what was taken is known.
        answer = submit(federation[job.origin], job)
        assert answer.status_code == 201
        assert answer.json()["repeated"] == (job.key in request_ids)
        request_ids[job.key] = answer.json()["request_id"]
    for job in asked:
        shown = federation[job.origin].get(f"/requests/{request_ids[job.key]}", wait_ms=20_000)
        assert shown["state"] == "completed"
    federation.wait_until_quiet()
    alarms = {
        code: [a["kind"] for a in other.get("/alarms")["items"] if not a["lasting"]]
        for code, other in federation.nodes.items()
    }
    assert set(federation.stop_all().values()) == {0}
    # The operator learns of it afterwards.
    assert alarms == {code: [SPACE] if other is node else [] for code, other in federation.nodes.items()}
    assert verdict(federation, asked, request_ids, held, alarms=frozenset({SPACE})) == []


def query(number: int, held: Sequence[Held]) -> Job:
    chosen = held[number % len(held)]
    return Job(f"query-{number}", "31", QUERY, (chosen.province,), {"customer_number": chosen.customer_number})


def ask_until(
    federation: RunningFederation,
    jobs: Sequence[Job],
    enough: Callable[[bool], Any],
    request_ids: dict[str, str],
) -> list[Job]:
    """Asks one after the other until `enough(refused)`. What was asked; what was taken is noted by key."""
    for count, job in enumerate(jobs, start=1):
        answer = submit(federation[job.origin], job)
        refused = answer.status_code == 503
        if refused:
            assert answer.json()["code"] == SPACE, answer.text
        else:
            assert answer.status_code == 201, answer.text
            request_ids[job.key] = answer.json()["request_id"]
        if enough(refused):
            return list(jobs[:count])
    raise AssertionError(f"{len(jobs)} requests did not fill what room was left")


def submit(node: RunningNode, job: Job) -> httpx.Response:
    with node.admin() as client:
        return client.post("/requests", json=job.document())


def not_ready(node: RunningNode) -> dict[str, str]:
    """What /readyz has to complain of."""
    problems: dict[str, str] = node.http("/readyz").json()["problems"]
    return problems
