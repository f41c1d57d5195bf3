"""Seals by keys that may not seal: unknown, another node's, of another suite, expired, not yet valid, revoked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
import sqlalchemy as sa

from common.db.engine import store_of
from common.db.unit_of_work import UnitOfWork
from common.directory.continuity import continued_key
from common.directory.model import KeyUse, NodeEntry, NodeStatus
from common.directory.signing import open_directory
from common.errors import TemporaryFault
from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import HQ, IdSource
from common.link import effects as reason
from common.messaging.inbox import leg_of
from common.messaging.incoming import Incoming
from common.messaging.link_resume import BEGINNING, LinkResume, Place, resume_link
from common.messaging.links import LinkRow, links, node_identity
from common.security.signing import ED25519, Ed25519Signer
from hq_node.directory.repository import SealsOnTheirWay
from hq_node.message_processor import HqMessageProcessor
from tests.support.dishonest import request
from tests.support.federation import DAY_US, GUANGDONG, SHANGHAI, ZHEJIANG, Federation
from tests.support.wire import assert_cut_and_resumed, first_batch, with_seal

pytestmark = pytest.mark.one_store("Keys are judged before anything is stored.")

WAYS = pytest.mark.parametrize(
    ("sender", "receiver"), [(SHANGHAI, HQ), (HQ, GUANGDONG)], ids=["province to HQ", "HQ to province"]
)


def unchanged(seal: seal_pb2.Seal) -> None:
    """The seal says what it said; only who signs it is another."""


@dataclass
class Impostor:
    """Signs with one key under the name of another, or as another suite."""

    key_id: str
    suite: str
    signer: Ed25519Signer

    @property
    def public_key(self) -> bytes:
        return self.signer.public_key

    def sign(self, data: bytes) -> bytes:
        return self.signer.sign(data)


@WAYS
def test_a_key_that_no_directory_names_seals_nothing(federation: Federation, sender: str, receiver: str) -> None:
    unknown = Ed25519Signer(b"?" * 32)
    assert_cut_and_resumed(federation, sender, receiver, with_seal(unknown, unchanged), reason.KEY_UNKNOWN)


@WAYS
def test_the_key_of_another_node_seals_nothing(federation: Federation, sender: str, receiver: str) -> None:
    other = federation.signers[ZHEJIANG]
    assert_cut_and_resumed(federation, sender, receiver, with_seal(other, unchanged), reason.KEY_UNKNOWN)


@WAYS
def test_another_key_under_the_right_name_seals_nothing(federation: Federation, sender: str, receiver: str) -> None:
    own = federation.signers[sender]
    thief: Any = Impostor(own.key_id, own.suite, federation.signers[ZHEJIANG])
    assert_cut_and_resumed(federation, sender, receiver, with_seal(thief, unchanged), reason.BAD_SIGNATURE)


@WAYS
def test_the_right_key_under_another_suite_seals_nothing(federation: Federation, sender: str, receiver: str) -> None:
    own = federation.signers[sender]
    for suite in ("none", "ed448", "ED25519", ""):
        downgraded: Any = Impostor(own.key_id, suite, own)
        assert_cut_and_resumed(federation, sender, receiver, with_seal(downgraded, unchanged), reason.BAD_SIGNATURE)


@pytest.mark.parametrize("valid", [(0, -DAY_US), (DAY_US, 0)], ids=["expired", "not yet valid"])
def test_a_key_out_of_its_time_seals_nothing(federation: Federation, valid: tuple[int, int]) -> None:
    now_us = federation.clock.now_us()
    valid_from, valid_until = (part and now_us + part for part in valid)
    honest = federation.entry(SHANGHAI)
    signing = replace(honest.keys[0], valid_from_us=valid_from, valid_until_us=valid_until)
    entries = [federation.entry(node) for node in federation.nodes if node != SHANGHAI]
    entries.append(replace(honest, keys=(signing, honest.keys[1])))
    hq = federation.cores[HQ].context
    good, hq.directory = (
        hq.directory,
        open_directory(federation.sign_directory(federation.directory, entries), federation.root.public_key),
    )
    leg = federation.suspend()
    federation.run()
    assert federation.cuts[HQ, SHANGHAI] == reason.KEY_UNKNOWN
    assert not federation.batches(HQ, "31>00")
    hq.directory = good
    federation.reconnect(SHANGHAI)
    assert federation.asked(SHANGHAI, leg).state == "completed"


def _without(federation: Federation, node: str, status: NodeStatus) -> list[Any]:
    """The entries of a directory in which one node is out of the federation from now on."""
    gone = federation.entry(node)
    closed = tuple(replace(key, valid_until_us=federation.clock.now_us()) for key in gone.keys)
    keys = closed if status is NodeStatus.REVOKED else gone.keys
    return [federation.entry(n) for n in federation.nodes if n != node] + [replace(gone, status=status, keys=keys)]


@pytest.mark.parametrize("status", [NodeStatus.SUSPENDED, NodeStatus.REVOKED])
def test_a_node_that_is_out_seals_nothing(federation: Federation, status: NodeStatus) -> None:
    federation.clock.at_us += 1
    signed = federation.sign_directory(federation.directory, _without(federation, ZHEJIANG, status))
    federation.clock.at_us += 1
    federation.publish(signed, to=(SHANGHAI, GUANGDONG))
    before = federation.link_row(HQ, ZHEJIANG)
    federation.say(ZHEJIANG, HQ, request(ZHEJIANG, GUANGDONG))
    assert federation.cuts[HQ, ZHEJIANG] == reason.KEY_UNKNOWN
    assert federation.link_row(HQ, ZHEJIANG) == before
    if status is NodeStatus.REVOKED:
        # What it sealed with keys that have ended it must seal again, where HQ says that the link goes on.
        assert resume(federation, ZHEJIANG) == 1
        assert resume(federation, ZHEJIANG) == 0
    welcome_back(federation)
    federation.pass_time()
    assert federation.link_row(HQ, ZHEJIANG).received_sequence == before.received_sequence + 1


def test_what_was_sealed_before_hq_heard_anything_is_sealed_again_when_enrolled_anew(federation: Federation) -> None:
    """HQ tells the beginning, and not nothing: the node's seals are by a key that has ended."""
    before = federation.link_row(HQ, ZHEJIANG)
    assert (before.received_seal_number, before.acked_seal_number) == (0, 0)
    federation.tamper = lambda sender, _receiver, frame: () if sender == ZHEJIANG else (frame,)
    leg = federation.suspend(ZHEJIANG)
    federation.run()
    federation.tamper = None
    federation.clock.at_us += 1
    federation.adopt(
        federation.sign_directory(federation.directory, _without(federation, ZHEJIANG, NodeStatus.REVOKED))
    )
    resume = SealsOnTheirWay(
        UnitOfWork(federation.cores[HQ].connection, IdSource(federation.clock, bytes), 0)
    ).resume_of(ZHEJIANG)
    federation.cores[HQ].connection.rollback()
    assert resume_at(federation, ZHEJIANG, resume) == 1
    welcome_back(federation)
    federation.run()
    assert federation.asked(ZHEJIANG, leg).state == "completed"


@pytest.mark.parametrize("received", [BEGINNING, Place(b"0" * 16, 3, 5, b"h" * 32)], ids=["nothing", "something"])
def test_an_empty_database_of_which_hq_has_heard_nothing_begins_its_own_journal(
    federation: Federation, received: Place
) -> None:
    connection = federation.cores[ZHEJIANG].connection
    incarnation = federation.cores[ZHEJIANG].incarnation
    store_of(connection).begin(connection)
    connection.execute(links.delete())
    assert resume_link(connection, ZHEJIANG, LinkResume(BEGINNING, received), 0) == 0
    assert connection.execute(sa.select(node_identity.c.incarnation)).scalar_one() == incarnation
    rows = [LinkRow._make(row) for row in connection.execute(sa.select(links))]
    expected = [(incarnation, 0, b"0" * 16, 3)] if received.seal_number else []
    assert [(r.incarnation, r.sealed_seal_number, r.peer_incarnation, r.received_seal_number) for r in rows] == expected
    store_of(connection).roll_back(connection)


def test_a_revoked_key_seals_nothing_once_its_node_was_enrolled_anew(federation: Federation) -> None:
    """Its thief says that it was sealed before the revocation; clocks do differ, and the node takes part again."""
    stolen, sealed_at_us = federation.signers[ZHEJIANG], federation.clock.now_us()
    federation.clock.at_us += 1
    revoked = federation.sign_directory(federation.directory, _without(federation, ZHEJIANG, NodeStatus.REVOKED))
    federation.publish(revoked, to=(SHANGHAI, GUANGDONG))
    welcome_back(federation)
    before = federation.link_row(HQ, ZHEJIANG)

    def backdate(seal: seal_pb2.Seal) -> None:
        seal.sealed_at_us = sealed_at_us

    federation.tamper = first_batch(ZHEJIANG, HQ, with_seal(stolen, backdate))
    leg = federation.suspend(ZHEJIANG)
    federation.run()
    federation.tamper = None
    assert federation.cuts[HQ, ZHEJIANG] == reason.KEY_UNKNOWN
    assert federation.link_row(HQ, ZHEJIANG) == before
    federation.reconnect(ZHEJIANG)
    assert federation.asked(ZHEJIANG, leg).state == "completed"


def rotate(federation: Federation, node: str, signer: Ed25519Signer | None = None) -> list[NodeEntry]:
    """The entries of a directory in which a node has a next signing key; the node signs with it from now on.

    `signer`: who signs the new key, instead of the node's key in force.
    """
    entry = federation.entry(node)
    before = federation.signers[node]
    new = Ed25519Signer(before.public_key)
    key = continued_key(
        node,
        KeyUse.SIGNING,
        ED25519,
        new.public_key,
        new.key_id,
        entry.keys[0],
        signer or before,
        federation.clock.now_us(),
    )
    federation.signers[node] = new
    others = [federation.entry(other) for other in federation.nodes if other != node]
    federation.rotated[node] = replace(entry, keys=(*entry.keys, key))
    return [*others, federation.rotated[node]]


def resume(federation: Federation, node: str) -> int:
    """The node starts on what HQ remembers of its link. How many entries it will seal again."""
    at_hq, core = federation.link_row(HQ, node), federation.cores[node]
    sealed = Place(
        at_hq.peer_incarnation or core.incarnation,
        at_hq.received_seal_number,
        at_hq.received_sequence,
        at_hq.received_hash,
    )
    return resume_at(federation, node, LinkResume(sealed, sealed))


def resume_at(federation: Federation, node: str, resume: LinkResume) -> int:
    core = federation.cores[node]
    store = store_of(core.connection)
    store.begin(core.connection)
    taken_back = resume_link(core.connection, node, resume, federation.clock.now_us())
    store.commit(core.connection)
    core.dispatcher.load()
    return taken_back


def held_back(receiver: str) -> Any:
    """A network on which nothing reaches one node."""
    return lambda _from, to, frame: () if to == receiver else (frame,)


def test_what_was_admitted_before_a_revocation_stays_valid(federation: Federation) -> None:
    """By the time the request comes to home, its origin has been revoked."""
    federation.tamper = held_back(GUANGDONG)
    spoken = request(ZHEJIANG, GUANGDONG)
    federation.say(ZHEJIANG, HQ, spoken)
    federation.tamper = None
    federation.clock.at_us += 1_000
    federation.adopt(
        federation.sign_directory(federation.directory, _without(federation, ZHEJIANG, NodeStatus.REVOKED))
    )
    federation.reconnect(GUANGDONG)
    assert federation.cores[GUANGDONG].context.directory.version == 2
    assert federation.serving(GUANGDONG, leg_of(spoken)).state == "completed"
    assert not federation.alarms(GUANGDONG)
    welcome_back(federation)


def test_nothing_admitted_after_a_revocation_is_valid(federation: Federation) -> None:
    """A hub that goes on admitting for a revoked node (or for whoever stole its key) is refused by home."""
    federation.clock.at_us += 1_000
    signed = federation.sign_directory(federation.directory, _without(federation, ZHEJIANG, NodeStatus.REVOKED))
    federation.offer(signed, to=(GUANGDONG,))
    federation.clock.at_us += 1_000
    spoken = request(ZHEJIANG, GUANGDONG)
    federation.say(ZHEJIANG, HQ, spoken)
    served = federation.serving(GUANGDONG, leg_of(spoken))
    assert (served.state, served.reason_code) == ("rejected", "ORIGIN_UNKNOWN")
    assert "ORIGIN_UNKNOWN" in federation.alarms(GUANGDONG)
    assert federation.subscription_status() == "active"
    federation.adopt(signed)
    welcome_back(federation)


def test_an_answer_is_judged_by_the_key_of_its_own_time(federation: Federation) -> None:
    """Home's new key became valid after the request was admitted, and before home answered."""
    federation.tamper = held_back(GUANGDONG)
    leg = federation.suspend()
    federation.run()
    federation.tamper = None
    federation.clock.at_us += 60_000_000
    rotated = rotate(federation, GUANGDONG)
    federation.publish(federation.sign_directory(federation.directory, rotated), to=(SHANGHAI,))
    federation.reconnect(GUANGDONG)
    entry = federation.directory.node(GUANGDONG)
    assert entry is not None
    assert federation.at_hub(leg).admitted_at_us < entry.keys[-1].valid_from_us
    assert federation.asked(SHANGHAI, leg).state == "completed"
    assert not federation.alarms(SHANGHAI)


def test_a_request_under_a_new_key_is_good_though_the_clock_was_set_back_since(federation: Federation) -> None:
    """Or another replica of HQ published, whose clock is ahead: the hub's word is never earlier than its directory."""
    rotated = rotate(federation, SHANGHAI)
    federation.publish(federation.sign_directory(federation.directory, rotated))
    federation.clock.at_us -= 2_000_000
    leg = federation.suspend()
    federation.run()
    assert federation.asked(SHANGHAI, leg).state == "completed"
    assert not federation.alarms(GUANGDONG)
    federation.clock.at_us += 2_000_000


class Away(TemporaryFault):
    """Something that HQ's processing needs is away."""

    en = "Away for now."
    zh = "暂不可用。"


def enrolled_anew_while_it_waits(
    federation: Federation, monkeypatch: pytest.MonkeyPatch, origin: str, home: str
) -> bytes:
    """What Zhejiang says of a leg waits at HQ, which has received it, until Zhejiang was revoked and enrolled anew."""
    process = HqMessageProcessor.process

    def fails_for_now(self: HqMessageProcessor, incoming: Incoming, uow: Any) -> None:
        if incoming.peer == ZHEJIANG:
            raise Away()
        process(self, incoming, uow)

    with monkeypatch.context() as patched:
        patched.setattr(HqMessageProcessor, "process", fails_for_now)
        leg = federation.suspend(origin, home, "none")
        federation.run()
    federation.clock.at_us += 1
    federation.adopt(
        federation.sign_directory(federation.directory, _without(federation, ZHEJIANG, NodeStatus.REVOKED))
    )
    federation.clock.at_us += 1_000
    welcome_back(federation)
    federation.pass_time()
    return leg


def test_an_answer_that_waited_at_hq_is_good_though_its_home_was_enrolled_anew(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    leg = enrolled_anew_while_it_waits(federation, monkeypatch, SHANGHAI, ZHEJIANG)
    asked = federation.asked(SHANGHAI, leg)
    assert (asked.state, asked.reason_code) == ("rejected", "SUBSCRIPTION_NOT_FOUND")
    assert "ORIGIN_UNKNOWN" not in federation.alarms(SHANGHAI)


def test_a_request_that_waited_at_hq_is_refused_when_its_origin_was_enrolled_anew(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the former keys anybody may have asked; and home would not believe it."""
    leg = enrolled_anew_while_it_waits(federation, monkeypatch, ZHEJIANG, GUANGDONG)
    asked = federation.asked(ZHEJIANG, leg)
    assert (asked.state, asked.reason_code) == ("rejected", "SOURCE_NOT_ACTIVE")


def welcome_back(federation: Federation) -> None:
    """All nodes take part again, so that the rest of the test finds everything as it was."""
    federation.clock.at_us += 1
    entry = federation.directory.node(ZHEJIANG)
    if entry is not None and entry.status is NodeStatus.REVOKED:
        federation.enrol_anew(ZHEJIANG)
    federation.adopt(federation.sign_directory(federation.directory))
    federation.reconnect()
