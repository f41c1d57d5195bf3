"""What one replica decides reaches the others' streams at once; what one alone may do is taken over when it dies."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from common.leases.keeper import LEASE_US
from tests.support.books import NodeBooks
from tests.support.replicas import ReplicatedFederation
from tests.support.running import SETTINGS, RunningNode, eventually
from tests.support.stores import POSTGRES, databases_of

PROVINCES = ("31", "44", "33")
CUT_WITHIN_S = 1.0
TAKEN_OVER_WITHIN_S = LEASE_US / 1e6 * 4 / 3 + 0.5
"""As docs/operations.md has it, in whole seconds."""
LATE_S = 20.0
"""By how much a machine that is busy with other things may be late."""
EXPIRED_WITHIN_S = 60.0


@pytest.fixture(scope="module")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplicatedFederation]:
    place = tmp_path_factory.mktemp("replica_roles")
    with databases_of(POSTGRES, place) as databases:
        made = ReplicatedFederation(place, PROVINCES, databases.empty(), SETTINGS)
        with (made.hq.data_dir / "node.toml").open("a", encoding="utf-8") as settings:
            settings.write("\n[hub]\nexpiry_grace_ms = 200\n")
        with made:
            yield made


def test_a_node_revoked_at_one_replica_is_cut_off_at_another_within_a_second(federation: ReplicatedFederation) -> None:
    owner = owner_of(federation, "33")
    there, elsewhere = federation.replicas[owner], next(n for name, n in federation.replicas.items() if name != owner)
    said = len(there.log)
    elsewhere.post("/nodes/33/revoke", {"reason": "stolen", "by": "li.na"})
    revoked_at = time.monotonic()
    cut = there.wait_for("link ended", after=said, peer="33")
    assert time.monotonic() - revoked_at < CUT_WITHIN_S
    assert cut["reason"] == "CERTIFICATE_UNKNOWN"
    # It dials again and again, and lands on both.
    for replica in federation.replicas.values():
        replica.wait_for("link refused", after=said if replica is there else 0, peer="33")
    assert not [entry for entry in there.events("link open", after=said) if entry["peer"] == "33"]


def test_time_limits_are_kept_by_another_replica_when_the_holder_of_the_lease_is_killed(
    federation: ReplicatedFederation,
) -> None:
    holder = eventually(lambda: lease_holder(federation), "one of the replicas holds the lease")
    other = next(name for name in federation.replicas if name != holder)
    said = len(federation.replicas[other].log)
    federation["44"].stop()
    request = submit(federation["31"], "44", time_to_live_ms=1_000)
    federation.replicas[holder].kill()
    killed_at = time.monotonic()
    federation.replicas[other].wait_for("leads", after=said)
    assert time.monotonic() - killed_at < TAKEN_OVER_WITHIN_S + LATE_S
    assert lease_holder(federation) == other
    assert eventually(lambda: ended(federation["31"], request), "the leg ends", EXPIRED_WITHIN_S) == ("expired",)
    # The former holder comes back as one among others.
    federation.replicas[holder].start()
    assert lease_holder(federation) == other


def owner_of(federation: ReplicatedFederation, peer: str) -> str:
    (row,) = [row for row in NodeBooks("00", federation.hq.database).rows("links") if row["peer"] == peer]
    return str(row["owner"])


def lease_holder(federation: ReplicatedFederation) -> str:
    return next((str(row["owner"]) for row in NodeBooks("00", federation.hq.database).rows("leases")), "")


def submit(node: RunningNode, destination: str, time_to_live_ms: int) -> str:
    acting = {"operator": "op-1", "channel": "counter", "customer_authentication": "SERVICE_PASSWORD"}
    content = {"subscription_id": "none", "reason": "停机"}
    wish = {"kind": "suspend-subscription", "destinations": [destination], "content": content, "acting": acting}
    answer = node.post("/requests", {**wish, "time_to_live_ms": time_to_live_ms, "idempotency_key": "lease"})
    return str(answer["request_id"])


def ended(node: RunningNode, request: str) -> tuple[str, ...]:
    """The states of the request's legs once all have ended; nothing before that."""
    states = tuple(leg["state"] for leg in node.get(f"/requests/{request}")["legs"])
    return states if set(states) <= {"completed", "rejected", "expired", "cancelled"} else ()
