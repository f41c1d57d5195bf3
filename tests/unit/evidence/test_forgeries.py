"""Every forgery is refused under its own name, whoever made it and whichever keys they hold."""

from __future__ import annotations

from typing import Any

import pytest

from common.directory.head import head_signed_bytes
from common.evidence.container import EVIDENCE_BYTES_MAX, MAGIC, PARTS_MAX
from common.evidence.verifier import REFUTED, verify_evidence
from common.gen.quanwang.evidence.v1 import evidence_pb2
from common.gen.quanwang.federation.v1 import directory_pb2, seal_pb2
from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.ids import HQ
from common.messaging.seal import sign_seal
from common.security.signing import Ed25519Signer
from tests.support.dishonest import answer
from tests.support.evidence import Forgery, codes, export, verify
from tests.support.federation import GUANGDONG, SHANGHAI, ZHEJIANG, Federation

pytestmark = pytest.mark.one_store("A file is judged without any database.")

STOLEN = Ed25519Signer(b"stolen" + b"!" * 26)


def refuted(forgery: Forgery, code: str) -> None:
    verdict = forgery.verdict()
    assert code in codes(verdict)
    assert verdict.verdict == REFUTED


# The file


@pytest.mark.parametrize("kept", [1, 7, 12, 16, 400, -1])
def test_a_truncated_file_is_named(federation: Federation, file: bytes, kept: int) -> None:
    assert codes(verify(federation, file[:kept])) == {"FILE_TRUNCATED"}


def test_something_behind_the_evidence_is_named(federation: Federation, file: bytes) -> None:
    assert codes(verify(federation, file + b"\x00")) == {"FILE_TOO_LONG"}


def test_an_oversized_file_is_named(federation: Federation) -> None:
    assert codes(verify(federation, MAGIC + bytes(EVIDENCE_BYTES_MAX))) == {"FILE_TOO_LARGE"}


def test_too_many_parts_are_not_even_parsed(federation: Federation) -> None:
    content = b"\x32\x00" * (PARTS_MAX + 2)
    file = MAGIC + len(content).to_bytes(8, "big") + content
    assert codes(verify(federation, file)) == {"TOO_MANY_PARTS"}


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (b"", "NOT_EVIDENCE"),
        (b"PK\x03\x04" + bytes(40), "NOT_EVIDENCE"),
        (b"QWEVID9\n" + bytes(40), "FORMAT_UNKNOWN"),
        (MAGIC + (3).to_bytes(8, "big") + b"\xff\xff\xff", "MALFORMED_BUNDLE"),
    ],
)
def test_what_is_no_evidence_is_named(federation: Federation, file: bytes, code: str) -> None:
    assert codes(verify(federation, file)) == {code}


# Trust


def test_the_wrong_root_is_named(file: bytes) -> None:
    assert "ROOT_WRONG" in codes(verify_evidence(file, [STOLEN.public_key]))


def test_a_directory_by_another_key_in_the_roots_name_is_named(forgery: Forgery) -> None:
    directory = forgery.bundle.directories[0]
    directory.head_signature = STOLEN.sign(head_signed_bytes(directory.head))
    refuted(forgery, "DIRECTORY_SIGNATURE_BAD")


def test_a_key_put_into_an_entry_is_named(forgery: Forgery) -> None:
    node = forgery.bundle.directories[0].nodes[0]
    entry = directory_pb2.NodeEntry.FromString(node.entry)
    entry.keys[0].public_key = STOLEN.public_key
    node.entry = entry.SerializeToString()
    refuted(forgery, "DIRECTORY_ENTRY_UNPROVED")


def test_a_forked_directory_is_named(forgery: Forgery) -> None:
    federation = forgery.federation
    federation.clock.at_us += 1
    other = federation.sign_directory(None)
    forgery.bundle.directories.add(head=other.head, head_signature=other.head_signature, key_id=other.key_id)
    refuted(forgery, "DIRECTORY_FORKED")


def test_a_directory_that_does_not_continue_the_one_before_is_named(forgery: Forgery) -> None:
    head = directory_pb2.DirectoryHead.FromString(forgery.bundle.directories[0].head)
    head.version, head.previous_hash = head.version + 1, bytes(32)
    content, root = head.SerializeToString(), forgery.federation.root
    forgery.bundle.directories.add(
        head=content, head_signature=root.sign(head_signed_bytes(content)), key_id=root.key_id
    )
    refuted(forgery, "DIRECTORY_FORKED")


def test_a_seal_that_names_another_directory_is_named(forgery: Forgery) -> None:
    number = forgery.envelope_number(pb.PHASE_REQUEST) + 1
    forgery.say(forgery.federation.signers[SHANGHAI], SHANGHAI, HQ, number, directory_hash=bytes(32))
    refuted(forgery, "DIRECTORY_FORKED")


def test_a_key_that_the_directory_does_not_name_is_named(forgery: Forgery) -> None:
    forgery.say(STOLEN, SHANGHAI, HQ, forgery.envelope_number(pb.PHASE_REQUEST) + 1)
    refuted(forgery, "KEY_NOT_IN_DIRECTORY")


def test_the_hub_cannot_sign_for_a_province(forgery: Forgery) -> None:
    forgery.say(forgery.federation.signers[HQ], GUANGDONG, HQ, forgery.envelope_number(pb.PHASE_FINAL) + 1)
    refuted(forgery, "KEY_NOT_IN_DIRECTORY")


def test_another_suite_for_a_key_is_named(forgery: Forgery) -> None:
    signer = forgery.federation.signers[SHANGHAI]
    seal = seal_pb2.Seal.FromString(forgery.bundle.seals[0].seal)
    signed = sign_seal(seal, signer if seal.node == SHANGHAI else forgery.federation.signers[seal.node])
    again = seal_pb2.Seal.FromString(signed.seal)
    again.suite = "none"
    forgery.bundle.seals[0].seal = again.SerializeToString()
    refuted(forgery, "SUITE_MISMATCH")


def test_a_key_out_of_its_validity_is_named(federation: Federation) -> None:
    """Shanghai's key was revoked before the hub admitted the request; whoever stole it dates back its own seal."""
    from dataclasses import replace

    leg = federation.suspend()
    federation.run()
    admitted = federation.at_hub(leg).admitted_at_us
    entries = [federation.entry(node) for node in federation.nodes]
    entries[1] = replace(entries[1], keys=tuple(replace(key, valid_until_us=admitted) for key in entries[1].keys))
    federation.adopt(federation.sign_directory(federation.directory, entries))
    verdict = verify(federation, export(federation, HQ, leg[:16]))
    assert codes(verdict) == {"KEY_OUT_OF_VALIDITY"}


# Bytes


def test_an_altered_header_is_named(forgery: Forgery) -> None:
    number = forgery.envelope_number(pb.PHASE_REQUEST)
    other = forgery.changed(number, idempotency_key="another")
    forgery.bundle.envelopes[number].header = other.header
    refuted(forgery, "HEADER_ALTERED")


def test_an_altered_body_is_named(forgery: Forgery) -> None:
    forgery.bundle.envelopes[forgery.envelope_number(pb.PHASE_REQUEST)].body += b"\x12\x01x"
    refuted(forgery, "BODY_ALTERED")


def test_an_altered_private_body_is_named(federation: Federation, request_id: bytes) -> None:
    forgery = Forgery(federation, export(federation, HQ, request_id, private_bodies=True))
    envelope = forgery.bundle.envelopes[0]
    header = pb.EnvelopeHeader.FromString(envelope.header)
    header.private_body_digest = bytes(32)
    envelope.header, envelope.private_body = header.SerializeToString(), b"other"
    refuted(forgery, "PRIVATE_BODY_ALTERED")


def test_an_altered_stamp_is_named(forgery: Forgery) -> None:
    stamped = forgery.statement("00>44")
    stamped.stamp = forgery.changed_stamp(stamped.stamp, hub_position=99)
    refuted(forgery, "STAMP_ALTERED")


def test_an_altered_seal_is_named(forgery: Forgery) -> None:
    seal = seal_pb2.Seal.FromString(forgery.bundle.seals[0].seal)
    seal.sealed_at_us -= 1
    forgery.bundle.seals[0].seal = seal.SerializeToString()
    refuted(forgery, "SEAL_SIGNATURE_BAD")


def test_a_path_that_is_too_short_or_too_long_is_named(forgery: Forgery) -> None:
    forgery.statement("31>00").path += bytes(32)
    refuted(forgery, "PATH_LENGTH_WRONG")


def test_a_sequence_outside_the_seal_is_named(forgery: Forgery) -> None:
    forgery.statement("31>00").sequence += 1
    refuted(forgery, "SEQUENCE_OUTSIDE_SEAL")


def test_a_reference_to_nothing_is_named(forgery: Forgery) -> None:
    forgery.statement("31>00").seal = 99
    refuted(forgery, "MALFORMED_BUNDLE")


@pytest.mark.parametrize(
    ("change", "detail"),
    [({"link": "31>33"}, "link"), ({"link": "00>31"}, "link"), ({"merkle_root": b"short"}, "root")],
    ids=["two provinces", "another node", "short root"],
)
def test_a_malformed_seal_is_named(forgery: Forgery, change: dict[str, Any], detail: str) -> None:
    number = forgery.envelope_number(pb.PHASE_REQUEST) + 1
    forgery.say(forgery.federation.signers[SHANGHAI], SHANGHAI, HQ, number, **change)
    refuted(forgery, "SEAL_MALFORMED")


# Who says what


def test_the_seal_of_another_link_is_named(forgery: Forgery) -> None:
    """The hub's seal for Zhejiang does not show that Guangdong was asked."""
    number = forgery.envelope_number(pb.PHASE_REQUEST) + 1
    stamp = forgery.statement("00>44").stamp
    forgery.say(forgery.federation.signers[HQ], HQ, ZHEJIANG, number, stamp)
    refuted(forgery, "SEAL_OF_ANOTHER_LINK")


def test_the_seal_of_another_node_is_named(forgery: Forgery) -> None:
    number = forgery.envelope_number(pb.PHASE_FINAL) + 1
    forgery.add_entry(ZHEJIANG)
    forgery.say(forgery.federation.signers[ZHEJIANG], ZHEJIANG, HQ, number)
    refuted(forgery, "SEAL_OF_ANOTHER_LINK")


def test_an_answer_that_the_hub_invents_is_named(forgery: Forgery) -> None:
    """The hub relays in its own seal what Guangdong never said."""
    final = forgery.envelope_number(pb.PHASE_FINAL)
    invented = forgery.add_envelope(forgery.changed(final, outcome=pb.OUTCOME_REJECTED, reason_code="INVENTED"))
    digest = forgery.changed(final, outcome=pb.OUTCOME_REJECTED, reason_code="INVENTED").digest
    stamp = forgery.changed_stamp(forgery.statement("00>31").stamp, message_digest=digest)
    forgery.drop([forgery.statement("44>00")])
    forgery.say(forgery.federation.signers[HQ], HQ, SHANGHAI, invented, stamp)
    refuted(forgery, "ORIGIN_PROOF_MISSING")


def test_a_completion_in_the_hubs_own_name_is_named(forgery: Forgery) -> None:
    final = forgery.envelope_number(pb.PHASE_FINAL)
    number = forgery.add_envelope(forgery.changed(final, source=HQ))
    forgery.drop([forgery.statement("44>00"), forgery.statement("00>31")])
    forgery.say(forgery.federation.signers[HQ], HQ, SHANGHAI, number)
    refuted(forgery, "HUB_CANNOT_COMPLETE")


def test_an_end_by_the_hub_of_what_it_forwarded_is_named(forgery: Forgery) -> None:
    final = forgery.envelope_number(pb.PHASE_FINAL)
    number = forgery.add_envelope(forgery.changed(final, source=HQ, outcome=pb.OUTCOME_EXPIRED))
    forgery.drop([forgery.statement("44>00"), forgery.statement("00>31")])
    forgery.say(forgery.federation.signers[HQ], HQ, SHANGHAI, number)
    refuted(forgery, "HUB_ENDED_WHAT_IT_FORWARDED")


def test_an_answer_by_the_wrong_party_is_named(forgery: Forgery) -> None:
    final = forgery.envelope_number(pb.PHASE_FINAL)
    number = forgery.add_envelope(forgery.changed(final, source=ZHEJIANG))
    forgery.add_entry(ZHEJIANG)
    forgery.say(forgery.federation.signers[ZHEJIANG], ZHEJIANG, HQ, number)
    refuted(forgery, "WRONG_PARTY")


def test_a_cancel_by_the_wrong_party_is_named(forgery: Forgery) -> None:
    asked = forgery.envelope_number(pb.PHASE_REQUEST)
    honest = forgery.changed(asked)
    cancel = answer(
        pb.PHASE_CANCEL, honest, ZHEJIANG, HQ, leg_destination=GUANGDONG, message_class=pb.MESSAGE_CLASS_CONTROL
    )
    forgery.add_entry(ZHEJIANG)
    forgery.say(forgery.federation.signers[ZHEJIANG], ZHEJIANG, HQ, forgery.add_envelope(cancel))
    refuted(forgery, "WRONG_PARTY")


def test_two_ends_of_one_leg_are_named(forgery: Forgery) -> None:
    """Home answered twice: completed to the hub, rejected to somebody else."""
    final = forgery.envelope_number(pb.PHASE_FINAL)
    number = forgery.add_envelope(forgery.changed(final, outcome=pb.OUTCOME_REJECTED))
    forgery.say(forgery.federation.signers[GUANGDONG], GUANGDONG, HQ, number)
    refuted(forgery, "ENDS_CONTRADICT")


def test_two_requests_under_one_leg_are_named(forgery: Forgery) -> None:
    asked = forgery.envelope_number(pb.PHASE_REQUEST)
    number = forgery.add_envelope(forgery.changed(asked, idempotency_key="another"))
    forgery.say(forgery.federation.signers[SHANGHAI], SHANGHAI, HQ, number)
    refuted(forgery, "REQUESTS_CONTRADICT")


def test_an_answer_swapped_for_that_of_another_request_is_named(forgery: Forgery) -> None:
    federation = forgery.federation
    federation.add_subscription("44-other")
    other = federation.suspend(SHANGHAI, GUANGDONG, "44-other")
    federation.run()
    others = Forgery(federation, export(federation, HQ, other[:16]))
    swapped = others.bundle.envelopes[others.envelope_number(pb.PHASE_FINAL)]
    forgery.bundle.envelopes[forgery.envelope_number(pb.PHASE_FINAL)].CopyFrom(swapped)
    refuted(forgery, "OF_ANOTHER_REQUEST")


def test_an_answer_bound_to_another_digest_is_named(forgery: Forgery) -> None:
    final = forgery.envelope_number(pb.PHASE_FINAL)
    number = forgery.add_envelope(forgery.changed(final, request_digest=bytes(32)))
    forgery.say(forgery.federation.signers[GUANGDONG], GUANGDONG, HQ, number)
    refuted(forgery, "ANSWER_OF_ANOTHER_REQUEST")


def test_an_answer_to_a_node_that_did_not_ask_is_named(forgery: Forgery) -> None:
    final = forgery.envelope_number(pb.PHASE_FINAL)
    number = forgery.add_envelope(forgery.changed(final, destination=ZHEJIANG))
    forgery.say(forgery.federation.signers[GUANGDONG], GUANGDONG, HQ, number)
    refuted(forgery, "ANSWER_TO_ANOTHER_NODE")


def test_a_request_that_names_another_leg_is_named(forgery: Forgery) -> None:
    asked = forgery.envelope_number(pb.PHASE_REQUEST)
    number = forgery.add_envelope(forgery.changed(asked, destination=ZHEJIANG))
    forgery.drop(list(forgery.bundle.statements))
    forgery.say(forgery.federation.signers[SHANGHAI], SHANGHAI, HQ, number)
    refuted(forgery, "LEG_MISNAMED")


# The hub's stamps


def test_a_stamp_by_a_province_is_named(forgery: Forgery) -> None:
    number = forgery.envelope_number(pb.PHASE_FINAL) + 1
    forgery.say(forgery.federation.signers[GUANGDONG], GUANGDONG, HQ, number, forgery.statement("00>44").stamp)
    refuted(forgery, "STAMP_NOT_BY_HUB")


def test_the_stamp_of_another_leg_is_named(forgery: Forgery) -> None:
    number = forgery.envelope_number(pb.PHASE_REQUEST) + 1
    stamp = forgery.changed_stamp(forgery.statement("00>44").stamp, destination=ZHEJIANG)
    forgery.say(forgery.federation.signers[HQ], HQ, GUANGDONG, number, stamp)
    refuted(forgery, "STAMP_OF_ANOTHER_LEG")


def test_the_stamp_of_another_message_is_named(forgery: Forgery) -> None:
    number = forgery.envelope_number(pb.PHASE_REQUEST) + 1
    stamp = forgery.changed_stamp(forgery.statement("00>44").stamp, message_digest=bytes(32))
    forgery.say(forgery.federation.signers[HQ], HQ, GUANGDONG, number, stamp)
    refuted(forgery, "STAMP_OF_ANOTHER_MESSAGE")


@pytest.mark.parametrize(
    ("field", "value"), [("hub_position", 99), ("business_date", "2020-01-01"), ("admitted_at_us", 1)]
)
def test_stamps_that_contradict_each_other_are_named(forgery: Forgery, field: str, value: object) -> None:
    number = forgery.envelope_number(pb.PHASE_REQUEST) + 1
    stamp = forgery.changed_stamp(forgery.statement("00>44").stamp, **{field: value})
    forgery.say(forgery.federation.signers[HQ], HQ, GUANGDONG, number, stamp)
    refuted(forgery, "STAMPS_CONTRADICT")


def test_a_second_stamp_with_another_verdict_is_named(forgery: Forgery) -> None:
    number = forgery.envelope_number(pb.PHASE_REQUEST) + 1
    stamp = forgery.changed_stamp(forgery.statement("00>44").stamp, verdict=seal_pb2.VERDICT_RELAYED)
    forgery.say(forgery.federation.signers[HQ], HQ, GUANGDONG, number, stamp)
    refuted(forgery, "STAMPS_CONTRADICT")
    refuted(forgery, "STAMP_VERDICT_WRONG")


def test_a_stamp_that_is_none_is_named(forgery: Forgery) -> None:
    forgery.say(forgery.federation.signers[HQ], HQ, GUANGDONG, stamp=b"\xff")
    refuted(forgery, "STAMP_MALFORMED")


# What is missing


def test_a_request_without_its_seal_is_named(forgery: Forgery) -> None:
    forgery.drop([forgery.statement("31>00")])
    refuted(forgery, "ORIGIN_PROOF_MISSING")


def test_a_node_whose_entry_was_left_out_is_named(forgery: Forgery) -> None:
    nodes = forgery.bundle.directories[0].nodes
    keep = [node for node in nodes if directory_pb2.NodeEntry.FromString(node.entry).node != SHANGHAI]
    del nodes[:]
    nodes.extend(keep)
    assert forgery.verdict().verdict != "proved"
    assert "NODE_NOT_IN_DIRECTORY" in forgery.codes()


def test_missing_stamps_are_named(forgery: Forgery) -> None:
    forgery.drop([s for s in forgery.bundle.statements if s.stamp])
    verdict = forgery.verdict()
    assert codes(verdict) == {"ADMISSION_STAMP_MISSING", "ANSWER_NOT_WITNESSED"}
    assert verdict.verdict == "incomplete"


def test_an_empty_bundle_proves_nothing(federation: Federation, request_id: bytes) -> None:
    forgery = Forgery(federation, export(federation, HQ, request_id))
    forgery.bundle.CopyFrom(evidence_pb2.Bundle(request_id=request_id))
    assert forgery.codes() == {"DIRECTORY_MISSING", "REQUEST_MISSING"}


def test_no_change_of_a_single_byte_goes_unnoticed_and_none_breaks_the_verifier(
    federation: Federation, file: bytes
) -> None:
    """Bytes that prove nothing (who exported when) may change; none may turn a proof into another one."""
    honest = verify(federation, file).to_dict()["legs"]
    for place in range(0, len(file), 3):
        changed = bytearray(file)
        changed[place] ^= 1 << (place % 8)
        verdict = verify(federation, bytes(changed))
        if verdict.verdict == "proved":
            assert verdict.to_dict()["legs"] == honest, place
