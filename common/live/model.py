"""A bucket: what happened at a node within a span of time, by peer and message class. Pure counting."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.live.histogram import Histogram

Key = tuple[str, str, str]
"""Role, peer, message class."""

LINK_GAUGES = ("open", "queue_entries", "queue_bytes", "queue_oldest_us")
NODE_GAUGES = ("parked", "retrying", "alarms")

BYTES_MAX = 4 << 20
"""A stored bucket that unfolds to more is not one of ours."""


@dataclass(slots=True)
class Flow:
    """What went through for one role, peer and class. `open`: legs by state when the bucket ended, with the age of the
    oldest (µs)."""

    began: int = 0
    ended: dict[str, int] = field(default_factory=dict)
    steps: dict[str, Histogram] = field(default_factory=dict)
    open: dict[str, tuple[int, int]] = field(default_factory=dict)

    def merge(self, later: Flow) -> None:
        """Takes in a later flow: counts add up, what was read at the end is the later's."""
        self.began += later.began
        for outcome, count in later.ended.items():
            self.ended[outcome] = self.ended.get(outcome, 0) + count
        for step, histogram in later.steps.items():
            self.steps.setdefault(step, Histogram()).merge(histogram)
        self.open = later.open or self.open

    def to_document(self) -> dict[str, Any]:
        """As it is stored."""
        steps = {step: histogram.to_document() for step, histogram in self.steps.items()}
        full = {"began": self.began, "ended": self.ended, "steps": steps, "open": self.open}
        return {name: value for name, value in full.items() if value}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Flow:
        """What `to_document` gave."""
        return cls(
            document.get("began", 0),
            dict(document.get("ended", {})),
            {step: Histogram.from_document(found) for step, found in document.get("steps", {}).items()},
            {state: (legs, oldest) for state, (legs, oldest) in document.get("open", {}).items()},
        )


@dataclass(slots=True)
class Bucket:
    """Everything that happened in a span of time. Counts are of the span; gauges were read at its end."""

    flows: dict[Key, Flow] = field(default_factory=dict)
    links: dict[str, dict[str, int]] = field(default_factory=dict)
    node: dict[str, int] = field(default_factory=dict)

    def flow(self, role: str, peer: str, message_class: str) -> Flow:
        """The flow of a role, peer and class."""
        return self.flows.setdefault((role, peer, message_class), Flow())

    def count_link(self, peer: str, **counts: int) -> None:
        """Adds to what went over the link with a peer."""
        link = self.links.setdefault(peer, {})
        for name, count in counts.items():
            link[name] = link.get(name, 0) + count

    def count_node(self, **counts: int) -> None:
        """Adds to what the node did."""
        for name, count in counts.items():
            self.node[name] = self.node.get(name, 0) + count

    def merge(self, later: Bucket) -> None:
        """Takes in a later bucket."""
        for key, flow in later.flows.items():
            self.flow(*key).merge(flow)
        for peer, values in later.links.items():
            _merge(self.links.setdefault(peer, {}), values, LINK_GAUGES)
        _merge(self.node, later.node, NODE_GAUGES)

    def beside(self, other: Bucket) -> None:
        """Takes in what another process of the same node did at the same time: gauges of links are those of whoever
        has the link open, and what is read of the one database is the same for all."""
        for key, flow in other.flows.items():
            self.flow(*key).merge(flow)
        for peer, values in other.links.items():
            mine = self.links.setdefault(peer, {})
            _merge(mine, values, LINK_GAUGES if values.get("open") or not mine.get("open") else ())
        _merge(self.node, other.node, NODE_GAUGES)

    def to_bytes(self) -> bytes:
        """As it is stored: JSON, compressed."""
        document = {
            "flows": [[*key, flow.to_document()] for key, flow in sorted(self.flows.items())],
            "links": self.links,
            "node": self.node,
        }
        return zlib.compress(json.dumps(document, separators=(",", ":")).encode("utf-8"))

    @classmethod
    def from_bytes(cls, content: bytes) -> Bucket:
        """What `to_bytes` gave."""
        document = json.loads(zlib.decompressobj().decompress(content, BYTES_MAX))
        flows = {(role, peer, name): Flow.from_document(flow) for role, peer, name, flow in document["flows"]}
        return cls(flows, document["links"], document["node"])


def _merge(mine: dict[str, int], later: Mapping[str, int], gauges: Iterable[str]) -> None:
    for name, value in later.items():
        if name in gauges:
            mine[name] = value
        elif name not in LINK_GAUGES:
            mine[name] = mine.get(name, 0) + value
