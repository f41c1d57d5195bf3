"""A bad network between provinces and HQ: connections cut, truncated, delayed, silent. Nothing lost, nothing twice."""

from __future__ import annotations

import random
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from province_node.directory.membership import Membership
from tests.support.judgement import verdict
from tests.support.request_load import Load, plan_jobs
from tests.support.running import SETTINGS, RunningFederation, eventually, import_customers
from tests.support.tcp_proxy import GOOD, Fault, Plan, TcpProxy

SEED = 20270116
REQUESTS = 300
PROVINCES = ("31", "44")
BREAKING = 9
"""How many connections of a province break, before one that is slow."""
DELAY_S = 0.01
CUSTOMERS = 40
HOT_SUBSCRIPTIONS = 20

# What notices a silent connection, made quick: pings while nothing flows, acknowledgements while something does.
WATCHFUL = SETTINGS + (
    "keepalive_ms = 1000\n"
    "keepalive_timeout_ms = 1000\n"
    "hello_timeout_us = 3_000_000\n"
    "ack_timeout_us = 3_000_000\n"
    "connect_timeout_s = 3.0\n"
)
NOTICED_WITHIN_S = 15.0


def test_nothing_is_lost_or_done_twice_when_connections_break_at_any_byte(tmp_path: Path) -> None:
    with ExitStack() as stack:
        federation = RunningFederation(tmp_path, PROVINCES, WATCHFUL)
        proxies = {
            code: stack.enter_context(TcpProxy(federation.port, bad_network(seed)))
            for seed, code in enumerate(PROVINCES, start=SEED)
        }
        stack.enter_context(federation)
        held = {code: import_customers(federation[code], code, CUSTOMERS) for code in PROVINCES}
        jobs = plan_jobs(SEED, REQUESTS, PROVINCES, {code: h[:HOT_SUBSCRIPTIONS] for code, h in held.items()})
        for code, proxy in proxies.items():
            federation[code].stop()
            dial(federation, code, proxy.port)
            federation[code].start()
        with Load(federation, jobs, counters_a_node=4, open_a_counter=4) as load:
            load.wait_until_ended(len(jobs))
        struck = [kind for proxy in proxies.values() for kind in proxy.struck]
        federation.wait_until_quiet()
        it_is_noticed_that_the_network_fell_silent(federation, proxies["31"])
        assert set(federation.stop_all().values()) == {0}
        assert verdict(federation, jobs, load.results.request_ids, held) == []
    assert set(struck) == {"cut", "truncate", "swallow", "delay"}


def it_is_noticed_that_the_network_fell_silent(federation: RunningFederation, proxy: TcpProxy) -> None:
    """Nothing flows at the moment, and no end hears that the connection is dead: pings alone can tell."""
    province, hq, before = federation["31"], federation.hq, proxy.connections
    opened = (len(province.events("link open")), len(hq.events("link open")))
    proxy.swallow()
    eventually(lambda: proxy.connections > before, "the province dials again", NOTICED_WITHIN_S)
    eventually(
        lambda: (len(province.events("link open")), len(hq.events("link open"))) > opened,
        "both ends have a new link",
        NOTICED_WITHIN_S,
    )
    federation.wait_until_quiet()


def dial(federation: RunningFederation, code: str, port: int) -> None:
    """From its next start on, the province finds HQ at another port."""
    data_dir = federation[code].data_dir
    replace(Membership.load(data_dir), link_address=f"localhost:{port}").save(data_dir)


def bad_network(seed: int) -> Plan:
    """Each of the first connections has a fault of its own, somewhere from the handshake to far into the stream."""
    rng = random.Random(seed)
    kinds = [*("cut", "truncate", "swallow") * (BREAKING // 3), "delay"]
    places = [rng.choice((rng.randrange(6_000), rng.randrange(40_000))) for _ in kinds]
    # What is only slow does not end: it comes after all that breaks.
    faults = [Fault(kind, place, DELAY_S) for kind, place in zip(kinds, places, strict=True)]
    return lambda number: faults[number] if number < len(faults) else GOOD
