"""What makes a database and its backups a province's."""

from __future__ import annotations

from pathlib import Path

from common.backup.restoring import Kind
from common.db.schema import KIT, Branch, Schema
from province_node.settings import ProvinceSettings

SCHEMA = Schema((KIT, Branch("province", Path(__file__).with_name("migrations"))), "province-node migrate")

KIND = Kind("province-node", SCHEMA, ProvinceSettings, hq=False)
