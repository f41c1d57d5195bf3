"""Evidence outlives the keys: replaced, revoked, enrolled anew, and a new root."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.directory.continuity import continued_key
from common.directory.model import Directory, KeyUse, NodeEntry, NodeStatus
from common.directory.signing import open_directory, sign_directory, successor
from common.evidence.verifier import INCOMPLETE, PROVED, REFUTED, verify_evidence
from common.gen.quanwang.federation.v1 import directory_pb2
from common.ids import HQ
from common.security.signing import ED25519, Ed25519Signer
from hq_node.hub.commands import EndLegsOfLostHome
from tests.support.evidence import Forgery, codes, export, verify
from tests.support.federation import DAY_US, GUANGDONG, SHANGHAI, Federation

pytestmark = pytest.mark.one_store("A file is judged without any database.")

NEW = Ed25519Signer(b"the next key of node".ljust(32, b"."))
NEW_ROOT = Ed25519Signer(b"the next root".ljust(32, b"."))


def changed(federation: Federation, node: str, entry: NodeEntry, *, taken: bool = True) -> None:
    """HQ publishes another entry of a node; Guangdong takes it over, or never hears of it."""
    entries = [entry if other.node == node else other for other in federation.directory.nodes]
    signed = federation.sign_directory(federation.directory, entries)
    if taken:
        federation.publish(signed, to=[GUANGDONG])
    else:
        federation.adopt(signed)


def entry_of(federation: Federation, node: str) -> NodeEntry:
    entry = federation.directory.node(node)
    assert entry is not None
    return entry


def rotated(federation: Federation, node: str, signer: Ed25519Signer) -> NodeEntry:
    """The entry with a new signing key, which the former one (or somebody else) signed."""
    entry, now_us = entry_of(federation, node), federation.clock.now_us()
    former = next(key for key in entry.keys if key.use is KeyUse.SIGNING)
    key = continued_key(node, KeyUse.SIGNING, ED25519, NEW.public_key, NEW.key_id, former, signer, now_us)
    key = replace(key, signed_by=former.key_id)
    return replace(entry, keys=(*entry.keys, key))


def ask(federation: Federation, subscription: str, state: str = "completed") -> bytes:
    federation.add_subscription(subscription)
    leg = federation.suspend(SHANGHAI, GUANGDONG, subscription)
    federation.run()
    assert federation.at_hub(leg).state == state
    return leg[:16]


def test_what_was_signed_before_and_after_a_rotation_is_proved(federation: Federation, request_id: bytes) -> None:
    federation.clock.at_us += 1
    changed(federation, SHANGHAI, rotated(federation, SHANGHAI, federation.signers[SHANGHAI]))
    federation.signers[SHANGHAI] = NEW
    after = ask(federation, "44-after")
    for each in (request_id, after):
        verdict = verify(federation, export(federation, HQ, each))
        assert (verdict.verdict, codes(verdict) - {"DIRECTORY_VERSION_ABSENT"}) == (PROVED, set())


def test_a_key_that_no_former_one_signed_is_named(federation: Federation) -> None:
    federation.clock.at_us += 1
    changed(federation, SHANGHAI, rotated(federation, SHANGHAI, federation.signers[GUANGDONG]), taken=False)
    federation.signers[SHANGHAI] = NEW
    verdict = verify(federation, export(federation, HQ, ask(federation, "44-after", "rejected")))
    assert verdict.verdict == REFUTED
    assert "KEY_NOT_CONTINUED" in codes(verdict)


def test_what_was_admitted_before_a_revocation_stays_proved(federation: Federation, request_id: bytes) -> None:
    federation.clock.at_us += 1
    entry, now_us = entry_of(federation, SHANGHAI), federation.clock.now_us()
    keys = tuple(replace(key, valid_until_us=now_us) for key in entry.keys)
    changed(federation, SHANGHAI, replace(entry, status=NodeStatus.REVOKED, keys=keys))
    verdict = verify(federation, export(federation, HQ, request_id))
    assert (verdict.verdict, codes(verdict)) == (PROVED, set())


def test_a_node_that_was_enrolled_anew_is_flagged_from_then_on(federation: Federation, request_id: bytes) -> None:
    federation.clock.at_us += 1
    entry, now_us = entry_of(federation, SHANGHAI), federation.clock.now_us()
    keys = tuple(replace(key, valid_until_us=now_us) for key in entry.keys)
    changed(federation, SHANGHAI, replace(entry, status=NodeStatus.REVOKED, keys=keys))
    federation.clock.at_us += 1
    federation.enrol_anew(SHANGHAI)
    changed(federation, SHANGHAI, federation.entry(SHANGHAI))
    after = ask(federation, "44-after")
    flagged = verify(federation, export(federation, HQ, after))
    assert flagged.verdict == PROVED
    assert "RE_ENROLLED" in codes(flagged)
    assert "RE_ENROLLED" not in codes(verify(federation, export(federation, HQ, request_id)))


@pytest.mark.parametrize("node", [HQ, SHANGHAI])
def test_what_the_hub_ended_since_its_home_was_lost_is_proved_with_the_revocation(
    federation: Federation, node: str
) -> None:
    leg = lose_guangdong(federation)
    verdict = verify(federation, export(federation, node, leg[:16]))
    assert (verdict.verdict, codes(verdict) - {"DIRECTORY_VERSION_ABSENT"}) == (PROVED, {"HOME_LOST"})
    assert (verdict.legs[0].final is not None, verdict.legs[0].destination) == (True, GUANGDONG)


def test_that_a_home_was_lost_is_not_believed_without_the_revocation(federation: Federation) -> None:
    leg = lose_guangdong(federation)
    forgery = Forgery(federation, export(federation, HQ, leg[:16]))
    for directory in forgery.bundle.directories:
        kept = [node for node in directory.nodes if directory_pb2.NodeEntry.FromString(node.entry).node != GUANGDONG]
        del directory.nodes[:]
        directory.nodes.extend(kept)
    verdict = forgery.verdict()
    assert (verdict.verdict, codes(verdict) - {"DIRECTORY_VERSION_ABSENT"}) == (INCOMPLETE, {"REVOCATION_MISSING"})


def lose_guangdong(federation: Federation) -> bytes:
    """Guangdong gets a request, is lost before it answers, and HQ's operators end the leg. Returns it."""
    federation.tamper = lambda sender, receiver, frame: () if sender == GUANGDONG else (frame,)
    federation.add_subscription("44-lost")
    leg = federation.suspend(SHANGHAI, GUANGDONG, "44-lost")
    federation.run()
    assert federation.at_hub(leg).state == "forwarded"
    federation.clock.at_us += 1
    entry, now_us = entry_of(federation, GUANGDONG), federation.clock.now_us()
    keys = tuple(replace(key, valid_until_us=now_us) for key in entry.keys)
    revoked = replace(entry, status=NodeStatus.REVOKED, keys=keys)
    entries = [revoked if other.node == GUANGDONG else other for other in federation.directory.nodes]
    federation.publish(federation.sign_directory(federation.directory, entries), to=[SHANGHAI])
    assert federation.execute(HQ, EndLegsOfLostHome(GUANGDONG, "burnt down", "li.na")) == 1
    federation.run()
    at_hub = federation.at_hub(leg)
    assert (at_hub.state, at_hub.reason_code, at_hub.answered_at_us) == ("rejected", "HOME_LOST", 0)
    assert federation.asked(SHANGHAI, leg).reason_code == "HOME_LOST"
    return leg


def test_evidence_is_proved_from_the_former_root_and_from_the_new_one(
    federation: Federation, request_id: bytes
) -> None:
    federation.clock.at_us += 1
    before: Directory = federation.directory
    change = successor(federation.root, NEW_ROOT.public_key, federation.clock.now_us())
    signed = sign_directory(
        before, before.nodes, before.region_lists, federation.clock.now_us(), 30 * DAY_US, NEW_ROOT, (change,)
    )
    assert open_directory(signed, federation.root.public_key).version == before.version + 1
    federation.adopt(signed)
    file = export(federation, HQ, request_id)
    for root in (federation.root, NEW_ROOT):
        verdict = verify_evidence(file, [root.public_key])
        assert verdict.verdict == PROVED, codes(verdict)
    assert "ROOT_WRONG" in codes(verify_evidence(file, [NEW.public_key]))
