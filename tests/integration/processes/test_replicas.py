"""Two replicas of HQ on one PostgreSQL, while they, their streams and the database fail under requests: nothing lost,
nothing twice, no fork in any chain. The long form is `scripts/outages.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.processes.test_proxy import WATCHFUL
from tests.soak.outages import CRASH, SILENCE, STOP, Plan, run
from tests.support.books import NodeBooks
from tests.support.judgement import verdict
from tests.support.replicas import ReplicatedFederation
from tests.support.request_load import Load, plan_jobs
from tests.support.running import eventually, import_customers
from tests.support.stores import POSTGRES, Databases, databases_of

SEED = 20270121
REQUESTS = 300
PROVINCES = ("31", "44")
CUSTOMERS = 40
HOT_SUBSCRIPTIONS = 20
LINK_MAX_QUIET_S = 60.0


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Databases]:
    with databases_of(POSTGRES, tmp_path) as made:
        yield made


def federation_rows(federation: ReplicatedFederation, table: str) -> list[dict[str, Any]]:
    return NodeBooks("00", federation.hq.database).rows(table)


def _counted_by(federation: ReplicatedFederation) -> set[object]:
    return {row["process"] for row in federation_rows(federation, "live_buckets")}


def test_nothing_is_lost_or_done_twice_when_replicas_streams_and_the_database_fail(tmp_path: Path) -> None:
    plan = Plan(REQUESTS, PROVINCES, ("a", SILENCE, CRASH, "b", STOP))
    report = run(tmp_path, plan)
    assert report["wrong"] == []
    assert (report["requests"], report["stopped_in_order"]) == (REQUESTS, True)
    # Each link was claimed anew by another replica, or after an outage.
    assert min(report["claims"].values()) > 1


def test_what_a_process_with_links_alone_receives_is_processed_by_another(tmp_path: Path, postgres: Databases) -> None:
    settings = f"{WATCHFUL}\n[live]\nfine_s = 1\n"
    with ReplicatedFederation(tmp_path, PROVINCES, postgres.empty(), settings, roles='["link"]') as federation:
        held = {code: import_customers(federation[code], code, CUSTOMERS) for code in PROVINCES}
        jobs = plan_jobs(SEED, 60, PROVINCES, {code: h[:HOT_SUBSCRIPTIONS] for code, h in held.items()})
        with Load(federation, jobs, counters_a_node=2, open_a_counter=4, within_s=120.0) as load:
            load.wait_until_ended(len(jobs))
        ready = federation.second.http("/readyz").json()
        assert (ready["replica"], ready["roles"]) == ("b", ["link"])
        assert not (federation.second.data_dir / "admin.address").exists()
        assert "b" in {row["owner"] for row in federation_rows(federation, "links")}
        federation.wait_until_quiet(LINK_MAX_QUIET_S)
        # What goes through a process is counted there, whichever of them looks after the node.
        eventually(lambda: _counted_by(federation) == {"a", "b"}, "both processes have kept what they counted")
        assert set(federation.stop_all().values()) == {0}
        assert verdict(federation, jobs, load.results.request_ids, held) == []
