"""Each node is stopped in good order and started again under load: nobody notices more than a wait."""

from __future__ import annotations

from pathlib import Path

from tests.support.judgement import verdict
from tests.support.request_load import Load, plan_jobs
from tests.support.running import RunningFederation, import_customers

SEED = 20270117
REQUESTS = 300
PROVINCES = ("31", "44")
CUSTOMERS = 40
HOT_SUBSCRIPTIONS = 20
ROUNDS = ("00", "31", "44")


def test_no_request_fails_when_each_node_in_turn_is_stopped_and_started(tmp_path: Path) -> None:
    with RunningFederation(tmp_path, PROVINCES) as federation:
        held = {code: import_customers(federation[code], code, CUSTOMERS) for code in PROVINCES}
        jobs = plan_jobs(SEED, REQUESTS, PROVINCES, {code: h[:HOT_SUBSCRIPTIONS] for code, h in held.items()})
        with Load(federation, jobs, counters_a_node=4, open_a_counter=6) as load:
            for number, code in enumerate(ROUNDS, start=1):
                load.wait_until_ended(number * REQUESTS // (len(ROUNDS) + 1))
                node = federation.nodes[code]
                assert node.stop() == 0, node.said()
                assert node.events("node stopped")
                node.start()
        federation.wait_until_quiet()
        assert set(federation.stop_all().values()) == {0}
        # Whatever was asked of a node that was about to stop was answered, if only by "not now".
        assert load.results.broken_submits == 0
        assert verdict(federation, jobs, load.results.request_ids, held) == []
