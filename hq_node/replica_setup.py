"""A further replica of HQ: a data directory of its own, beside the keys, certificates and archive that all share.

The keys are HQ's identity. They stay where they are, and the new replica's settings name that place; only where it is
to run on a machine that does not share it are they copied, into a data directory as private as the first. What makes a
replica one of its own are its name and its ports.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from common.checks import Finding, only
from common.db.engine import store_at
from common.errors import Refusal
from common.program.data_directory import ARCHIVE_DIRECTORY, SHARED_KEYS, DataDirectory
from common.program.initialising import write_settings
from common.security.private_files import read_private, write_private
from hq_node.settings import HqSettings

LEFT_OUT = ("node.toml", "node.db*", "*.lock", "*.address", "*.sock")
"""What belongs to one process alone; the archive stays where it is, and is shared."""


class ReplicaNeedsPostgres(Refusal):
    """HQ keeps its records in a file that only one process can use."""

    en = (
        "HQ keeps its records in {database}, which one process uses alone. "
        "Replicas need PostgreSQL: set [database] url."
    )
    zh = "总部的数据保存在 {database} 中，仅供单个进程使用。多副本需要 PostgreSQL，请参见 [database] url。"


class ReplicaDirectoryExists(Refusal):
    """There is something at the place of the new data directory."""

    en = "There is something in {path} already. Name a directory that does not exist yet."
    zh = "{path} 中已有内容，请指定尚不存在的目录。"


class HqUnsound(Refusal):
    """A copy of this data directory would not be a replica of HQ."""

    en = "{path} cannot be copied as it is; not in order: {problems}. `hq-node check --data {path}` says more."
    zh = "{path} 目前不能用于创建副本，以下各项有误：{problems}。请执行 `hq-node check --data {path}` 查看处理方法。"


def make_replica(
    source: Path,
    target: Path,
    name: str,
    ports: dict[str, int],
    check: Callable[[Path], list[Finding]],
    *,
    copy_keys: bool = False,
) -> None:
    """Makes `target` the data directory of the replica `name`. `ports`: `link_port`, `enrolment_port`, and `http_port`;
    `check` looks a data directory of HQ over. `copy_keys`: it gets keys of its own, which nobody brings up to date.

    May be done while HQ runs. Raises ReplicaNeedsPostgres, ReplicaDirectoryExists, HqUnsound, SettingsInvalid, OSError.
    """
    data, new = DataDirectory(source), DataDirectory(target)
    data.load_settings(HqSettings)
    if not store_at(data.url).shared:
        raise ReplicaNeedsPostgres(database=data.database_name)
    if target.exists():
        raise ReplicaDirectoryExists(path=target)
    wrong = dict.fromkeys(finding.subject for finding in only(check(source), "error"))
    if wrong:
        raise HqUnsound(path=source, problems=", ".join(wrong))
    new.create()
    try:
        _copy_private(data.path, new.path, left_out=SHARED_KEYS)
        if copy_keys:
            _copy_private(data.keys_place, new.path, only=SHARED_KEYS)
        write_settings(new, f"HQ of the federation, replica {name}", _settings(data, name, ports, copy_keys))
        # Whatever is wrong with the name or a port is said now.
        new.load_settings(HqSettings)
    except BaseException:
        shutil.rmtree(new.path)
        raise


def _copy_private(source: Path, target: Path, *, left_out: Collection[str] = (), only: Collection[str] = ()) -> None:
    for path in sorted(source.rglob("*")):
        relative = path.relative_to(source)
        top = relative.parts[0]
        if top in left_out or (only and top not in only):
            continue
        if top == ARCHIVE_DIRECTORY or any(relative.match(pattern) for pattern in LEFT_OUT):
            continue
        if path.is_dir():
            (target / relative).mkdir(mode=0o700)
        elif path.is_file():
            write_private(target / relative, read_private(path))


def _settings(data: DataDirectory, name: str, ports: dict[str, int], copy_keys: bool) -> dict[str, dict[str, Any]]:
    """The settings of the first, with another name and other ports."""
    written = tomllib.loads(read_private(data.settings_file).decode("utf-8"))
    tables: dict[str, dict[str, Any]] = {"": {}}
    for key, value in written.items():
        if isinstance(value, dict):
            tables[key] = dict(value)
        else:
            tables[""][key] = value
    tables.setdefault("replica", {})["name"] = name
    tables.setdefault("keys", {})["directory"] = "" if copy_keys else str(data.keys_place)
    # What leaves the database goes into one archive, whichever replica takes it there.
    tables.setdefault("retention", {})["archive_directory"] = str(data.archive)
    tables.setdefault("http", {})["port"] = ports["http_port"]
    tables.setdefault("federation", {}).update(link_port=ports["link_port"], enrolment_port=ports["enrolment_port"])
    return {table: values for table, values in tables.items() if values}
