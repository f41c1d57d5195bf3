"""HQ (or whoever holds its root key) tells different things about who is who."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from common.directory.model import NodeStatus
from common.directory.signing import open_directory, signed_bytes
from common.gen.quanwang.federation.v1 import directory_pb2
from common.ids import HQ
from common.link import effects as reason
from common.messaging.inbox import leg_of
from common.security.signing import Ed25519Signer
from tests.support.dishonest import request
from tests.support.federation import DAY_US, GUANGDONG, SHANGHAI, ZHEJIANG, Federation

Offer = Callable[[Federation], directory_pb2.SignedDirectory]


pytestmark = pytest.mark.one_store("Directories are judged before anything is stored.")


def fork_of_the_same_version(federation: Federation) -> directory_pb2.SignedDirectory:
    return federation.sign_directory(None, regions={"north": (ZHEJIANG,)})


def next_version_of_another_past(federation: Federation) -> directory_pb2.SignedDirectory:
    other = open_directory(fork_of_the_same_version(federation), federation.root.public_key)
    return federation.sign_directory(other)


def signed_by_nobody(federation: Federation) -> directory_pb2.SignedDirectory:
    good = federation.sign_directory(federation.directory)
    return directory_pb2.SignedDirectory(directory=good.directory, key_id=good.key_id, signature=bytes(64))


def signed_by_the_signing_key_of_hq(federation: Federation) -> directory_pb2.SignedDirectory:
    root, federation.root = federation.root, federation.signers[HQ]
    signed = federation.sign_directory(federation.directory)
    federation.root = root
    return signed


def altered(federation: Federation) -> directory_pb2.SignedDirectory:
    good = federation.sign_directory(federation.directory)
    good.directory = good.directory.replace(b"Node 33", b"Node 34")
    return good


def expired(federation: Federation) -> directory_pb2.SignedDirectory:
    federation.clock.at_us -= 60 * DAY_US
    signed = federation.sign_directory(None)
    federation.clock.at_us += 60 * DAY_US
    return signed


def with_a_key_for_the_node_itself(federation: Federation) -> directory_pb2.SignedDirectory:
    """So that somebody else could speak in its name."""
    own = federation.entry(SHANGHAI)
    thief = Ed25519Signer(b"t" * 32)
    added = replace(own.keys[0], key_id=thief.key_id, public_key=thief.public_key)
    entries = [federation.entry(node) for node in federation.nodes if node != SHANGHAI]
    return federation.sign_directory(federation.directory, [*entries, replace(own, keys=(*own.keys, added))])


def with_another_reader_for_the_node(federation: Federation) -> directory_pb2.SignedDirectory:
    """So that somebody else could read what is meant for it."""
    own = federation.entry(SHANGHAI)
    reader = federation.private_keys[ZHEJIANG].reader(SHANGHAI)
    thief = replace(own.keys[1], key_id=reader.key_id, public_key=reader.public_key)
    entries = [federation.entry(node) for node in federation.nodes if node != SHANGHAI]
    return federation.sign_directory(federation.directory, [*entries, replace(own, keys=(own.keys[0], thief))])


def without_the_node(federation: Federation) -> directory_pb2.SignedDirectory:
    return federation.sign_directory(
        federation.directory, [federation.entry(node) for node in federation.nodes if node != SHANGHAI]
    )


def garbage(federation: Federation) -> directory_pb2.SignedDirectory:
    content = b"\xff" * 100
    return directory_pb2.SignedDirectory(
        directory=content, key_id=federation.root.key_id, signature=federation.root.sign(signed_bytes(content))
    )


OFFERS: dict[str, tuple[Offer, str]] = {
    "a fork of the same version": (fork_of_the_same_version, "DIRECTORY_FORKED"),
    "the next version of another past": (next_version_of_another_past, "DIRECTORY_FORKED"),
    "signed by nobody": (signed_by_nobody, "DIRECTORY_NOT_BY_ROOT"),
    "signed by HQ's other key": (signed_by_the_signing_key_of_hq, "DIRECTORY_NOT_BY_ROOT"),
    "altered": (altered, "DIRECTORY_NOT_BY_ROOT"),
    "expired": (expired, "DIRECTORY_EXPIRED"),
    "with a key that is not the node's": (with_a_key_for_the_node_itself, "OWN_ENTRY_WRONG"),
    "with a reader that is not the node": (with_another_reader_for_the_node, "OWN_ENTRY_WRONG"),
    "without the node": (without_the_node, "OWN_ENTRY_WRONG"),
    "garbage": (garbage, "MALFORMED_DIRECTORY"),
    "nothing": (lambda _federation: directory_pb2.SignedDirectory(), "DIRECTORY_NOT_BY_ROOT"),
}


@pytest.mark.parametrize("name", OFFERS)
def test_a_directory_that_must_not_be_taken_is_refused(federation: Federation, name: str) -> None:
    make, code = OFFERS[name]
    before = federation.durable()[SHANGHAI]
    federation.offer(make(federation), to=(SHANGHAI,))
    assert federation.cuts[SHANGHAI, HQ] == reason.DIRECTORY_REFUSED
    assert reason.DIRECTORY_REFUSED in federation.alarms(SHANGHAI)
    assert code in _details(federation, SHANGHAI)
    assert federation.cores[SHANGHAI].context.directory.version == 1
    assert federation.durable()[SHANGHAI] == before


def test_a_directory_that_goes_back_is_not_taken(federation: Federation) -> None:
    """Nor is it a reason for an alarm: it may have been on its way when the answer to a rotation brought the next."""
    first = federation.signed_directory
    federation.publish(federation.sign_directory(federation.directory))
    before = federation.durable()[SHANGHAI]
    federation.offer(first, to=(SHANGHAI,))
    assert federation.cores[SHANGHAI].context.directory.version == 2
    assert federation.durable()[SHANGHAI] == before
    assert federation.is_open(SHANGHAI)
    assert federation.alarms(SHANGHAI) == set()


def test_a_directory_that_goes_back_to_another_past_is_refused(federation: Federation) -> None:
    rival = federation.sign_directory(federation.directory, regions={"north": (ZHEJIANG,)})
    for _ in range(2):
        federation.publish(federation.sign_directory(federation.directory))
    federation.offer(rival, to=(SHANGHAI,))
    assert federation.cuts[SHANGHAI, HQ] == reason.DIRECTORY_REFUSED
    assert "DIRECTORY_FORKED" in _details(federation, SHANGHAI)
    assert federation.cores[SHANGHAI].context.directory.version == 3


def test_the_same_directory_again_changes_nothing(federation: Federation) -> None:
    before = federation.durable()
    federation.offer(federation.signed_directory, to=(SHANGHAI,))
    assert federation.durable() == before
    assert federation.is_open(SHANGHAI)


def test_two_provinces_that_were_told_different_things_find_out(federation: Federation) -> None:
    """Each seal names the sealer's directory, and the hub must relay the seals of origins as they are."""
    said_to_all = federation.sign_directory(federation.directory)
    said_to_one = federation.sign_directory(federation.directory, regions={"north": (ZHEJIANG,)})
    federation.publish(said_to_all, to=(ZHEJIANG, GUANGDONG))
    federation.offer(said_to_one, to=(SHANGHAI,))
    assert {federation.cores[node].context.directory.version for node in federation.nodes} == {2}
    spoken = request(SHANGHAI, GUANGDONG)
    federation.say(SHANGHAI, HQ, spoken)
    served = federation.serving(GUANGDONG, leg_of(spoken))
    assert (served.state, served.reason_code) == ("rejected", "ORIGIN_DIRECTORY_FORKED")
    assert "ORIGIN_DIRECTORY_FORKED" in federation.alarms(GUANGDONG)
    assert federation.subscription_status() == "active"
    # HQ comes back to one word for all: a version that both can take.
    forked = open_directory(said_to_one, federation.root.public_key)
    third = open_directory(federation.sign_directory(forked), federation.root.public_key)
    federation.publish(federation.sign_directory(third))
    assert {federation.cores[node].context.directory.version for node in federation.nodes} == {4}


def test_a_suspended_node_stays_known_and_is_not_asked(federation: Federation) -> None:
    entries = [federation.entry(node) for node in federation.nodes if node != GUANGDONG]
    suspended = replace(federation.entry(GUANGDONG), status=NodeStatus.SUSPENDED)
    federation.publish(federation.sign_directory(federation.directory, [*entries, suspended]), to=(SHANGHAI,))
    spoken = request(SHANGHAI, GUANGDONG)
    federation.say(SHANGHAI, HQ, spoken)
    leg = federation.at_hub(leg_of(spoken))
    assert (leg.state, leg.reason_code) == ("rejected", "DESTINATION_UNKNOWN")
    federation.publish(federation.sign_directory(federation.directory))


def _details(federation: Federation, node: str) -> str:
    return " ".join(federation.cores[node].connection.exec_driver_sql("SELECT detail FROM alarms").scalars())
