"""A thousand requests while every node is killed again and again: nothing is lost, nothing happens twice."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common.personal_data.masking import mask_name
from tests.support.judgement import verdict
from tests.support.request_load import QUERY, Load, plan_jobs
from tests.support.running import RunningFederation, RunningNode, import_customers

REQUESTS = 1_000
SEED = 20270115
PROVINCES = ("31", "44", "33")
ORIGINS = ("31", "44")
HOT_SUBSCRIPTIONS = 25
CUSTOMERS = 60
START_S = 0.5
"""A start takes about so long, and longer where much else runs."""


@dataclass(frozen=True, slots=True)
class Blow:
    """What befalls nodes when so many requests have ended: they are killed and come back; `again` says in which phase
    of their coming back they are killed once more."""

    after: int
    nodes: tuple[str, ...]
    again: str = ""


BLOWS = (
    Blow(40, ("44",)),
    Blow(120, ("00",)),
    Blow(200, ("31",), "as it starts"),
    Blow(290, ("33",)),
    Blow(380, ("00",), "as its links resume"),
    Blow(470, ("31",)),
    Blow(560, ("44",), "as its links resume"),
    Blow(650, ("00", "31")),
    Blow(740, ("44", "33")),
    Blow(830, ("00",), "as it starts"),
    Blow(930, ("31", "44", "00", "33")),
)


def test_every_request_ends_once_and_alike_everywhere_when_nodes_are_killed(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    with RunningFederation(tmp_path, PROVINCES) as federation:
        held = {code: import_customers(federation[code], code, CUSTOMERS) for code in PROVINCES}
        hot = {code: subscriptions[:HOT_SUBSCRIPTIONS] for code, subscriptions in held.items()}
        jobs = plan_jobs(SEED, REQUESTS, ORIGINS, hot)
        with Load(federation, jobs) as load:
            for blow in BLOWS:
                load.wait_until_ended(blow.after)
                strike([federation.nodes[code] for code in blow.nodes], blow.again, chance)
        federation.wait_until_quiet()
        ends = load.results.ends
        assert len(ends) == REQUESTS
        told = [
            (leg["answer"]["name"], job)
            for job in jobs
            if job.kind == QUERY
            for leg in ends[job.key]["legs"]
            if leg["state"] == "completed"
        ]
        names = {
            number: mask_name(h.name)
            for s in held.values()
            for h in s
            for number in (h.customer_number, h.service_number)
        }
        assert len(told) > REQUESTS // 10
        assert all(name == names[next(iter(job.content.values()))] for name, job in told)
        kills = {code: node.kills for code, node in federation.nodes.items()}
        assert set(federation.stop_all().values()) == {0}
        assert verdict(federation, jobs, load.results.request_ids, held) == []
    assert sum(kills.values()) >= len(BLOWS) + 8
    assert min(kills.values()) >= 3
    states = {leg["state"] for end in ends.values() for leg in end["legs"]}
    assert {"completed", "rejected", "cancelled"} <= states


def strike(nodes: Sequence[RunningNode], again: str, chance: random.Random) -> None:
    """Kills the nodes at once, at some moment from now, and brings them back."""
    some_time(chance, 0.15)
    for node in nodes:
        node.kill()
    if again == "as it starts":
        for node in nodes:
            node.launch()
        some_time(chance, START_S)
        for node in nodes:
            node.kill()
    serve_again(nodes)
    if again == "as its links resume":
        some_time(chance, 0.1)
        for node in nodes:
            node.kill()
        serve_again(nodes)


def serve_again(nodes: Sequence[RunningNode]) -> None:
    """Starts the nodes, all at once, and waits until they serve."""
    for node, begun in [(node, node.launch()) for node in nodes]:
        node.wait_for("node serves", after=begun)


def some_time(chance: random.Random, most_s: float) -> None:
    """Lets a moment pass that nothing else decides: this is when the blow falls, not what is waited for."""
    threading.Event().wait(chance.uniform(0.0, most_s))
