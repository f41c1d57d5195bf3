"""The machine that is measured on: what it is, how busy it is, how long its disk takes to make a commit durable."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import time
from pathlib import Path
from typing import Any

import psutil

MEMORY_FILESYSTEMS = {"tmpfs", "ramfs", "devtmpfs"}

PROBE_COMMITS = 40


def describe(place: Path) -> dict[str, Any]:
    """What figures mean nothing without."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "filesystem": filesystem(place),
        "commit_us": commit_us(place),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def filesystem(place: Path) -> str:
    """The type of the filesystem that `place` lies on."""
    mounts = {Path(part.mountpoint): part.fstype for part in psutil.disk_partitions(all=True)}
    return next(
        (mounts[parent] for parent in (place.resolve(), *place.resolve().parents) if parent in mounts), "unknown"
    )


def commit_us(place: Path) -> float:
    """The median time of a durable commit of one small row, set up as the nodes' databases are."""
    path = place / "probe.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE probe (number INTEGER PRIMARY KEY, content BLOB)")
    times = []
    for number in range(PROBE_COMMITS):
        started = time.perf_counter()
        connection.execute("INSERT INTO probe VALUES (?, ?)", (number, bytes(500)))
        times.append(time.perf_counter() - started)
    connection.close()
    path.unlink()
    return round(statistics.median(times) * 1e6, 1)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
