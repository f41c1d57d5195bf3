"""One process of a node among others on the same database: what it hears from them, and what it alone may do.

A node on PostgreSQL always works this way, be it one process or several: a second one can be started at any time. A
node on SQLite is alone, and none of this runs.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from common.access_control.events import AccessChanged
from common.core import NodeCore
from common.db.engine import is_storage_fault, store_at
from common.db.store import Notice
from common.dictionaries.events import DictionaryChanged
from common.errors import Fault, QuanwangError
from common.leases.commands import ReleaseLease, UnderLease
from common.leases.events import LeaseSeen
from common.leases.keeper import LeaseKeeper
from common.log import get_logger
from common.messaging.replica import CLAIM_NOTICE, INBOX_NOTICE, OUTBOX_NOTICE, Replica, read_claim_payload
from common.messaging.writer import Writer
from common.parameters.events import NetworkParametersChanged, ParameterChanged
from common.program.data_directory import DataDirectory
from common.program.node import Node
from common.replicas.commands import ForgetReplica, ReportReplica
from common.replicas.events import ReplicasSeen
from common.requests.events import LegEnded
from common.settings import REPLICA_ROLES, NodeSettings

log = get_logger()

LEG_NOTICE = "leg_ended"
"""A leg that this node asked for has ended; payload: the request and the destination."""

ACCESS_NOTICE = "access_changed"
PARAMETER_NOTICE = "parameter_changed"
"""Who may do what has changed; payload: the version. A parameter or a dictionary has; payload: its name."""

CHANNELS = (OUTBOX_NOTICE, INBOX_NOTICE, CLAIM_NOTICE, LEG_NOTICE)

NAME_CHARS_MAX = 64

WAIT_S = 1.0
"""How often the listening thread looks whether it should end."""

CONNECT_AGAIN_S = 1.0

REPORT_US = 3_000_000
"""How often a process says what it is."""

TIMERS_LEASE = "timers"
"""What time asks of a node: one of its processes does it."""


class RolesNeedPostgres(Fault):
    """A node on SQLite is one process."""

    en = (
        "A node on SQLite is one process with all roles, not only {roles}. Remove `roles` from [replica] "
        "(and --roles), or set [database] url to a PostgreSQL database."
    )
    zh = (
        "使用 SQLite 的节点只能由一个进程承担全部角色，不能仅为 {roles}。请删除 [replica] 中的 roles（及 --roles），"
        "或在 [database] url 中设置 PostgreSQL 数据库。"
    )


def replica_of(data: DataDirectory, settings: NodeSettings) -> Replica | None:
    """Which of the node's processes this is; None: its database lets it have only one. Raises RolesNeedPostgres."""
    roles = settings.replica.roles
    if store_at(data.url).shared:
        return Replica(settings.replica.name or socket.gethostname()[:NAME_CHARS_MAX], "worker" in roles)
    if set(roles) != set(REPLICA_ROLES):
        raise RolesNeedPostgres(roles=", ".join(roles))
    return None


class RolesAtHqAlone(Fault):
    """A province is one process: its one link could not be shared."""

    en = "A province is one process with all roles, not only {roles}. Remove `roles` from [replica] (and --roles)."
    zh = "省节点只能由一个进程承担全部角色，不能仅为 {roles}。请删除 [replica] 中的 roles（及 --roles）。"


class Notices:
    """Hears what the other processes tell, on a thread and a connection of its own.

    `heard(notice)` is called for each notice, `missed()` whenever some may have been missed: at the beginning, and
    whenever the connection was lost and is back. Both on the listening thread.
    """

    def __init__(
        self, url: str, channels: Sequence[str], heard: Callable[[Notice], None], missed: Callable[[], None]
    ) -> None:
        self._url = url
        self._channels = channels
        self._heard = heard
        self._missed = missed
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notices", daemon=True)

    def start(self) -> None:
        """Begins to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread; takes about a second."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except Exception as error:
                if not is_storage_fault(error):
                    log.exception("listening failed")
                self._stopping.wait(CONNECT_AGAIN_S)

    def _listen(self) -> None:
        listener = store_at(self._url).open_listener(self._url, self._channels)
        try:
            self._missed()
            while not self._stopping.is_set():
                for notice in listener.wait(WAIT_S):
                    self._heard(notice)
        finally:
            listener.close()


class ReplicaLife:
    """What a process of a node with replicas does beside its work, while it serves."""

    def __init__(self, node: Node, looks: Mapping[str, Callable[[], None]] = MappingProxyType({})) -> None:
        """`looks`: further channels, each with what is called, on the listening thread, when something was told on it
        or may have been missed."""
        core, settings = node.core, node.settings
        assert core.replica is not None
        self._node = node
        self._name = core.replica.name
        self._roles = settings.replica.roles
        leads = core.replica.processes
        self._lease = LeaseKeeper(TIMERS_LEASE, self._name, node.clock) if leads else None
        self._led_under = 0
        self._next_report_us = 0
        self._reported_missing = ""
        self._writer: Writer | None = None
        own = {ACCESS_NOTICE: node.access.changed, PARAMETER_NOTICE: self._look_at_parameters}
        self._looks = {**own, **looks}
        self._notices = Notices(node.data.url, (*CHANNELS, *self._looks), self._hear, self._look_at_everything)
        self._others: dict[str, str] = {}
        node.open_elsewhere = lambda: self._others
        node.leads = lambda: self._lease is not None and self._lease.epoch > 0
        node.under_lease = self._under_lease
        tell_others_of_ends(core)
        core.dispatcher.tell_others(AccessChanged, ACCESS_NOTICE, lambda event: str(event.version))
        core.dispatcher.tell_others(ParameterChanged, PARAMETER_NOTICE, lambda event: event.version.name)
        core.dispatcher.tell_others(DictionaryChanged, PARAMETER_NOTICE, lambda event: event.dictionary)
        core.dispatcher.tell_others(NetworkParametersChanged, PARAMETER_NOTICE, lambda event: str(event.version))
        core.dispatcher.subscribe(ReplicasSeen, self._seen)
        if self._lease is not None:
            core.dispatcher.subscribe(LeaseSeen, self._lease.seen)

    def start(self, writer: Writer) -> None:
        """The writer runs."""
        self._writer = writer
        self._notices.start()

    async def stop(self) -> None:
        """Says farewell, so that nobody need wait for this process, and ends listening."""
        assert self._writer is not None
        farewell: list[Any] = [ForgetReplica(self._name)]
        if self._lease is not None and self._lease.epoch:
            farewell.append(ReleaseLease(self._lease.name, self._lease.epoch))
        for command in farewell:
            with suppress(QuanwangError):
                await self._writer.execute(command)
        await asyncio.to_thread(self._notices.stop)

    def due(self, timers: Callable[[], list[Any]], took_over: Callable[[], None] = lambda: None) -> list[Any]:
        """Commands that are due now: what this process says of itself, the lease's, and under the lease those of
        `timers`. `took_over()` comes first whenever the lease has become this process's. On the writer's thread."""
        commands = self._report()
        lease = self._lease
        if lease is None:
            return commands
        commands += lease.due()
        if lease.epoch and lease.epoch != self._led_under:
            log.info("leads", lease=lease.name, epoch=lease.epoch)
            took_over()
        self._led_under = lease.epoch
        return commands + (lease.under(timers()) if lease.epoch else [])

    def _under_lease(self, command: Any) -> Any:
        return UnderLease(TIMERS_LEASE, self._lease.epoch if self._lease is not None else 0, command)

    def _report(self) -> list[Any]:
        now_us = self._node.clock.monotonic_us()
        missing = self._node.key_keeper.keys.missing_and_why
        if now_us < self._next_report_us and missing == self._reported_missing:
            return []
        self._next_report_us, self._reported_missing = now_us + REPORT_US, missing
        context = self._node.context
        activities = self._node.link_activities()
        is_open = tuple(sorted(peer for peer, activity in list(activities.items()) if activity.open))
        leads = self._lease is not None and self._lease.epoch > 0
        return [
            ReportReplica(
                self._name, self._roles, context.software_version, context.started_at_us, is_open, leads, missing
            )
        ]

    def _seen(self, seen: ReplicasSeen) -> None:
        self._others = {
            peer: replica.name for replica in seen.replicas if replica.name != self._name for peer in replica.open_links
        }

    def _hear(self, notice: Notice) -> None:
        writer = self._writer
        assert writer is not None
        if notice.channel in self._looks:
            self._looks[notice.channel]()
        elif notice.channel == LEG_NOTICE:
            request, _, destination = notice.payload.partition(" ")
            self._node.watch.leg_ended(LegEnded(bytes.fromhex(request), destination, "", ""))
        else:
            writer.notice(notice.channel, notice.payload)
            if notice.channel == CLAIM_NOTICE:
                writer.claimed(*read_claim_payload(notice.payload))

    def _look_at_parameters(self) -> None:
        self._node.reads.now(self._node.core.look_at_parameters)

    def _look_at_everything(self) -> None:
        for look in self._looks.values():
            look()
        if self._writer is not None:
            self._writer.notice(INBOX_NOTICE, "")


def tell_others_of_ends(core: NodeCore) -> None:
    """Whoever waits for a request may be connected to another process than the one that takes its answer."""
    core.dispatcher.tell_others(LegEnded, LEG_NOTICE, lambda event: f"{event.request_id.hex()} {event.destination}")
