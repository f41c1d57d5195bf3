"""Backups by schedule: when one is due, how many stay, and that a node that stops does not wait for one."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import province_node.bootstrap
from common.backup.naming import found_in
from common.backup.schedule import NodeStops, back_up_if_due
from common.backup.settings import BackupSettings
from common.program.data_directory import DataDirectory
from province_node.settings import ProvinceSettings
from tests.support.enrolment import HandClock

HOUR_US = 3_600_000_000
SCHEMA = province_node.bootstrap.SCHEMA


@dataclass
class ScheduledNode:
    """What the schedule sees of a node."""

    context: Any
    clock: HandClock
    data: DataDirectory
    reads: Any = None
    writer: Any = None


@dataclass(frozen=True)
class Named:
    node: str


@pytest.fixture
def node(tmp_path: Path) -> ScheduledNode:
    province_node.bootstrap.init(tmp_path / "31", node="31")
    data = DataDirectory(tmp_path / "31")
    data.load_settings(ProvinceSettings)
    return ScheduledNode(Named("31"), HandClock(), data)


@pytest.fixture
def settings(tmp_path: Path) -> BackupSettings:
    (tmp_path / "key").write_bytes(bytes(range(32)))
    (tmp_path / "key").chmod(0o600)
    return BackupSettings(directory=str(tmp_path / "backups"), every_hours=6, keep=2, key_file=str(tmp_path / "key"))


def test_one_is_made_when_the_newest_is_old_enough_and_so_many_stay(
    node: ScheduledNode, settings: BackupSettings, tmp_path: Path
) -> None:
    made = []
    for _ in range(16):
        made.append(back_up_if_due(node, SCHEMA, settings, threading.Event()))
        node.clock.at_us += 2 * HOUR_US
    assert [number for number, each in enumerate(made) if each is not None] == [0, 3, 6, 9, 12, 15]
    left = [each.path for each in found_in(tmp_path / "backups")]
    assert left == [each.path for each in (made[15], made[12]) if each is not None]


def test_a_node_that_stops_gives_the_backup_up(node: ScheduledNode, settings: BackupSettings, tmp_path: Path) -> None:
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(NodeStops):
        back_up_if_due(node, SCHEMA, settings, stopped)
    assert found_in(tmp_path / "backups") == []
    assert [path.name for path in node.data.path.iterdir() if path.name.startswith(".")] == []
