"""HQ restored from an old backup takes back from its provinces what it had decided, and decides nothing anew."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from google.protobuf.wrappers_pb2 import StringValue

import province_node.core
from common.directory.model import NodeStatus
from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import HQ, leg_id, split_leg_id
from common.messaging.inbox import DONE, inbox
from common.messaging.links import journal
from common.recovery.model import PeerWithholds, RecoveryAnswerUnfit
from common.replicas.commands import ReportReplica
from common.requests.commands import CancelServiceRequest, SubmitServiceRequest
from hq_node.hub.commands import EndLegsOfLostHome, PassTimeLimits
from hq_node.hub.repository import hub_legs, hub_order
from hq_node.recovery.model import OtherReplicasRun
from hq_node.taking_back import require_alone
from province_node.serving.commands import FinishLeg
from tests.simulation.kinds import LONG, Behaviour, Plan, kinds
from tests.support.backups import MigratedDatabases, backups_of
from tests.support.federation import DAY_US, GUANGDONG, PROVINCES, SHANGHAI, ZHEJIANG, Federation
from tests.support.recovery import go_back_to, recover_hq
from tests.support.stores import Databases

TO_THE_LOST = ("withdraw", "withdrawn_at_us", "message_class", "forwarded_at_us")
"""What HQ had said to a home that is lost, nobody can give back."""


@pytest.fixture
def federation(databases: Databases, tmp_path: Path) -> Iterator[Federation]:
    made = MigratedDatabases(databases.store, tmp_path)
    federation = Federation(made, kinds=(*province_node.core.KINDS, *kinds(Behaviour())))
    for number in range(20):
        federation.add_subscription(f"44-{number}")
    federation.connect()
    yield federation
    federation.close()
    made.close()


def legs_at_hub(federation: Federation) -> dict[bytes, dict[str, Any]]:
    rows = federation.cores[HQ].connection.execute(sa.select(hub_legs)).mappings()
    return {row["leg_id"]: dict(row) for row in rows}


def journals(federation: Federation, node: str = HQ) -> list[tuple[str, int, bytes]]:
    order = (journal.c.link, journal.c.seal_number)
    rows = federation.cores[node].connection.execute(
        sa.select(journal.c.link, journal.c.seal_number, journal.c.batch).order_by(*order)
    )
    return [(link, number, batch) for link, number, batch in rows]


def work(federation: Federation, first: int, last: int) -> None:
    """Requests between all: some are completed, some refused."""
    for number in range(first, last):
        federation.suspend(SHANGHAI, GUANGDONG, f"44-{number}")
        federation.suspend(GUANGDONG, SHANGHAI, f"31-{number}")
        federation.suspend(ZHEJIANG, GUANGDONG, f"44-{number}")
        federation.suspend(HQ, GUANGDONG, "44-none")
        federation.run()


def cancel(federation: Federation, origin: str, leg: bytes) -> None:
    federation.execute(origin, CancelServiceRequest(split_leg_id(leg)[0]))
    federation.run()


def go_away(federation: Federation, province: str) -> None:
    """A province's stream is gone, and does not come back for now."""
    for node, peer in ((province, HQ), (HQ, province)):
        federation.carry_out(node, peer, federation.sessions[node, peer].closed())


def ask_long(federation: Federation, origin: str, home: str) -> bytes:
    """A request whose home says that it has begun, and not yet how it ends."""
    command = SubmitServiceRequest(kind=LONG, destinations=(home,), body=Plan().to_bytes())
    leg = leg_id(federation.execute(origin, command).request_id, origin, home)
    federation.run()
    return leg


def finish(federation: Federation, home: str, leg: bytes) -> None:
    federation.execute(home, FinishLeg(leg, StringValue(value="done").SerializeToString()))
    federation.run()


def revoke(federation: Federation, province: str) -> None:
    federation.clock.at_us += 1
    gone = federation.entry(province)
    keys = tuple(replace(key, valid_until_us=federation.clock.now_us()) for key in gone.keys)
    entries = [federation.entry(node) for node in federation.nodes if node != province]
    entries.append(replace(gone, status=NodeStatus.REVOKED, keys=keys))
    signed = federation.sign_directory(federation.directory, entries)
    federation.clock.at_us += 1
    federation.publish(signed, to=[each for each in PROVINCES if each != province])


def test_it_holds_again_what_it_held_and_the_federation_goes_on(
    federation: Federation, databases: Databases, tmp_path: Path
) -> None:
    backups = backups_of(federation, HQ, tmp_path)
    work(federation, 0, 2)
    backup = backups.make().path
    work(federation, 2, 5)
    before, journalled = legs_at_hub(federation), journals(federation)
    order = federation.cores[HQ].connection.execute(sa.select(hub_order)).one()
    go_back_to(backup, backups, databases, "back", tmp_path)
    assert legs_at_hub(federation) != before
    taken = recover_hq(federation)
    assert sorted(taken.provinces) == sorted(PROVINCES)
    assert taken.lost_positions == 0
    assert journals(federation) == journalled
    federation.reconnect()
    federation.pass_time()
    assert all(federation.is_open(each) for each in PROVINCES)
    after = legs_at_hub(federation)
    assert {key: without(row, HQ) for key, row in after.items()} == {
        key: without(row, HQ) for key, row in before.items()
    }
    assert federation.cores[HQ].connection.execute(sa.select(hub_order)).one() == order
    assert federation.alarms(HQ) == set()
    assert waiting(federation) == 0
    federation.assert_honest_traffic()


def test_every_end_is_taken_back_as_it_was(federation: Federation, databases: Databases, tmp_path: Path) -> None:
    """Interim, cancelled before and after it was sealed for home, expired, overdue, ended by force, and still open."""
    backups = backups_of(federation, HQ, tmp_path)
    long_before = ask_long(federation, SHANGHAI, GUANGDONG)
    backup = backups.make().path
    finish(federation, GUANGDONG, long_before)
    long_open = ask_long(federation, SHANGHAI, GUANGDONG)
    own = ask_long(federation, HQ, GUANGDONG)
    withdrawn = ask_long(federation, GUANGDONG, SHANGHAI)
    cancel(federation, GUANGDONG, withdrawn)
    own_withdrawn = ask_long(federation, HQ, GUANGDONG)
    cancel(federation, HQ, own_withdrawn)
    overdue = ask_long(federation, SHANGHAI, ZHEJIANG)
    go_away(federation, ZHEJIANG)
    cancelled = federation.suspend(SHANGHAI, ZHEJIANG, "33-1")
    expired = federation.suspend(GUANGDONG, ZHEJIANG, "33-2")
    federation.run()
    federation.pass_time()
    cancel(federation, SHANGHAI, cancelled)
    federation.pass_time(DAY_US)
    federation.group(HQ, [PassTimeLimits()])
    federation.run()
    forced = overdue
    revoke(federation, ZHEJIANG)
    federation.group(HQ, [EndLegsOfLostHome(ZHEJIANG, "lost", "li.na")])
    federation.run()
    federation.pass_time()
    open_still = ask_long(federation, SHANGHAI, GUANGDONG)
    before = legs_at_hub(federation)
    states = {leg: before[leg]["state"] for leg in (long_before, withdrawn, cancelled, expired, forced, open_still)}
    assert list(states.values()) == ["completed", "cancelled", "cancelled", "expired", "rejected", "forwarded"]
    assert before[own_withdrawn]["state"] == "cancelled"
    assert (before[long_open]["overdue"], before[own]["withdraw"]) == (True, "expired")
    go_back_to(backup, backups, databases, "back", tmp_path)
    taken = recover_hq(federation)
    assert sorted(taken.provinces) == [SHANGHAI, GUANGDONG]
    federation.reconnect(SHANGHAI, GUANGDONG)
    federation.pass_time()
    after = legs_at_hub(federation)
    assert after.keys() == before.keys()
    for key, row in before.items():
        lost = TO_THE_LOST if row["home"] == ZHEJIANG else ()
        expected, found = without(row, HQ, lost), without(after[key], HQ, lost)
        assert found == expected, {
            name: (found[name], expected[name]) for name in found if found[name] != expected[name]
        }
    assert federation.alarms(HQ) <= {"HOME_LOST"}
    finish(federation, GUANGDONG, open_still)
    assert federation.asked(SHANGHAI, open_still).state == "completed"
    for node in (SHANGHAI, GUANGDONG):
        assert federation.parked(node) == []


def test_what_was_admitted_and_not_forwarded_waits_again_and_is_forwarded_once(
    federation: Federation, databases: Databases, tmp_path: Path
) -> None:
    backups = backups_of(federation, HQ, tmp_path)
    work(federation, 0, 1)
    backup = backups.make().path
    go_away(federation, GUANGDONG)
    waiting_leg = federation.suspend(SHANGHAI, GUANGDONG, "44-7")
    federation.run()
    federation.pass_time()
    before = legs_at_hub(federation)
    assert before[waiting_leg]["state"] == "admitted"
    assert federation.asked(SHANGHAI, waiting_leg).hub_position
    go_back_to(backup, backups, databases, "back", tmp_path)
    recover_hq(federation)
    assert legs_at_hub(federation) == before
    recover_hq(federation)
    federation.reconnect()
    federation.pass_time()
    assert federation.asked(SHANGHAI, waiting_leg).state == "completed"
    assert federation.subscription_status("44-7") == "suspended"
    sent = [entry.header for batch in federation.batches(GUANGDONG, "00>44") for entry in batch.entries]
    assert len(set(sent)) == len(sent)


def test_what_hq_had_received_and_said_nothing_of_is_decided_now(
    federation: Federation, databases: Databases, tmp_path: Path
) -> None:
    """HQ died with its acknowledgement on the way and its words unsent."""
    backups = backups_of(federation, HQ, tmp_path)
    work(federation, 0, 1)
    backup = backups.make().path
    federation.tamper = lambda sender, _receiver, frame: () if sender == HQ else (frame,)
    leg = federation.suspend(SHANGHAI, GUANGDONG, "44-7")
    federation.run()
    federation.tamper = None
    go_back_to(backup, backups, databases, "back", tmp_path)
    assert recover_hq(federation).undecided == 1
    federation.reconnect()
    federation.pass_time()
    assert federation.asked(SHANGHAI, leg).state == "completed"
    assert waiting(federation) == 0


@pytest.mark.one_store
def test_without_it_hq_seals_nothing_where_a_province_knows_more(
    federation: Federation, databases: Databases, tmp_path: Path
) -> None:
    """A machine's snapshot was put back: nothing says that it is one but the provinces."""
    backups = backups_of(federation, HQ, tmp_path)
    backup = backups.make().path
    work(federation, 0, 2)
    leg = ask_long(federation, SHANGHAI, GUANGDONG)
    go_back_to(backup, backups, databases, "back", tmp_path)
    kept = journals(federation)
    federation.reconnect(SHANGHAI, GUANGDONG)
    assert not federation.is_open(SHANGHAI)
    assert {federation.cuts[SHANGHAI, HQ], federation.cuts[HQ, SHANGHAI]} == {"WE_FORGOT", "PEER_FORGOT"}
    assert federation.alarms(HQ) == {"WE_FORGOT"}
    federation.pass_time(DAY_US)
    federation.group(HQ, [PassTimeLimits()])
    federation.run()
    assert journals(federation) == kept
    recover_hq(federation)
    federation.reconnect()
    finish(federation, GUANGDONG, leg)
    assert federation.asked(SHANGHAI, leg).state == "completed"


@pytest.mark.one_store
def test_interrupted_anywhere_it_goes_on_where_it_was(
    federation: Federation, databases: Databases, tmp_path: Path
) -> None:
    backups = backups_of(federation, HQ, tmp_path)
    backup = backups.make().path
    work(federation, 0, 2)
    before, journalled = legs_at_hub(federation), journals(federation)
    go_back_to(backup, backups, databases, "back", tmp_path)
    for fetches in range(1, 4):
        with pytest.raises(RuntimeError, match="StopIteration"):
            recover_hq(federation, stop_after=fetches)
    recover_hq(federation)
    assert journals(federation) == journalled
    federation.reconnect()
    federation.pass_time()
    assert {key: without(row, HQ) for key, row in legs_at_hub(federation).items()} == {
        key: without(row, HQ) for key, row in before.items()
    }
    assert recover_hq(federation).own_batches == 0


@pytest.mark.one_store
def test_without_a_lost_province_what_was_admitted_for_it_counts_as_sealed_and_nothing_is_sealed_for_it(
    federation: Federation, databases: Databases, tmp_path: Path
) -> None:
    backups = backups_of(federation, HQ, tmp_path)
    backup = backups.make().path
    done = federation.suspend(SHANGHAI, GUANGDONG, "44-1")
    federation.run()
    begun = ask_long(federation, SHANGHAI, GUANGDONG)
    go_back_to(backup, backups, databases, "back", tmp_path)
    taken = recover_hq(federation, without=[GUANGDONG])
    assert (sorted(taken.provinces), taken.without) == ([SHANGHAI, ZHEJIANG], [GUANGDONG])
    legs = legs_at_hub(federation)
    assert (legs[done]["state"], legs[begun]["state"]) == ("completed", "forwarded")
    kept = [each for each in journals(federation) if "44" in each[0]]
    federation.reconnect()
    assert federation.is_open(SHANGHAI)
    assert not federation.is_open(GUANGDONG)
    federation.pass_time(DAY_US)
    federation.group(HQ, [PassTimeLimits()])
    federation.run()
    assert federation.asked(SHANGHAI, begun).state == "overdue"
    assert [each for each in journals(federation) if "44" in each[0]] == kept
    # It was not lost after all: its link never went on, so it can still give.
    recover_hq(federation)
    federation.reconnect()
    federation.pass_time()
    assert federation.is_open(GUANGDONG)
    assert federation.asked(SHANGHAI, begun).state == "expired"


@pytest.mark.one_store
def test_nothing_is_taken_back_while_another_process_of_hq_runs(federation: Federation) -> None:
    core = federation.cores[HQ]
    require_alone(core.connection, federation.clock.now_us())
    federation.execute(HQ, ReportReplica("second", ("link",), "0.1.0", 1))
    with pytest.raises(OtherReplicasRun, match="second"):
        require_alone(core.connection, federation.clock.now_us())
    federation.clock.at_us += 60_000_000
    require_alone(core.connection, federation.clock.now_us())


def altered(batch: bytes) -> bytes:
    parsed = seal_pb2.SealedBatch.FromString(batch)
    parsed.entries[0].stamp += b"x"
    return parsed.SerializeToString()


@pytest.mark.one_store
@pytest.mark.parametrize("link", ["44>00", "00>44"])
def test_a_province_cannot_give_anything_else_than_what_was_said(
    federation: Federation, databases: Databases, tmp_path: Path, link: str
) -> None:
    backups = backups_of(federation, HQ, tmp_path)
    backup = backups.make().path
    work(federation, 0, 2)
    journalled, before = journals(federation), journals(federation, GUANGDONG)
    go_back_to(backup, backups, databases, "back", tmp_path)
    others = {
        number: batch for name, number, batch in journals(federation, SHANGHAI) if name == link.replace("44", "31")
    }
    first = next(number for name, number, _ in before if name == link)
    lies: tuple[tuple[str, Callable[[int, bytes], bytes]], ...] = (
        ("ROOT_MISMATCH", lambda _number, batch: altered(batch)),
        ("LINK_MISMATCH", lambda number, _batch: others[number]),
        ("MALFORMED", lambda _number, _batch: b"\xff\xff\xff"),
    )
    for code, lie in lies:

        def tamper(name: str, number: int, batch: bytes, lie: Callable[[int, bytes], bytes] = lie) -> bytes:
            return lie(number, batch) if (name, number) == (link, first) else batch

        with pytest.raises(RecoveryAnswerUnfit, match=code):
            recover_hq(federation, tamper)
        assert {each for each in journals(federation) if each[0] == link} == set()
    recover_hq(federation)
    assert journals(federation) == journalled


@pytest.mark.one_store
def test_a_province_cannot_withhold_what_its_own_seals_acknowledge(
    federation: Federation, databases: Databases, tmp_path: Path
) -> None:
    backups = backups_of(federation, HQ, tmp_path)
    backup = backups.make().path
    work(federation, 0, 2)
    go_back_to(backup, backups, databases, "back", tmp_path)
    with pytest.raises(PeerWithholds):
        recover_hq(federation, withhold=("00>44", 1))
    recover_hq(federation)


def without(row: dict[str, Any], origin: str, lost: Collection[str] = ()) -> dict[str, Any]:
    """Of HQ's own legs the moment at which the answer was processed is in no journal; nor is the admission of one that
    HQ ended before any seal spoke of it."""
    left_out = {*lost, *(("answered_at_us", "ended_at_us") if row["origin"] == origin else ())}
    return {name: value for name, value in row.items() if name not in left_out}


def waiting(federation: Federation) -> int:
    statement = sa.select(sa.func.count()).select_from(inbox).where(inbox.c.state != DONE)
    return int(federation.cores[HQ].connection.execute(statement).scalar_one())
