"""Everything is restarted under load, one program after the other, as an upgrade does it: no request fails, and who
asks at a province notices nothing of HQ's replicas at all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from common.link import effects as reason
from tests.support.judgement import verdict
from tests.support.replicas import ReplicatedFederation
from tests.support.request_load import Job, Load, plan_jobs
from tests.support.running import SETTINGS, RunningNode, eventually, import_customers
from tests.support.stores import POSTGRES, databases_of

SEED = 20270211
REQUESTS = 160
PROVINCES = ("31", "44")
CUSTOMERS = 40
HOT_SUBSCRIPTIONS = 20
OPEN_WITHIN_S = 30.0


def test_no_request_fails_while_everything_is_restarted_one_after_the_other(tmp_path: Path) -> None:
    with (
        databases_of(POSTGRES, tmp_path) as databases,
        ReplicatedFederation(tmp_path, PROVINCES, databases.empty(), SETTINGS) as federation,
    ):
        held = {code: import_customers(federation[code], code, CUSTOMERS) for code in PROVINCES}
        hot = {code: subscriptions[:HOT_SUBSCRIPTIONS] for code, subscriptions in held.items()}
        jobs: list[Job] = []
        request_ids: dict[str, str] = {}
        for nodes in (federation.replicas.values(), federation.provinces.values()):
            wave = plan_jobs(SEED + len(jobs), REQUESTS, PROVINCES, hot)
            jobs += wave
            said_before = {code: len(node.log) for code, node in federation.provinces.items()}
            with Load(federation, wave, counters_a_node=3, open_a_counter=4) as load:
                restart_one_after_the_other(federation, nodes, load)
            request_ids |= load.results.request_ids
            # Whatever was asked of a province that was about to stop was answered, if only by "not now".
            assert load.results.broken_submits == 0
            if federation.hq in nodes:
                assert load.results.put_off == 0
                every_stream_ended_in_order_and_every_dial_was_answered(federation, said_before)
        federation.wait_until_quiet()
        assert set(federation.stop_all().values()) == {0}
        assert verdict(federation, jobs, request_ids, held) == []


def restart_one_after_the_other(federation: ReplicatedFederation, nodes: Iterable[RunningNode], load: Load) -> None:
    """Each is stopped as an operator does it, and started; the next one when the links are open again."""
    nodes = list(nodes)
    for number, node in enumerate(nodes, start=1):
        load.wait_until_ended(number * REQUESTS // (len(nodes) + 1))
        assert node.stop() == 0, node.said()
        node.start()
        eventually(federation.all_open, "all links open again", OPEN_WITHIN_S)


def every_stream_ended_in_order_and_every_dial_was_answered(
    federation: ReplicatedFederation, said_before: dict[str, int]
) -> None:
    for code, node in federation.provinces.items():
        ends = [end["reason"] for end in node.events("link ended", after=said_before[code])]
        assert set(ends) == {reason.DRAINED}
        assert len(ends) == len(node.events("link open", after=said_before[code]))
