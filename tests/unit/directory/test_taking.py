"""A province goes forward along its own chain, and keeps what it has when something else is offered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from common.directory.malformed import MalformedDirectory
from common.directory.model import Directory, DirectoryForked, OwnEntryWrong
from common.directory.signing import DirectoryExpired, DirectoryNotByRoot, open_directory, sign_directory
from common.gen.quanwang.federation.v1 import directory_pb2 as pb
from common.security.signing import Ed25519Signer
from province_node.directory.commands import KeepFirstDirectory, TakeDirectory
from province_node.directory.events import DirectoryTaken
from province_node.directory.handlers import handlers

DAY_US = 86_400_000_000


class Stored:
    def __init__(self) -> None:
        self.versions: dict[int, pb.SignedDirectory] = {}

    def latest(self) -> pb.SignedDirectory | None:
        return self.versions[max(self.versions)] if self.versions else None

    def beside(self, version: int) -> list[pb.SignedDirectory]:
        near = (version - 1, version, version + 1)
        return [self.versions[number] for number in near if number in self.versions]

    def store(self, version: int, signed: pb.SignedDirectory) -> None:
        assert version not in self.versions
        self.versions[version] = signed


class Work:
    def __init__(self, now_us: int) -> None:
        self.now_us = now_us
        self.directories = Stored()
        self.recorded: list[Any] = []

    def record(self, event: Any) -> None:
        self.recorded.append(event)


@pytest.fixture
def work(now_us: int) -> Work:
    return Work(now_us)


@pytest.fixture
def take(work: Work, root: Ed25519Signer, shanghai: Any) -> Any:
    bound = handlers(root.public_key, shanghai.own)
    return lambda signed: bound[TakeDirectory](TakeDirectory(signed.SerializeToString()), work)


def following(signed: pb.SignedDirectory, root: Ed25519Signer, now_us: int) -> pb.SignedDirectory:
    directory = open_directory(signed, root.public_key)
    return sign_directory(directory, directory.nodes, directory.region_lists, now_us, DAY_US, root)


def opened(signed: pb.SignedDirectory, root: Ed25519Signer) -> Directory:
    return open_directory(signed, root.public_key)


def test_newer_directory_is_stored_and_told(
    first: pb.SignedDirectory, take: Any, work: Work, root: Ed25519Signer, now_us: int
) -> None:
    second = following(first, root, now_us)
    assert take(first)
    assert take(second)
    assert not take(second)
    assert list(work.directories.versions) == [1, 2]
    assert work.recorded[-1] == DirectoryTaken(2, opened(second, root).hash, second.SerializeToString())
    assert len(work.recorded) == 2


def test_nothing_is_taken_that_may_not_be(
    first: pb.SignedDirectory, take: Any, work: Work, root: Ed25519Signer, now_us: int, shanghai: Any
) -> None:
    second = following(first, root, now_us)
    take(first)
    take(second)
    other = Ed25519Signer(bytes([7]) * 32)
    directory = opened(second, root)
    stranger = [replace(e, tls_fingerprint=bytes(32)) if e.node == "31" else e for e in directory.nodes]
    offers = [
        (following(first, root, now_us + 1), DirectoryForked),
        (following(following(first, root, now_us + 1), root, now_us + 2), DirectoryForked),
        (sign_directory(directory, directory.nodes, {}, now_us, DAY_US, other), DirectoryNotByRoot),
        (sign_directory(directory, directory.nodes, {}, now_us, 0 + 1, root), DirectoryExpired),
        (sign_directory(directory, stranger, {}, now_us, DAY_US, root), OwnEntryWrong),
        (pb.SignedDirectory(), DirectoryNotByRoot),
    ]
    work.now_us = now_us + 10
    for offered, refusal in offers:
        with pytest.raises(refusal):
            take(offered)
    assert list(work.directories.versions) == [1, 2]
    assert len(work.recorded) == 2


def test_an_older_directory_of_the_same_chain_that_was_overtaken_is_passed_over(
    first: pb.SignedDirectory, take: Any, work: Work, root: Ed25519Signer, now_us: int
) -> None:
    chain = [first]
    for number in range(1, 6):
        chain.append(following(chain[-1], root, now_us + number))
    for newest in (chain[0], chain[4]):
        assert take(newest)
    for overtaken in (*chain[:5], *reversed(chain[:5])):
        assert not take(overtaken)
    assert list(work.directories.versions) == [1, 5]
    assert take(chain[5])


def test_an_older_directory_of_another_chain_is_a_fork(
    first: pb.SignedDirectory, take: Any, work: Work, root: Ed25519Signer, now_us: int
) -> None:
    chain = [first]
    for number in range(1, 8):
        chain.append(following(chain[-1], root, now_us + number))
    for newest in (chain[0], chain[1], chain[5], chain[6]):
        assert take(newest)
    rival_of_the_second = following(first, root, now_us + 3)
    for offered in (
        sign_directory(None, opened(first, root).nodes, {}, now_us + 1, DAY_US, root),  # The first, another.
        following(rival_of_the_second, root, now_us + 3),  # The third, after another second.
        following(chain[3], root, now_us + 6),  # The fifth, which the sixth does not name.
        following(chain[2], root, now_us + 100),  # The fourth, of a time after the one in force.
    ):
        with pytest.raises(DirectoryForked):
            take(offered)
    assert sorted(work.directories.versions) == [1, 2, 6, 7]


def test_random_bytes_are_malformed(root: Ed25519Signer, shanghai: Any, work: Work) -> None:
    with pytest.raises(MalformedDirectory):
        handlers(root.public_key, shanghai.own)[TakeDirectory](TakeDirectory(b"\xff\xff"), work)


def test_directory_of_the_enrolment_is_kept_even_when_it_expired_since(
    first: pb.SignedDirectory, root: Ed25519Signer, shanghai: Any, work: Work, take: Any, now_us: int
) -> None:
    work.now_us = now_us + 2 * DAY_US
    keep = handlers(root.public_key, shanghai.own)[KeepFirstDirectory]
    assert keep(KeepFirstDirectory(first.SerializeToString()), work)
    assert not keep(KeepFirstDirectory(first.SerializeToString()), work)
    assert take(following(first, root, work.now_us))
    with pytest.raises(DirectoryNotByRoot):
        handlers(bytes(32), shanghai.own)[KeepFirstDirectory](
            KeepFirstDirectory(first.SerializeToString()), Work(now_us)
        )
