"""A province restored from an old backup takes back what it had said and received, and decides nothing anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from common.authentication.parameters import TRIES_MAX
from common.db.engine import METADATA
from common.directory.model import NodeKey
from common.directory.signing import open_directory
from common.directory.wire import decode_directory
from common.errors import StorageUnavailable
from common.gen.quanwang.federation.v1 import link_pb2, seal_pb2
from common.ids import HQ
from common.messaging.inbox import DONE, inbox
from common.messaging.intake import Intake
from common.messaging.link_resume import LinkResume, Place, resume_link
from common.messaging.links import journal
from common.recovery.model import RecoveryAnswerUnfit
from hq_node.hub.commands import PassTimeLimits
from hq_node.publications.commands import DeliverPublications, PublishParameter
from tests.support.backups import MigratedDatabases, backups_of
from tests.support.federation import GUANGDONG, SHANGHAI, ZHEJIANG, Federation
from tests.support.recovery import go_back_to, recover
from tests.support.stores import Databases

LEFT_OUT = {"alarms", "alarm_history", "live_history", "audit_log"}
NOT_COMPARED = ("_at_us", "content_digest", "acked_seal_number", "acked_sequence", "attempts")
"""Moments; what is known better after a recovery, or tried once more in it; the digest of what a client had given."""


@pytest.fixture
def federation(databases: Databases, tmp_path: Path) -> Iterator[Federation]:
    made = MigratedDatabases(databases.store, tmp_path)
    federation = Federation(made)
    for number in range(12):
        federation.add_subscription(f"44-{number}")
    federation.connect()
    yield federation
    federation.close()
    made.close()


def held(federation: Federation, node: str) -> dict[str, list[tuple[str, ...]]]:
    """What a node holds of its business and its link, without what a recovery may change."""
    found, connection = {}, federation.cores[node].connection
    there = set(sa.inspect(connection).get_table_names())
    for table in METADATA.sorted_tables:
        if table.name in there - LEFT_OUT:
            columns = [column for column in table.columns if not column.name.endswith(NOT_COMPARED)]
            rows = connection.execute(sa.select(*columns)).all()
            found[table.name] = sorted(tuple(repr(value) for value in row) for row in rows)
    return found


def journals(federation: Federation, node: str) -> list[tuple[str, int, bytes]]:
    rows = federation.cores[node].connection.execute(
        sa.select(journal.c.link, journal.c.seal_number, journal.c.batch).order_by(
            journal.c.link, journal.c.seal_number
        )
    )
    return [(link, number, batch) for link, number, batch in rows if node in (link[:2], link[3:])]


def work(federation: Federation, first: int, last: int) -> None:
    """Requests of both directions: some are completed, some refused."""
    for number in range(first, last):
        federation.suspend(SHANGHAI, GUANGDONG, f"44-{number}")
        federation.suspend(GUANGDONG, SHANGHAI, f"31-{number}")
        federation.suspend(ZHEJIANG, GUANGDONG, f"44-{number}")
        federation.run()


@pytest.mark.parametrize("node", [GUANGDONG, SHANGHAI])
def test_it_holds_again_what_it_held_and_goes_on(
    federation: Federation, databases: Databases, tmp_path: Path, node: str
) -> None:
    backups = backups_of(federation, node, tmp_path)
    work(federation, 0, 3)
    backup = backups.make().path
    work(federation, 3, 9)
    before, journalled = held(federation, node), journals(federation, node)
    go_back_to(backup, backups, databases, "back", tmp_path)
    assert held(federation, node) != before
    taken = recover(federation, node)
    assert (taken.undecided, federation.alarms(node)) == (0, set())
    assert taken.own_batches
    assert taken.received_batches
    assert journals(federation, node) == journalled
    assert held(federation, node) == before
    federation.reconnect()
    assert all(federation.is_open(each) for each in (SHANGHAI, ZHEJIANG, GUANGDONG))
    federation.assert_honest_traffic()
    work(federation, 9, 12)
    assert federation.subscription_status("44-11") == "suspended"


def test_without_it_both_sides_stop(federation: Federation, databases: Databases, tmp_path: Path) -> None:
    backups = backups_of(federation, GUANGDONG, tmp_path)
    work(federation, 0, 1)
    backup = backups.make().path
    work(federation, 1, 3)
    go_back_to(backup, backups, databases, "back", tmp_path)
    federation.reconnect(GUANGDONG)
    assert not federation.is_open(GUANGDONG)
    assert {federation.cuts[GUANGDONG, HQ], federation.cuts[HQ, GUANGDONG]} == {"WE_FORGOT", "PEER_FORGOT"}


def test_interrupted_anywhere_it_goes_on_where_it_was(
    federation: Federation, databases: Databases, tmp_path: Path
) -> None:
    backups = backups_of(federation, GUANGDONG, tmp_path)
    work(federation, 0, 1)
    backup = backups.make().path
    work(federation, 1, 4)
    before = held(federation, GUANGDONG)
    go_back_to(backup, backups, databases, "back", tmp_path)
    for fetches in range(1, 6):
        with pytest.raises(RuntimeError, match="StopIteration"):
            recover(federation, GUANGDONG, stop_after=fetches)
    recover(federation, GUANGDONG)
    assert held(federation, GUANGDONG) == before
    assert recover(federation, GUANGDONG).own_batches == 0


def test_what_was_received_and_never_answered_is_decided_afterwards(
    federation: Federation, databases: Databases, tmp_path: Path
) -> None:
    """The node's answer was sealed and lost before HQ had it: nobody knows of any outcome."""
    backups = backups_of(federation, GUANGDONG, tmp_path)
    work(federation, 0, 1)
    backup = backups.make().path
    work(federation, 1, 2)
    federation.tamper = lambda sender, receiver, frame: () if sender == GUANGDONG else (frame,)
    leg = federation.suspend(SHANGHAI, GUANGDONG, "44-5")
    federation.run()
    assert federation.at_hub(leg).state == "forwarded"
    federation.tamper = None
    go_back_to(backup, backups, databases, "back", tmp_path)
    assert recover(federation, GUANGDONG).undecided == 1
    federation.reconnect()
    federation.pass_time()
    assert federation.asked(SHANGHAI, leg).state == "completed"
    assert federation.subscription_status("44-5") == "suspended"
    waiting = sa.select(sa.func.count()).select_from(inbox).where(inbox.c.state != DONE)
    assert federation.cores[GUANGDONG].connection.execute(waiting).scalar() == 0


@pytest.mark.one_store
def test_a_node_enrolled_anew_takes_everything_back_when_its_backup_is_older_than_its_link(
    federation: Federation, databases: Databases, tmp_path: Path
) -> None:
    """HQ says where the link goes on. A node that was restored must not begin there, as one with nothing would."""
    backups = backups_of(federation, GUANGDONG, tmp_path)
    backup = backups.make().path
    work(federation, 0, 3)
    before = held(federation, GUANGDONG)
    row = federation.link_row(HQ, GUANGDONG)
    assert row.received_seal_number
    resume = LinkResume(
        Place(row.peer_incarnation, row.received_seal_number, row.received_sequence, row.received_hash),
        Place(row.incarnation, row.sealed_seal_number, row.sealed_sequence, row.sealed_hash),
    )
    go_back_to(backup, backups, databases, "back", tmp_path)
    connection = federation.cores[GUANGDONG].connection
    assert resume_link(connection, GUANGDONG, resume, federation.clock.now_us(), restored=True) == 0
    connection.commit()
    recover(federation, GUANGDONG)
    assert held(federation, GUANGDONG) == before


@pytest.mark.one_store
def test_what_waits_behind_something_else_is_tried_at_the_end_too(
    federation: Federation, databases: Databases, tmp_path: Path
) -> None:
    """HQ withdraws a leg that the node asked of itself, too late: behind the withdrawal waits the answer."""
    backups = backups_of(federation, GUANGDONG, tmp_path)
    backup = backups.make().path
    passed: list[bytes] = []

    def only_the_first(sender: str, _receiver: str, frame: bytes) -> tuple[bytes, ...]:
        if sender == GUANGDONG and link_pb2.LinkFrame.FromString(frame).HasField("batch"):
            passed.append(frame)
            return (frame,) if len(passed) == 1 else ()
        return (frame,)

    federation.tamper = only_the_first
    leg = federation.suspend(GUANGDONG, GUANGDONG, "44-5")
    federation.run()
    assert federation.at_hub(leg).state == "forwarded"
    federation.pass_time(federation.at_hub(leg).due_at_us - federation.clock.at_us)
    federation.execute(HQ, PassTimeLimits())
    federation.run()
    assert federation.at_hub(leg).withdrawn_at_us
    federation.tamper = None
    federation.reconnect()
    federation.run()
    assert federation.asked(GUANGDONG, leg).state == "completed"
    go_back_to(backup, backups, databases, "back", tmp_path)
    recover(federation, GUANGDONG)
    federation.reconnect()
    federation.pass_time()
    assert federation.asked(GUANGDONG, leg).state == "completed"
    waiting = sa.select(sa.func.count()).select_from(inbox).where(inbox.c.state != DONE)
    assert federation.cores[GUANGDONG].connection.execute(waiting).scalar() == 0


@pytest.mark.one_store
@pytest.mark.parametrize("sealer", [GUANGDONG, HQ])
@pytest.mark.parametrize(("ended_before_us", "fits"), [(60_000_000, True), (600_000_000, False)])
def test_a_key_may_have_ended_by_another_clock_before_its_last_seals(
    federation: Federation, databases: Databases, tmp_path: Path, sealer: str, ended_before_us: int, fits: bool
) -> None:
    """HQ says when a key ends; the seals say when the sealer thought that it was. Clocks differ, but only so much."""
    backups = backups_of(federation, GUANGDONG, tmp_path)
    backup = backups.make().path
    work(federation, 0, 2)
    ended_at_us = federation.clock.at_us - ended_before_us
    federation.clock.at_us += 1_000_000_000
    go_back_to(backup, backups, databases, "back", tmp_path)
    entries = [
        replace(entry, keys=tuple(_ended_at(key, ended_at_us) for key in entry.keys)) if entry.node == sealer else entry
        for entry in federation.directory.nodes
    ]
    signed = federation.sign_directory(decode_directory(federation.signed_directory.directory), entries)
    federation.directory = open_directory(signed, federation.root.public_key)
    if fits:
        assert recover(federation, GUANGDONG).own_batches
    else:
        with pytest.raises(RecoveryAnswerUnfit, match="KEY_UNKNOWN"):
            recover(federation, GUANGDONG)


def _ended_at(key: NodeKey, at_us: int) -> NodeKey:
    return replace(key, valid_from_us=min(key.valid_from_us, at_us - 1), valid_until_us=at_us)


@pytest.mark.one_store
def test_it_says_that_nothing_can_be_stored_when_the_disk_is_full(
    federation: Federation, databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not HQ's answer that is wrong: the same recovery goes on when there is room again."""
    backups = backups_of(federation, GUANGDONG, tmp_path)
    backup = backups.make().path
    work(federation, 0, 2)
    before = held(federation, GUANGDONG)
    go_back_to(backup, backups, databases, "back", tmp_path)
    take_batch = Intake._take_batch

    def full(*_arguments: Any) -> NoReturn:
        raise OperationalError("INSERT", (), sqlite3.OperationalError("database or disk is full"))

    monkeypatch.setattr(Intake, "_take_batch", full)
    with pytest.raises(StorageUnavailable):
        recover(federation, GUANGDONG)
    monkeypatch.setattr(Intake, "_take_batch", take_batch)
    recover(federation, GUANGDONG)
    assert held(federation, GUANGDONG) == before


@pytest.mark.one_store
def test_it_goes_by_what_hq_has_published_since_its_backup(
    federation: Federation, databases: Databases, tmp_path: Path
) -> None:
    backups = backups_of(federation, GUANGDONG, tmp_path)
    backup = backups.make().path
    federation.execute(HQ, PublishParameter(TRIES_MAX.name, 7, "a lesson"))
    federation.execute(HQ, DeliverPublications())
    federation.run()
    before = held(federation, GUANGDONG)
    assert before["publications"]
    go_back_to(backup, backups, databases, "back", tmp_path)
    recover(federation, GUANGDONG)
    now = held(federation, GUANGDONG)
    assert (now["publications"], now["network_parameters"]) == (before["publications"], before["network_parameters"])
    assert federation.alarms(GUANGDONG) == set()


def test_an_effect_that_cannot_be_repeated_leaves_the_answer_and_is_an_operators(
    federation: Federation, databases: Databases, tmp_path: Path
) -> None:
    """The subscription came into being after the backup, by this node's own doing: nobody else knows of it."""
    backups = backups_of(federation, GUANGDONG, tmp_path)
    work(federation, 0, 1)
    backup = backups.make().path
    federation.add_subscription("44-later")
    leg = federation.suspend(SHANGHAI, GUANGDONG, "44-later")
    federation.run()
    answer = federation.serving(GUANGDONG, leg).answer
    go_back_to(backup, backups, databases, "back", tmp_path)
    assert recover(federation, GUANGDONG).undecided == 0
    assert (federation.serving(GUANGDONG, leg).state, federation.serving(GUANGDONG, leg).answer) == (
        "completed",
        answer,
    )
    assert federation.alarms(GUANGDONG) == {"EFFECT_NOT_REPRODUCED"}
    federation.reconnect()
    assert federation.is_open(GUANGDONG)


@pytest.mark.one_store
@pytest.mark.parametrize("direction", ["44>00", "00>44"])
def test_hq_cannot_give_back_anything_else_than_what_was_said(
    federation: Federation, databases: Databases, tmp_path: Path, direction: str
) -> None:
    backups = backups_of(federation, GUANGDONG, tmp_path)
    work(federation, 0, 1)
    backup = backups.make().path
    work(federation, 1, 4)
    go_back_to(backup, backups, databases, "back", tmp_path)
    before = journals(federation, GUANGDONG)
    places = [number for link, number, _ in journals(federation, HQ) if link == direction]
    target = places[-2]

    def tamper(link: str, number: int, batch: bytes) -> bytes:
        if (link, number) != (direction, target):
            return batch
        parsed = seal_pb2.SealedBatch.FromString(batch)
        parsed.entries[0].stamp += b"x"
        return parsed.SerializeToString()

    with pytest.raises(RecoveryAnswerUnfit):
        recover(federation, GUANGDONG, tamper)
    now = journals(federation, GUANGDONG)
    assert set(before) <= set(now) <= set(journals(federation, HQ))
    assert (direction, target) not in {(link, number) for link, number, _ in now}


@pytest.mark.one_store
def test_a_node_that_has_worked_since_is_told_that_its_past_is_another(
    federation: Federation, databases: Databases, tmp_path: Path
) -> None:
    backups = backups_of(federation, GUANGDONG, tmp_path)
    backup = backups.make().path
    work(federation, 0, 3)
    go_back_to(backup, backups, databases, "back", tmp_path)
    federation.clock.at_us += 1
    # As a node of a release would that sealed before the Hellos had agreed.
    federation.cores[GUANGDONG].dispatcher.port(HQ).hellos_agree(0)
    entries = federation.batches(HQ, "44>00")[0].entries
    federation.say(GUANGDONG, HQ, entries[0])
    with pytest.raises(RecoveryAnswerUnfit, match="CHAIN_BROKEN"):
        recover(federation, GUANGDONG)
