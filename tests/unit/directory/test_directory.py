"""What nodes believe: only a directory by their root, still valid, that continues the one they have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from common.db.engine import open_writer, store_of
from common.db.unit_of_work import UnitOfWork
from common.directory import repository
from common.directory.head import directory_hash
from common.directory.malformed import MalformedDirectory
from common.directory.model import (
    Directory,
    DirectoryForked,
    DirectoryOlder,
    KeyUse,
    NodeStatus,
    OwnEntryWrong,
    accept,
    check_own_entry,
)
from common.directory.regions import ALL_PROVINCES, DEFAULT_REGIONS, PROVINCES
from common.directory.signing import (
    DirectoryExpired,
    DirectoryNotByRoot,
    open_directory,
    sign_directory,
    signed_bytes,
    verify_directory,
)
from common.gen.quanwang.federation.v1 import directory_pb2 as pb
from common.ids import IdSource
from common.security.private_bodies import Reader
from common.security.signing import Ed25519Signer
from tests.support.stores import Databases

DAY_US = 86_400_000_000


@pytest.fixture
def directory(first: pb.SignedDirectory, root: Ed25519Signer, now_us: int) -> Directory:
    return verify_directory(first, root.public_key, now_us)


def following(previous: Directory, root: Ed25519Signer, now_us: int, **changes: NodeStatus) -> Directory:
    """The next version, with the status of some nodes changed (n31=NodeStatus.SUSPENDED)."""
    entries = []
    for entry in previous.nodes:
        status = changes.get(f"n{entry.node}", entry.status)
        keys = entry.keys
        if status is NodeStatus.REVOKED:
            keys = tuple(replace(key, valid_until_us=now_us) for key in keys)
        entries.append(replace(entry, status=status, keys=keys))
    signed = sign_directory(previous, entries, previous.region_lists, now_us, DAY_US, root)
    return verify_directory(signed, root.public_key, now_us)


# Looking up


def test_entry_says_what_was_published(directory: Directory, shanghai: Any) -> None:
    assert directory.version == 1
    assert directory.node("31") == shanghai.entry()
    assert directory.node("11") is None
    assert directory.is_active("31")
    assert not directory.is_active("11")
    assert directory.active_provinces() == ("31", "44")


def test_signing_key_is_found_only_for_its_node(
    directory: Directory, shanghai: Any, guangdong: Any, now_us: int
) -> None:
    signer = shanghai.signer
    assert directory.signing_key("31", signer.key_id, now_us) == ("ed25519", signer.public_key)
    assert directory.signing_key("44", signer.key_id, now_us) is None
    assert directory.signing_key("31", guangdong.signer.key_id, now_us) is None
    assert directory.signing_key("31", shanghai.private.reader("31").key_id, now_us) is None


def test_signing_key_is_not_found_outside_its_validity(
    first: pb.SignedDirectory, shanghai: Any, directory: Directory, root: Ed25519Signer, now_us: int
) -> None:
    limited = tuple(replace(key, valid_until_us=now_us + 10) for key in shanghai.published_keys())
    entries = [replace(e, keys=limited) if e.node == "31" else e for e in directory.nodes]
    second = open_directory(sign_directory(directory, entries, {}, now_us, DAY_US, root), root.public_key)
    key_id = shanghai.signer.key_id
    assert second.signing_key("31", key_id, now_us - 1) is None
    assert second.signing_key("31", key_id, now_us) is not None
    assert second.signing_key("31", key_id, now_us + 9) is not None
    assert second.signing_key("31", key_id, now_us + 10) is None


@pytest.mark.parametrize("status", [NodeStatus.SUSPENDED, NodeStatus.REVOKED])
def test_node_that_is_not_active_neither_signs_nor_reads(
    directory: Directory, shanghai: Any, root: Ed25519Signer, now_us: int, status: NodeStatus
) -> None:
    second = following(directory, root, now_us + 50, n31=status)
    key_id = shanghai.signer.key_id
    assert second.signing_key("31", key_id, now_us + 10) is None
    assert second.private_body_reader("31") is None
    assert second.active_provinces() == ("44",)
    # What was admitted before still verifies.
    assert second.past_signing_key("31", key_id, now_us + 10) is not None


def test_nothing_admitted_after_a_revocation_verifies(
    directory: Directory, shanghai: Any, root: Ed25519Signer, now_us: int
) -> None:
    second = following(directory, root, now_us + 50, n31=NodeStatus.REVOKED)
    assert second.past_signing_key("31", shanghai.signer.key_id, now_us + 49) is not None
    assert second.past_signing_key("31", shanghai.signer.key_id, now_us + 50) is None


def test_revoked_node_with_an_open_key_is_not_published(directory: Directory, root: Ed25519Signer, now_us: int) -> None:
    entries = [replace(e, status=NodeStatus.REVOKED) if e.node == "31" else e for e in directory.nodes]
    with pytest.raises(MalformedDirectory, match="revoked"):
        sign_directory(directory, entries, {}, now_us, DAY_US, root)


def test_reader_is_the_newest_open_key(
    directory: Directory, shanghai: Any, new_node: Any, root: Ed25519Signer, now_us: int
) -> None:
    assert directory.private_body_reader("31") == shanghai.private.reader("31")
    assert directory.private_body_reader("11") is None
    newer = new_node("31", 9)
    key = replace(next(k for k in newer.published_keys() if k.use is KeyUse.PRIVATE_BODIES), valid_from_us=now_us + 5)
    entries = [replace(e, keys=(key, *e.keys)) if e.node == "31" else e for e in directory.nodes]
    second = open_directory(sign_directory(directory, entries, {}, now_us, DAY_US, root), root.public_key)
    assert second.private_body_reader("31") == Reader("31", key.key_id, key.public_key)
    closed = [
        replace(e, keys=(replace(key, valid_until_us=now_us), *e.keys[1:])) for e in second.nodes if e.node == "31"
    ]
    others = [e for e in second.nodes if e.node != "31"]
    third = open_directory(sign_directory(second, closed + others, {}, now_us + 9, DAY_US, root), root.public_key)
    assert third.private_body_reader("31") == shanghai.private.reader("31")


def test_region_is_its_enrolled_provinces(directory: Directory, root: Ed25519Signer, now_us: int) -> None:
    assert directory.region("east-china") == ("31",)
    assert directory.region("south-china") == ("44",)
    assert directory.region("northwest") == ()
    assert directory.region("atlantis") is None
    assert directory.region(ALL_PROVINCES) == ("31", "44")
    suspended = following(directory, root, now_us, n31=NodeStatus.SUSPENDED)
    assert suspended.region("east-china") == ("31",)
    assert suspended.region(ALL_PROVINCES) == ("31", "44")
    revoked = following(directory, root, now_us, n31=NodeStatus.REVOKED)
    assert revoked.region("east-china") == ()
    assert revoked.region(ALL_PROVINCES) == ("44",)


def test_each_of_the_31_provinces_is_in_one_default_region() -> None:
    members = [code for region in DEFAULT_REGIONS.values() for code in region]
    assert sorted(members) == sorted(PROVINCES)
    assert len(PROVINCES) == 31
    assert DEFAULT_REGIONS["central-china"] == ("41", "42", "43")
    assert DEFAULT_REGIONS["southwest"] == ("50", "51", "52", "53", "54")


# Believing


def test_directory_by_another_root_is_refused(first: pb.SignedDirectory, now_us: int) -> None:
    other = Ed25519Signer(bytes([7]) * 32)
    with pytest.raises(DirectoryNotByRoot):
        verify_directory(first, other.public_key, now_us)
    impostor = pb.SignedDirectory(
        directory=first.directory, key_id=first.key_id, signature=other.sign(signed_bytes(first.directory))
    )
    with pytest.raises(DirectoryNotByRoot):
        verify_directory(impostor, Ed25519Signer(bytes([200]) * 32).public_key, now_us)


def test_altered_directory_is_refused(first: pb.SignedDirectory, root: Ed25519Signer, now_us: int) -> None:
    altered = pb.SignedDirectory(
        directory=first.directory.replace(b"Node 31", b"Node 13"), key_id=first.key_id, signature=first.signature
    )
    assert altered.directory != first.directory
    with pytest.raises(DirectoryNotByRoot):
        verify_directory(altered, root.public_key, now_us)


def test_expired_directory_is_refused_but_can_be_opened(
    first: pb.SignedDirectory, root: Ed25519Signer, now_us: int
) -> None:
    assert verify_directory(first, root.public_key, now_us + DAY_US - 1).version == 1
    with pytest.raises(DirectoryExpired) as caught:
        verify_directory(first, root.public_key, now_us + DAY_US)
    assert "过期" in caught.value.text("zh")
    assert open_directory(first, root.public_key).expired(now_us + DAY_US)


def test_next_version_is_accepted_and_the_same_is_no_news(
    directory: Directory, root: Ed25519Signer, now_us: int
) -> None:
    second = following(directory, root, now_us + 1)
    assert (second.version, second.previous_hash) == (2, directory.hash)
    assert accept(None, directory)
    assert accept(directory, second)
    assert not accept(second, second)


def test_older_directory_is_refused(directory: Directory, root: Ed25519Signer, now_us: int) -> None:
    second = following(directory, root, now_us + 1)
    with pytest.raises(DirectoryOlder):
        accept(second, directory)


def test_directory_that_skips_versions_is_accepted(directory: Directory, root: Ed25519Signer, now_us: int) -> None:
    third = following(following(directory, root, now_us + 1), root, now_us + 2)
    assert accept(directory, third)


def test_other_directory_of_the_same_version_is_a_fork(directory: Directory, root: Ed25519Signer, now_us: int) -> None:
    here = following(directory, root, now_us + 1)
    there = following(directory, root, now_us + 2)
    with pytest.raises(DirectoryForked):
        accept(here, there)


def test_next_version_of_another_chain_is_a_fork(directory: Directory, root: Ed25519Signer, now_us: int) -> None:
    here = following(directory, root, now_us + 1)
    there = following(following(directory, root, now_us + 2), root, now_us + 3)
    with pytest.raises(DirectoryForked):
        accept(here, there)


def test_time_never_goes_back_along_the_chain(directory: Directory, root: Ed25519Signer, now_us: int) -> None:
    second = following(directory, root, now_us - DAY_US // 2)
    assert second.issued_at_us == directory.issued_at_us


def test_newer_version_of_an_earlier_time_is_a_fork(directory: Directory, root: Ed25519Signer, now_us: int) -> None:
    # HQ never makes one: it is a chain that was begun anew, or forged with the root key.
    backwards = Directory(3, bytes(32), bytes(range(32)), now_us - 1, now_us + DAY_US, directory.nodes, {})
    with pytest.raises(DirectoryForked):
        accept(directory, backwards)


def test_directory_that_names_another_key_than_the_root_is_refused(
    first: pb.SignedDirectory, root: Ed25519Signer, now_us: int
) -> None:
    renamed = pb.SignedDirectory(directory=first.directory, key_id="ed25519:other", signature=first.signature)
    with pytest.raises(DirectoryNotByRoot):
        verify_directory(renamed, root.public_key, now_us)


def test_own_entry_with_own_keys_is_right(directory: Directory, shanghai: Any) -> None:
    check_own_entry(directory, shanghai.own())


def test_own_entry_with_a_foreign_key_is_refused(
    directory: Directory, shanghai: Any, new_node: Any, root: Ed25519Signer, now_us: int
) -> None:
    foreign = new_node("31", 66).published_keys()[0]
    entries = [replace(e, keys=(*e.keys, foreign)) if e.node == "31" else e for e in directory.nodes]
    second = open_directory(sign_directory(directory, entries, {}, now_us, DAY_US, root), root.public_key)
    with pytest.raises(OwnEntryWrong, match="not this node's") as caught:
        check_own_entry(second, shanghai.own())
    assert "不属于本节点" in caught.value.text("zh-CN")


def test_own_entry_that_is_incomplete_is_refused(directory: Directory, shanghai: Any, new_node: Any) -> None:
    with pytest.raises(OwnEntryWrong, match="not listed"):
        check_own_entry(directory, new_node("11", 5).own())
    with pytest.raises(OwnEntryWrong, match="TLS certificate"):
        check_own_entry(directory, replace(shanghai.own(), tls_fingerprint=bytes(32)))


# Storing


def test_highest_version_is_the_latest(
    databases: Databases, first: pb.SignedDirectory, directory: Directory, root: Ed25519Signer, now_us: int
) -> None:
    second = sign_directory(directory, directory.nodes, {}, now_us, DAY_US, root)
    engine = open_writer(databases.with_tables())
    with engine.connect() as connection:
        assert repository.latest(connection) is None
        store_of(connection).begin(connection)
        uow = UnitOfWork(connection, _no_ids(), now_us)
        uow.begin_item()
        directories = repository.DirectoryRepository(uow)
        assert directories.latest() is None
        directories.store(1, first)
        assert directories.latest() == first
        directories.store(2, second)
        uow.keep_item()
        uow.flush()
        store_of(connection).commit(connection)
        assert repository.latest(connection) == second
        assert repository.of_version(connection, 1) == first
        assert repository.of_version(connection, 3) is None
        row = connection.execute(sa.select(repository.directories).where(repository.directories.c.version == 1)).one()
        assert (row.hash, row.stored_at_us) == (directory_hash(first.directory), now_us)
    engine.dispose()


def _no_ids() -> IdSource:
    unused: Any = None
    return IdSource(unused, unused)
