"""What is old leaves the database for the archives, exactly once, and everything that was signed still verifies."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from common.alarms.repository import alarms
from common.evidence.verifier import PROVED
from common.file_lock import FileBusy, FileLock
from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.ids import HQ
from common.journal.archive import LOCK_FILE, ArchiveDamaged, ArchiveElsewhere
from common.journal.pruning import prune_by_schedule
from common.journal.repository import prunable
from common.leases.commands import BeatLease, UnderLease
from common.leases.model import LeaseHeldElsewhere
from common.messaging.inbox import inbox
from common.messaging.links import journal
from common.program.inline_writer import InlineWriter
from tests.support import dishonest
from tests.support.evidence import codes, export, verify
from tests.support.federation import GUANGDONG, SHANGHAI, ZHEJIANG, Federation
from tests.support.pruning import RETENTION, let_days_pass, pruning_node

FOREVER_US = 2**62


def count(federation: Federation, node: str, table: sa.Table) -> int:
    return int(federation.cores[node].connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() or 0)


def ask(federation: Federation, times: int) -> list[bytes]:
    """Requests, one after the other: each has batches of its own."""
    requests = []
    for _ in range(times):
        requests.append(federation.suspend()[:16])
        federation.run()
    return requests


@pytest.mark.parametrize("node", [HQ, SHANGHAI])
async def test_a_pruned_request_is_still_proved(federation: Federation, node: str, tmp_path: Path) -> None:
    request, *_ = ask(federation, 4)
    let_days_pass(federation, 200)
    ask(federation, 2)
    before = count(federation, node, journal)
    with pruning_node(federation, node, tmp_path) as pruning:
        pruned = await pruning.prune()
        assert pruned.archived == pruned.batches > 0
        assert pruned.messages > 0
        assert not pruned.more
        assert count(federation, node, journal) == before - pruned.batches
        assert (await pruning.prune()).batches == 0
        verdict = verify(federation, export(federation, node, request, archive=pruning.archive))
    assert (verdict.verdict, codes(verdict)) == (PROVED, set())


async def test_what_is_young_stays(federation: Federation, tmp_path: Path) -> None:
    ask(federation, 3)
    let_days_pass(federation, 179)
    with pruning_node(federation, HQ, tmp_path) as pruning:
        assert (await pruning.prune()).to_dict() == {"archived": 0, "batches": 0, "messages": 0, "more": False}
        assert pruning.archive.links() == []


async def test_links_open_and_work_after_pruning(federation: Federation, tmp_path: Path) -> None:
    ask(federation, 3)
    let_days_pass(federation, 200)
    for node in (HQ, SHANGHAI, GUANGDONG):
        with pruning_node(federation, node, tmp_path) as pruning:
            assert (await pruning.prune()).batches > 0
    federation.reconnect()
    federation.assert_honest_traffic()
    assert not federation.cuts


async def test_a_crash_between_archiving_and_deleting_archives_nothing_twice(
    federation: Federation, tmp_path: Path
) -> None:
    ask(federation, 4)
    let_days_pass(federation, 200)
    with pruning_node(federation, HQ, tmp_path) as pruning:
        # All that a crash leaves: the slice is in the archive, its rows are in the table too.
        rows = pruning.reads.now(prunable, HQ, "31>00", FOREVER_US, 2, 1 << 20)
        pruning.archive.append("31>00", rows)
        pruned = await pruning.prune()
        numbers = [row.seal_number for row in pruning.archive.rows("31>00")]
        live = pruning.reads.now(prunable, HQ, "31>00", FOREVER_US, 100, 1 << 20)
    assert numbers == list(range(1, len(numbers) + 1))
    assert pruned.batches == pruned.archived + len(rows)
    assert not live


async def test_slices_bound_what_a_run_does_and_the_next_goes_on(federation: Federation, tmp_path: Path) -> None:
    ask(federation, 4)
    let_days_pass(federation, 200)
    with pruning_node(federation, HQ, tmp_path) as pruning:
        first = await pruning.prune(replace(RETENTION, slice_batches=1), slices=1)
        assert (first.archived, first.batches, first.more) == (1, 1, True)
        rest = await pruning.prune()
        assert rest.batches > 1
        assert not rest.more


async def test_nothing_is_deleted_when_the_archive_is_damaged(federation: Federation, tmp_path: Path) -> None:
    ask(federation, 4)
    let_days_pass(federation, 200)
    with pruning_node(federation, HQ, tmp_path) as pruning:
        await pruning.prune(replace(RETENTION, slice_batches=1), slices=1)
        (file,) = pruning.archive.files(pruning.archive.links()[0])
        file.path.write_bytes(file.path.read_bytes()[:-40] + bytes(40))
        file.path.with_suffix(".index").unlink()
        before = count(federation, HQ, journal)
        with pytest.raises(ArchiveDamaged):
            await pruning.prune()
        assert count(federation, HQ, journal) == before


async def test_what_a_parked_message_came_in_stays_and_so_does_its_row(federation: Federation, tmp_path: Path) -> None:
    ask(federation, 1)
    federation.say(SHANGHAI, HQ, dishonest.message(pb.PHASE_NOTICE, SHANGHAI, GUANGDONG))
    assert federation.parked(HQ)
    ask(federation, 2)
    let_days_pass(federation, 200)
    with pruning_node(federation, HQ, tmp_path) as pruning:
        await pruning.prune()
        connection = federation.cores[HQ].connection
        (kept,) = connection.execute(sa.select(inbox.c.seal_number).where(inbox.c.link == "31>00")).scalars()
        stands = sa.select(journal.c.seal_number).where(journal.c.link == "31>00").order_by(journal.c.seal_number)
        assert next(iter(connection.execute(stands).scalars())) == kept


async def test_a_request_that_is_repeated_after_pruning_is_refused(federation: Federation, tmp_path: Path) -> None:
    """Its leg is forgotten here on purpose, so that nothing but its age is left to know it by."""
    from common.requests.repository import asked_legs
    from hq_node.hub.repository import hub_legs

    leg = federation.suspend()
    federation.run()
    (batch,) = [batch for batch in federation.batches(HQ, "31>00") if batch.entries]
    let_days_pass(federation, 200)
    with pruning_node(federation, HQ, tmp_path) as pruning:
        ask(federation, 1)
        await pruning.prune()
    connection = federation.cores[HQ].connection
    connection.execute(sa.delete(hub_legs))
    federation.cores[SHANGHAI].connection.execute(sa.update(asked_legs).values(state="submitted", ended_at_us=0))
    federation.say(SHANGHAI, HQ, batch.entries[0])
    assert federation.at_hub(leg).reason_code == "REQUEST_TOO_OLD"


async def test_home_refuses_what_was_admitted_before_messages_end(federation: Federation) -> None:
    request = dishonest.request(time_to_live_ms=0)  # An honest hub does not pass it on.
    old_us = federation.clock.now_us()
    let_days_pass(federation, 91)
    stamp = dishonest.stamp(request, federation, admitted_at_us=old_us)
    federation.say(HQ, GUANGDONG, dishonest.relayed(federation, request, stamp))
    leg = request.routing.request_id + b"3144"
    assert federation.serving(GUANGDONG, leg).reason_code == "REQUEST_TOO_OLD"
    assert federation.subscription_status() == "active"


async def test_a_province_forgets_only_what_is_through(federation: Federation, tmp_path: Path) -> None:
    ask(federation, 3)
    federation.add_subscription("44-z")
    federation.suspend(ZHEJIANG, GUANGDONG, "44-z")
    federation.run()
    let_days_pass(federation, 200)
    with pruning_node(federation, GUANGDONG, tmp_path) as pruning:
        pruned = await pruning.prune(replace(RETENTION, slice_messages=2))
    assert pruned.messages == 4
    assert count(federation, GUANGDONG, inbox) == 0


async def test_nothing_is_deleted_when_the_lease_is_another_process_s_by_now(
    federation: Federation, tmp_path: Path
) -> None:
    ask(federation, 4)
    let_days_pass(federation, 200)
    before = count(federation, HQ, journal)
    with pruning_node(federation, HQ, tmp_path) as pruning:
        InlineWriter(federation.cores[HQ].dispatcher).run(BeatLease("timers", "b", 0))
        pruning.under_lease = lambda command: UnderLease("timers", 7, command)
        with pytest.raises(LeaseHeldElsewhere):
            await pruning.prune(under_lease=True)
        assert count(federation, HQ, journal) == before
        pruning.under_lease = lambda command: UnderLease("timers", 1, command)
        pruned = await pruning.prune(under_lease=True)
        numbers = [row.seal_number for row in pruning.archive.rows("31>00")]
    # The first slice was archived by then, and is not archived again.
    assert pruned.batches == pruned.archived + RETENTION.slice_batches
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_process_that_does_not_lead_leaves_pruning_to_the_one_that_does(
    federation: Federation, tmp_path: Path
) -> None:
    ask(federation, 4)
    let_days_pass(federation, 200)
    before, asked = count(federation, HQ, journal), asyncio.Event()
    with pruning_node(federation, HQ, tmp_path) as pruning:
        answers = iter([False, False, True])

        def leads() -> bool:
            leading = next(answers, None)
            if leading is None:
                asked.set()
            else:
                assert count(federation, HQ, journal) == before
            return bool(leading)

        pruning.leads = leads
        task = asyncio.create_task(prune_by_schedule(pruning, replace(RETENTION, prune_every_ms=1)))
        await asyncio.wait_for(asked.wait(), 60)
        task.cancel()
        assert count(federation, HQ, journal) < before


async def test_an_archive_that_is_not_the_one_of_the_node_takes_nothing_and_an_alarm_says_so(
    federation: Federation, tmp_path: Path
) -> None:
    ask(federation, 4)
    let_days_pass(federation, 200)
    with pruning_node(federation, HQ, tmp_path / "a") as pruning:
        await pruning.prune(replace(RETENTION, slice_batches=1), slices=1)
    before = count(federation, HQ, journal)
    with pruning_node(federation, HQ, tmp_path / "b") as pruning:
        with pytest.raises(ArchiveElsewhere) as refused:
            await pruning.prune()
        assert "retention.archive_directory" in refused.value.remedy("zh-CN")
        assert pruning.archive.links() == []
        tried, answers = asyncio.Event(), iter([True])

        def leads() -> bool:
            # The second time that it asks, the first run is over.
            leading = next(answers, False)
            if not leading:
                tried.set()
            return leading

        pruning.leads = leads
        task = asyncio.create_task(prune_by_schedule(pruning, replace(RETENTION, prune_every_ms=1)))
        await asyncio.wait_for(tried.wait(), 60)
        task.cancel()
        said = sa.select(alarms.c.detail).where(alarms.c.kind == "ARCHIVING_FAILED", alarms.c.subject == HQ)
        detail = pruning.reads.now(lambda connection: connection.execute(said).scalar())
        assert detail is not None
        assert detail.startswith("ARCHIVE_ELSEWHERE")
    assert count(federation, HQ, journal) == before


async def test_what_is_read_for_the_archive_is_archived_before_anybody_else_changes_it(
    federation: Federation, tmp_path: Path
) -> None:
    """From the reading of the rows on the archive's lock is held: erasing comes before it or behind it."""
    ask(federation, 2)
    let_days_pass(federation, 200)
    with pruning_node(federation, HQ, tmp_path) as pruning:
        reads, seen = pruning.reads.now, []

        def now(query: Any, *arguments: Any) -> Any:
            if query is prunable:
                with pytest.raises(FileBusy):
                    FileLock(pruning.archive.directory / LOCK_FILE, wait_s=0).__enter__()
                seen.append(query)
            return reads(query, *arguments)

        pruning.reads.now = now  # type: ignore[method-assign, assignment]
        assert (await pruning.prune()).batches > 0
    assert seen
