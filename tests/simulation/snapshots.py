"""What the nodes' databases say, read plainly: not through the product's own queries."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

TERMINAL = ("completed", "rejected", "expired", "cancelled")


class Snapshot:
    """One node's database at the end of a run."""

    def __init__(self, node: str, path: Path) -> None:
        self.node = node
        connection = sqlite3.connect(path)
        connection.row_factory = sqlite3.Row
        self.asked = _read(connection, "asked_legs", "leg_id")
        self.hub = _read(connection, "hub_legs", "leg_id")
        self.serving = _read(connection, "serving_legs", "leg_id")
        self.requests = _read(connection, "requests", "request_id")
        self.subscriptions = _read(connection, "subscriptions", "subscription_id")
        self.effects = _read(connection, "simulated_effects", "leg_id")
        self.links = _read(connection, "links", "peer")
        self.outbox = _read(connection, "outbox", "outbox_id")
        self.inbox = [dict(row) for row in connection.execute("SELECT * FROM inbox")]
        self.alarms = [dict(row) for row in connection.execute("SELECT * FROM alarms")]
        self.publications = _read(connection, "publications", "topic")
        counted = "withdrawn_at_us = 0 ORDER BY effective_from_us, version"
        said = f"SELECT name, version, value FROM network_parameters WHERE {counted}"  # noqa: S608 - own names
        self.parameters = [tuple(row) for row in connection.execute(said)]
        self.order = [dict(row) for row in connection.execute("SELECT * FROM hub_order")]
        self.directories = {
            version: (bytes(signed), bytes(stored_hash))
            for version, signed, stored_hash in connection.execute(
                "SELECT version, directory_bytes, hash FROM directories ORDER BY version"
            )
        }
        self.journal: dict[str, list[tuple[int, bytes]]] = {}
        self.stored_at_us: dict[tuple[str, int], int] = {}
        for link, number, batch, stored_at_us in connection.execute(
            "SELECT link, seal_number, batch, stored_at_us FROM journal ORDER BY link, seal_number"
        ):
            self.journal.setdefault(link, []).append((number, bytes(batch)))
            self.stored_at_us[link, number] = stored_at_us
        connection.close()

    def continue_from(self, lost: Snapshot) -> None:
        """Puts what the node's former database had of the journals, as far as its peers knew it, before its own."""
        for link in {link for peer in self.links for link in (f"{self.node}>{peer}", f"{peer}>{self.node}")}:
            sealer, peer = link.split(">")[0], next(end for end in link.split(">") if end != self.node)
            own = self.journal.get(link, [])
            row = self.links[peer]
            last = row["sealed_seal_number" if sealer == self.node else "received_seal_number"]
            first = own[0][0] if own else last + 1
            before = [(number, batch) for number, batch in lost.journal.get(link, []) if number < first]
            if before or own:
                self.journal[link] = before + own
            self.stored_at_us.update({(link, number): lost.stored_at_us[link, number] for number, _ in before})

    def received(self, node: str) -> dict[str, list[tuple[int, bytes]]]:
        """What the node received, by link."""
        return {link: batches for link, batches in self.journal.items() if link.endswith(f">{node}")}


def _read(connection: sqlite3.Connection, table: str, key: str) -> dict[Any, dict[str, Any]]:
    return {row[key]: dict(row) for row in connection.execute(f"SELECT * FROM {table}")}  # noqa: S608 - own names
