"""Archives hold what was appended, exactly once, whatever a crash cut short, and notice every change."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.gen.quanwang.federation.v1 import seal_pb2
from common.journal.archive import ArchiveDamaged, ArchiveDisagrees, JournalArchive, MonthFile, Row

LINK = "31>00"
NOVEMBER, DECEMBER = 1_795_000_000_000_000, 1_797_000_000_000_000


def row(number: int, at_us: int = NOVEMBER, content: bytes = b"") -> Row:
    signed = seal_pb2.SignedSeal(seal=b"seal %d" % number, signature=content)
    entry = seal_pb2.Entry(header=b"h", private_body=b"secret %d" % number)
    return Row(number, at_us + number, seal_pb2.SealedBatch(seal=signed, entries=[entry]).SerializeToString())


@pytest.fixture
def archive(tmp_path: Path) -> JournalArchive:
    return JournalArchive(tmp_path / "archive")


def the_file(archive: JournalArchive) -> MonthFile:
    (file,) = archive.files(LINK)
    return file


def test_rows_come_back_as_they_went_in(archive: JournalArchive) -> None:
    rows = [row(number) for number in range(1, 6)]
    assert archive.append(LINK, rows[:3]) == 3
    assert archive.append(LINK, rows[3:]) == 5
    assert list(archive.rows(LINK)) == rows
    assert archive.batch(LINK, 4) == rows[3].batch
    assert archive.batch(LINK, 6) is None
    assert [found.seal_number for found in archive.between(LINK, NOVEMBER + 2, NOVEMBER + 3)] == [2, 3]
    assert archive.links() == [LINK]


def test_each_month_has_a_file_and_none_comes_after_a_later_one(archive: JournalArchive) -> None:
    archive.append(LINK, [row(1), row(2, DECEMBER), row(3)])
    assert [file.path.parent.name for file in archive.files(LINK)] == ["2026-11", "2026-12"]
    assert [found.seal_number for found in archive.rows(LINK)] == [1, 2, 3]


def test_only_the_owner_can_read_them(archive: JournalArchive) -> None:
    archive.append(LINK, [row(1)])
    assert the_file(archive).path.stat().st_mode & 0o77 == 0


def test_what_is_archived_is_not_archived_twice(archive: JournalArchive) -> None:
    archive.append(LINK, [row(1), row(2)])
    size = the_file(archive).path.stat().st_size
    assert archive.append(LINK, [row(1), row(2)]) == 2
    assert the_file(archive).path.stat().st_size == size
    archive.append(LINK, [row(2), row(3)])
    assert [found.seal_number for found in archive.rows(LINK)] == [1, 2, 3]


def test_another_past_under_the_same_number_is_not_taken_for_it(archive: JournalArchive) -> None:
    archive.append(LINK, [row(1), row(2)])
    other = seal_pb2.SealedBatch(seal=seal_pb2.SignedSeal(seal=b"another")).SerializeToString()
    with pytest.raises(ArchiveDisagrees):
        archive.append(LINK, [Row(2, NOVEMBER, other), row(3)])
    assert archive.last_seal(LINK) == 2


@pytest.mark.parametrize("cut", [1, 10, 33, 60])
@pytest.mark.parametrize("index", ["there", "gone", "behind"])
def test_a_record_that_a_crash_cut_short_is_written_again(archive: JournalArchive, cut: int, index: str) -> None:
    archive.append(LINK, [row(1)])
    path, beside = the_file(archive).path, the_file(archive).path.with_suffix(".index")
    before = beside.read_bytes()
    archive.append(LINK, [row(2)])
    path.write_bytes(path.read_bytes()[:-cut])
    if index == "gone":
        beside.unlink()
    elif index == "behind":
        beside.write_bytes(before)
    assert archive.last_seal(LINK) == 1
    archive.append(LINK, [row(2), row(3)])
    assert [found.seal_number for found in archive.rows(LINK)] == [1, 2, 3]


def test_an_index_that_a_crash_left_behind_catches_up(archive: JournalArchive) -> None:
    archive.append(LINK, [row(1)])
    beside = the_file(archive).path.with_suffix(".index")
    before = beside.read_bytes()
    archive.append(LINK, [row(2)])
    beside.write_bytes(before)
    assert archive.last_seal(LINK) == 2
    beside.unlink()
    assert archive.last_seal(LINK) == 2


def test_every_changed_byte_of_a_record_is_noticed(archive: JournalArchive) -> None:
    archive.append(LINK, [row(1), row(2), row(3)])
    path = the_file(archive).path
    content, places = path.read_bytes(), the_file(archive).places()
    for offset in range(places[1].offset + 4, places[2].offset, 3):
        changed = bytearray(content)
        changed[offset] ^= 1
        path.write_bytes(bytes(changed))
        with pytest.raises(ArchiveDamaged):
            list(archive.rows(LINK))
    path.write_bytes(content)
    assert len(list(archive.rows(LINK))) == 3


def test_a_record_taken_out_is_noticed(archive: JournalArchive) -> None:
    archive.append(LINK, [row(1), row(2), row(3)])
    path, places = the_file(archive).path, the_file(archive).places()
    content = path.read_bytes()
    path.write_bytes(content[: places[1].offset] + content[places[2].offset :])
    path.with_suffix(".index").unlink()
    with pytest.raises(ArchiveDamaged):
        list(archive.rows(LINK))


def test_another_links_file_is_not_taken_for_this_one(archive: JournalArchive) -> None:
    archive.append(LINK, [row(1)])
    path = the_file(archive).path
    path.rename(path.with_name("44-00.journal"))
    with pytest.raises(ArchiveDamaged):
        list(archive.rows("44>00"))


def test_a_rewritten_file_holds_the_change_and_goes_on(archive: JournalArchive) -> None:
    archive.append(LINK, [row(1), row(2)])

    def change(old: Row) -> bytes:
        batch = seal_pb2.SealedBatch.FromString(old.batch)
        batch.entries[0].ClearField("private_body")
        return batch.SerializeToString() if old.seal_number == 2 else old.batch

    assert the_file(archive).rewrite(change) == 1
    assert the_file(archive).rewrite(change) == 0
    archive.append(LINK, [row(2), row(3)])
    contents = [b"secret %d" % found.seal_number in found.batch for found in archive.rows(LINK)]
    assert contents == [True, False, True]
    assert sorted(path.name for path in the_file(archive).path.parent.iterdir()) == ["31-00.index", "31-00.journal"]
