"""A province's machine is lost under load. It comes back from a backup, takes back what it forgot, and goes on."""

from __future__ import annotations

import asyncio
import shutil
from functools import partial
from pathlib import Path

import pytest

import hq_node.bootstrap
from common.backup.creating import create_backup
from common.backup.restoring import Kind, restore_backup
from common.backup.secrets import KEY_FILE, Secret
from common.backup.settings import BackupSettings
from common.backup.verifying import verify_backup
from common.clock import SystemClock
from common.program.data_directory import DataDirectory, RestoredNotRecovered
from common.program.initialising import resume_link_of
from hq_node.taking_back import HqTakenBack
from province_node import bootstrap
from province_node.directory.enrolment import ApprovalPending, EnrolmentOptions, enrol
from tests.support.judgement import verdict
from tests.support.request_load import Job, Load, plan_jobs
from tests.support.running import RunningFederation, RunningNode, import_customers

PROVINCES = ("31", "44")
CUSTOMERS, HOT_SUBSCRIPTIONS = 40, 20
BOTH, FROM_SHANGHAI = 60, 80
LOST_AFTER = 30
SECRET = Secret(KEY_FILE, bytes(range(32)))


def back_up(node: RunningNode, directory: Path, kind: Kind = bootstrap.KIND) -> Path:
    """A backup of a node that serves."""
    data = DataDirectory(node.data_dir)
    settings = data.load_settings(kind.settings)
    chosen = BackupSettings(directory=str(directory))
    return create_backup(data, kind.schema, settings.code, chosen, SECRET, SystemClock()).path


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


class Interrupted(Exception):
    """As by a signal."""


def test_hq_takes_back_from_its_provinces_what_it_forgot_and_they_need_no_command(tmp_path: Path) -> None:
    """HQ's machine is lost under load; the provinces go on by themselves when it is back."""
    with RunningFederation(tmp_path, PROVINCES) as federation:
        held = {code: import_customers(federation[code], code, CUSTOMERS) for code in PROVINCES}
        hot = {code: subscriptions[:HOT_SUBSCRIPTIONS] for code, subscriptions in held.items()}
        hq, planned = federation.hq, plan_jobs(0, 2 * BOTH, PROVINCES, hot)
        with Load(federation, planned) as load:
            load.wait_until_ended(BOTH // 2)
            backup = back_up(hq, tmp_path / "backups", hq_node.bootstrap.KIND)
            load.wait_until_ended(BOTH)
            hq.kill()
            shutil.rmtree(hq.data_dir)
            restore_backup(backup, SECRET, hq_node.bootstrap.KIND, hq.data_dir)
            (hq.data_dir / "federation.address").write_text(f"localhost:{federation.port}\n", encoding="utf-8")
            with pytest.raises(RestoredNotRecovered):
                hq_node.bootstrap.serve(hq.data_dir)
            taken = recover_hq_interrupted(hq.data_dir)
            hq.start()
        federation.wait_until_quiet()
        assert set(federation.stop_all().values()) == {0}
        assert (sorted(taken.provinces), taken.without) == (list(PROVINCES), [])
        assert verdict(federation, planned, load.results.request_ids, held) == []
    assert verify_backup(backup, SECRET, hq_node.bootstrap.KIND, tmp_path).findings == ()


def recover_hq_interrupted(data_dir: Path) -> HqTakenBack:
    """Taken back at the second attempt: the first one ended in the middle of a link."""

    def interrupt(what: str, done: int, _total: int) -> None:
        if what.startswith("00>") and done:
            raise Interrupted

    with pytest.raises(Interrupted):
        hq_node.bootstrap.recover(data_dir, interrupt)
    return hq_node.bootstrap.recover(data_dir, lambda _what, _done, _total: None)


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
