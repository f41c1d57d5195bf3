"""How a node is: links, queues, counts. Read beside the writer; what lives in memory is read as it is at the moment."""

from __future__ import annotations

import shutil
from typing import Any

import sqlalchemy as sa

from common.alarms.queries import standing_alarm_count, standing_alarm_counts
from common.alarms.readings import expected_peers
from common.db.leg_counts import LATEST_MAX
from common.directory.model import KeyUse
from common.interfaces.queries import list_interfaces
from common.link.activity import LinkActivity
from common.messaging.inbox import IS_OPEN, PARKED, WAITING, inbox
from common.messaging.links import LinkRow, links
from common.messaging.outbox import waiting_by_peer
from common.program import rest_interface
from common.program.node import Node
from common.requests.queries import request_counts
from common.security import tls
from common.security.keyring import KeyringUse


def node_status(connection: sa.Connection, node: Node) -> dict[str, Any]:
    """The node as it is now. Times in µs of its own clock."""
    directory = node.context.directory
    legs = {"requests": request_counts(connection), **node.role.legs(connection)}
    return {
        **node_head(node),
        "incarnation": node.core.incarnation.hex(),
        "database": node.data.database_name,
        "health_address": node.data.read_address("http"),
        "rest": rest_interface.state(node.settings, node.data),
        "directory_version": directory.version,
        "directory_valid_until_us": directory.valid_until_us,
        "links": link_states(connection, node),
        "inbox": inbox_counts(connection),
        **{name: counted.by_state for name, counted in legs.items()},
        "latest_max": LATEST_MAX,
        "latest_only": [name for name, counted in legs.items() if counted.latest_only],
        "interfaces": interface_states(connection, node),
        "alarms": standing_alarm_count(connection),
        "storage_failing": node.writer.storage_failing,
        **node.role.counts(connection),
    }


def node_head(node: Node) -> dict[str, Any]:
    """Who the node is, and what time it has."""
    context = node.context
    entry = context.directory.node(context.node)
    return {
        "node": context.node,
        "name": {"zh": entry.name_zh, "en": entry.name_en} if entry is not None else {"zh": "", "en": ""},
        "role": node.role.name,
        "software_version": context.software_version,
        "started_at_us": context.started_at_us,
        "now_us": node.clock.now_us(),
    }


def ends_by_use(node: Node) -> dict[str, int]:
    """When the node's certificate runs out, and its newest key of each use where it has an end (µs)."""
    ends = {KeyringUse.TLS.value: tls.validity_us(node.key_keeper.certificate())[1]}
    entry = node.context.directory.node(node.context.node)
    for use in (KeyUse.SIGNING, KeyUse.PRIVATE_BODIES):
        newest = entry.newest(use) if entry is not None else None
        if newest is not None and not newest.open:
            ends[use.value] = newest.valid_until_us
    return ends


def node_metrics(connection: sa.Connection, node: Node) -> bytes:
    """The node's meters, as Prometheus reads them."""
    context = node.context
    status = {
        "now_us": node.clock.now_us(),
        "directory_version": context.directory.version,
        "directory_valid_until_us": context.directory.valid_until_us,
        "valid_until_us": ends_by_use(node),
        "links": link_states(connection, node),
        "inbox": inbox_counts(connection),
        "interfaces": interface_states(connection, node),
        "alarms": standing_alarm_counts(connection),
        "storage_failing": node.writer.storage_failing,
        "writer_queues": node.writer.queues(),
        "disk": shutil.disk_usage(node.data.path),
    }
    return node.metrics.exposition(status, node.role.open_legs(connection, context))


def link_states(connection: sa.Connection, node: Node) -> list[dict[str, Any]]:
    """One line a link: of every peer there ever was, and of those the directory names."""
    rows = {row.peer: LinkRow._make(row) for row in connection.execute(sa.select(links))}
    waiting = waiting_by_peer(connection)
    activities = node.link_activities()
    peers = {*rows, *activities, *expected_peers(node.context.node, node.context.directory)}
    return [_link(node, peer, rows.get(peer), waiting.get(peer), activities.get(peer)) for peer in sorted(peers)]


def interface_states(connection: sa.Connection, node: Node) -> list[dict[str, Any]]:
    """How each interface to another system is."""
    context = node.context
    return list_interfaces(connection, context.ports, context.parameters, node.clock.now_us())


def inbox_counts(connection: sa.Connection) -> dict[str, int]:
    """How many received messages wait for their next try, and how many for an operator."""
    statement = sa.select(inbox.c.state, sa.func.count()).where(IS_OPEN).group_by(inbox.c.state)
    return {WAITING: 0, PARKED: 0, **dict(connection.execute(statement).tuples().all())}


def _link(
    node: Node, peer: str, row: LinkRow | None, waiting: tuple[int, int, int] | None, activity: LinkActivity | None
) -> dict[str, Any]:
    port = node.core.dispatcher.port(peer)
    count, size, oldest = waiting or (0, 0, 0)
    elsewhere = node.open_elsewhere().get(peer, "")
    is_open = activity is not None and activity.open
    since_us = 0
    if activity is not None:
        since_us = activity.opened_at_us if is_open else activity.ended_at_us
    return {
        "peer": peer,
        "state": "stopped" if port.sealing_stopped else "open" if is_open or elsewhere else "closed",
        "replica": elsewhere or (row.owner if row is not None else ""),
        "since_us": since_us,
        "next_attempt_at_us": activity.next_attempt_at_us if activity is not None else 0,
        "last_cut_reason": activity.reason_code if activity is not None else "",
        "last_cut_detail": activity.detail if activity is not None else "",
        "sealing_stopped": port.sealing_stopped,
        "sealed_sequence": row.sealed_sequence if row is not None else 0,
        "acked_sequence": row.acked_sequence if row is not None else 0,
        "received_sequence": row.received_sequence if row is not None else 0,
        "batches_received": activity.batches_received if activity is not None else 0,
        "checking_us": activity.checking_us if activity is not None else 0,
        "clock_difference_us": activity.clock_difference_us(node.clock.now_us()) if activity is not None else None,
        "waiting_entries": count,
        "waiting_bytes": size,
        "oldest_waiting_at_us": oldest,
        "peer_software_version": activity.peer_software_version if activity is not None else "",
        "peer_directory_version": activity.peer_directory_version if activity is not None else 0,
    }
