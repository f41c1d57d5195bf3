"""What a node measures of itself, for Prometheus. In a registry of its own, so that several nodes fit in one process.

Counters and histograms are kept as things happen, on the writer's thread; gauges are read when somebody asks. Nothing
here names a customer or a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import generate_latest

from common.interfaces.call_states import OK
from common.interfaces.events import CallAnswered
from common.live.classes import OTHER, class_name
from common.live.events import LegBegan, LegFinished
from common.messaging.dispatcher import GroupOutcome
from common.requests.events import LegEnded

# The time at which a series began doubles the text and tells nobody anything.
disable_created_metrics()

GROUP_ITEMS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048)
LEG_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 3_600, 86_400)
PEERS_MAX = 100
ANSWER_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120)
SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


class OpenLegs(NamedTuple):
    """Legs that have not ended: towards which node, of which class (a number of MessageClass), in which state."""

    peer: str
    message_class: int
    state: str
    legs: int
    oldest_at_us: int


class NodeMetrics:
    """The meters of one node."""

    def __init__(self, node: str, role: str, software_version: str) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(namespace="quanwang", registry=registry)
        Info("quanwang_node", "Who this is.", registry=registry).info(
            {"node": node, "role": role, "software_version": software_version}
        )
        self._group_items = Histogram(
            "quanwang_group_items",
            "Commands and messages in one transaction.",
            buckets=GROUP_ITEMS,
            registry=registry,
        )
        self._work = Histogram(
            "quanwang_group_work_seconds", "Time from begin to commit.", buckets=SECONDS, registry=registry
        )
        self._commit = Histogram(
            "quanwang_group_commit_seconds", "Time of the commit itself.", buckets=SECONDS, registry=registry
        )
        self._messages = Counter("quanwang_messages_processed", "Messages brought to processing.", registry=registry)
        self._storage_failures = Counter(
            "quanwang_storage_failures", "Groups that the database did not take.", registry=registry
        )
        self._received_bytes = Counter(
            "quanwang_received_bytes", "Batches durably received.", ["peer"], registry=registry
        )
        self._sealed_batches = Counter("quanwang_sealed_batches", "Batches sealed.", ["peer"], registry=registry)
        self._sealed_bytes = Counter("quanwang_sealed_bytes", "Batches sealed.", ["peer"], registry=registry)
        self._legs_ended = Counter(
            "quanwang_asked_legs_ended", "Legs of this node's own requests that ended.", ["outcome"], registry=registry
        )
        flow = ("role", "peer", "message_class")
        self._began = Counter("quanwang_legs_began", "Legs that began here.", flow, registry=registry)
        self._ended = Counter("quanwang_legs_ended", "Legs that ended here.", (*flow, "outcome"), registry=registry)
        self._leg_seconds = Histogram(
            "quanwang_leg_seconds",
            "Time of a leg's steps here: the whole; until it left (forwarded, sealed), and from then until the answer.",
            ("role", "step", "message_class"),
            buckets=LEG_SECONDS,
            registry=registry,
        )
        self._refused_calls = Counter(
            "quanwang_refused_calls",
            "Changing calls that were refused or failed, at whichever step.",
            ("interface", "status"),
            registry=registry,
        )
        sides = ("port", "adapter")
        self._interface_calls = Counter(
            "quanwang_interface_calls", "Calls to other systems, by outcome.", (*sides, "outcome"), registry=registry
        )
        self._interface_seconds = Histogram(
            "quanwang_interface_seconds",
            "How long they took to answer.",
            sides,
            buckets=ANSWER_SECONDS,
            registry=registry,
        )
        self._peers: set[str] = set()
        self._children: dict[tuple[Any, tuple[str, ...]], Any] = {}
        self.event_loop_tasks = Gauge(
            "quanwang_event_loop_tasks", "Tasks of the event loop that have not ended.", registry=registry
        )
        self._gauges = {
            name: Gauge(f"quanwang_{name}", text, labels, registry=registry) for name, text, labels in _GAUGES
        }

    # As things happen, on the writer's thread

    def group_ran(self, outcome: GroupOutcome) -> None:
        """A group was run."""
        if outcome.storage_failed:
            self._storage_failures.inc()
        if not outcome.items and not outcome.received and not outcome.sealed:
            return
        self._group_items.observe(outcome.items)
        self._work.observe(outcome.work_us / 1e6)
        self._commit.observe(outcome.commit_us / 1e6)
        self._messages.inc(outcome.messages)
        for received in outcome.receipts:
            self._received_bytes.labels(received.peer).inc(len(received.batch_bytes))
        for sealed in outcome.sealed:
            self._sealed_batches.labels(sealed.peer).inc()
            self._sealed_bytes.labels(sealed.peer).inc(len(sealed.batch_bytes))

    def leg_began(self, event: LegBegan) -> None:
        """A leg has begun at this place."""
        self._child(self._began, event.role, self._peer(event.peer), class_name(event.message_class)).inc()

    def leg_finished(self, event: LegFinished) -> None:
        """A leg has its end at this place."""
        name = class_name(event.message_class)
        self._child(self._ended, event.role, self._peer(event.peer), name, event.outcome).inc()
        for step, begin_us, end_us in event.steps:
            if begin_us and end_us:
                self._child(self._leg_seconds, event.role, step, name).observe(max(0, end_us - begin_us) / 1e6)

    def _child(self, meter: Any, *labels: str) -> Any:
        """The series of these labels, found once: the library's own search costs more than counting."""
        key = (meter, labels)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = meter.labels(*labels)
        return child

    def _peer(self, peer: str) -> str:
        """The peer; beyond so many, which only a dishonest node can name, all are one."""
        if peer not in self._peers and len(self._peers) >= PEERS_MAX:
            return OTHER
        self._peers.add(peer)
        return peer

    def leg_ended(self, event: LegEnded) -> None:
        """A leg of this node's own has ended."""
        self._legs_ended.labels(event.outcome).inc()

    def interface_answered(self, event: CallAnswered) -> None:
        """Another system has answered, or has not. What came apart from its call was counted as a failure before."""
        if event.took_us:
            self._child(self._interface_calls, event.port, event.adapter, event.outcome).inc()
            self._child(self._interface_seconds, event.port, event.adapter).observe(event.took_us / 1e6)

    def call_refused(self, interface: str, status: int) -> None:
        """A changing call to the REST interface ("rest") or the admin API ("admin") was answered with an error."""
        self._child(self._refused_calls, interface, str(status)).inc()

    # When somebody asks

    def exposition(self, status: Mapping[str, Any], open_legs: Iterable[OpenLegs]) -> bytes:
        """The text that Prometheus reads. `status` is the node's status as `common.program.status` tells it."""
        gauges, now_us = self._gauges, int(status["now_us"])
        for gauge in gauges.values():
            gauge.clear()
        for link in status["links"]:
            self._set_link(link, now_us)
        for name in ("waiting", "parked"):
            gauges["inbox_messages"].labels(name).set(status["inbox"][name])
        for queue in status["writer_queues"]:
            gauges["writer_waiting"].labels(queue.name).set(queue.waiting)
            gauges["writer_oldest_seconds"].labels(queue.name).set(queue.oldest_us / 1e6)
        gauges["alarms"].set(sum(count for *_, count in status["alarms"]))
        for kind, severity, state, count in status["alarms"]:
            gauges["alarms_standing"].labels(kind, severity, state).set(count)
        gauges["disk_bytes"].set(status["disk"].total)
        gauges["disk_free_bytes"].set(status["disk"].free)
        gauges["storage_failing"].set(status["storage_failing"])
        gauges["directory_version"].set(status["directory_version"])
        gauges["directory_valid_seconds"].set((status["directory_valid_until_us"] - now_us) / 1e6)
        for interface in status["interfaces"]:
            self._set_interface(interface, now_us)
        for use, until_us in status["valid_until_us"].items():
            gauges["certificate_valid_seconds"].labels(use).set((until_us - now_us) / 1e6)
        for group in open_legs:
            labels = (group.peer, class_name(group.message_class), group.state)
            gauges["open_legs"].labels(*labels).set(group.legs)
            gauges["open_legs_oldest_seconds"].labels(*labels).set((now_us - group.oldest_at_us) / 1e6)
        return generate_latest(self.registry)

    def _set_link(self, link: Mapping[str, Any], now_us: int) -> None:
        gauges, peer = self._gauges, link["peer"]
        gauges["link_open"].labels(peer).set(link["state"] == "open")
        gauges["link_sealing_stopped"].labels(peer).set(bool(link["sealing_stopped"]))
        gauges["link_sealed_entries"].labels(peer).set(link["sealed_sequence"])
        gauges["link_received_entries"].labels(peer).set(link["received_sequence"])
        gauges["link_in_flight_entries"].labels(peer).set(link["sealed_sequence"] - link["acked_sequence"])
        gauges["link_batches_received"].labels(peer).set(link["batches_received"])
        gauges["link_verify_seconds"].labels(peer).set(link["checking_us"] / 1e6)
        gauges["queue_entries"].labels(peer).set(link["waiting_entries"])
        gauges["queue_bytes"].labels(peer).set(link["waiting_bytes"])
        if link["clock_difference_us"] is not None:
            gauges["link_clock_difference_seconds"].labels(peer).set(link["clock_difference_us"] / 1e6)
        oldest_us = link["oldest_waiting_at_us"]
        gauges["queue_oldest_seconds"].labels(peer).set((now_us - oldest_us) / 1e6 if oldest_us else 0)

    def _set_interface(self, interface: Mapping[str, Any], now_us: int) -> None:
        gauges, port = self._gauges, interface["port"]
        gauges["interface_resting"].labels(port).set(interface["state"] != OK)
        gauges["interface_waiting"].labels(port).set(interface["waiting"])
        oldest_us = interface["oldest_waiting_at_us"]
        gauges["interface_oldest_seconds"].labels(port).set((now_us - oldest_us) / 1e6 if oldest_us else 0)
        gauges["interface_failed"].labels(port).set(interface["failed"])


_PEER = ("peer",)
_PORT = ("port",)
_LEGS = ("peer", "message_class", "state")
_GAUGES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("link_open", "Whether the link is open.", _PEER),
    ("link_sealing_stopped", "Whether nothing may be sealed, because the chains disagree.", _PEER),
    ("link_sealed_entries", "Entries ever sealed for the peer.", _PEER),
    ("link_received_entries", "Entries ever received from the peer.", _PEER),
    ("link_in_flight_entries", "Entries sealed and not acknowledged.", _PEER),
    ("link_batches_received", "Batches received since the start.", _PEER),
    ("link_verify_seconds", "Time spent on verifying them since the start.", _PEER),
    ("queue_entries", "Requests that wait to be sealed.", _PEER),
    ("queue_bytes", "Their bytes.", _PEER),
    ("queue_oldest_seconds", "How long the oldest has waited.", _PEER),
    ("inbox_messages", "Received messages that wait for their next try, or for an operator.", ("state",)),
    ("writer_waiting", "Commands, bulk commands and received batches that wait for the writer.", ("queue",)),
    ("writer_oldest_seconds", "How long the oldest of them has waited.", ("queue",)),
    ("open_legs", "Legs that have not ended.", _LEGS),
    ("open_legs_oldest_seconds", "The age of the oldest of them.", _LEGS),
    ("alarms", "Alarms on the operator's list.", ()),
    ("alarms_standing", "The same, by kind, severity and state.", ("kind", "severity", "state")),
    ("disk_bytes", "The size of the disk that the data directory is on.", ()),
    ("disk_free_bytes", "How much of it is free.", ()),
    ("link_clock_difference_seconds", "By how much this clock is ahead of the peer's, at most.", _PEER),
    ("interface_resting", "Whether nothing is called because the other system did not answer.", _PORT),
    ("interface_waiting", "Calls that wait, or are on their way.", _PORT),
    ("interface_oldest_seconds", "How long the oldest of them has waited.", _PORT),
    ("interface_failed", "Calls that were refused or given up, and can be replayed.", _PORT),
    ("storage_failing", "Whether the database takes nothing.", ()),
    ("directory_version", "The directory in force.", ()),
    ("directory_valid_seconds", "How long it is still valid.", ()),
    (
        "certificate_valid_seconds",
        "How long the node's own certificate is still valid, and its newest keys where something has set them an end.",
        ("use",),
    ),
)
