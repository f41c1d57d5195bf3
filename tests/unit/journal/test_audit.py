"""An audit goes through whole journals, archived or not, and names whatever was changed; two ends can be compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import HQ
from common.journal.archive import ArchiveDamaged, JournalArchive
from common.journal.audit import SHORT_HASH_BYTES, compare
from common.journal.queries import digest_slice, list_journals, verify_slice
from common.messaging.links import journal, links
from common.messaging.seal import sign_seal
from tests.support.federation import GUANGDONG, SHANGHAI, Federation
from tests.support.pruning import let_days_pass, pruning_node

NOTHING = JournalArchive(Path("no archive"))


def work(federation: Federation, times: int = 3) -> None:
    for _ in range(times):
        federation.suspend()
        federation.run()


def audit(
    federation: Federation, node: str, link: str, archive: JournalArchive = NOTHING, after: int = 0
) -> list[dict[str, Any]]:
    """All faults of a link, slice by slice as the command line asks for them."""
    core, faults, place = federation.cores[node], [], after
    while place is not None:
        found = verify_slice(core.connection, archive, core.context, link, place, "en")
        faults += found["faults"]
        place = found["next"]
    return faults


def codes(faults: list[dict[str, Any]]) -> set[str]:
    return {fault["code"] for fault in faults}


def change(federation: Federation, node: str, link: str, seal_number: int, **fields: Any) -> None:
    """Somebody has written into the database."""
    row = sa.and_(journal.c.link == link, journal.c.seal_number == seal_number)
    federation.cores[node].connection.execute(sa.update(journal).where(row).values(**fields))


def batch(federation: Federation, node: str, link: str, seal_number: int) -> seal_pb2.SealedBatch:
    return federation.batches(node, link)[seal_number - 1]


@pytest.mark.parametrize("node", [HQ, SHANGHAI, GUANGDONG])
def test_honest_journals_are_whole(federation: Federation, node: str) -> None:
    work(federation)
    core = federation.cores[node]
    listed = list_journals(core.connection, NOTHING, node)
    assert sum(item["last_seal"] for item in listed) > 0
    assert [fault for item in listed for fault in audit(federation, node, item["link"])] == []


async def test_archived_journals_are_audited_with_the_rest(federation: Federation, tmp_path: Path) -> None:
    work(federation)
    let_days_pass(federation, 200)
    federation.publish(federation.sign_directory(federation.directory))
    work(federation, 2)
    with pruning_node(federation, HQ, tmp_path) as pruning:
        await pruning.prune()
        assert audit(federation, HQ, "31>00", pruning.archive) == []
        assert codes(audit(federation, HQ, "31>00")) == {"JOURNAL_GAP"}
        (file,) = pruning.archive.files("31>00")
        file.path.write_bytes(file.path.read_bytes()[:-40] + bytes(40))
        with pytest.raises(ArchiveDamaged):
            audit(federation, HQ, "31>00", pruning.archive)


def test_an_audit_goes_on_where_it_stopped(federation: Federation) -> None:
    work(federation, 4)
    change(federation, HQ, "31>00", 1, batch=b"\xff")
    assert codes(audit(federation, HQ, "31>00")) == {"BATCH_MALFORMED"}
    assert audit(federation, HQ, "31>00", after=2) == []


def test_a_missing_batch_is_named(federation: Federation) -> None:
    work(federation)
    federation.cores[HQ].connection.execute(
        sa.delete(journal).where(journal.c.link == "31>00", journal.c.seal_number == 2)
    )
    (fault,) = audit(federation, HQ, "31>00")
    assert (fault["code"], fault["text"]) == ("JOURNAL_GAP", "Batches 2 to 2 are missing.")


def test_an_end_that_was_taken_off_is_named(federation: Federation) -> None:
    work(federation)
    last = len(federation.batches(HQ, "31>00"))
    federation.cores[HQ].connection.execute(
        sa.delete(journal).where(journal.c.link == "31>00", journal.c.seal_number == last)
    )
    assert codes(audit(federation, HQ, "31>00")) == {"WATERMARK_MISMATCH"}


def test_what_was_changed_in_a_batch_is_named(federation: Federation) -> None:
    work(federation)
    honest = batch(federation, HQ, "31>00", 2)
    body, header, signature = (seal_pb2.SealedBatch.FromString(honest.SerializeToString()) for _ in range(3))
    body.entries[0].body += b"x"
    header.entries[0].header += b"\x2a\x00"
    signature.seal.signature = bytes(64)
    for changed, code in ((body, "BODY_ALTERED"), (header, "ROOT_MISMATCH"), (signature, "BAD_SIGNATURE")):
        change(federation, HQ, "31>00", 2, batch=changed.SerializeToString())
        assert code in codes(audit(federation, HQ, "31>00"))


def test_a_seal_made_later_is_named(federation: Federation) -> None:
    """Whoever has the key can sign anything, but not fit it into the chain."""
    work(federation)
    forged = batch(federation, HQ, "31>00", 2)
    seal = seal_pb2.Seal.FromString(forged.seal.seal)
    seal.sealed_at_us += 1
    forged.seal.CopyFrom(sign_seal(seal, federation.signers[SHANGHAI]))
    change(federation, HQ, "31>00", 2, batch=forged.SerializeToString())
    faults = audit(federation, HQ, "31>00")
    assert next((fault["code"], fault["seal_number"]) for fault in faults) == ("CHAIN_BROKEN", 3)
    assert "WITNESS_UNKNOWN" in codes(audit(federation, HQ, "00>31"))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"link": "44>00"}, "LINK_MISMATCH"),
        ({"first_sequence": 9}, "SEQUENCE_GAP"),
        ({"epoch": 0}, "EPOCH_WENT_BACK"),
        ({"incarnation": b"another"}, "INCARNATION_CHANGED"),
    ],
)
def test_a_seal_that_does_not_follow_is_named(federation: Federation, fields: dict[str, Any], code: str) -> None:
    work(federation)
    forged = batch(federation, HQ, "31>00", 2)
    seal = seal_pb2.Seal.FromString(forged.seal.seal)
    for name, value in fields.items():
        setattr(seal, name, value)
    forged.seal.CopyFrom(sign_seal(seal, federation.signers[SHANGHAI]))
    change(federation, HQ, "31>00", 2, batch=forged.SerializeToString())
    assert code in codes(audit(federation, HQ, "31>00"))


def test_a_key_that_the_directory_does_not_name_is_named(federation: Federation) -> None:
    work(federation)
    forged = batch(federation, HQ, "31>00", 1)
    forged.seal.CopyFrom(sign_seal(seal_pb2.Seal.FromString(forged.seal.seal), federation.signers[GUANGDONG]))
    change(federation, HQ, "31>00", 1, batch=forged.SerializeToString())
    assert "KEY_UNKNOWN" in codes(audit(federation, HQ, "31>00"))


def test_erased_private_bodies_are_no_fault(federation: Federation) -> None:
    work(federation)
    erased = batch(federation, HQ, "31>00", 1)
    erased.entries[0].ClearField("private_body")
    change(federation, HQ, "31>00", 1, batch=erased.SerializeToString())
    assert audit(federation, HQ, "31>00") == []


# Comparing


def hashes(federation: Federation, node: str, link: str) -> bytes:
    found = digest_slice(federation.cores[node].connection, NOTHING, link, 0)
    return bytes.fromhex(found["hashes"])


def test_both_ends_of_a_link_agree(federation: Federation) -> None:
    work(federation)
    for link in ("31>00", "00>31"):
        found = compare(link, hashes(federation, HQ, link), hashes(federation, SHANGHAI, link))
        assert (found.ours, found.theirs) == (found.theirs, len(federation.batches(HQ, link)))
        assert found.parts_at == 0


def test_one_end_may_be_behind(federation: Federation) -> None:
    work(federation)
    theirs = hashes(federation, SHANGHAI, "31>00")
    found = compare("31>00", theirs[:-SHORT_HASH_BYTES], theirs)
    assert (found.theirs - found.ours, found.parts_at) == (1, 0)


def test_the_first_seal_where_two_ends_part_is_named(federation: Federation) -> None:
    work(federation)
    forged = batch(federation, HQ, "31>00", 2)
    forged.seal.signature = bytes(64)
    change(federation, HQ, "31>00", 2, batch=forged.SerializeToString())
    found = compare("31>00", hashes(federation, HQ, "31>00"), hashes(federation, SHANGHAI, "31>00"))
    assert found.parts_at == 2


def test_the_rows_of_links_are_not_touched(federation: Federation) -> None:
    work(federation)
    before = federation.cores[HQ].connection.execute(sa.select(links)).all()
    audit(federation, HQ, "31>00")
    assert federation.cores[HQ].connection.execute(sa.select(links)).all() == before
