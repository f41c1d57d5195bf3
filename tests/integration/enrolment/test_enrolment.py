"""A province joins over real TLS: end to end, and every way in which it must not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from common.directory.invitation import InvitationUnreadable, decode_invitation, encode_invitation
from common.directory.model import OwnEntryWrong
from common.directory.signing import DirectoryNotByRoot, sign_directory
from common.gen.quanwang.federation.v1 import enrolment_pb2 as pb
from common.gen.quanwang.federation.v1 import enrolment_pb2_grpc as pb_grpc
from common.rpc.status import reason_code_of
from common.security import tls
from common.security.keyring import Keyring, KeyringUse
from common.security.private_files import write_private
from common.security.signing import Ed25519Signer
from common.security.tls import CertificateUnusable
from hq_node.directory.commands import ApproveNode, RotateRoot
from province_node.directory import enrolment
from province_node.directory.enrolment import (
    ApprovalPending,
    EnrolmentAnswerUnusable,
    EnrolmentOptions,
    EnrolmentRefused,
    HqCertificateOutOfDate,
    HqNotAuthentic,
    HqUnreachable,
    InvitationForAnotherNode,
    OtherFederation,
    checked_membership,
    enrol,
    enrolment_request,
)
from province_node.directory.membership import Membership, MembershipDamaged, NotEnrolled, TrustedRootLost
from tests.integration.enrolment.conftest import ENGLISH, Hq, joined
from tests.support.enrolment import EnrolmentDesk, HandClock
from tests.support.stores import SQLITE, Databases


class Approver:
    """Stands in for sleeping: the clock moves on, and at the second wait HQ's operator approves."""

    def __init__(self, desk: EnrolmentDesk, clock: HandClock, at_wait: int = 2) -> None:
        self._desk = desk
        self._clock = clock
        self._at_wait = at_wait
        self.waits_s: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits_s.append(seconds)
        self._clock.at_us += round(seconds * 1e6)
        if len(self.waits_s) == self._at_wait:
            self._desk.run(ApproveNode("31", "operator"))


# Joining


async def test_province_joins_when_an_operator_approves(hq: Hq, data_dir: Path, clock: HandClock) -> None:
    approver = Approver(hq.desk, clock)
    shown: list[str] = []
    options = EnrolmentOptions(wait_us_max=60_000_000, on_waiting=shown.append)
    membership = await enrol(hq.desk.invite("31"), "31", data_dir, "0.1.0", clock, options, approver.sleep)
    assert Membership.load(data_dir) == membership
    assert membership.link_address == "hq.example:7002"
    assert membership.directory().active_provinces() == ("31",)
    assert membership.directory().hash == hq.desk.directory.hash
    assert approver.waits_s == [1.0, 2.0]
    keyring = Keyring.load(data_dir)
    assert shown == [keyring.signer.key_id]
    assert hq.desk.directory.signing_key("31", keyring.signer.key_id, clock.now_us()) is not None
    assert (data_dir / "federation.json").stat().st_mode & 0o777 == 0o600


async def test_waiting_ends_at_the_limit(hq: Hq, data_dir: Path, clock: HandClock) -> None:
    approver = Approver(hq.desk, clock, at_wait=99)
    options = EnrolmentOptions(wait_us_max=100_000_000)
    with pytest.raises(ApprovalPending) as caught:
        await enrol(hq.desk.invite("31"), "31", data_dir, "0.1.0", clock, options, approver.sleep)
    assert approver.waits_s == [1, 2, 4, 8, 16, 30, 30, 9]
    assert Keyring.load(data_dir).signer.key_id in caught.value.text("zh")
    with pytest.raises(NotEnrolled):
        Membership.load(data_dir)


async def test_enrolment_may_be_repeated_after_a_crash_anywhere(
    hq: Hq, data_dir: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    invitation = hq.desk.invite("31")
    steps = ["_ask_until_approved", "checked_membership"]
    for step in steps:
        with monkeypatch.context() as crashing:
            crashing.setattr(enrolment, step, lambda *_: 1 / 0)
            if step == "checked_membership":
                with pytest.raises(ApprovalPending):
                    await enrol(invitation, "31", data_dir, "0.1.0", clock, ENGLISH)
                hq.desk.run(ApproveNode("31", "operator"))
            with pytest.raises(ZeroDivisionError):
                await enrol(invitation, "31", data_dir, "0.1.0", clock, ENGLISH)
        with pytest.raises(NotEnrolled):
            Membership.load(data_dir)
    with monkeypatch.context() as crashing:

        def cut_short(path: Path, content: bytes) -> None:
            raise OSError("power cut")

        crashing.setattr("province_node.directory.membership.write_private", cut_short)
        with pytest.raises(OSError, match="power cut"):
            await enrol(invitation, "31", data_dir, "0.1.0", clock, ENGLISH)
    membership = await enrol(invitation, "31", data_dir, "0.1.0", clock, ENGLISH)
    assert membership == await enrol(invitation, "31", data_dir, "0.1.0", clock, ENGLISH)
    assert hq.desk.directory.version == 2


async def test_enrolment_mends_a_damaged_membership(hq: Hq, data_dir: Path, clock: HandClock) -> None:
    membership = await joined(hq, data_dir, clock)
    write_private(data_dir / "federation.json", b"{")
    with pytest.raises(MembershipDamaged):
        Membership.load(data_dir)
    assert await enrol(hq.desk.invite("31"), "31", data_dir, "0.1.0", clock, ENGLISH) == membership


@pytest.mark.parametrize("change", [{"format": 2}, {"root_public_key": "xyz"}, {"tls_certificate": 1}])
async def test_membership_with_impossible_content_is_damaged(
    hq: Hq, data_dir: Path, clock: HandClock, change: dict[str, Any]
) -> None:
    await joined(hq, data_dir, clock)
    path = data_dir / "federation.json"
    write_private(path, json.dumps(json.loads(path.read_text()) | change).encode())
    with pytest.raises(MembershipDamaged):
        Membership.load(data_dir)


# Not joining


async def test_invitation_is_shown_to_no_other_hq(hq: Hq, tmp_path: Path, data_dir: Path, clock: HandClock) -> None:
    other = EnrolmentDesk(tmp_path / "other", Databases(SQLITE, tmp_path).with_tables("other"), clock)
    invitation = decode_invitation(other.invite("31"))
    with pytest.raises(HqNotAuthentic) as caught:
        await enrol(encode_invitation(replace(invitation, address=hq.address)), "31", data_dir, "0.1.0", clock, ENGLISH)
    assert "不是签发" in caught.value.text("zh")
    assert not [event for event in hq.desk.events if getattr(event, "node", "") == "31"]
    other.close()


async def test_invitation_is_not_shown_to_a_province_that_poses_as_hq(
    hq: Hq, tmp_path: Path, data_dir: Path, clock: HandClock
) -> None:
    await joined(hq, data_dir, clock)
    impostor, membership = Keyring.load(data_dir), Membership.load(data_dir)
    server = grpc.aio.server()
    credentials = tls.enrolment_server_credentials(impostor.tls_key_pem, membership.tls_certificate_pem)
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    invitation = replace(decode_invitation(hq.desk.invite("44")), address=f"127.0.0.1:{port}")
    with pytest.raises(HqNotAuthentic):
        await enrol(encode_invitation(invitation), "44", tmp_path / "guangdong", "0.1.0", clock, ENGLISH)
    await server.stop(None)


@pytest.mark.parametrize(
    ("node", "age_us", "refusal"),
    [("44", 0, HqNotAuthentic), ("00", 2 * tls.BACKDATED_US, HqCertificateOutOfDate)],
    ids=["another node's", "expired"],
)
async def test_server_certificate_must_be_hq_s_and_valid(
    desk: EnrolmentDesk, data_dir: Path, clock: HandClock, node: str, age_us: int, refusal: type[Exception]
) -> None:
    public_key, issued_at_us = desk.keyring.tls_key.public_key(), clock.now_us() - age_us
    certificate = tls.issue_server_certificate(
        desk.authority.tls, public_key, node, [], bytes(tls.SERIAL_BYTES), issued_at_us, tls.BACKDATED_US
    )
    desk.certificates = desk.certificates._replace(server=certificate)
    hq = Hq(desk)
    await hq.server.start()
    with pytest.raises(refusal):
        await enrol(desk.invite("31"), "31", data_dir, "0.1.0", clock, ENGLISH)
    await hq.server.stop(None)


async def test_unreachable_hq_is_said_to_be_so(hq: Hq, data_dir: Path, clock: HandClock) -> None:
    invitation = hq.desk.invite("31")
    await hq.server.stop(None)
    with pytest.raises(HqUnreachable, match=f"{hq.address} .Connection refused"):
        await enrol(invitation, "31", data_dir, "0.1.0", clock, ENGLISH)


async def test_hq_that_cannot_store_is_asked_again(hq: Hq, data_dir: Path, clock: HandClock) -> None:
    hq.away = True

    async def recover(seconds: float) -> None:
        hq.away = False
        clock.at_us += 10_000_000

    with pytest.raises(ApprovalPending):
        await enrol(
            hq.desk.invite("31"), "31", data_dir, "0.1.0", clock, EnrolmentOptions(wait_us_max=5_000_000), recover
        )
    hq.away = True
    with pytest.raises(HqUnreachable, match="STORAGE_UNAVAILABLE"):
        await enrol(hq.desk.invite("31"), "31", data_dir, "0.1.0", clock, ENGLISH)


async def test_replayed_invitation_is_refused(hq: Hq, tmp_path: Path, data_dir: Path, clock: HandClock) -> None:
    invitation = hq.desk.invite("31")
    with pytest.raises(ApprovalPending):
        await enrol(invitation, "31", data_dir, "0.1.0", clock, ENGLISH)
    with pytest.raises(EnrolmentRefused) as caught:
        await enrol(invitation, "31", tmp_path / "thief", "0.1.0", clock, EnrolmentOptions(language="zh-CN"))
    assert caught.value.facts["reason_code"] == "INVITATION_USED"
    assert "已被其他密钥使用" in caught.value.text("zh")


async def test_expired_invitation_is_refused(hq: Hq, data_dir: Path, clock: HandClock) -> None:
    invitation = hq.desk.invite("31")
    clock.at_us = decode_invitation(invitation).expires_at_us
    with pytest.raises(EnrolmentRefused, match="INVITATION_EXPIRED"):
        await enrol(invitation, "31", data_dir, "0.1.0", clock, ENGLISH)


async def test_invitation_for_another_node_is_not_used(hq: Hq, data_dir: Path, clock: HandClock) -> None:
    with pytest.raises(InvitationForAnotherNode):
        await enrol(hq.desk.invite("44"), "31", data_dir, "0.1.0", clock, ENGLISH)
    with pytest.raises(InvitationUnreadable):
        await enrol("hello", "31", data_dir, "0.1.0", clock, ENGLISH)
    assert not data_dir.exists()


async def test_node_in_another_s_name_is_refused(hq: Hq, data_dir: Path, clock: HandClock) -> None:
    stolen = replace(decode_invitation(hq.desk.invite("44")), node="31")
    hq.desk.invite("31")
    with pytest.raises(EnrolmentRefused, match="INVITATION_INVALID"):
        await enrol(encode_invitation(stolen), "31", data_dir, "0.1.0", clock, ENGLISH)


async def test_node_belongs_to_one_federation(hq: Hq, tmp_path: Path, data_dir: Path, clock: HandClock) -> None:
    await joined(hq, data_dir, clock)
    other = EnrolmentDesk(tmp_path / "other", Databases(SQLITE, tmp_path).with_tables("other"), clock)
    with pytest.raises(OtherFederation):
        await enrol(other.invite("31"), "31", data_dir, "0.1.0", clock, ENGLISH)
    other.close()


async def test_node_that_is_enrolled_again_keeps_its_root_when_hq_has_replaced_it_since(
    hq: Hq, tmp_path: Path, data_dir: Path, clock: HandClock
) -> None:
    """What it stored under the former root key stays good, and the new one is believed through it."""
    before = await joined(hq, data_dir, clock)
    replace_root(hq, tmp_path, clock)
    after = await enrol(hq.desk.invite("31"), "31", data_dir, "0.1.0", clock, ENGLISH)
    assert after.root_public_key == before.root_public_key
    assert after.directory().version > before.directory().version
    assert after.directory().roots[-1].public_key == hq.desk.keyring.root_signers[0].public_key


@pytest.mark.parametrize("content", [None, b"{"], ids=["missing", "damaged"])
async def test_lost_membership_goes_on_from_the_root_that_was_trusted_when_hq_has_replaced_it_since(
    hq: Hq, tmp_path: Path, data_dir: Path, clock: HandClock, content: bytes | None
) -> None:
    """What the node stored under the former root key can be read again, so it starts."""
    before = await joined(hq, data_dir, clock)
    replace_root(hq, tmp_path, clock)
    lose(data_dir / "federation.json", content)
    after = await enrol(hq.desk.invite("31"), "31", data_dir, "0.1.0", clock, ENGLISH)
    assert after == Membership.load(data_dir)
    assert after.root_public_key == before.root_public_key
    assert after.stored(before.signed()).version == before.directory().version
    assert after.directory().roots[-1].public_key == hq.desk.keyring.root_signers[0].public_key


async def test_whose_trusted_root_is_lost_as_well_is_told_what_to_put_back(
    hq: Hq, tmp_path: Path, data_dir: Path, clock: HandClock
) -> None:
    before = await joined(hq, data_dir, clock)
    replace_root(hq, tmp_path, clock)
    kept = (data_dir / "trusted-root").read_bytes()
    lose(data_dir / "federation.json", None)
    lose(data_dir / "trusted-root", b"\xff not a key")
    after = await enrol(hq.desk.invite("31"), "31", data_dir, "0.1.0", clock, ENGLISH)
    assert after.root_public_key != before.root_public_key
    with pytest.raises(TrustedRootLost) as caught:
        after.stored(before.signed())
    assert "trusted-root" in caught.value.remedy("en")
    assert "trusted-root" in caught.value.remedy("zh")
    # What it says to do helps.
    lose(data_dir / "federation.json", None)
    write_private(data_dir / "trusted-root", kept)
    mended = await enrol(hq.desk.invite("31"), "31", data_dir, "0.1.0", clock, ENGLISH)
    assert mended.stored(before.signed()).version == before.directory().version


async def test_lost_membership_leads_to_no_other_federation(
    hq: Hq, tmp_path: Path, data_dir: Path, clock: HandClock
) -> None:
    await joined(hq, data_dir, clock)
    lose(data_dir / "federation.json", None)
    write_private(data_dir / "trusted-root", Ed25519Signer(b"x" * 32).public_key.hex().encode())
    with pytest.raises(OtherFederation):
        await enrol(hq.desk.invite("31"), "31", data_dir, "0.1.0", clock, ENGLISH)
    assert not (data_dir / "federation.json").exists()


def replace_root(hq: Hq, tmp_path: Path, clock: HandClock) -> None:
    clock.at_us += 1
    hq.desk.keyring = hq.desk.keyring.with_new_keys(tmp_path / "hq", (KeyringUse.ROOT,))
    hq.desk.run(RotateRoot(hq.desk.keyring.root_signers[0].public_key))


def lose(path: Path, content: bytes | None) -> None:
    """The file is gone, or holds something else."""
    path.unlink()
    if content is not None:
        write_private(path, content)


async def test_directory_that_does_not_come_from_the_node_s_root_is_not_believed(
    hq: Hq, data_dir: Path, clock: HandClock
) -> None:
    """Though HQ's authority is the same: that much another federation could copy."""
    await joined(hq, data_dir, clock)
    content = json.loads((data_dir / "federation.json").read_bytes())
    content["root_public_key"] = Ed25519Signer(b"x" * 32).public_key.hex()
    write_private(data_dir / "federation.json", json.dumps(content).encode())
    before = Membership.load(data_dir)
    with pytest.raises(OtherFederation):
        await enrol(hq.desk.invite("31"), "31", data_dir, "0.1.0", clock, ENGLISH)
    assert Membership.load(data_dir) == before


async def call(hq: Hq, request: pb.EnrolRequest) -> pb.EnrolResponse:
    """What anybody can send to the enrolment port."""
    credentials = tls.enrolment_channel_credentials(hq.desk.certificates.authority)
    async with grpc.aio.secure_channel(hq.address, credentials, options=tls.hq_name_options()) as channel:
        response: pb.EnrolResponse = await pb_grpc.EnrolmentServiceStub(channel).Enrol(request)
        return response


async def test_stolen_certificate_request_without_its_proof_is_refused(hq: Hq, tmp_path: Path, data_dir: Path) -> None:
    invitation = decode_invitation(hq.desk.invite("31"))
    honest = enrolment_request(invitation, Keyring.create(data_dir, hq=False), "0.1.0")
    thief = enrolment_request(invitation, Keyring.create(tmp_path / "thief", hq=False), "0.1.0")
    thief.tls_certificate_request = honest.tls_certificate_request
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(hq, thief)
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert reason_code_of(caught.value) == "PROOF_OF_POSSESSION_INVALID"
    assert (await call(hq, honest)).state == pb.ENROLMENT_STATE_WAITING_FOR_APPROVAL


@pytest.mark.parametrize("part", ["node", "invitation_secret", "signing_public_key", "proof_of_possession"])
async def test_request_with_a_part_missing_is_malformed(hq: Hq, data_dir: Path, part: str) -> None:
    request = enrolment_request(decode_invitation(hq.desk.invite("31")), Keyring.create(data_dir, hq=False), "0.1.0")
    request.ClearField(part)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(hq, request)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert reason_code_of(caught.value) == "MALFORMED_ENROL_REQUEST"
    assert part in (caught.value.details() or "")


# Believing the answer


async def test_answer_that_does_not_fit_is_not_stored(hq: Hq, tmp_path: Path, data_dir: Path, clock: HandClock) -> None:
    text = hq.desk.invite("31")
    invitation = decode_invitation(text)
    keyring = Keyring.create(data_dir, hq=False)
    request = enrolment_request(invitation, keyring, "0.1.0")
    await call(hq, request)
    hq.desk.run(ApproveNode("31", "operator"))
    answer = await call(hq, request)
    now_us = clock.now_us()
    checked_membership(answer, invitation, keyring, now_us)

    def altered(**changes: Any) -> pb.EnrolResponse:
        response = pb.EnrolResponse()
        response.CopyFrom(answer)
        for name, value in changes.items():
            if name == "directory":
                response.directory.CopyFrom(value)
            else:
                setattr(response, name, value)
        return response

    current, root = hq.desk.directory, hq.desk.keyring.root_signer
    without = [entry for entry in current.nodes if entry.node != "31"]
    unlisted = sign_directory(current, without, {}, now_us, 86_400_000_000, root)
    other_root = replace(invitation, root_public_key=keyring.signer.public_key)
    other_keys = Keyring.create(tmp_path / "other", hq=False)
    with pytest.raises(EnrolmentAnswerUnusable):
        checked_membership(altered(link_address=""), invitation, keyring, now_us)
    with pytest.raises(CertificateUnusable):
        checked_membership(altered(tls_certificate=b"no certificate"), invitation, keyring, now_us)
    with pytest.raises(CertificateUnusable):
        checked_membership(
            altered(tls_certificate=tls.pem_to_der(hq.desk.certificates.server)), invitation, keyring, now_us
        )
    with pytest.raises(OwnEntryWrong):
        checked_membership(altered(directory=unlisted), invitation, keyring, now_us)
    with pytest.raises(DirectoryNotByRoot):
        checked_membership(answer, other_root, keyring, now_us)
    with pytest.raises(CertificateUnusable):
        checked_membership(answer, invitation, other_keys, now_us)
