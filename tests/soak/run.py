"""Load with reconnects, for as long as is wished: nothing grows, nothing is lost, nothing is done twice.

Real programs, real TLS, and a proxy before HQ that breaks every connection after some bytes. Work comes in waves, so
that each look at the processes finds them equally busy; at the end the databases are judged as the tests judge them.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from province_node.directory.membership import Membership
from tests.soak.samples import Sample, course, look_at
from tests.support.judgement import verdict
from tests.support.request_load import Job, Load, plan_jobs
from tests.support.running import RunningFederation, import_customers
from tests.support.tcp_proxy import Fault, Plan, TcpProxy

PROVINCES = ("11", "31", "44")
CUSTOMERS = 200
REQUESTS_A_WAVE = 600
WAVE_WITHIN_S = 600.0
CONNECTION_BYTES = (300_000, 3_000_000)
"""How much passes through a connection before it breaks: several times a minute under load."""

QUIET_WITHIN_S = 120.0

Tell = Callable[[int, float, dict[str, Sample]], None]
"""`tell(requests, seconds, samples)`: after each wave."""


def soak(place: Path, minutes: float, seed: int, tell: Tell) -> dict[str, Any]:
    """Works for so many minutes; what was seen of each node, and everything that is wrong."""
    samples: dict[str, list[Sample]] = {}
    jobs: list[Job] = []
    request_ids: dict[str, str] = {}
    with ExitStack() as stack:
        federation = RunningFederation(place, PROVINCES)
        for node in federation.nodes.values():
            # Its memory is looked at.
            node.from_scratch = True
        proxies = [stack.enter_context(TcpProxy(federation.port, _breaking(seed, code))) for code in PROVINCES]
        stack.enter_context(federation)
        for code, proxy in zip(PROVINCES, proxies, strict=True):
            _dial_through(federation, code, proxy.port)
        held = {code: import_customers(federation[code], code, CUSTOMERS) for code in PROVINCES}
        started = time.monotonic()
        while (seconds := time.monotonic() - started) < minutes * 60:
            wave = plan_jobs(seed + len(jobs), REQUESTS_A_WAVE, PROVINCES, held)
            with Load(federation, wave, within_s=WAVE_WITHIN_S) as load:
                load.wait_until_ended(len(wave))
            jobs += wave
            request_ids |= load.results.request_ids
            looks = {code: look_at(node) for code, node in federation.nodes.items()}
            for code, look in looks.items():
                samples.setdefault(code, []).append(look)
            tell(len(jobs), seconds, looks)
        federation.wait_until_quiet(QUIET_WITHIN_S)
        broken = sum(len(proxy.struck) for proxy in proxies)
        exit_codes = federation.stop_all()
        wrong = verdict(federation, jobs, request_ids, held)
    courses = {code: course(looks) for code, looks in samples.items()}
    flat = all(thing["flat"] for found in courses.values() for thing in found.values())
    return {
        "minutes": round((time.monotonic() - started) / 60, 1),
        "requests": len(jobs),
        "connections_broken": broken,
        "wrong": wrong,
        "stopped_in_order": not any(exit_codes.values()),
        "nodes": courses,
        "flat": flat,
    }


def _dial_through(federation: RunningFederation, code: str, port: int) -> None:
    """From its next start on, the province finds HQ behind the proxy."""
    node = federation[code]
    node.stop()
    replace(Membership.load(node.data_dir), link_address=f"localhost:{port}").save(node.data_dir)
    node.start()


def _breaking(seed: int, code: str) -> Plan:
    rng = random.Random(f"{seed}/{code}")
    return lambda _number: Fault(rng.choice(("cut", "truncate")), rng.randrange(*CONNECTION_BYTES))
