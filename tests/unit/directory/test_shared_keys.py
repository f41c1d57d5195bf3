"""A replica of HQ takes up the keys that another one has made before it goes by the directory that names them; where it
cannot, it works no more until it can, and an operator hears of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from common.directory.model import Directory, KeyUse, NodeEntry, NodeStatus
from common.directory.own_keys import NodeKeys, OwnKeysMissing
from common.ids import HQ
from common.security.keyring import Keyring, KeyringUse
from common.security.signing import ED25519, key_id_of
from common.security.tls import fingerprint
from hq_node.directory.authority import AuthorityLimits, create_hq_certificates
from hq_node.directory.handlers import first_keys
from hq_node.directory.key_desk import OwnCertificates
from hq_node.directory.shared_keys import LOOK_US, SharedKeys
from tests.support.enrolment import HandClock

NOW_US = 1_795_000_000_000_000
SERIAL = bytes(range(1, 21))


def directory_of(keyring: Keyring, version: int) -> Directory:
    """As HQ would publish it: every key of the keyring is named, the newest last."""
    named = [
        first_keys(signer.public_key, reader, NOW_US)
        for signer, reader in zip(
            reversed(keyring.signers), reversed(list(keyring.private_body_keys.public_keys.values())), strict=True
        )
    ]
    keys = tuple(replace(key, valid_from_us=NOW_US + number) for number, pair in enumerate(named) for key in pair)
    entry = NodeEntry(
        node=HQ, name_zh="总部", name_en="HQ", status=NodeStatus.ACTIVE, keys=keys, tls_fingerprint=b"\x01" * 32
    )
    return Directory(
        version=version,
        hash=bytes([version]) * 32,
        previous_hash=b"",
        issued_at_us=NOW_US + 10,
        valid_until_us=2**62,
        nodes=(entry,),
        regions={},
        roots=(),
    )


@dataclass
class Replica:
    """What a replica has of its own: what it has read of the files."""

    place: Path
    keys: NodeKeys
    certificates: OwnCertificates
    shared: SharedKeys
    clock: HandClock
    changes: list[bool]

    def rotate(self) -> Directory:
        """The next keys of all uses are made and stored here; the directory that will name them."""
        self.keys.keyring = self.keys.keyring.with_new_keys(
            self.place, (KeyringUse.SIGNING, KeyringUse.PRIVATE_BODIES, KeyringUse.TLS)
        )
        return directory_of(self.keys.keyring, 2)

    def signs_with(self, directory: Directory) -> str:
        return self.keys.choose_signer(directory, NOW_US + 20).key_id

    def later(self) -> None:
        self.clock.at_us += LOOK_US


def open_replica(place: Path) -> Replica:
    keys, certificates, clock, changes = (
        NodeKeys(HQ, place, Keyring.load(place)),
        OwnCertificates(place),
        HandClock(),
        [],
    )

    def changed() -> None:
        changes.append(not keys.missing)

    return Replica(place, keys, certificates, SharedKeys(keys, certificates, clock, changed), clock, changes)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    keyring = Keyring.create(tmp_path, hq=True)
    create_hq_certificates(
        tmp_path, keyring, ["localhost"], lambda count: bytes(count - 1) + b"\x01", NOW_US, AuthorityLimits()
    )
    return tmp_path


def test_the_next_keys_are_there_when_the_directory_that_names_them_is_taken(place: Path) -> None:
    a, b = open_replica(place), open_replica(place)
    directory = a.rotate()
    assert b.keys.not_held(directory)
    b.shared.follow(directory)
    assert b.shared.complete
    assert b.signs_with(directory) == a.signs_with(directory) == a.keys.keyring.signer.key_id
    b.shared.look(directory)
    assert b.changes == []


def test_a_replica_whose_copy_lacks_the_keys_neither_seals_nor_opens_and_says_which(
    place: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir(mode=0o700)
    for part in ("keys", "tls"):
        shutil.copytree(place / part, copy / part)
    a, b = open_replica(place), open_replica(copy)
    directory = a.rotate()
    b.shared.follow(directory)
    assert not b.shared.complete
    with pytest.raises(OwnKeysMissing) as missing:
        b.signs_with(directory)
    new = key_id_of(ED25519, a.keys.keyring.signer.public_key)
    assert new in str(missing.value)
    assert str(copy) in missing.value.remedy("zh-CN")
    with pytest.raises(OwnKeysMissing):
        b.keys.unwrap("any", b"", b"")
    assert new in b.keys.missing_and_why
    b.later()
    b.shared.look(directory)
    assert b.changes == [False]
    for part in ("keys", "tls"):
        shutil.copytree(place / part, copy / part, dirs_exist_ok=True)
    b.later()
    b.shared.look(directory)
    assert b.changes == [False, True]
    assert b.signs_with(directory) == new


def test_what_changes_in_the_files_without_a_directory_is_seen_within_a_second(place: Path) -> None:
    """As when the root key is taken out of the keyring, or a certificate is stored."""
    a, b = open_replica(place), open_replica(place)
    directory = directory_of(b.keys.keyring, 1)
    b.shared.look(directory)
    a.keys.keyring = a.keys.keyring.without_use(place, KeyringUse.ROOT)
    b.shared.look(directory)
    assert b.keys.keyring.root_signers
    b.later()
    b.shared.look(directory)
    assert not b.keys.keyring.root_signers


def test_a_certificate_that_another_replica_stored_is_used_with_its_key(place: Path) -> None:
    a, b = open_replica(place), open_replica(place)
    a.rotate()
    former = fingerprint(b.certificates.current.server)
    (place / "tls" / "server.pem").unlink()
    create_hq_certificates(
        place, a.keys.keyring, ["localhost"], lambda count: bytes(count - 1) + b"\x02", NOW_US, AuthorityLimits()
    )
    directory = directory_of(a.keys.keyring, 2)
    b.later()
    b.shared.look(directory)
    assert fingerprint(b.certificates.current.server) != former
    assert b.keys.keyring.tls_key_pem_of(b.certificates.current.server) == a.keys.keyring.tls_key_pem


def test_files_that_cannot_be_read_leave_what_is_held_in_force_and_it_is_said_why(place: Path) -> None:
    a, b = open_replica(place), open_replica(place)
    directory = a.rotate()
    a.keys.keyring.protected(place, b"another passphrase")
    b.shared.follow(directory)
    assert "passphrase" in b.keys.missing_and_why
    assert not b.shared.complete


def test_keys_that_were_missing_and_have_ended_are_missed_no_more(place: Path) -> None:
    a, b = open_replica(place), open_replica(place)
    named = directory_of(a.keys.keyring, 1)
    (entry,) = named.nodes
    stranger = replace(entry.keys[0], key_id="ed25519:gone", public_key=b"\x07" * 32, use=KeyUse.SIGNING)
    b.shared.follow(replace_entry(named, replace(entry, keys=(*entry.keys, stranger))))
    assert not b.shared.complete
    ended = replace(stranger, valid_until_us=NOW_US + 1)
    b.shared.follow(replace_entry(named, replace(entry, keys=(*entry.keys, ended))))
    assert b.shared.complete


def replace_entry(directory: Directory, entry: NodeEntry) -> Directory:
    return Directory(
        version=directory.version,
        hash=directory.hash,
        previous_hash=directory.previous_hash,
        issued_at_us=directory.issued_at_us,
        valid_until_us=directory.valid_until_us,
        nodes=(entry,),
        regions={},
        roots=(),
    )
