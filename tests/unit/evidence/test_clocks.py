"""Evidence holds everything that was said, whatever the clocks did meanwhile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from common.evidence import gather
from common.evidence.container import unpack
from common.evidence.verifier import INCOMPLETE, PROVED
from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import HQ
from common.journal.erasing import erase
from common.journal.private_bodies import without_private_bodies
from common.messaging.envelope import parse
from tests.support.evidence import codes, export, verify
from tests.support.federation import GUANGDONG, ZHEJIANG, Federation
from tests.support.pruning import let_days_pass, pruning_node
from tests.unit.evidence.test_key_life import NEW, changed, rotated
from tests.unit.journal.test_erasing import private_bodies, query_profile

HOUR_US = 3_600_000_000


def set_back(federation: Federation, by_us: int) -> None:
    """A directory is published, and then all clocks are set back: the hub's word is not before that directory."""
    federation.publish(federation.sign_directory(federation.directory))
    federation.clock.at_us -= by_us


def end_first_key(federation: Federation, node: str, ended_us: int) -> None:
    """A node has replaced its signing key, and the former one ended at that moment."""
    entry = rotated(federation, node, federation.signers[node])
    former = federation.signers[node].key_id
    keys = tuple(replace(key, valid_until_us=ended_us) if key.key_id == former else key for key in entry.keys)
    federation.signers[node] = NEW
    changed(federation, node, replace(entry, keys=keys))


@pytest.mark.parametrize(
    ("node", "by_us"), [(HQ, HOUR_US // 2), (HQ, 30 * HOUR_US), (HQ, 5_000 * HOUR_US), (GUANGDONG, 30 * HOUR_US)]
)
def test_evidence_is_whole_when_clocks_were_set_back(federation: Federation, node: str, by_us: int) -> None:
    set_back(federation, by_us)
    leg = federation.suspend()
    federation.run()
    federation.suspend()
    federation.run()
    verdict = verify(federation, export(federation, node, leg[:16]))
    assert (verdict.verdict, codes(verdict)) == (PROVED, set())


def test_the_search_ends_at_its_limit_and_says_so(federation: Federation, monkeypatch: pytest.MonkeyPatch) -> None:
    set_back(federation, 30 * HOUR_US)
    leg = federation.suspend()
    federation.run()
    monkeypatch.setattr(gather, "SEARCHED_BYTES_MAX", 1)
    verdict = verify(federation, export(federation, HQ, leg[:16]))
    assert verdict.verdict == INCOMPLETE
    assert "SEARCHED_IN_PART" in codes(verdict)


@pytest.mark.parametrize("pruned", [False, True], ids=["live", "archived"])
@pytest.mark.parametrize("node", [HQ, GUANGDONG])
async def test_erased_data_is_gone_when_clocks_were_set_back(
    federation: Federation, node: str, pruned: bool, tmp_path: Path
) -> None:
    set_back(federation, 30 * HOUR_US)
    request_id = query_profile(federation)
    federation.run()
    federation.suspend()
    federation.run()
    with pruning_node(federation, node, tmp_path) as pruning:
        if pruned:
            let_days_pass(federation, 200)
            assert (await pruning.prune()).batches > 0
        await erase(pruning, request_id)
        assert private_bodies(federation, node, request_id, pruning.archive) == 0
        everything = [row.batch for link in pruning.archive.links() for row in pruning.archive.rows(link)]
        connection = federation.cores[node].connection
        everything += [bytes(row[0]) for row in connection.exec_driver_sql("SELECT batch FROM journal")]
        connection.rollback()
    assert holding_private_bodies(everything, request_id) == 0


def test_a_witness_is_found_when_the_clock_was_set_back_after_the_answer(federation: Federation) -> None:
    leg = federation.suspend()
    federation.run()
    federation.clock.at_us -= HOUR_US
    federation.add_subscription("44-later")
    federation.suspend(ZHEJIANG, GUANGDONG, "44-later")
    federation.run()
    verdict = verify(federation, export(federation, GUANGDONG, leg[:16]))
    assert (verdict.verdict, codes(verdict)) == (PROVED, set())


def test_an_answer_that_was_said_again_is_witnessed_as_it_was_said_first(federation: Federation) -> None:
    leg = federation.suspend()
    federation.run()
    federation.add_subscription("44-later")
    federation.suspend(ZHEJIANG, GUANGDONG, "44-later")
    federation.run()
    said = seal_pb2.Entry.FromString(federation.serving(GUANGDONG, leg).answer)
    federation.tamper = lambda sender, _receiver, frame: () if sender == HQ else (frame,)
    federation.say(GUANGDONG, HQ, parse(said.header, said.body, said.private_body))
    federation.tamper = None
    file = export(federation, GUANGDONG, leg[:16])
    assert len({s.seal for s in unpack(file).statements if s.envelope == 2}) == 2
    verdict = verify(federation, file)
    assert (verdict.verdict, codes(verdict)) == (PROVED, set())


def test_an_answer_that_home_alone_dates_is_not_refuted_by_homes_own_clock(federation: Federation) -> None:
    """Home's clock was ahead: by its own time its key had ended before it answered."""
    leg = federation.suspend()
    federation.run()
    end_first_key(federation, GUANGDONG, federation.at_hub(leg).admitted_at_us)
    verdict = verify(federation, export(federation, GUANGDONG, leg[:16]))
    assert (verdict.verdict, codes(verdict)) == (INCOMPLETE, {"ANSWER_NOT_WITNESSED", "KEY_VALIDITY_UNPROVED"})


def holding_private_bodies(batches: list[bytes], request_id: bytes) -> int:
    """How many of these batches hold ciphertexts of a request."""
    return sum(without_private_bodies(batch, request_id) != batch for batch in batches)
