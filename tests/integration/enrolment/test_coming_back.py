"""A province that was revoked comes back with keys that nobody else has, whatever was lost on the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from common.security.keyring import NODE_USES, Keyring
from common.security.private_keys import public_bytes
from hq_node.directory.commands import ApproveNode, RevokeNode
from province_node.directory.enrolment import NEW_KEYS_NOTE, ApprovalPending, enrol
from tests.integration.enrolment.conftest import ENGLISH, Hq, joined
from tests.support.enrolment import HandClock


async def test_node_that_comes_back_with_new_keys_offers_none_that_lay_beside_the_old_ones(
    hq: Hq, data_dir: Path, clock: HandClock
) -> None:
    """Whoever took the machine's keys has the next ones of an unfinished rotation too, which HQ has never heard of."""
    await joined(hq, data_dir, clock)
    stolen = Keyring.load(data_dir).with_new_keys(data_dir, NODE_USES)
    clock.at_us += 1_000_000
    hq.desk.run(RevokeNode("31", "stolen", "operator"))
    clock.at_us += 1_000_000
    invitation, shown = hq.desk.invite("31"), list[str]()
    options = replace(ENGLISH, new_keys=True, on_waiting=shown.append)
    for _ in range(2):
        with pytest.raises(ApprovalPending):
            await enrol(invitation, "31", data_dir, "0.1.0", clock, options)
    hq.desk.run(ApproveNode("31", "operator"))
    await enrol(invitation, "31", data_dir, "0.1.0", clock, options)
    keyring = Keyring.load(data_dir)
    assert set(shown) == {keyring.signer.key_id}
    assert not {signer.key_id for signer in stolen.signers} & set(shown)
    assert keyring.private_body_keys.reader("31").public_key != stolen.private_body_keys.reader("31").public_key
    assert public_bytes(keyring.tls_key) != public_bytes(stolen.tls_key)


async def test_node_that_was_let_in_with_new_keys_offers_them_by_the_next_invitation_too(
    hq: Hq, data_dir: Path, clock: HandClock
) -> None:
    """HQ's answer was lost, and somebody invited the node once more: with other keys it would be refused for good."""
    await joined(hq, data_dir, clock)
    clock.at_us += 1_000_000
    hq.desk.run(RevokeNode("31", "stolen", "operator"))
    clock.at_us += 1_000_000
    shown = list[str]()
    options = replace(ENGLISH, new_keys=True, on_waiting=shown.append)
    with pytest.raises(ApprovalPending):
        await enrol(hq.desk.invite("31"), "31", data_dir, "0.1.0", clock, options)
    hq.desk.run(ApproveNode("31", "operator"))
    await enrol(hq.desk.invite("31"), "31", data_dir, "0.1.0", clock, options)
    assert [Keyring.load(data_dir).signer.key_id] == shown
    assert not (data_dir / NEW_KEYS_NOTE).exists()


async def test_node_whose_new_keys_were_ended_too_makes_others(hq: Hq, data_dir: Path, clock: HandClock) -> None:
    await joined(hq, data_dir, clock)
    (data_dir / NEW_KEYS_NOTE).write_text(Keyring.load(data_dir).signer.key_id)
    (data_dir / NEW_KEYS_NOTE).chmod(0o600)
    before = Keyring.load(data_dir).signer.key_id
    clock.at_us += 1_000_000
    hq.desk.run(RevokeNode("31", "stolen", "operator"))
    clock.at_us += 1_000_000
    with pytest.raises(ApprovalPending):
        await enrol(hq.desk.invite("31"), "31", data_dir, "0.1.0", clock, replace(ENGLISH, new_keys=True))
    assert Keyring.load(data_dir).signer.key_id != before
