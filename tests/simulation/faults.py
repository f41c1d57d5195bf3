"""What goes wrong in a run: drawn from its seed, and counted as it happens."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from random import Random

from common.link import effects as reason

# Alarms that an injected fault explains; every other one is a finding.
EXPLAINS: dict[str, frozenset[str]] = {
    "frame_duplicated": frozenset(),
    "frame_swapped": frozenset(),
    "frame_replayed": frozenset(
        # An old Hello on a new stream is cut; where it comes first, it looks as if the peer had forgotten.
        {reason.PEER_FORGOT, reason.WE_FORGOT, reason.CHAIN_FORK, reason.UNEXPECTED_FRAME}
    ),
    "frame_foreign": frozenset(
        {
            reason.NODE_MISMATCH,
            reason.LINK_MISMATCH,
            reason.MALFORMED_BATCH,
            reason.ACK_BEYOND_SEALED,
            reason.ACK_MISMATCH,
            reason.PEER_FORGOT,
            reason.WE_FORGOT,
            reason.CHAIN_FORK,
        }
    ),
    "frame_corrupted": reason.ALARMING - {reason.JOURNAL_INCOMPLETE},
    "handler_unexpected": frozenset({"INTERNAL_FAULT"}),
    "handler_poison": frozenset({"INTERNAL_FAULT"}),
    "node_lost": frozenset(
        {
            reason.CERTIFICATE_UNKNOWN,
            "NODE_NOT_ACTIVE",
            "KEY_ROTATION_FAILED",
            "HOME_LOST",
            "UNNAMED_TRANSITION",
            "ANSWER_NOT_BOUND",
            "READER_UNKNOWN",
        }
    ),
    "node_suspended": frozenset(
        {reason.CERTIFICATE_UNKNOWN, "NODE_NOT_ACTIVE", "KEY_ROTATION_FAILED", "READER_UNKNOWN"}
    ),
    "node_restored": frozenset(
        {
            # What a machine's snapshot says that was put back, and a machine that is not the node any more.
            reason.PEER_FORGOT,
            reason.WE_FORGOT,
            reason.CHAIN_FORK,
            reason.CERTIFICATE_UNKNOWN,
            "NODE_NOT_ACTIVE",
            "KEY_ROTATION_FAILED",
            "READER_UNKNOWN",
            "DIRECTORY_REFUSED",
            # Looked at by a checker of its own.
            "EFFECT_NOT_REPRODUCED",
        }
    ),
}


@dataclass(slots=True)
class FaultRates:
    """How often each fault happens: `_per_s` in a simulated second, all else as the chance at each occasion."""

    connection_torn_per_s: float = 0.0
    partition_per_s: float = 0.0
    node_crash_per_s: float = 0.0
    slow_node_per_s: float = 0.0
    slow_link_per_s: float = 0.0
    disk_full_per_s: float = 0.0
    clock_jump_per_s: float = 0.0
    crash_before_commit: float = 0.0
    crash_after_commit: float = 0.0
    commit_refused: float = 0.0
    frame_lost: float = 0.0
    frame_duplicated: float = 0.0
    frame_swapped: float = 0.0
    frame_replayed: float = 0.0
    frame_foreign: float = 0.0
    frame_corrupted: float = 0.0
    half_open: float = 0.0
    processing_fails_for_now: float = 0.0
    handler_fails_for_now: float = 0.0
    handler_unexpected: float = 0.0
    handler_poison: float = 0.0
    outside_call_crashes: float = 0.0
    skew_s_max: float = 0.0
    second_replica: float = 0.0
    left_half_open_per_s: float = 0.0
    notice_lost: float = 0.0
    keys_replaced_per_s: float = 0.0
    root_replaced_per_s: float = 0.0
    directory_published_per_s: float = 0.0
    node_suspended_per_s: float = 0.0
    node_lost_per_s: float = 0.0
    node_restored_per_s: float = 0.0
    parameter_published_per_s: float = 0.0


# The most that a seed draws of each.
_MOST = FaultRates(
    connection_torn_per_s=0.4,
    partition_per_s=0.08,
    node_crash_per_s=0.15,
    slow_node_per_s=0.25,
    slow_link_per_s=0.15,
    disk_full_per_s=0.1,
    clock_jump_per_s=0.1,
    crash_before_commit=0.03,
    crash_after_commit=0.03,
    commit_refused=0.05,
    frame_lost=0.02,
    frame_duplicated=0.04,
    frame_swapped=0.04,
    frame_replayed=0.04,
    frame_foreign=0.02,
    frame_corrupted=0.03,
    half_open=0.7,
    processing_fails_for_now=0.15,
    handler_fails_for_now=0.4,
    handler_unexpected=0.25,
    handler_poison=0.25,
    outside_call_crashes=0.4,
    skew_s_max=120.0,
    second_replica=1.2,
    left_half_open_per_s=0.4,
    notice_lost=0.5,
    keys_replaced_per_s=0.8,
    root_replaced_per_s=0.2,
    directory_published_per_s=0.3,
    node_suspended_per_s=0.12,
    node_lost_per_s=0.2,
    node_restored_per_s=0.12,
    parameter_published_per_s=0.15,
)


def draw_rates(random: Random) -> FaultRates:
    """The faults of one run. Each run has only some kinds, so that a few that go together are seen without the others;
    one in twelve has none at all."""
    if random.random() < 1 / 12:
        return FaultRates()
    share = random.choice((0.2, 0.4, 0.7))
    rates = FaultRates()
    for rate in fields(FaultRates):
        if random.random() < share:
            setattr(rates, rate.name, getattr(_MOST, rate.name) * random.uniform(0.2, 1.0))
    return rates


@dataclass(slots=True)
class Faults:
    """The faults of one run, while they last."""

    rates: FaultRates
    random: Random
    counts: Counter[str] = field(default_factory=Counter)
    over: bool = False

    def strikes(self, name: str) -> bool:
        """Whether the fault happens on this occasion; if so it is counted."""
        rate = getattr(self.rates, name)
        if self.over or not rate or self.random.random() >= rate:
            return False
        self.counts[name] += 1
        return True

    def happened(self, name: str) -> None:
        """Counts a fault that was arranged ahead."""
        self.counts[name] += 1

    def explained_alarms(self) -> set[str]:
        """The kinds of alarm that what happened explains."""
        return {kind for name, kinds in EXPLAINS.items() if self.counts[name] for kind in kinds}
