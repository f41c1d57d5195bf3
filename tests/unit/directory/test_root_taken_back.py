"""The root key is brought back to HQ where nothing can be signed twice; an alarm says how long it has been needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.alarms.commands import Reading
from common.security.key_protection import KeyProtection
from common.security.keyring import Keyring
from hq_node.directory.commands import ImportSigned, SuspendNode
from hq_node.directory.draft_repository import draft_readings
from hq_node.directory.root_key_file import RootFileNotInForce, RootKeyFile, RootSignedBeyond, taken_back
from tests.support.enrolment import EnrolmentDesk, HandClock
from tests.support.root_files import Vault
from tests.unit.directory.conftest import DAY_US


def test_what_waits_for_long_is_read_for_the_alarm_by_the_time_since_it_began(
    desk: EnrolmentDesk, vault: Vault, clock: HandClock
) -> None:
    assert draft_readings(desk.connection, clock.at_us) == []
    version = desk.directory.version
    desk.run(SuspendNode("31", "why", "li.na"))
    clock.at_us += DAY_US
    signed = vault.sign(vault.exported())
    # Amended, it waits on; what remains after the signature waits from then on.
    desk.run(SuspendNode("44", "why", "li.na"))
    (reading,) = draft_readings(desk.connection, clock.at_us)
    assert reading == Reading("DRAFT_WAITING", f"version {version + 1}", 24.0)
    desk.run(ImportSigned(signed))
    (reading,) = draft_readings(desk.connection, clock.at_us + DAY_US // 2)
    assert reading == Reading("DRAFT_WAITING", f"version {version + 2}", 12.0)
    vault.publish()
    assert draft_readings(desk.connection, clock.at_us) == []


def test_the_root_is_taken_back_where_hq_has_all_that_it_signed(
    desk: EnrolmentDesk, vault: Vault, tmp_path: Path
) -> None:
    first = desk.authority.root_public_key
    assert taken_back(vault.key, first, desk.directory) == vault.key.private_key
    desk.run(SuspendNode("31", "why", "li.na"))
    signed = vault.sign(vault.exported())
    with pytest.raises(RootSignedBeyond) as refused:
        taken_back(vault.key, first, desk.directory)
    assert "import-signed" in refused.value.remedy("zh-CN")
    desk.run(ImportSigned(signed))
    kept = desk.keyring.with_root(tmp_path / "hq", taken_back(vault.key, first, desk.directory))
    assert kept.root_signer.public_key == vault.key.signer.public_key
    assert Keyring.load(tmp_path / "hq").root_signer.public_key == vault.key.signer.public_key
    # Once more changes nothing.
    assert len(kept.with_root(tmp_path / "hq", vault.key.private_key).root_signers) == 1


def test_a_fork_another_federations_root_and_a_former_one_are_not_taken_back(
    desk: EnrolmentDesk, vault: Vault, protection: KeyProtection
) -> None:
    first = desk.authority.root_public_key
    fork = vault.key.signed(desk.directory.version, bytes(32))
    with pytest.raises(RootSignedBeyond):
        taken_back(fork, first, desk.directory)
    stranger = RootKeyFile(bytes(range(32)), first, 1, b"", protection)
    with pytest.raises(RootFileNotInForce):
        taken_back(stranger, first, desk.directory)
    with pytest.raises(RootFileNotInForce):
        taken_back(vault.key, bytes(32), desk.directory)
