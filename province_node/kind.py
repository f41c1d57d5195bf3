"""What makes a database and its backups a province's."""

from __future__ import annotations

from pathlib import Path

from common.backup.restoring import Kind
from common.db.schema import KIT, Branch, Schema
from province_node.settings import ProvinceSettings

_HERE = Path(__file__).parent

# A step of one line waits for those before it. What authentication needs shall not wait for the program that empties
# the former table of customers (province_0005), so it has a line of its own.
BRANCHES = (
    KIT,
    Branch("province", _HERE / "migrations"),
    Branch("authentication", _HERE / "authentication" / "migrations"),
)
SCHEMA = Schema(BRANCHES, "province-node migrate")

KIND = Kind("province-node", SCHEMA, ProvinceSettings, hq=False)
