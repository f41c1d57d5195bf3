"""A federation as an earlier protocol version left it: databases with finished and unfinished work, kept as files.

`python3 scripts/store_federation.py` made them once; they are never made again for the same version, since what they
stand for is what programs of that time have written. Keys and clocks are the fixed ones of `tests.support.federation`.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path
from typing import Any

from common.db.engine import sqlite_url
from common.db.migrate import migrate
from common.ids import HQ
from hq_node.bootstrap import SCHEMA as HQ_SCHEMA
from province_node.bootstrap import SCHEMA as PROVINCE_SCHEMA
from tests.support.federation import GUANGDONG, SHANGHAI, ZHEJIANG, Federation

ROOT = Path(__file__).resolve().parents[2]
STORED = ROOT / "tests" / "vectors" / "federations"
FACTS = "facts.json"


def versions() -> list[str]:
    """The protocol versions of which a federation is kept."""
    return sorted(path.name for path in STORED.iterdir() if path.is_dir())


def schema_of(node: str) -> Any:
    return HQ_SCHEMA if node == HQ else PROVINCE_SCHEMA


class Room:
    """SQLite databases made by migrations, as a node's own is; in place of `stores.Databases`."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def with_tables(self, name: str) -> str:
        """The URL of a new database for a federation's node, named `federation-<node>`."""
        url = sqlite_url(str(self._place / f"{name}.db"))
        migrate(url, schema_of(name.rpartition("-")[2]))
        return url


class StoredFederation(Federation):
    """The federation that was kept, on this release's schema, at the time at which it was left."""

    def __init__(self, version: str, place: Path) -> None:
        self._kept = STORED / version
        self.facts: dict[str, Any] = json.loads((self._kept / FACTS).read_text(encoding="utf-8"))
        super().__init__(_Restored(self._kept, place))  # type: ignore[arg-type]

    def make_identity(self, node: str) -> None:
        """The databases have theirs."""
        self.clock.at_us = self.facts["left_at_us"]


class _Restored(Room):
    def __init__(self, kept: Path, place: Path) -> None:
        super().__init__(place)
        self._kept = kept

    def with_tables(self, name: str) -> str:
        node = name.rpartition("-")[2]
        path = self._place / f"{name}.db"
        connection = sqlite3.connect(path)
        connection.executescript(gzip.decompress((self._kept / f"{node}.sql.gz").read_bytes()).decode("utf-8"))
        connection.close()
        url = sqlite_url(str(path))
        migrate(url, schema_of(node))
        return url


def store(version: str, place: Path) -> Path:
    """Plays a federation to a point at which much is under way, and keeps its databases. Returns where."""
    federation = Federation(Room(place))  # type: ignore[arg-type]
    legs = _leave_work_under_way(federation)
    kept = STORED / version
    kept.mkdir(parents=True)
    for node in federation.nodes:
        connection = federation.cores[node].connection.connection.dbapi_connection
        text = "\n".join(connection.iterdump())  # type: ignore[union-attr]
        (kept / f"{node}.sql.gz").write_bytes(gzip.compress(text.encode("utf-8"), mtime=0))
    facts = {"left_at_us": federation.clock.at_us, "legs": legs}
    (kept / FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    federation.close()
    return kept


def _leave_work_under_way(federation: Federation) -> list[dict[str, str]]:
    """Requests that have ended, and one at each place on the way where a request can be when everything stops."""
    for name in ("answered", "lost", "behind", "waiting"):
        federation.add_subscription(f"44-{name}")
    federation.connect()
    completed = federation.suspend(SHANGHAI)
    rejected = federation.suspend(ZHEJIANG, GUANGDONG, "44-none")
    federation.run()
    # Home's answer is sealed, and what carries it is lost with the stream.
    federation.tamper = lambda sender, _receiver, frame: () if sender == GUANGDONG else (frame,)
    unheard = federation.suspend(SHANGHAI, GUANGDONG, "44-answered")
    federation.run()
    # HQ has forwarded the request, and home never gets it.
    federation.tamper = lambda _sender, receiver, frame: () if receiver == GUANGDONG else (frame,)
    forwarded = federation.suspend(ZHEJIANG, GUANGDONG, "44-lost")
    federation.run()
    # HQ never hears of it.
    federation.tamper = lambda _sender, receiver, frame: () if receiver == HQ else (frame,)
    unsaid = federation.suspend(SHANGHAI, GUANGDONG, "44-behind")
    federation.run()
    federation.cores[ZHEJIANG].dispatcher.port(HQ).open = False
    waiting = federation.suspend(ZHEJIANG, GUANGDONG, "44-waiting")
    federation.run()
    told = [
        (SHANGHAI, completed, "completed"),
        (ZHEJIANG, rejected, "rejected"),
        (SHANGHAI, unheard, "completed"),
        (ZHEJIANG, forwarded, "completed"),
        (SHANGHAI, unsaid, "completed"),
        (ZHEJIANG, waiting, "completed"),
    ]
    assert [federation.asked(origin, leg).state for origin, leg, _ in told[:2]] == ["completed", "rejected"]
    assert all(not federation.asked(origin, leg).ended_at_us for origin, leg, _ in told[2:])
    return [{"origin": origin, "leg": leg.hex(), "ends_as": end} for origin, leg, end in told]
