"""HQ away, or a home away: what is asked waits, says so, and is carried out when they are back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.judgement import verdict
from tests.support.request_load import RESUME, SUSPEND, Job, Load
from tests.support.running import Held, RunningFederation, eventually, import_customers

PROVINCES = ("31", "44")
CUSTOMERS = 40
WAITING = 25
SHORT_MS, LONG_MS = 400, 600_000
EARLY_EXPIRY = "\n[hub]\nexpiry_grace_ms = 0\n"
"""Nothing is known at the hub when it starts in these tests: no link need resume before time counts."""


def suspensions(name: str, origin: str, held: Sequence[Held], time_to_live_ms: int = LONG_MS) -> list[Job]:
    """One suspension for each subscription that is in service."""
    return [
        Job(f"{name}-{h.subscription_id}", origin, SUSPEND, (h.province,), {"subscription_id": h.subscription_id},
            time_to_live_ms=time_to_live_ms)
        for h in held
        if h.status == "active"
    ][:WAITING]  # fmt: skip


def submit(federation: RunningFederation, jobs: Sequence[Job]) -> dict[str, str]:
    """Submits once each, without waiting for an end. The ids by key."""
    return {job.key: federation[job.origin].post("/requests", job.document())["request_id"] for job in jobs}


def states(federation: RunningFederation, origin: str, request_ids: Sequence[str], wait_ms: int = 0) -> set[str]:
    """In which states the legs of these requests are, after at most `wait_ms` each."""
    shown = [federation[origin].get(f"/requests/{identity}", wait_ms=wait_ms) for identity in request_ids]
    return {leg["state"] for request in shown for leg in request["legs"]}


def hub_legs(federation: RunningFederation) -> dict[str, Any]:
    counts: dict[str, Any] = federation.hq.get("/status")["hub_legs"]
    return {state: count for state, count in counts.items() if count}


def test_what_waits_for_hq_or_for_a_home_is_carried_out_when_they_are_back(tmp_path: Path) -> None:
    with RunningFederation(tmp_path, PROVINCES, hub=EARLY_EXPIRY) as federation:
        held = {code: import_customers(federation[code], code, CUSTOMERS) for code in PROVINCES}

        # HQ is away.
        assert federation.hq.stop() == 0
        for_hq = suspensions("hq-away", "31", held["44"])
        request_ids = submit(federation, for_hq)
        assert states(federation, "31", list(request_ids.values())) == {"submitted"}
        status = federation["31"].get("/status")
        (link,) = status["links"]
        assert (link["state"], link["waiting_entries"]) == ("closed", len(for_hq))
        assert link["waiting_bytes"] > 0 < link["oldest_waiting_at_us"]
        assert federation["31"].ready()
        # Its own work goes on.
        again = import_customers(federation["31"], "31", CUSTOMERS + 5)
        assert federation["31"].get("/customers/summary")["customers"] == CUSTOMERS + 5
        held["31"] = again

        # HQ is back, but now the home is away.
        assert federation["44"].stop() == 0
        federation.hq.start()
        eventually(lambda: hub_legs(federation) == {"admitted": len(for_hq)}, "all wait at the hub")
        doomed = suspensions("short", "31", held["44"][::-1], SHORT_MS)
        ends = submit(federation, doomed)
        assert states(federation, "31", list(ends.values()), wait_ms=20_000) == {"expired"}
        assert hub_legs(federation) == {"admitted": len(for_hq), "expired": len(doomed)}
        assert states(federation, "31", list(request_ids.values())) == {"submitted"}

        # And back: what was not too late is done, then taken back.
        federation["44"].start()
        assert states(federation, "31", list(request_ids.values()), wait_ms=20_000) == {"completed"}
        resumptions = [Job(f"back-{j.key}", "31", RESUME, j.destinations, j.content) for j in for_hq]
        with Load(federation, resumptions) as load:
            load.wait_until_ended(len(resumptions))
        assert {leg["state"] for end in load.results.ends.values() for leg in end["legs"]} == {"completed"}
        federation.wait_until_quiet()
        assert set(federation.stop_all().values()) == {0}
        everything = {**request_ids, **ends, **load.results.request_ids}
        assert verdict(federation, [*for_hq, *doomed, *resumptions], everything, held) == []
