"""HQ as several replicas on one PostgreSQL, under requests, while outages come one after the other: a replica is
killed, every stream is left half open, the database is stopped, in good order and at once. Nothing is lost, nothing is
done twice: the databases are judged when all is over.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.errors import StorageUnavailable
from tests.integration.processes.test_proxy import WATCHFUL
from tests.support.books import NodeBooks
from tests.support.judgement import verdict
from tests.support.postgres import Cluster, PostgresServer
from tests.support.replicas import ReplicatedFederation
from tests.support.request_load import Load, plan_jobs
from tests.support.running import eventually, import_customers

SILENCE, STOP, CRASH = "silence", "database stopped", "database crashed"
"""Outages; a replica's name is one too: it is killed."""

CUSTOMERS = 40
HOT_SUBSCRIPTIONS = 20
LINK_MAX_QUIET_S = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """`outages` in order, spread over the requests. `on_server`: provinces whose records are on the same server."""

    requests: int
    provinces: tuple[str, ...]
    outages: Sequence[str]
    replicas: int = 2
    on_server: tuple[str, ...] = ()
    seed: int = 20270121
    within_s: float = 120.0


Tell = Callable[[int, float, str], None]
"""`tell(requests, seconds, outage)`: so many have ended, and this comes now."""


def long_plan(requests: int, replicas: int, seed: int) -> Plan:
    """Every outage about once for each hundred requests, in an order drawn from the seed."""
    names = ReplicatedFederation.names(replicas)
    kinds = [*names, SILENCE, STOP, CRASH]
    outages = [kinds[number % len(kinds)] for number in range(max(len(kinds), requests // 100))]
    random.Random(seed).shuffle(outages)
    return Plan(requests, ("11", "31", "44"), outages, replicas, ("44",), seed, within_s=1_800.0)


def run(place: Path, plan: Plan, tell: Tell = lambda requests, seconds, outage: None) -> dict[str, Any]:
    """Works through the plan; what was seen, and everything that is wrong."""
    started = time.monotonic()
    with closing(PostgresServer()) as server:
        cluster = Cluster(server.url)
        url, of_provinces = cluster.create(), {code: cluster.create() for code in plan.on_server}
        cluster.release()
        with ReplicatedFederation(
            place, plan.provinces, url, WATCHFUL, replicas=plan.replicas, province_urls=of_provinces
        ) as federation:
            held = {code: import_customers(federation[code], code, CUSTOMERS) for code in plan.provinces}
            hot = {code: subscriptions[:HOT_SUBSCRIPTIONS] for code, subscriptions in held.items()}
            jobs = plan_jobs(plan.seed, plan.requests, plan.provinces, hot)
            with Load(federation, jobs, counters_a_node=4, open_a_counter=4, within_s=plan.within_s) as load:
                for number, outage in enumerate(plan.outages, start=1):
                    load.wait_until_ended(number * plan.requests // (len(plan.outages) + 1))
                    tell(load.ended, time.monotonic() - started, outage)
                    strike(federation, server, outage)
            eventually(federation.all_open, "all links open again", LINK_MAX_QUIET_S)
            federation.wait_until_quiet(LINK_MAX_QUIET_S)
            exit_codes = federation.stop_all()
            wrong = verdict(federation, jobs, load.results.request_ids, held, frozenset({StorageUnavailable.code}))
            links = {row["peer"]: row for row in NodeBooks("00", url).rows("links")}
    return {
        "seconds": round(time.monotonic() - started, 1),
        "requests": len(load.results.ends),
        "outages": {kind: plan.outages.count(kind) for kind in dict.fromkeys(plan.outages)},
        "asked_again": load.results.put_off + load.results.broken_submits,
        "claims": {peer: row["epoch"] for peer, row in links.items()},
        "stopped_in_order": not any(exit_codes.values()),
        "wrong": wrong,
    }


def strike(federation: ReplicatedFederation, server: PostgresServer, outage: str) -> None:
    """Brings an outage about, and ends it."""
    if outage == SILENCE:
        # Every stream is half open: HQ's ends live on, the provinces dial again and land on any replica.
        federation.balancer.swallow()
    elif outage in (STOP, CRASH):
        server.stop(immediate=outage == CRASH)
        server.start()
    else:
        node = federation.replicas[outage]
        node.kill()
        node.start()
