"""What was restored in a run: for the checkers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.simulation.snapshots import Snapshot


@dataclass(slots=True)
class Restored:
    """Of the nodes that were put back from a backup."""

    former: dict[str, list[Snapshot]] = field(default_factory=dict)
    """What stood in the databases that backups have replaced, by node."""
    must_recover: Counter[str] = field(default_factory=Counter)
    """How often nodes were put back that had forgotten something, or were restored as they should be."""
    recovered: Counter[str] = field(default_factory=Counter)
    keys_lost: set[str] = field(default_factory=set)
    """Nodes that came back without a key that they had made after the backup."""
    received_again: dict[tuple[str, str], int] = field(default_factory=dict)
    """How far nodes had received when their recovery was over, by node and link: later than what was said."""
