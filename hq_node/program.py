"""HQ while it serves: its ports, its timers, and what it does when a directory is published or drafted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from starlette.applications import Starlette

from common.alarms.timers import AlarmTimers
from common.dictionaries.events import DictionaryChanged
from common.directory.wire import decode_directory, decode_signed
from common.errors import TemporaryFault
from common.gen.quanwang.federation.v1 import directory_pb2
from common.journal.peers import RangesDesk
from common.live.sampling import HistoryTimers
from common.messaging.writer import Writer
from common.parameters.events import NetworkParametersChanged
from common.parked.commands import JudgeParkedAgain
from common.parked.model import DIRECTORY_PROBLEMS
from common.program.apps import health_app
from common.program.clock_guard import ClockGuard
from common.program.data_directory import DataDirectory
from common.program.replicas import ReplicaLife
from common.program.serving import execute_and_forget, link_node, on_loop
from common.requests.events import LegEnded
from common.rpc.link import FederationLinkServicer
from hq_node.directory.commands import LookForDirectory
from hq_node.directory.events import DIRECTORY_NOTICE, DirectoryDrafted, DirectoryPublished
from hq_node.directory.following import DirectoryFollower
from hq_node.directory.key_desk import OwnCertificates
from hq_node.directory.shared_keys import SharedKeys
from hq_node.directory.timers import DirectoryTimers
from hq_node.hub.timers import HubTimers
from hq_node.hub_link import FederationPorts
from hq_node.journal_comparison.asking import asking_provinces, open_links
from hq_node.opening import authority_of, directory_in_force, limits_of, node_keys, offline_addresses, open_node
from hq_node.publications.timers import PublicationTimers
from hq_node.recovery.giving_back import GivingBack
from hq_node.settings import HqSettings
from hq_node.web import admin_app, api_app


class HqProgram:
    """HQ while it serves."""

    def __init__(self, data: DataDirectory, settings: HqSettings) -> None:
        # Before any port is taken, at which provinces would look for HQ.
        data.require_recovered()
        self._keys = keys = node_keys(data, settings)
        self._certificates = certificates = OwnCertificates(data.keys_place)
        links_here = "link" in settings.replica.roles
        self._ports = FederationPorts(data, settings, keys, certificates) if links_here else None
        enrolment_address, link_address = (
            (self._ports.enrolment_address, self._ports.link_address)
            if self._ports is not None
            else offline_addresses(data, settings)
        )
        limits = limits_of(settings)
        self._authority = authority_of(keys, certificates.current, enrolment_address, link_address, limits)
        self._in_force = directory_in_force(data, self._authority)
        self._follower = DirectoryFollower(self._in_force)
        self.node = node = open_node(
            data, settings, keys, certificates, authority=self._authority, follower=self._follower
        )
        self._servicer: FederationLinkServicer | None = None
        self._judge_again: Callable[[], None] = lambda: None
        guard = ClockGuard(node.clock, settings.program.clock_jump_ms * 1000, settings.program.clock_hold_ms * 1000)
        self._hub_timers = HubTimers(node.clock, guard, settings.hub.expiry_grace_ms * 1000)
        self._directory_timers = DirectoryTimers(
            node.clock,
            node.core.directory,
            self._can_sign_draft,
            limits.key_overlap_us,
            settings.keys.look_ms * 1000,
        )
        self._shared_keys = SharedKeys(keys, certificates, node.clock, self._keys_changed)
        self._shared_keys.follow(self._in_force.published)
        self._follower.prepare, self._follower.heard = self._shared_keys.follow, self._heard
        self._publication_timers = PublicationTimers(node.clock)
        for event in (NetworkParametersChanged, DictionaryChanged, LegEnded, DirectoryPublished):
            node.core.dispatcher.subscribe(event, self._publication_timers.wake)
        self._alarm_timers, self._history_timers = AlarmTimers(node, guard), HistoryTimers(node)
        self._replica: ReplicaLife | None = None
        if node.core.replica is not None:
            self._replica = ReplicaLife(node, {DIRECTORY_NOTICE: self._look_soon})
        self._loop: asyncio.AbstractEventLoop | None = None
        self.admin_app, self.health_app = admin_app(node, self._in_force), health_app(node)

    def api_app(self) -> Starlette:
        """The public REST interface."""
        return api_app(self.node)

    def timed_commands(self) -> list[Any]:
        if self._replica is not None:
            with suppress(TemporaryFault):
                # Should a notice have been lost, and no group have looked since.
                self.node.reads.now(self._follower.look)
        self._shared_keys.look(self._in_force.published)
        # Each process has counted for itself; what else time asks for is one process's work.
        own = self._history_timers.due()
        if self._replica is not None:
            return own + self._replica.due(self._timers, self._hub_timers.rest)
        return own + self._timers()

    def _timers(self) -> list[Any]:
        timers = (self._hub_timers, self._directory_timers, self._publication_timers, self._alarm_timers)
        return [command for timer in timers for command in timer.due()]

    async def start(self, writer: Writer) -> None:
        self._loop = loop = asyncio.get_running_loop()
        self._judge_again = partial(on_loop, loop, execute_and_forget, writer, JudgeParkedAgain(DIRECTORY_PROBLEMS))

        def published(event: DirectoryPublished) -> None:
            on_loop(loop, self._publish, decode_signed(event.signed))
            self._judge_again()

        def drafted(_event: DirectoryDrafted) -> None:
            on_loop(loop, self._cut_off)
            self._judge_again()

        self.node.core.dispatcher.subscribe(DirectoryPublished, published)
        self.node.core.dispatcher.subscribe(DirectoryDrafted, drafted)
        if self._replica is not None:
            self._replica.start(writer)
        if self._ports is not None:
            alone = self._replica is None
            look_again = None if alone else lambda: writer.execute(LookForDirectory())
            link = link_node(self.node, writer, signed_directory=lambda: self._in_force.signed, look_again=look_again)
            self._servicer = servicer = FederationLinkServicer(link)
            self._send_elsewhere()
            self.node.link_activities = lambda: servicer.activities
            held = GivingBack(self.node, lambda: self._in_force.signed)
            await self._ports.start(writer, servicer, RangesDesk(self.node).read, held)
        self.node.ask_peer = asking_provinces(
            writer.execute, self.node.watch, self.node.reads, partial(open_links, self.node)
        )
        if "worker" in self.node.settings.replica.roles:
            self.node.key_keeper.start()

    async def stop(self) -> None:
        await self.node.key_keeper.stop()
        if self._ports is not None:
            await self._ports.stop()
        if self._replica is not None:
            await self._replica.stop()

    def _look_soon(self) -> None:
        """Another process of HQ has published: the next group looks. On the listening thread."""
        if self._loop is not None:
            on_loop(self._loop, execute_and_forget, self.node.writer, LookForDirectory())

    def _heard(self, signed: directory_pb2.SignedDirectory) -> None:
        """What another process of HQ has published counts here since. On the writer's thread."""
        if self._loop is not None:
            on_loop(self._loop, self._publish, signed)
            self._judge_again()

    def _publish(self, signed: directory_pb2.SignedDirectory) -> None:
        """On the event loop: every province with a stream here hears of the directory."""
        overtaken = _version_of(signed) < self._in_force.published.version
        if self._servicer is not None and not overtaken:
            self._servicer.directory_changed(signed)

    def _keys_changed(self) -> None:
        """Whether this replica holds all of HQ's keys is different now."""
        if self._loop is not None:
            on_loop(self._loop, self._send_elsewhere)

    def _send_elsewhere(self) -> None:
        """On the event loop: without HQ's keys no links are taken."""
        if self._servicer is not None:
            self._servicer.send_elsewhere("" if self._shared_keys.complete else "this replica lacks keys of HQ")

    def _cut_off(self) -> None:
        """On the event loop: whom the draft shuts out is cut off, before the root has signed it."""
        if self._servicer is not None:
            self._servicer.cut_off()

    def _can_sign_draft(self) -> bool:
        """Whether a draft waits that this process holds the root for: another process of HQ, which does not, made
        it."""
        draft = self._in_force.draft
        return draft is not None and self._authority.holds_root_of(draft)


def _version_of(signed: directory_pb2.SignedDirectory) -> int:
    return decode_directory(signed.directory).version
