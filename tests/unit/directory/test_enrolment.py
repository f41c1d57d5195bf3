"""Nobody joins without an invitation, the keys it names, and an operator's approval (FED-06)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from common.directory.invitation import decode_invitation
from common.directory.model import KeyUse, NodeStatus, OwnKeys, check_own_entry
from common.directory.signing import open_directory, verify_directory
from common.directory.wire import decode_signed
from common.security import tls
from common.security.signing import ED25519
from common.security.tls import CertificateRequestInvalid
from hq_node.directory.authority import AuthorityLimits, create_hq_certificates, founding_command, load_hq_certificates
from hq_node.directory.commands import ApproveNode, InviteNode, PublishDirectory, RevokeNode
from hq_node.directory.events import DirectoryPublished, EnrolmentRequested
from hq_node.directory.model import (
    ApprovedKeyDiffers,
    EnrolmentNotFound,
    EnrolmentState,
    FederationAlreadyFounded,
    FederationNotFounded,
    InvitationExpired,
    InvitationInvalid,
    InvitationUsed,
    InvitationValidityRefused,
    KeyInUse,
    KeyRevoked,
    NodeAlreadyEnrolled,
    NodeRevoked,
    ProofOfPossessionInvalid,
    UnknownProvince,
)
from hq_node.directory.queries import NodeState, list_nodes
from hq_node.directory.repository import invitations
from hq_node.directory.routes import NewInvitation
from tests.support.enrolment import Candidate, EnrolmentDesk, HandClock
from tests.support.stores import Databases

DAY_US = 86_400_000_000


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def desk(tmp_path: Path, databases: Databases, clock: HandClock) -> Iterator[EnrolmentDesk]:
    desk = EnrolmentDesk(tmp_path, databases.with_tables(), clock)
    desk.found()
    yield desk
    desk.close()


@pytest.fixture
def shanghai() -> Candidate:
    return Candidate("31", seed=3)


# Founding


def test_first_version_holds_hq_alone(desk: EnrolmentDesk, clock: HandClock) -> None:
    directory = desk.directory
    assert (directory.version, [entry.node for entry in directory.nodes]) == (1, ["00"])
    assert directory.signing_key("00", desk.keyring.signer.key_id, clock.now_us()) is not None
    assert directory.private_body_reader("00") == desk.keyring.private_body_keys.reader("00")
    assert directory.node("00") is not None
    assert directory.nodes[0].tls_fingerprint == tls.fingerprint(desk.certificates.server)
    assert [event.version for event in desk.events] == [1]


def test_founding_again_changes_nothing(desk: EnrolmentDesk) -> None:
    assert desk.found().hash == desk.directory.hash
    assert desk.directory.version == 1


def test_founding_again_with_other_keys_is_refused(desk: EnrolmentDesk) -> None:
    command = founding_command(desk.keyring, desk.certificates)
    with pytest.raises(FederationAlreadyFounded):
        desk.run(replace(command, signing_public_key=bytes(32)))


def test_certificates_stay_when_made_again(tmp_path: Path, desk: EnrolmentDesk, clock: HandClock) -> None:
    again = create_hq_certificates(
        tmp_path, desk.keyring, ["hq"], lambda n: bytes(n), clock.now_us(), AuthorityLimits()
    )
    assert again == desk.certificates, "the directory names the one that there is"
    assert load_hq_certificates(tmp_path) == again


def test_a_server_certificate_that_fits_nothing_is_issued_anew(
    tmp_path: Path, desk: EnrolmentDesk, clock: HandClock
) -> None:
    (tmp_path / "tls" / "server.pem").write_bytes(desk.certificates.authority)
    again = create_hq_certificates(
        tmp_path, desk.keyring, ["hq"], lambda n: bytes(n), clock.now_us(), AuthorityLimits()
    )
    tls.require_issued_for(again.server, desk.certificates.authority, "00", desk.keyring.tls_key.public_key())


def test_nobody_joins_before_the_founding(
    tmp_path: Path, databases: Databases, clock: HandClock, shanghai: Candidate
) -> None:
    desk = EnrolmentDesk(tmp_path, databases.with_tables(), clock)
    invitation = desk.invite("31")
    with pytest.raises(FederationNotFounded):
        desk.run(shanghai.request(invitation))
    with pytest.raises(FederationNotFounded):
        desk.run(PublishDirectory())
    desk.close()


# Inviting


def test_invitation_pins_hq_and_its_secret_is_not_stored(desk: EnrolmentDesk, clock: HandClock) -> None:
    invited = desk.run(InviteNode("31", invited_by="operator", valid_us=DAY_US))
    invitation = decode_invitation(invited.text)
    assert (invitation.node, invitation.address) == ("31", "hq.example:7001")
    assert invitation.root_public_key == desk.authority.root_public_key
    assert tls.der_to_pem(invitation.tls_authority) == desk.certificates.authority
    assert invitation.expires_at_us == invited.expires_at_us == clock.now_us() + DAY_US
    assert invited.text not in repr(invited)
    row = desk.connection.execute(sa.select(invitations)).one()
    assert invitation.secret not in row.secret_digest + row.used_by
    assert "secret" not in repr(Candidate("31").request(invitation))


@pytest.mark.parametrize("node", ["00", "99", "3", "", "999", "上海"])
def test_only_provinces_are_invited(desk: EnrolmentDesk, node: str) -> None:
    wish = NewInvitation(node=node)
    with pytest.raises(UnknownProvince):
        desk.run(InviteNode(wish.node, invited_by="operator"))


@pytest.mark.parametrize("valid_us", [-1, 31 * DAY_US])
def test_invitation_is_not_open_for_ever(desk: EnrolmentDesk, valid_us: int) -> None:
    with pytest.raises(InvitationValidityRefused):
        desk.run(InviteNode("31", invited_by="operator", valid_us=valid_us))


# Asking


def test_node_waits_for_approval(desk: EnrolmentDesk, shanghai: Candidate) -> None:
    answer = desk.run(shanghai.request(desk.invite("31")))
    assert answer.state is EnrolmentState.WAITING
    assert not answer.tls_certificate
    assert not answer.signed_directory
    assert desk.directory.version == 1
    assert desk.events[-1] == EnrolmentRequested("31", shanghai.signer.key_id)


def test_asking_again_tells_nobody_anything_new(desk: EnrolmentDesk, shanghai: Candidate, clock: HandClock) -> None:
    invitation = desk.invite("31")
    desk.run(shanghai.request(invitation))
    told = len(desk.events)
    clock.at_us += 60 * DAY_US  # The invitation has expired long ago, but it was used in time.
    assert desk.run(shanghai.request(invitation)).state is EnrolmentState.WAITING
    assert len(desk.events) == told


def test_node_is_refused_without_an_invitation(desk: EnrolmentDesk, shanghai: Candidate) -> None:
    invitation = desk.invite("31")
    for_guangdong = decode_invitation(desk.invite("44"))
    with pytest.raises(InvitationInvalid):
        desk.run(Candidate("11").request(invitation))
    with pytest.raises(InvitationInvalid):
        desk.run(shanghai.request(for_guangdong))
    with pytest.raises(InvitationInvalid):
        desk.run(shanghai.request(replace(for_guangdong, secret=bytes(32))))


def test_expired_invitation_is_refused(desk: EnrolmentDesk, shanghai: Candidate, clock: HandClock) -> None:
    invitation = desk.invite("31")
    clock.at_us = decode_invitation(invitation).expires_at_us
    with pytest.raises(InvitationExpired):
        desk.run(shanghai.request(invitation))
    clock.at_us -= 1
    assert desk.run(shanghai.request(invitation)).state is EnrolmentState.WAITING


def test_invitation_is_used_once(desk: EnrolmentDesk, shanghai: Candidate) -> None:
    invitation = desk.invite("31")
    desk.run(shanghai.request(invitation))
    with pytest.raises(InvitationUsed):
        desk.run(Candidate("31", seed=66).request(invitation))


def test_newer_invitation_ends_the_earlier_one(desk: EnrolmentDesk, shanghai: Candidate) -> None:
    earlier, newer = desk.invite("31"), desk.invite("31")
    with pytest.raises(InvitationInvalid):
        desk.run(shanghai.request(earlier))
    assert desk.run(shanghai.request(newer)).state is EnrolmentState.WAITING


def test_waiting_request_is_replaced_under_a_newer_invitation(desk: EnrolmentDesk, shanghai: Candidate) -> None:
    desk.run(Candidate("31", seed=66).request(desk.invite("31")))
    desk.run(shanghai.request(desk.invite("31")))
    assert desk.run(ApproveNode("31", "operator")).signing_key_id == shanghai.signer.key_id


def test_keys_without_proof_are_refused_and_the_invitation_stays_open(desk: EnrolmentDesk, shanghai: Candidate) -> None:
    invitation = desk.invite("31")
    thief = Candidate("31", seed=66)
    stolen = tls.certificate_request(shanghai.tls_key, "31")
    attempts = [
        # Somebody else's signing key, without being able to sign with it.
        thief.request(invitation, signing_public_key=shanghai.signer.public_key),
        # A certificate request that was copied from another's request.
        thief.request(invitation, tls_certificate_request=stolen),
        thief.request(invitation, private_body_public_key=shanghai.private_body_public_key),
        thief.request(invitation, proof_of_possession=bytes(64)),
    ]
    for attempt in attempts:
        with pytest.raises(ProofOfPossessionInvalid):
            desk.run(attempt)
    assert desk.run(shanghai.request(invitation)).state is EnrolmentState.WAITING


def test_proof_for_another_invitation_is_refused(desk: EnrolmentDesk, shanghai: Candidate) -> None:
    earlier = shanghai.request(desk.invite("31"))
    newer = decode_invitation(desk.invite("31"))
    with pytest.raises(ProofOfPossessionInvalid):
        desk.run(replace(earlier, invitation_secret=newer.secret))


def test_certificate_request_for_another_node_is_refused(desk: EnrolmentDesk, shanghai: Candidate) -> None:
    request = shanghai.request(desk.invite("31"))
    with pytest.raises(CertificateRequestInvalid):
        desk.run(replace(request, tls_certificate_request=tls.certificate_request(shanghai.tls_key, "00")))


def test_two_nodes_never_share_a_key(desk: EnrolmentDesk, shanghai: Candidate) -> None:
    copy = Candidate("44", seed=3)
    desk.run(shanghai.request(desk.invite("31")))
    desk.run(copy.request(desk.invite("44")))
    desk.run(ApproveNode("31", "operator"))
    with pytest.raises(KeyInUse):
        desk.run(ApproveNode("44", "operator"))
    with pytest.raises(KeyInUse):
        desk.run(copy.request(desk.invite("44")))


# Approving


def test_approved_node_is_in_the_directory(desk: EnrolmentDesk, shanghai: Candidate, clock: HandClock) -> None:
    invitation = desk.invite("31")
    desk.run(shanghai.request(invitation))
    clock.at_us += DAY_US
    approved = desk.run(ApproveNode("31", "operator", shanghai.signer.key_id))
    answer = desk.run(shanghai.request(invitation))
    assert answer.state is EnrolmentState.APPROVED
    assert answer.link_address == "hq.example:7002"
    directory = verify_directory(decode_signed(answer.signed_directory), desk.authority.root_public_key, clock.now_us())
    assert directory.version == approved.directory_version == 2
    entry = directory.node("31")
    assert entry is not None
    assert (entry.name_zh, entry.name_en, entry.status) == ("上海", "Shanghai", NodeStatus.ACTIVE)
    assert [key.use for key in entry.keys] == [KeyUse.SIGNING, KeyUse.PRIVATE_BODIES]
    assert directory.signing_key("31", shanghai.signer.key_id, clock.now_us()) == (ED25519, shanghai.signer.public_key)
    assert directory.signing_key("31", shanghai.signer.key_id, clock.now_us() - 1) is None
    node, fingerprint = tls.peer_node_from_certificate(answer.tls_certificate)
    assert (node, fingerprint) == ("31", entry.tls_fingerprint)
    tls.require_issued_for(answer.tls_certificate, desk.certificates.authority, "31", shanghai.tls_key.public_key())
    reader = directory.private_body_reader("31")
    assert reader is not None
    own = OwnKeys("31", frozenset({shanghai.signer.key_id}), frozenset({reader.key_id}), fingerprint)
    check_own_entry(directory, own)


def test_each_approval_publishes_the_next_version(desk: EnrolmentDesk) -> None:
    first = desk.directory
    for seed, node in enumerate(("31", "44"), start=5):
        desk.run(Candidate(node, seed).request(desk.invite(node)))
        desk.run(ApproveNode(node, "operator"))
    published = [event for event in desk.events if isinstance(event, DirectoryPublished)]
    assert [event.version for event in published] == [1, 2, 3]
    assert desk.directory.active_provinces() == ("31", "44")
    assert desk.directory.region("east-china") == ("31",)
    root = desk.authority.root_public_key
    versions = [verify_directory(decode_signed(e.signed), root, desk.clock.now_us()) for e in published]
    assert versions[1].previous_hash == first.hash == versions[0].hash
    assert versions[2].previous_hash == versions[1].hash == published[1].hash


def test_approving_again_changes_nothing(desk: EnrolmentDesk, shanghai: Candidate) -> None:
    desk.run(shanghai.request(desk.invite("31")))
    approved = desk.run(ApproveNode("31", "operator"))
    assert desk.run(ApproveNode("31", "operator")) == approved
    assert desk.directory.version == 2


def test_other_key_than_the_operator_compared_is_not_approved(desk: EnrolmentDesk, shanghai: Candidate) -> None:
    desk.run(Candidate("31", seed=66).request(desk.invite("31")))
    with pytest.raises(ApprovedKeyDiffers):
        desk.run(ApproveNode("31", "operator", shanghai.signer.key_id))
    assert desk.directory.version == 1


def test_nobody_is_approved_who_did_not_ask(desk: EnrolmentDesk) -> None:
    desk.invite("31")
    with pytest.raises(EnrolmentNotFound):
        desk.run(ApproveNode("31", "operator"))


def test_enrolled_node_gets_the_same_answer_under_a_new_invitation(desk: EnrolmentDesk, shanghai: Candidate) -> None:
    invitation = desk.invite("31")
    desk.run(shanghai.request(invitation))
    desk.run(ApproveNode("31", "operator"))
    answer = desk.run(shanghai.request(invitation))
    assert desk.run(shanghai.request(desk.invite("31"))) == answer


def test_enrolled_node_does_not_change_its_keys_by_enrolling(desk: EnrolmentDesk, shanghai: Candidate) -> None:
    desk.run(shanghai.request(desk.invite("31")))
    desk.run(ApproveNode("31", "operator"))
    with pytest.raises(NodeAlreadyEnrolled) as caught:
        desk.run(Candidate("31", seed=66).request(desk.invite("31")))
    assert caught.value.code == "NODE_ALREADY_ENROLLED"


def test_revoked_node_gets_no_answer(desk: EnrolmentDesk, shanghai: Candidate, clock: HandClock) -> None:
    invitation = desk.invite("31")
    desk.run(shanghai.request(invitation))
    desk.run(ApproveNode("31", "operator"))
    clock.at_us += 1
    desk.run(RevokeNode("31", "stolen", "li.na"))
    with pytest.raises(NodeRevoked):
        desk.run(shanghai.request(invitation))
    # Nor by a new one, with the keys that were revoked.
    with pytest.raises(KeyRevoked):
        desk.run(shanghai.request(desk.invite("31")))


def test_an_enrolled_node_gets_a_new_certificate_by_a_new_invitation(
    desk: EnrolmentDesk, shanghai: Candidate, clock: HandClock
) -> None:
    invitation = desk.invite("31")
    desk.run(shanghai.request(invitation))
    desk.run(ApproveNode("31", "operator"))
    first = desk.run(shanghai.request(invitation))
    clock.at_us += 700 * DAY_US
    again = desk.invite("31")
    renewed = desk.run(shanghai.request(again))
    assert renewed.tls_certificate != first.tls_certificate
    entry = desk.directory.node("31")
    assert entry is not None
    assert entry.tls_fingerprint == tls.fingerprint(renewed.tls_certificate)
    assert (
        entry.keys
        == open_directory(decode_signed(first.signed_directory), desk.authority.root_public_key).nodes[-1].keys
    )
    version = desk.directory.version
    assert desk.run(shanghai.request(again)) == renewed
    assert desk.directory.version == version


def test_publishing_again_prolongs_the_directory(desk: EnrolmentDesk, clock: HandClock) -> None:
    former = desk.directory
    clock.at_us += 20 * DAY_US
    desk.run(PublishDirectory())
    assert desk.directory.version == 2
    assert desk.directory.valid_until_us == former.valid_until_us + 20 * DAY_US
    assert desk.directory.nodes == former.nodes
    assert desk.directory.region_lists == former.region_lists


# Listing


def test_list_shows_how_far_each_node_is(desk: EnrolmentDesk, shanghai: Candidate, clock: HandClock) -> None:
    desk.invite("11")
    clock.at_us += 10 * DAY_US
    desk.invite("12")
    desk.run(Candidate("44", seed=4).request(desk.invite("44")))
    desk.run(shanghai.request(desk.invite("31")))
    desk.run(ApproveNode("31", "operator"))
    listed = {row.node: row for row in list_nodes(desk.connection, clock.now_us())}
    assert {node: row.state for node, row in listed.items()} == {
        "00": NodeState.ACTIVE,
        "11": NodeState.INVITATION_EXPIRED,
        "12": NodeState.INVITED,
        "31": NodeState.ACTIVE,
        "44": NodeState.WAITING,
    }
    assert listed["31"].signing_key_id == shanghai.signer.key_id
    assert listed["31"].tls_fingerprint == desk.directory.nodes[1].tls_fingerprint.hex()
    assert (listed["31"].directory_version, listed["44"].directory_version) == (2, 0)
    assert (listed["44"].name_zh, listed["44"].software_version) == ("广东", "0.1.0")
    assert listed["31"].approved_at_us == clock.now_us()


def test_empty_hq_lists_nothing(tmp_path: Path, databases: Databases, clock: HandClock) -> None:
    desk = EnrolmentDesk(tmp_path, databases.with_tables(), clock)
    assert list_nodes(desk.connection, clock.now_us()) == []
    desk.close()
