"""A province's machine is lost under load. It comes back from a backup, takes back what it forgot, and goes on."""

from __future__ import annotations

import asyncio
import shutil
from functools import partial
from pathlib import Path

import pytest

from common.backup.creating import create_backup
from common.backup.restoring import restore_backup
from common.backup.secrets import KEY_FILE, Secret
from common.backup.settings import BackupSettings
from common.backup.verifying import verify_backup
from common.clock import SystemClock
from common.program.data_directory import DataDirectory, RestoredNotRecovered
from common.program.initialising import resume_link_of
from province_node import bootstrap
from province_node.directory.enrolment import ApprovalPending, EnrolmentOptions, enrol
from province_node.settings import ProvinceSettings
from tests.support.judgement import verdict
from tests.support.request_load import Job, Load, plan_jobs
from tests.support.running import RunningFederation, RunningNode, import_customers

PROVINCES = ("31", "44")
CUSTOMERS, HOT_SUBSCRIPTIONS = 40, 20
BOTH, FROM_SHANGHAI = 60, 80
LOST_AFTER = 30
SECRET = Secret(KEY_FILE, bytes(range(32)))


def back_up(node: RunningNode, directory: Path) -> Path:
    """A backup of a node that serves."""
    data = DataDirectory(node.data_dir)
    settings = data.load_settings(ProvinceSettings)
    chosen = BackupSettings(directory=str(directory))
    return create_backup(data, bootstrap.SCHEMA, settings.code, chosen, SECRET, SystemClock()).path


def lose_and_bring_back(node: RunningNode, backup: Path) -> dict[str, int]:
    """The machine is gone with all that was on it; what recovering took back."""
    node.kill()
    shutil.rmtree(node.data_dir)
    restore_backup(backup, SECRET, bootstrap.KIND, node.data_dir)
    taken = bootstrap.recover(node.data_dir, lambda _what, _done, _total: None).to_dict()
    node.start()
    return taken


def test_the_former_machine_is_shut_out_when_the_node_comes_back_with_new_keys(tmp_path: Path) -> None:
    """It was not lost at all: it comes back beside the restored one, with all that it knew."""
    with RunningFederation(tmp_path, PROVINCES) as federation:
        held = {code: import_customers(federation[code], code, CUSTOMERS) for code in PROVINCES}
        hq, guangdong = federation.hq, federation["44"]
        with Load(federation, plan_jobs(0, BOTH, PROVINCES, held)) as first:
            first.wait_until_ended(BOTH // 2)
            backup = back_up(guangdong, tmp_path / "backups")
        federation.wait_until_quiet()
        guangdong.kill()
        former = RunningNode("province_node", tmp_path / "former" / "44")
        former.data_dir.parent.mkdir()
        guangdong.data_dir.rename(former.data_dir)
        restore_backup(backup, SECRET, bootstrap.KIND, guangdong.data_dir)
        with pytest.raises(RestoredNotRecovered):
            bootstrap.serve(guangdong.data_dir)
        hq.post("/nodes/44/revoke", {"reason": "machine lost", "by": "li.na"})
        enrol_anew(federation, "44")
        bootstrap.recover(guangdong.data_dir, lambda _what, _done, _total: None)
        guangdong.start()
        former.launch()
        try:
            former.wait_for("link ended", reason="CERTIFICATE_UNKNOWN")
        finally:
            former.kill()
        planned = plan_jobs(1, BOTH, PROVINCES, held)
        with Load(federation, planned) as second:
            second.wait_until_ended(BOTH)
        federation.wait_until_quiet()
        assert set(federation.stop_all().values()) == {0}
        request_ids = first.results.request_ids | second.results.request_ids
        alarms = frozenset({"CERTIFICATE_UNKNOWN"})
        assert verdict(federation, [*plan_jobs(0, BOTH, PROVINCES, held), *planned], request_ids, held, alarms) == []


def enrol_anew(federation: RunningFederation, code: str) -> None:
    """The whole way, as the command does it."""
    data = DataDirectory(federation[code].data_dir)
    invitation = federation.hq.post("/nodes/invitations", {"node": code, "valid_hours": 1})["invitation"]
    options = EnrolmentOptions(new_keys=True, resume=partial(resume_link_of, data, code, SystemClock().now_us()))

    def ask() -> None:
        asyncio.run(enrol(invitation, code, data.path, "0.1.0", SystemClock(), options))

    with pytest.raises(ApprovalPending):
        ask()
    federation.hq.post(f"/nodes/{code}/approve", {"signing_key_id": ""})
    ask()


def test_nothing_is_lost_or_done_twice_when_a_node_comes_back_from_one_and_from_two_backups_ago(
    tmp_path: Path,
) -> None:
    with RunningFederation(tmp_path, PROVINCES) as federation:
        held = {code: import_customers(federation[code], code, CUSTOMERS) for code in PROVINCES}
        hot = {code: subscriptions[:HOT_SUBSCRIPTIONS] for code, subscriptions in held.items()}
        guangdong, backups = federation["44"], []
        jobs: list[Job] = []
        request_ids: dict[str, str] = {}
        for phase in range(2):
            planned = plan_jobs(phase, BOTH, PROVINCES, hot)
            with Load(federation, planned) as load:
                load.wait_until_ended(BOTH // 2)
                backups.append(back_up(guangdong, tmp_path / "backups"))
            jobs += planned
            request_ids |= load.results.request_ids
        federation.wait_until_quiet()
        for phase, backup in ((2, backups[1]), (3, backups[0])):
            # What its own customers ask of others, and nobody else has heard of yet, would be lost with the machine.
            planned = plan_jobs(phase, FROM_SHANGHAI, ("31",), hot)
            with Load(federation, planned) as load:
                load.wait_until_ended(LOST_AFTER)
                taken = lose_and_bring_back(guangdong, backup)
            assert taken["answers"] >= LOST_AFTER
            assert taken["requests"] or backup is backups[1]
            jobs += planned
            request_ids |= load.results.request_ids
        federation.wait_until_quiet()
        assert set(federation.stop_all().values()) == {0}
        assert verdict(federation, jobs, request_ids, held) == []
    for backup in backups:
        assert verify_backup(backup, SECRET, bootstrap.KIND, tmp_path).findings == ()
