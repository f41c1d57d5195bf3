"""A key that no key of its node signed is found out by every other node, whoever published it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from common.directory.continuity import DirectoryTakesBack, KeyNotContinued, check_continuity, continued_key
from common.directory.model import (
    Directory,
    KeyUse,
    NodeEntry,
    NodeKey,
    ReEnrolment,
    RootWentBack,
    accept,
)
from common.directory.signing import (
    DirectoryNotByRoot,
    open_directory,
    sign_directory,
    successor,
)
from common.gen.quanwang.federation.v1 import directory_pb2 as pb
from common.security.signing import ED25519, Ed25519Signer
from tests.unit.directory.conftest import DAY_US, NOW_US, PaperNode

LATER_US = NOW_US + DAY_US


def signer_of(seed: int) -> Ed25519Signer:
    return Ed25519Signer(bytes([seed]) * 32)


def next_key(node: PaperNode, new: Ed25519Signer, signer: Ed25519Signer, previous: NodeKey | None = None) -> NodeKey:
    before = previous or node.published_keys()[0]
    return continued_key(node.node, KeyUse.SIGNING, ED25519, new.public_key, new.key_id, before, signer, LATER_US)


@pytest.fixture
def current(first: pb.SignedDirectory, root: Ed25519Signer) -> Directory:
    return open_directory(first, root.public_key)


@pytest.fixture
def following(
    current: Directory, hq: PaperNode, shanghai: PaperNode, guangdong: PaperNode, root: Ed25519Signer
) -> Callable[..., Directory]:
    def make(entry: NodeEntry | None = None, previous: Directory = current) -> Directory:
        entries = [hq.entry(), guangdong.entry(), *([entry] if entry is not None else [])]
        return open_directory(sign_directory(previous, entries, {}, LATER_US, DAY_US, root), root.public_key)

    return make


def with_keys(node: PaperNode, *keys: NodeKey) -> NodeEntry:
    return replace(node.entry(), keys=(*node.published_keys(), *keys))


def test_a_key_signed_by_the_one_before_is_good(
    current: Directory, shanghai: PaperNode, following: Callable[..., Directory]
) -> None:
    check_continuity(current, following(with_keys(shanghai, next_key(shanghai, signer_of(50), shanghai.signer))))


def test_a_line_of_several_keys_is_good_for_a_node_that_was_away(
    current: Directory, shanghai: PaperNode, following: Callable[..., Directory]
) -> None:
    second = next_key(shanghai, signer_of(50), shanghai.signer)
    third = next_key(shanghai, signer_of(51), signer_of(50), second)
    check_continuity(current, following(with_keys(shanghai, third, second)))


@pytest.mark.parametrize(
    "forge",
    [
        lambda node, key: replace(key, previous_key_signature=b""),
        lambda node, key: replace(key, previous_key_signature=bytes(64)),
        lambda node, key: replace(key, signed_by=""),
        lambda node, key: replace(key, signed_by=key.key_id),
        lambda node, key: replace(key, previous_key_id="ed25519:0000000000000000"),
        lambda node, key: next_key(node, signer_of(50), signer_of(50)),
        lambda node, key: next_key(node, signer_of(50), signer_of(99)),
        lambda node, key: replace(next_key(node, signer_of(50), signer_of(99)), signed_by=key.signed_by),
    ],
    ids=["unsigned", "spoilt", "by nobody", "by itself", "another past", "own hand", "a stranger", "in the name of"],
)
def test_a_key_that_the_node_did_not_sign_is_refused(
    current: Directory,
    shanghai: PaperNode,
    following: Callable[..., Directory],
    forge: Callable[[PaperNode, NodeKey], NodeKey],
) -> None:
    good = next_key(shanghai, signer_of(50), shanghai.signer)
    with pytest.raises(KeyNotContinued):
        check_continuity(current, following(with_keys(shanghai, forge(shanghai, good))))


def test_the_statement_of_another_node_is_refused(
    current: Directory, shanghai: PaperNode, guangdong: PaperNode, following: Callable[..., Directory]
) -> None:
    foreign = next_key(guangdong, signer_of(50), guangdong.signer)
    with pytest.raises(KeyNotContinued):
        check_continuity(current, following(with_keys(shanghai, foreign)))


def test_an_enrolment_anew_that_looks_like_a_rotation_is_refused(
    current: Directory, shanghai: PaperNode, following: Callable[..., Directory]
) -> None:
    """HQ gives the node a key and is silent about the break."""
    new = signer_of(50)
    slipped_in = NodeKey(new.key_id, KeyUse.SIGNING, ED25519, new.public_key, LATER_US)
    with pytest.raises(KeyNotContinued):
        check_continuity(current, following(with_keys(shanghai, slipped_in)))
    said = replace(
        with_keys(shanghai, slipped_in),
        re_enrolments=(ReEnrolment(LATER_US, new.key_id, shanghai.signer.key_id, "operator"),),
    )
    check_continuity(current, following(said))


def test_a_known_enrolment_anew_excuses_no_further_key(
    current: Directory, shanghai: PaperNode, following: Callable[..., Directory]
) -> None:
    new, further = signer_of(50), signer_of(51)
    broken = ReEnrolment(LATER_US, new.key_id, shanghai.signer.key_id, "operator")
    key = NodeKey(new.key_id, KeyUse.SIGNING, ED25519, new.public_key, LATER_US)
    said = replace(with_keys(shanghai, key), re_enrolments=(broken,))
    known = following(said)
    again = replace(said, keys=(*said.keys, replace(key, key_id=further.key_id, public_key=further.public_key)))
    with pytest.raises(KeyNotContinued):
        check_continuity(known, following(again, known))


def test_what_was_said_for_good_is_not_taken_back(
    current: Directory, shanghai: PaperNode, following: Callable[..., Directory]
) -> None:
    broken = ReEnrolment(LATER_US, "ed25519:1", "ed25519:0", "operator")
    ended = replace(shanghai.published_keys()[0], valid_until_us=LATER_US)
    said = replace(shanghai.entry(), keys=(ended, shanghai.published_keys()[1]), re_enrolments=(broken,))
    known = following(said)
    for taken_back in (
        None,
        replace(said, re_enrolments=()),
        replace(said, re_enrolments=(replace(broken, approved_by="another"),)),
        replace(said, keys=(replace(ended, valid_until_us=0), said.keys[1])),
        replace(said, keys=(replace(ended, valid_until_us=LATER_US + 1), said.keys[1])),
        replace(said, keys=(replace(ended, valid_from_us=NOW_US - 1), said.keys[1])),
    ):
        with pytest.raises(DirectoryTakesBack):
            check_continuity(known, following(taken_back, known))


# Roots


def rotated_root(current: Directory, hq: PaperNode, old: Ed25519Signer, new: Ed25519Signer) -> pb.SignedDirectory:
    roots = (*current.roots, successor(old, new.public_key, LATER_US))
    return sign_directory(current, current.nodes, {}, LATER_US, DAY_US, new, roots)


def test_a_node_follows_its_root_to_the_next(current: Directory, hq: PaperNode, root: Ed25519Signer) -> None:
    second, third = signer_of(201), signer_of(202)
    following = open_directory(rotated_root(current, hq, root, second), root.public_key)
    assert accept(current, following)
    after = rotated_root(following, hq, second, third)
    for trusted in (root, second, third):
        assert open_directory(after, trusted.public_key).version == 3
    with pytest.raises(DirectoryNotByRoot):
        open_directory(after, signer_of(99).public_key)


def test_a_replaced_root_signs_no_directory_any_more(current: Directory, hq: PaperNode, root: Ed25519Signer) -> None:
    second = signer_of(201)
    following = open_directory(rotated_root(current, hq, root, second), root.public_key)
    # By the old root under the new list; and by the old root as if nothing had been.
    with pytest.raises(DirectoryNotByRoot):
        open_directory(sign_directory(following, following.nodes, {}, LATER_US, DAY_US, root), root.public_key)
    silent = sign_directory(following, following.nodes, {}, LATER_US, DAY_US, root, ())
    with pytest.raises(RootWentBack):
        accept(following, open_directory(silent, root.public_key))
    # And by another successor that the old root names later.
    rival = rotated_root(replace_roots(following), hq, root, signer_of(77))
    with pytest.raises(RootWentBack):
        accept(following, open_directory(rival, root.public_key))


def replace_roots(directory: Directory) -> Directory:
    """The same version as the old root would have it: without its successor."""
    return Directory(
        directory.version,
        directory.hash,
        directory.previous_hash,
        directory.issued_at_us,
        directory.valid_until_us,
        directory.nodes,
        {},
    )


def test_a_root_that_the_one_before_did_not_sign_is_not_followed(
    current: Directory, hq: PaperNode, root: Ed25519Signer
) -> None:
    with pytest.raises(DirectoryNotByRoot):
        open_directory(rotated_root(current, hq, signer_of(99), signer_of(201)), root.public_key)
