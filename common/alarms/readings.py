"""What the rules read of a running node's memory: its links, its clock, its disk, its directory."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator

from common.alarms.commands import Reading
from common.directory.model import Directory
from common.ids import HQ
from common.link.activity import LinkActivity
from common.program.clock_guard import ClockGuard
from common.program.node import Node
from common.security import tls

DAY_US = 86_400_000_000


def expected_peers(node: str, directory: Directory) -> tuple[str, ...]:
    """The nodes with which there should be an open link."""
    return directory.active_provinces() if node == HQ else (HQ,)


def node_readings(node: Node, guard: ClockGuard) -> tuple[Reading, ...]:
    """Everything that can be read without the database. Asked on the writer's thread."""
    now_us, peers = node.clock.now_us(), expected_peers(node.context.node, node.context.directory)
    return (
        *_links(node, peers, now_us),
        *_queues(node, peers),
        *_clock(guard, node.link_activities().values(), now_us),
        *_disk(node),
        *_validity(node.context.directory, node.context.node, now_us),
        *_certificate(node, now_us),
        *_missing_keys(node),
    )


def _links(node: Node, peers: Iterable[str], now_us: int) -> Iterator[Reading]:
    activities, elsewhere = node.link_activities(), node.open_elsewhere()
    for peer in peers:
        activity = activities.get(peer)
        if peer in elsewhere:
            continue
        if activity is None or not activity.open:
            ended_at_us = activity.ended_at_us if activity is not None else 0
            reason = activity.reason_code if activity is not None else ""
            since_us = ended_at_us or max(node.context.started_at_us, expected_since(node.context.directory, peer))
            yield Reading("LINK_AWAY", peer, (now_us - since_us) / 1e6, reason)
        if node.core.dispatcher.port(peer).sealing_stopped:
            yield Reading("SEALING_STOPPED", peer, 1)


def expected_since(directory: Directory, peer: str) -> int:
    """Since when a link with it is to be expected (µs): it was let in, anew, or resumed; 0 where nobody knows."""
    entry = directory.node(peer)
    if entry is None:
        return 0
    first = min((key.valid_from_us for key in entry.keys), default=0)
    return max(first, entry.status_since_us, *(broken.at_us for broken in entry.re_enrolments))


def _queues(node: Node, peers: Iterable[str]) -> Iterator[Reading]:
    limits = node.context.limits
    for peer in peers:
        count, size = node.core.dispatcher.sealer.waiting(peer)
        used = max(count / limits.waiting_entries_max, size / limits.waiting_bytes_max)
        yield Reading("QUEUE_FULL", peer, used * 100, f"{count} requests, {size} bytes")


def _clock(guard: ClockGuard, activities: Iterable[LinkActivity], now_us: int) -> Iterator[Reading]:
    yield Reading("CLOCK_OFF", "own", abs(guard.jump_us) / 1e6, "the clock was set")
    for activity in activities:
        difference_us = activity.clock_difference_us(now_us)
        if difference_us is not None:
            yield Reading("CLOCK_OFF", activity.peer, abs(difference_us) / 1e6, "between the two clocks")


def _disk(node: Node) -> Iterator[Reading]:
    usage = shutil.disk_usage(node.data.path)
    yield Reading("DISK_FULL", "data", 100 * (1 - usage.free / usage.total), f"{usage.free >> 20} MiB are free")


def _validity(directory: Directory, own: str, now_us: int) -> Iterator[Reading]:
    yield Reading("DIRECTORY_ENDING", f"version {directory.version}", (directory.valid_until_us - now_us) / DAY_US)
    entry = directory.node(own)
    for key in entry.keys if entry is not None else ():
        # A key that another has taken the place of ends as it should.
        replaced = any(other.use is key.use and other.valid_from_us > key.valid_from_us for other in entry.keys)  # type: ignore[union-attr]
        if key.valid_until_us and not replaced:
            yield Reading("KEY_ENDING", key.key_id, (key.valid_until_us - now_us) / DAY_US, key.use.name.lower())


def _certificate(node: Node, now_us: int) -> Iterator[Reading]:
    _, until_us = tls.validity_us(node.key_keeper.certificate())
    yield Reading("KEY_ENDING", "tls", (until_us - now_us) / DAY_US, "TLS certificate")


def _missing_keys(node: Node) -> Iterator[Reading]:
    """Of a node that is one process; replicas say it of themselves in their reports."""
    missing = node.key_keeper.keys.missing_and_why
    if missing and node.core.replica is None:
        yield Reading("OWN_KEYS_MISSING", node.context.node, 1, missing)
