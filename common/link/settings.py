"""Every limit of a link, in one place, each with its unit.

Sizes are chosen so that one side's honest batch always fits the other side's limits: batches are cut at about 1 MiB and
128 entries, one entry is at most about half a MiB, and the receiver takes several times that.
"""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
SECOND_US = 1_000_000

PROTOCOL_VERSION_MIN = 1
PROTOCOL_VERSION_MAX = 1
"""Versions of the link protocol that this software speaks (not of the envelope, which has its own)."""


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Limits and times of the links of a node."""

    # What is taken from a peer. Anything larger cuts the stream.
    frame_bytes_max: int = 8 * MIB
    batch_bytes_max: int = 7 * MIB
    batch_entries_max: int = 1_024
    batch_entries_unscanned_bytes_max: int = 64 * KIB
    """Below this size even a batch of nothing but empty entries is harmless; above, they are counted before parsing."""
    seal_bytes_max: int = 1 * KIB
    signature_bytes_max: int = 8 * KIB
    """A post-quantum signature takes several kilobytes."""
    stamp_bytes_max: int = 1 * KIB
    origin_path_hashes_max: int = 32
    clock_skew_us_max: int = 300 * SECOND_US
    """How far the clocks of two nodes may differ where a key has only just become valid."""
    origin_seals_cached_max: int = 4_096

    # What waits for the dispatcher. At either limit nothing more is read from the stream.
    receiving_bytes_max: int = 16 * MIB
    receiving_batches_max: int = 256

    # Credit: requests that the peer may seal before the first is acknowledged.
    window_bytes: int = 4 * MIB
    peer_window_bytes_max: int = 64 * MIB

    # What is on the wire, sent and not acknowledged, and what is held in memory to be sent. The rest is in the journal.
    in_flight_bytes_max: int = 16 * MIB
    in_flight_batches_max: int = 1_024
    recent_bytes_max: int = 8 * MIB
    recent_batches_max: int = 1_024
    journal_read_bytes_max: int = 4 * MIB

    # Times, in µs of the wall clock given to the session.
    hello_timeout_us: int = 20 * SECOND_US
    ack_timeout_us: int = 120 * SECOND_US
    """A peer that acknowledges nothing for so long, though batches are on the wire, is asked again on a new stream."""
    drain_timeout_us: int = 10 * SECOND_US

    # The adapter: times in seconds, as asyncio takes them.
    tick_s: float = 1.0
    flush_timeout_s: float = 2.0
    """How long a stream that is being cut may take to say why."""
    keepalive_ms: int = 20_000
    keepalive_timeout_ms: int = 10_000
    connect_timeout_s: float = 20.0
    streams_max: int = 256
    streams_a_node_max: int = 8
    """Streams of one node that HQ may be holding; all but the newest are being ended."""

    # Reconnecting.
    backoff_first_s: float = 0.25
    backoff_most_s: float = 30.0
    backoff_reset_s: float = 30.0
    """A link that stayed open for so long begins again with the first delay."""
