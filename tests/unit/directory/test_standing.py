"""Nodes are suspended, resumed, revoked and enrolled anew, and the directory says so (FED-06)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from common.directory.continuity import DirectoryTakesBack, check_continuity
from common.directory.model import Directory, KeyUse, NodeEntry, NodeStatus, OwnKeys, check_own_entry
from common.ids import leg_id
from common.security.reader import HPKE_X25519
from common.security.signing import key_id_of
from hq_node.directory.commands import ApproveNode, ResumeNode, RevokeNode, SuspendNode
from hq_node.directory.events import DirectoryPublished
from hq_node.directory.model import NodeNotInDirectory, NodeNotSuspended, NodeRevoked, ReasonMissing
from hq_node.directory.queries import NodeState, list_nodes
from hq_node.hub.repository import hub_legs
from tests.support.enrolment import Candidate, EnrolmentDesk, HandClock
from tests.support.stores import Databases


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def desk(tmp_path: Path, databases: Databases, clock: HandClock) -> Iterator[EnrolmentDesk]:
    desk = EnrolmentDesk(tmp_path, databases.with_tables(), clock)
    desk.found()
    enrol(desk, Candidate("31", seed=3))
    clock.at_us += 1_000_000
    yield desk
    desk.close()


def enrol(desk: EnrolmentDesk, candidate: Candidate) -> None:
    desk.run(candidate.request(desk.invite(candidate.node)))
    desk.run(ApproveNode(candidate.node, "operator"))


def entry_of(directory: Directory) -> NodeEntry:
    entry = directory.node("31")
    assert entry is not None
    return entry


def test_a_suspended_node_keeps_its_keys_and_comes_back_with_them(desk: EnrolmentDesk, clock: HandClock) -> None:
    before = desk.directory
    desk.run(SuspendNode("31", " leaks addresses ", "li.na"))
    suspended = entry_of(desk.directory)
    assert (suspended.status, suspended.status_reason, suspended.status_by, suspended.status_since_us) == (
        NodeStatus.SUSPENDED,
        "leaks addresses",
        "li.na",
        clock.now_us(),
    )
    assert suspended.keys == entry_of(before).keys
    assert isinstance(desk.events[-1], DirectoryPublished)
    desk.run(ResumeNode("31", "mended", "li.na"))
    assert entry_of(desk.directory).active
    check_continuity(before, desk.directory)


def test_a_revocation_ends_all_keys_at_its_own_moment(desk: EnrolmentDesk, clock: HandClock) -> None:
    before, at_us = desk.directory, clock.now_us()
    desk.run(RevokeNode("31", "burnt down", "li.na"))
    revoked = entry_of(desk.directory)
    assert revoked.status is NodeStatus.REVOKED
    signing = entry_of(before).keys[0].key_id
    assert desk.directory.past_signing_key("31", signing, at_us) is not None
    assert desk.directory.past_signing_key("31", signing, at_us + 1) is None
    assert desk.directory.private_body_reader("31") is None
    check_continuity(before, desk.directory)


@pytest.mark.parametrize("part", ["origin", "home"])
def test_a_revocation_ends_no_key_before_what_the_hub_has_said_by_a_clock_ahead(
    desk: EnrolmentDesk, clock: HandClock, part: str
) -> None:
    """The clock was set back since, or another replica's is ahead: what was admitted, or answered, stays valid."""
    said_us = clock.now_us() + 30_000_000
    store_leg(desk, part, said_us)
    store_leg(desk, "origin" if part == "home" else "home", said_us + 1_000_000, node="44")
    signing = entry_of(desk.directory).keys[0].key_id
    desk.run(RevokeNode("31", "burnt down", "li.na"))
    assert desk.directory.past_signing_key("31", signing, said_us) is not None
    assert desk.directory.past_signing_key("31", signing, said_us + 1) is None
    assert desk.directory.signing_key("31", signing, said_us) is None


def store_leg(desk: EnrolmentDesk, part: str, said_us: int, node: str = "31") -> None:
    """A leg that the hub has admitted from the node, or in which it has taken the node's answer."""
    leg = leg_id((said_us // 1_000).to_bytes(6, "big") + node.encode() * 5, "11", "12")
    kinds = {sa.LargeBinary: b"", sa.String: "", sa.Boolean: False}
    row = {column.name: kinds.get(type(column.type), 0) for column in hub_legs.columns}
    moment = "admitted_at_us" if part == "origin" else "answered_at_us"
    desk.connection.execute(hub_legs.insert().values(row | {"leg_id": leg, part: node, moment: said_us}))
    desk.connection.commit()


def test_what_is_so_already_is_not_published_again(desk: EnrolmentDesk) -> None:
    desk.run(SuspendNode("31", "why", "li.na"))
    version = desk.directory.version
    desk.run(SuspendNode("31", "why", "li.na"))
    assert desk.directory.version == version
    desk.run(RevokeNode("31", "why", "li.na"))
    desk.run(RevokeNode("31", "why", "li.na"))
    assert desk.directory.version == version + 1


def test_a_revoked_node_is_neither_resumed_nor_suspended(desk: EnrolmentDesk) -> None:
    desk.run(RevokeNode("31", "why", "li.na"))
    for command in (ResumeNode("31", "why", "li.na"), SuspendNode("31", "why", "li.na")):
        with pytest.raises(NodeRevoked):
            desk.run(command)


def test_only_a_suspended_node_is_resumed(desk: EnrolmentDesk) -> None:
    with pytest.raises(NodeNotSuspended):
        desk.run(ResumeNode("31", "why", "li.na"))


@pytest.mark.parametrize("node", ["00", "44"])
def test_hq_and_strangers_have_no_standing(desk: EnrolmentDesk, node: str) -> None:
    with pytest.raises(NodeNotInDirectory):
        desk.run(RevokeNode(node, "why", "li.na"))


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_a_reason_must_be_given(desk: EnrolmentDesk, reason: str) -> None:
    with pytest.raises(ReasonMissing):
        desk.run(SuspendNode("31", reason, "li.na"))


def test_an_enrolment_anew_is_marked_for_good(desk: EnrolmentDesk, clock: HandClock) -> None:
    before = desk.directory
    desk.run(RevokeNode("31", "burnt down", "li.na"))
    revoked = desk.directory
    clock.at_us += 1_000_000
    again = Candidate("31", seed=7)
    desk.run(again.request(desk.invite("31")))
    (row,) = [row for row in list_nodes(desk.connection, clock.now_us()) if row.node == "31"]
    assert row.state is NodeState.WAITING
    desk.run(ApproveNode("31", "wang.wei"))
    entry = entry_of(desk.directory)
    assert entry.active
    (broken,) = entry.re_enrolments
    # The key that was shown, read out and compared is the one that waited, not the one that was lost.
    assert row.signing_key_id == broken.signing_key_id
    old_key = entry_of(before).keys[0].key_id
    assert (broken.at_us, broken.signing_key_id, broken.former_signing_key_id, broken.approved_by) == (
        clock.now_us(),
        again.signer.key_id,
        old_key,
        "wang.wei",
    )
    newest = entry.newest(KeyUse.SIGNING)
    assert newest is not None
    assert newest.key_id == again.signer.key_id
    assert {key.key_id for key in entry_of(before).keys} < {key.key_id for key in entry.keys}
    check_continuity(before, desk.directory)
    check_continuity(revoked, desk.directory)
    desk.run(SuspendNode("31", "why", "li.na"))
    assert entry_of(desk.directory).re_enrolments == (broken,)


def test_a_node_is_enrolled_anew_when_the_clock_was_set_back_since(desk: EnrolmentDesk, clock: HandClock) -> None:
    """Its former keys have ended before the new ones begin, so it need not hold them; and the directory is not issued
    before what it tells of."""
    store_leg(desk, "origin", clock.now_us() + 30_000_000)
    desk.run(RevokeNode("31", "stolen", "li.na"))
    former = entry_of(desk.directory).keys
    again = Candidate("31", seed=7)
    enrol(desk, again)
    entry = entry_of(desk.directory)
    assert max(key.valid_until_us for key in former) <= entry.enrolled_at_us <= desk.directory.issued_at_us
    own = OwnKeys(
        "31",
        frozenset({again.signer.key_id}),
        frozenset({key_id_of(HPKE_X25519, again.private_body_public_key)}),
        entry.tls_fingerprint,
    )
    check_own_entry(desk.directory, own)


def test_an_invitation_of_before_the_revocation_does_not_let_in_anew(desk: EnrolmentDesk, clock: HandClock) -> None:
    invitation = desk.invite("31")
    clock.at_us += 1
    desk.run(RevokeNode("31", "stolen", "li.na"))
    with pytest.raises(NodeRevoked):
        desk.run(Candidate("31", seed=7).request(invitation))


def test_a_directory_that_takes_a_revocation_back_is_found_out(desk: EnrolmentDesk) -> None:
    before = desk.directory
    desk.run(RevokeNode("31", "stolen", "li.na"))
    with pytest.raises(DirectoryTakesBack):
        check_continuity(desk.directory, before)
