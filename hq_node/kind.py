"""What makes a database and its backups HQ's."""

from __future__ import annotations

from pathlib import Path

from common.backup.restoring import Kind
from common.db.schema import KIT, Branch, Schema
from hq_node.settings import HqSettings

SCHEMA = Schema((KIT, Branch("hq", Path(__file__).with_name("migrations"))), "hq-node migrate")

KIND = Kind("hq-node", SCHEMA, HqSettings, hq=True)
