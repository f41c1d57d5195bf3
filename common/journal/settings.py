"""How long what is where."""

from __future__ import annotations

from dataclasses import dataclass

DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """How many days the journal stays in the database before it is archived and pruned, and inbox rows; how often that
    is looked at (ms); how much goes at once; where the archives are (empty: in the data directory)."""

    journal_days: int = 180
    inbox_days: int = 180
    prune_every_ms: int = 3_600_000
    slice_batches: int = 64
    slice_bytes: int = 4_194_304
    slice_messages: int = 512
    slices_a_run_max: int = 10_000
    archive_directory: str = ""
