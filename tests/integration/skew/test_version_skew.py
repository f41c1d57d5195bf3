"""Nodes are upgraded one by one, while work goes on: an earlier release beside this one, either way round.

The earlier release is the commit before this one; what an upgrade finds is what that commit's programs have written.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.support.earlier import EarlierFederation, NoHistory, check_out
from tests.support.judgement import verdict
from tests.support.request_load import Job, Load, plan_jobs
from tests.support.running import import_customers

PROVINCES = ("31", "44")
CUSTOMERS = 20
REQUESTS = 60
SEED = 20270203


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """The programs of the commit before this one."""
    try:
        return check_out("HEAD~1", tmp_path / "earlier")
    except NoHistory as error:
        pytest.skip(f"the earlier programs come from the repository's history: {error}")


@pytest.mark.extra("needs the repository's history, which an archive of the sources lacks")  # noqa: S610 - no Django.
def test_nothing_is_lost_or_done_twice_while_nodes_are_upgraded_one_by_one(earlier: Path, tmp_path: Path) -> None:
    jobs: list[Job] = []
    request_ids: dict[str, str] = {}
    with EarlierFederation(tmp_path, PROVINCES, earlier) as federation:
        held = {code: import_customers(federation[code], code, CUSTOMERS) for code in PROVINCES}

        def work(meanwhile: Callable[[], None] = lambda: None) -> None:
            wave = plan_jobs(SEED + len(jobs), REQUESTS, PROVINCES, held)
            with Load(federation, wave, counters_a_node=2, open_a_counter=4) as load:
                load.wait_until_ended(len(wave) // 4)
                meanwhile()
                load.wait_until_ended(len(wave))
            jobs.extend(wave)
            request_ids.update(load.results.request_ids)

        work()  # All are of the earlier release.
        for code in ("31", "00", "44"):  # A newer province at an earlier HQ, then an earlier one at a newer HQ.
            work(meanwhile=partial(federation.prepare, code))
            work(meanwhile=partial(federation.upgrade, code))
        federation.wait_until_quiet()
        assert set(federation.stop_all().values()) == {0}
        assert verdict(federation, jobs, request_ids, held) == []
