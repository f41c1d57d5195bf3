"""Nodes replace their keys: the next signed by the one in force, both named for a while, the former ended (FED-06)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common.db.engine import store_of
from common.directory.continuity import check_continuity, rotation_bytes
from common.directory.invitation import decode_invitation
from common.directory.model import Directory, KeyUse, NodeEntry
from common.directory.own_keys import NodeKeys
from common.directory.rotation import KeyRotation
from common.directory.rotation_wire import MalformedKeyRotation, decode_rotation, encode_rotation
from common.gen.quanwang.federation.v1 import seal_pb2
from common.messaging.inbox import DONE, PARKED, WAITING, InboxRow, inbox
from common.messaging.links import journal, links, new_link
from common.security import tls
from common.security.keyring import Keyring, KeyringUse
from common.security.signing import Ed25519Signer
from hq_node.directory.commands import (
    ApproveNode,
    PublishDirectory,
    RetireKeys,
    RevokeNode,
    RotateKeys,
    SuspendNode,
)
from hq_node.directory.handlers import handlers
from hq_node.directory.model import KeyInUse, KeyRotationNotSigned, KeyRotationOutOfDate, NodeNotActive
from hq_node.directory.rotation import RETIRING_GRACE_US, KeysRotated
from hq_node.directory.wire import enrolment_command
from province_node.directory.enrolment import enrolment_request
from tests.support.enrolment import EnrolmentDesk, HandClock
from tests.support.stores import Databases

DAY_US = 86_400_000_000
ALL = (KeyringUse.SIGNING, KeyringUse.PRIVATE_BODIES, KeyringUse.TLS)


class Province:
    """An enrolled province's keys, its certificate, and the directory that it works by."""

    def __init__(self, desk: EnrolmentDesk, data_dir: Path, node: str = "31") -> None:
        self.desk, self.node = desk, node
        data_dir.mkdir(mode=0o700)
        self.keys = NodeKeys(node, data_dir, Keyring.create(data_dir, hq=False))
        request = enrolment_command(enrolment_request(decode_invitation(desk.invite(node)), self.keys.keyring, "0.1.0"))
        desk.run(request)
        desk.run(ApproveNode(node, "operator"))
        self.certificate: bytes = desk.run(request).tls_certificate
        self.directory = desk.directory

    @property
    def entry(self) -> NodeEntry:
        entry = self.directory.node(self.node)
        assert entry is not None
        return entry

    def wish(self, *uses: KeyringUse) -> KeyRotation:
        """The next keys are made; what is asked of HQ."""
        self.keys.add(self.entry, self.certificate, uses)
        return self.keys.rotation(self.directory, self.certificate, self.desk.clock.now_us())

    def signer(self) -> Any:
        return self.keys.choose_signer(self.directory, self.desk.clock.now_us())

    def command(self, wish: KeyRotation, signer: Any = None) -> RotateKeys:
        rotation = encode_rotation(wish)
        return RotateKeys(decode_rotation(rotation), rotation, (signer or self.signer()).sign(rotation_bytes(rotation)))

    def take(self, rotated: KeysRotated | None = None) -> None:
        """The node takes the newest directory, and what HQ answered."""
        check_continuity(self.directory, self.desk.directory)
        self.directory = self.desk.directory
        if rotated is not None and rotated.tls_certificate:
            self.certificate = rotated.tls_certificate


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def desk(tmp_path: Path, databases: Databases, clock: HandClock) -> Iterator[EnrolmentDesk]:
    hq = tmp_path / "hq"
    hq.mkdir(mode=0o700)
    desk = EnrolmentDesk(hq, databases.with_tables(), clock)
    desk.found()
    yield desk
    desk.close()


@pytest.fixture
def shanghai(desk: EnrolmentDesk, tmp_path: Path, clock: HandClock) -> Province:
    province = Province(desk, tmp_path / "31")
    clock.at_us += DAY_US
    return province


def rotate(province: Province, *uses: KeyringUse) -> KeysRotated:
    rotated: KeysRotated = province.desk.run(province.command(province.wish(*uses)))
    province.take(rotated)
    return rotated


def test_all_keys_are_replaced_and_both_are_good_for_a_while(shanghai: Province, clock: HandClock) -> None:
    before, old_signer, old_certificate = shanghai.entry, shanghai.signer(), shanghai.certificate
    rotate(shanghai, *ALL)
    entry = shanghai.entry
    assert shanghai.signer().key_id != old_signer.key_id
    for key_id in (old_signer.key_id, shanghai.signer().key_id):
        assert shanghai.directory.signing_key("31", key_id, clock.now_us()) is not None
    reader = shanghai.directory.private_body_reader("31")
    assert reader is not None
    assert reader == shanghai.keys.keyring.private_body_keys.reader("31")
    assert reader.key_id not in {key.key_id for key in before.keys}
    assert entry.welcomes(tls.fingerprint(shanghai.certificate), clock.now_us())
    assert entry.welcomes(tls.fingerprint(old_certificate), clock.now_us())
    assert not entry.welcomes(tls.fingerprint(old_certificate), clock.now_us() + 2 * DAY_US)
    assert not entry.re_enrolments
    tls.require_issued_for(
        shanghai.certificate, shanghai.desk.certificates.authority, "31", shanghai.keys.keyring.tls_key.public_key()
    )


def test_the_node_signs_with_its_next_key_only_once_it_has_seen_it_named(shanghai: Province) -> None:
    old = shanghai.signer()
    command = shanghai.command(shanghai.wish(KeyringUse.SIGNING))
    assert shanghai.signer().key_id == old.key_id
    shanghai.desk.run(command)
    assert shanghai.signer().key_id == old.key_id
    shanghai.take()
    assert shanghai.signer().key_id != old.key_id


def test_a_node_never_goes_back_to_its_former_key_though_its_clock_is_behind(
    shanghai: Province, clock: HandClock
) -> None:
    """HQ may have ended that key: it has seen something sealed by the next one."""
    rotate(shanghai, KeyringUse.SIGNING)
    signer = shanghai.keys.choose_signer(shanghai.directory, clock.now_us() - 120_000_000)
    assert signer.key_id == shanghai.keys.keyring.signer.key_id


def test_keys_are_replaced_twice_though_the_clock_was_set_back_in_between(shanghai: Province, clock: HandClock) -> None:
    rotate(shanghai, KeyringUse.SIGNING)
    clock.at_us -= 30_000_000
    rotate(shanghai, KeyringUse.SIGNING)
    assert shanghai.signer().key_id == shanghai.keys.keyring.signer.key_id


def test_a_key_does_not_end_before_the_directory_though_the_clock_was_set_back(
    shanghai: Province, clock: HandClock
) -> None:
    """What the hub admitted since that directory, it admitted at its time or later."""
    old = shanghai.signer().key_id
    rotate(shanghai, KeyringUse.SIGNING)
    clock.at_us += 2 * DAY_US
    shanghai.desk.run(PublishDirectory())
    published_us = shanghai.desk.directory.issued_at_us
    clock.at_us -= DAY_US // 2
    received(shanghai.desk, "31", shanghai.signer().key_id)
    assert shanghai.desk.run(RetireKeys()) == 1
    assert shanghai.desk.directory.past_signing_key("31", old, published_us) is not None


@pytest.mark.parametrize("lost", ["everything", "the directory", "the certificate"])
def test_a_rotation_that_was_cut_short_is_finished_by_asking_again(
    shanghai: Province, lost: str, tmp_path: Path
) -> None:
    """The process died: before HQ heard, or before the node kept what HQ answered."""
    wish = shanghai.wish(*ALL)
    if lost != "everything":
        rotated = shanghai.desk.run(shanghai.command(wish))
        shanghai.take(rotated if lost == "the directory" else None)
    version = shanghai.desk.directory.version
    # A new process, on what the disk holds.
    shanghai.keys = NodeKeys("31", tmp_path / "31", Keyring.load(tmp_path / "31"))
    if lost == "the directory":
        assert not shanghai.keys.unfinished(shanghai.entry, shanghai.certificate)
        return
    assert shanghai.keys.unfinished(shanghai.entry, shanghai.certificate)
    again: KeysRotated = shanghai.desk.run(shanghai.command(shanghai.wish()))
    shanghai.take(again)
    assert not shanghai.keys.unfinished(shanghai.entry, shanghai.certificate)
    assert shanghai.desk.directory.version == (version + 1 if lost == "everything" else version)


def test_a_rotation_that_a_revocation_cut_short_is_not_finished_after_an_enrolment_anew(
    shanghai: Province, tmp_path: Path, clock: HandClock
) -> None:
    """Its keys were never named, and newer ones are; they must not keep the node from replacing these."""
    desk = shanghai.desk
    shanghai.wish(KeyringUse.SIGNING, KeyringUse.PRIVATE_BODIES)
    desk.run(RevokeNode("31", "stolen", "operator"))
    clock.at_us += 1
    keyring = shanghai.keys.keyring.with_new_keys(tmp_path / "31", ALL)
    request = enrolment_command(enrolment_request(decode_invitation(desk.invite("31")), keyring, "0.1.0"))
    desk.run(request)
    desk.run(ApproveNode("31", "operator"))
    shanghai.keys = NodeKeys("31", tmp_path / "31", keyring)
    shanghai.certificate, shanghai.directory = desk.run(request).tls_certificate, desk.directory
    assert shanghai.keys.unfinished(shanghai.entry, shanghai.certificate) == set()
    clock.at_us += 1
    rotate(shanghai, *ALL)
    assert shanghai.keys.unfinished(shanghai.entry, shanghai.certificate) == set()
    assert shanghai.signer().key_id == keyring_signer(tmp_path)


def keyring_signer(tmp_path: Path) -> str:
    """The newest signing key on the disk."""
    return Keyring.load(tmp_path / "31").signer.key_id


def test_the_same_wish_again_changes_nothing(shanghai: Province) -> None:
    command = shanghai.command(shanghai.wish(*ALL))
    first = shanghai.desk.run(command)
    assert shanghai.desk.run(command) == first


# Attacks


def test_a_rotation_that_the_key_in_force_did_not_sign_is_refused(shanghai: Province) -> None:
    wish = shanghai.wish(KeyringUse.SIGNING)
    stranger = Ed25519Signer(b"x" * 32)
    for command in (
        shanghai.command(wish, stranger),
        shanghai.command(replace(wish, signed_by=stranger.key_id), stranger),
        # Signed by the next key itself, which nothing has named yet.
        shanghai.command(replace(wish, signed_by=wish.keys[0].key_id), shanghai.keys.keyring.signers[0]),
    ):
        with pytest.raises(KeyRotationNotSigned):
            shanghai.desk.run(command)
    assert shanghai.desk.directory.version == shanghai.directory.version


def test_a_statement_that_another_signed_is_refused(shanghai: Province) -> None:
    """The wish is signed by the node, the key in it by somebody else: whoever it is, other nodes would refuse it."""
    wish = shanghai.wish(KeyringUse.SIGNING)
    statement = wish.keys[0].statement("31", wish.signed_by)
    forged = replace(wish.keys[0], signature=Ed25519Signer(b"x" * 32).sign(statement))
    with pytest.raises(KeyRotationNotSigned):
        shanghai.desk.run(shanghai.command(replace(wish, keys=(forged,))))


def test_a_key_that_the_asker_does_not_hold_is_refused(shanghai: Province) -> None:
    wish = shanghai.wish(KeyringUse.SIGNING)
    unheld = replace(wish.keys[0], proof_of_possession=bytes(64))
    with pytest.raises(KeyRotationNotSigned):
        shanghai.desk.run(shanghai.command(replace(wish, keys=(unheld,))))


def test_an_old_rotation_that_comes_again_brings_nothing_back(shanghai: Province, clock: HandClock) -> None:
    old_wish = shanghai.command(shanghai.wish(*ALL))
    shanghai.take(shanghai.desk.run(old_wish))
    clock.at_us += DAY_US
    rotate(shanghai, *ALL)
    before = shanghai.desk.directory
    with pytest.raises(KeyRotationOutOfDate):
        shanghai.desk.run(old_wish)
    # Without the certificate it names nothing new, and changes nothing.
    wish = replace(old_wish.wish, tls_certificate_request=b"", former_tls_fingerprint=b"")
    first_key = shanghai.keys.keyring.signers[-1]
    shanghai.desk.run(shanghai.command(wish, first_key))
    assert shanghai.desk.directory.hash == before.hash


def test_a_replaced_key_names_no_further_ones(shanghai: Province, tmp_path: Path) -> None:
    """Whoever stole the former key, while it is still good for what is on its way."""
    stolen = shanghai.signer()
    rotate(shanghai, KeyringUse.SIGNING)
    thief = Ed25519Signer(b"t" * 32)
    wish = shanghai.wish(KeyringUse.SIGNING)
    key = replace(wish.keys[0], public_key=thief.public_key, previous_key_id=stolen.key_id)
    statement = key.statement("31", stolen.key_id)
    key = replace(key, signature=stolen.sign(statement), proof_of_possession=thief.sign(statement))
    with pytest.raises(KeyRotationOutOfDate):
        shanghai.desk.run(shanghai.command(replace(wish, signed_by=stolen.key_id, keys=(key,)), stolen))


def test_the_key_of_another_node_is_refused(shanghai: Province, tmp_path: Path) -> None:
    other = Province(shanghai.desk, tmp_path / "44", "44")
    shanghai.take()
    wish = shanghai.wish(KeyringUse.SIGNING)
    signer = other.signer()
    key = replace(wish.keys[0], public_key=signer.public_key)
    statement = key.statement("31", wish.signed_by)
    key = replace(key, signature=shanghai.signer().sign(statement), proof_of_possession=signer.sign(statement))
    with pytest.raises(KeyInUse):
        shanghai.desk.run(shanghai.command(replace(wish, keys=(key,))))


def test_a_node_that_is_shut_out_replaces_nothing(shanghai: Province) -> None:
    command = shanghai.command(shanghai.wish(*ALL))
    shanghai.desk.run(SuspendNode("31", "why", "li.na"))
    with pytest.raises(NodeNotActive):
        shanghai.desk.run(command)


@pytest.mark.parametrize("content", [b"", b"\xff" * 40, b"\x0a\x02" + b"3", b"x" * 20_000], ids=len)
def test_any_bytes_are_answered_by_name(content: bytes) -> None:
    with pytest.raises(MalformedKeyRotation):
        decode_rotation(content)


# The end of former keys


def received(desk: EnrolmentDesk, node: str, key_id: str, number: int = 1) -> None:
    """HQ has received a seal of a node, by one of its keys."""
    seal = seal_pb2.Seal(node=node, key_id=key_id, seal_number=number)
    batch = seal_pb2.SealedBatch(seal=seal_pb2.SignedSeal(seal=seal.SerializeToString())).SerializeToString()
    row = new_link(node, bytes(16))._replace(received_seal_number=number)
    store = store_of(desk.connection)
    store.begin(desk.connection)
    desk.connection.execute(links.delete().where(links.c.peer == node))
    desk.connection.execute(links.insert().values(**row._asdict()))
    desk.connection.execute(
        journal.insert().values(
            link=f"{node}>00", seal_number=number, first_sequence=1, entries=0, stored_at_us=0, batch=batch
        )
    )
    store.commit(desk.connection)


def in_inbox(desk: EnrolmentDesk, node: str, seal_number: int, state: str) -> None:
    """The one message of that batch is as far as `state` says."""
    message_id = seal_number.to_bytes(16, "big")
    row = InboxRow(
        node, message_id, bytes(32), f"{node}>00", seal_number, 0, b"", state, 1, 0, desk.clock.now_us(), "", ""
    )
    store = store_of(desk.connection)
    store.begin(desk.connection)
    desk.connection.execute(inbox.delete().where(inbox.c.source == node, inbox.c.message_id == message_id))
    desk.connection.execute(inbox.insert().values(**row._asdict()))
    store.commit(desk.connection)


def ended(directory: Directory, node: str, use: KeyUse) -> list[str]:
    entry = directory.node(node)
    assert entry is not None
    return [key.key_id for key in entry.keys if key.use is use and not key.open]


def test_a_former_key_ends_once_its_overlap_is_over_and_nothing_is_sealed_by_it(
    shanghai: Province, clock: HandClock
) -> None:
    old = shanghai.signer().key_id
    rotate(shanghai, KeyringUse.SIGNING, KeyringUse.PRIVATE_BODIES)
    assert shanghai.desk.run(RetireKeys()) == 0
    clock.at_us += DAY_US
    # Nothing has come yet that the next key sealed: what the former one sealed may still be on its way.
    received(shanghai.desk, "31", old)
    assert shanghai.desk.run(RetireKeys()) == 1
    assert not ended(shanghai.desk.directory, "31", KeyUse.SIGNING)
    assert len(ended(shanghai.desk.directory, "31", KeyUse.PRIVATE_BODIES)) == 1
    received(shanghai.desk, "31", shanghai.signer().key_id, 2)
    assert shanghai.desk.run(RetireKeys()) == 1
    assert ended(shanghai.desk.directory, "31", KeyUse.SIGNING) == [old]
    assert shanghai.desk.directory.past_signing_key("31", old, clock.now_us() - 1) is not None
    # In the transaction that ends it, and for as long as what had arrived may wait, it is still good.
    assert shanghai.desk.directory.signing_key("31", old, clock.now_us() + RETIRING_GRACE_US) is not None
    assert shanghai.desk.directory.signing_key("31", old, clock.now_us() + RETIRING_GRACE_US + 1) is None
    assert shanghai.desk.run(RetireKeys()) == 0
    shanghai.take()


def test_the_key_before_the_last_two_ends_though_the_node_has_sealed_nothing_by_its_newest(
    shanghai: Province, clock: HandClock
) -> None:
    first = shanghai.signer().key_id
    rotate(shanghai, KeyringUse.SIGNING)
    second = shanghai.signer().key_id
    received(shanghai.desk, "31", second)
    clock.at_us += 1
    rotate(shanghai, KeyringUse.SIGNING)
    clock.at_us += DAY_US
    assert shanghai.desk.run(RetireKeys()) == 1
    assert ended(shanghai.desk.directory, "31", KeyUse.SIGNING) == [first]
    received(shanghai.desk, "31", shanghai.signer().key_id, 2)
    assert shanghai.desk.run(RetireKeys()) == 1
    assert ended(shanghai.desk.directory, "31", KeyUse.SIGNING) == [first, second]


@pytest.mark.parametrize("state", [WAITING, PARKED])
def test_a_former_key_does_not_end_while_something_sealed_by_it_is_not_processed(
    shanghai: Province, clock: HandClock, state: str
) -> None:
    """The hub admits it when its processing succeeds; whoever it is relayed to asks whether the key was good then."""
    old = shanghai.signer().key_id
    rotate(shanghai, KeyringUse.SIGNING)
    clock.at_us += DAY_US
    received(shanghai.desk, "31", old)
    in_inbox(shanghai.desk, "31", 1, state)
    received(shanghai.desk, "31", shanghai.signer().key_id, 2)
    in_inbox(shanghai.desk, "31", 2, state)
    assert shanghai.desk.run(RetireKeys()) == 0
    in_inbox(shanghai.desk, "31", 1, DONE)
    assert shanghai.desk.run(RetireKeys()) == 1
    assert ended(shanghai.desk.directory, "31", KeyUse.SIGNING) == [old]


def test_private_keys_are_dropped_when_they_have_ended_and_nothing_needs_them(
    shanghai: Province, clock: HandClock, tmp_path: Path
) -> None:
    old, old_reader = shanghai.signer().key_id, shanghai.keys.keyring.private_body_keys.reader("31").key_id
    rotate(shanghai, *ALL)
    assert shanghai.keys.drop(shanghai.entry, shanghai.certificate, clock.now_us(), 60 * DAY_US) == []
    clock.at_us += DAY_US
    received(shanghai.desk, "31", shanghai.signer().key_id)
    shanghai.desk.run(RetireKeys())
    shanghai.take()
    clock.at_us += RETIRING_GRACE_US + 1
    dropped = shanghai.keys.drop(shanghai.entry, shanghai.certificate, clock.now_us(), 60 * DAY_US)
    assert old in dropped
    assert old_reader not in dropped
    assert any(key_id.startswith("ecdsa-p256:") for key_id in dropped)
    kept = Keyring.load(tmp_path / "31")
    assert [signer.key_id for signer in kept.signers] == [shanghai.signer().key_id]
    assert old_reader in kept.private_body_keys.public_keys
    clock.at_us += 61 * DAY_US
    assert shanghai.keys.drop(shanghai.entry, shanghai.certificate, clock.now_us(), 60 * DAY_US) == [old_reader]
    assert len(list((tmp_path / "31" / "keys").glob("*.pem"))) == 3


def test_hq_replaces_its_own_keys_by_the_same_way(desk: EnrolmentDesk, clock: HandClock, tmp_path: Path) -> None:
    keys = NodeKeys("00", tmp_path / "hq", desk.keyring)
    entry = desk.directory.node("00")
    assert entry is not None
    keys.add(entry, desk.certificates.server, ALL)
    wish = keys.rotation(desk.directory, desk.certificates.server, clock.now_us())
    rotation = encode_rotation(wish)
    signer = keys.choose_signer(desk.directory, clock.now_us())
    rotated = desk.run(RotateKeys(wish, rotation, signer.sign(rotation_bytes(rotation))))
    assert keys.choose_signer(desk.directory, clock.now_us()).key_id != signer.key_id
    assert tls.peer_node_from_certificate(rotated.tls_certificate)[0] == "00"
    assert handlers(desk.authority)[RetireKeys] is not None
