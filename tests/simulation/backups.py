"""Backups of simulated nodes: what is in the product's, copied plainly. How the product writes, encrypts and reads
them is proved elsewhere; here it is about what a node does that has an old one put back."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from province_node.directory.membership import MEMBERSHIP_FILE

if TYPE_CHECKING:
    from tests.simulation.nodes import SimulatedNode

KEPT = ("keys", "tls")


class Backup:
    """A node's database and data directory at one moment, between two commits."""

    def __init__(self, node: SimulatedNode, place: Path) -> None:
        self._place = place
        place.mkdir()
        copy_database(node.path, place / "database")
        copy_data_directory(node.data_dir, place)
        self._processed: set[Any] = node.processed.remembered()

    def has_the_keys_of(self, node: SimulatedNode) -> bool:
        """Whether the node has made no key, and got no certificate, since."""
        return all(_files(self._place / name) == _files(node.data_dir / name) for name in KEPT)

    def put_back(self, node: SimulatedNode, answered: set[Any]) -> None:
        """The node, which does not run, has what it had then. `answered`: messages whose answers HQ holds."""
        for ending in ("", "-wal", "-shm"):
            node.path.with_name(node.path.name + ending).unlink(missing_ok=True)
        shutil.copyfile(self._place / "database", node.path)
        shutil.rmtree(node.data_dir)
        node.data_dir.mkdir(mode=0o700)
        copy_data_directory(self._place, node.data_dir)
        node.processed.go_back(self._processed, answered)


def copy_database(source: Path, target: Path) -> None:
    """All that is committed, as SQLite's own online backup copies it."""
    reading, writing = sqlite3.connect(source), sqlite3.connect(target)
    reading.backup(writing)
    reading.close()
    writing.close()


def copy_data_directory(source: Path, target: Path) -> None:
    """Keys, certificates, and the membership, where they are no longer those with which the run began."""
    for name in KEPT:
        shutil.copytree(source / name, target / name, dirs_exist_ok=True)
    if (source / MEMBERSHIP_FILE).exists():
        shutil.copy2(source / MEMBERSHIP_FILE, target / MEMBERSHIP_FILE)


def _files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}
