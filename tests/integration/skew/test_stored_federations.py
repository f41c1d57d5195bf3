"""What earlier protocol versions have written is read, proved and carried to its end by this release."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.ids import HQ
from common.link.entries import EntryJudge
from common.link.origin import OriginProofs
from common.link.receiver import Receiver
from common.link.settings import LinkSettings
from common.link.watermark import Position
from common.messaging.envelope import PROTOCOL_VERSION
from common.messaging.incoming import ReceivedBatch
from tests.support.federation import PROVINCES
from tests.support.stored import StoredFederation, versions


@pytest.fixture(params=versions())
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoredFederation]:
    federation = StoredFederation(request.param, tmp_path)
    yield federation
    federation.close()


def test_a_federation_of_every_protocol_version_is_kept() -> None:
    assert versions() == [str(version) for version in range(1, PROTOCOL_VERSION + 1)]


def test_every_batch_in_the_journals_is_proved(stored: StoredFederation) -> None:
    proved = 0
    for province in PROVINCES:
        for sender, receiver in ((province, HQ), (HQ, province)):
            for holder in (sender, receiver):
                proved += _prove(stored, holder, sender, receiver)
    assert proved > 20


def test_unfinished_work_comes_to_its_end(stored: StoredFederation) -> None:
    stored.connect()
    stored.pass_time()
    states = {leg["leg"]: stored.asked(leg["origin"], bytes.fromhex(leg["leg"])).state for leg in stored.facts["legs"]}
    assert states == {leg["leg"]: leg["ends_as"] for leg in stored.facts["legs"]}
    assert {stored.subscription_status(f"44-{name}") for name in ("answered", "lost", "behind", "waiting")} == {
        "suspended"
    }
    assert [stored.parked(node) for node in stored.nodes] == [[]] * len(stored.nodes)
    stored.assert_honest_traffic()


def _prove(stored: StoredFederation, holder: str, sender: str, receiver: str) -> int:
    """How many batches a node holds of a directed link; each must be a good link of one whole chain."""
    directory, settings = stored.cores[holder].directory, LinkSettings()
    judge = EntryJudge(receiver, OriginProofs(directory, settings), settings)
    checker = Receiver(receiver, sender, Position(), directory, judge, settings)
    checker.begin(stored.cores[sender].incarnation)
    batches = stored.batches(holder, f"{sender}>{receiver}")
    for batch in batches:
        received = checker.check(batch.SerializeToString(), stored.clock.now_us())
        assert isinstance(received, ReceivedBatch), received
        assert [incoming.fault for incoming in received.entries if incoming.fault] == []
    return len(batches)
