"""HQ's node put together: initialise, open, serve, and act for it while it does not run."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI

from common.alarms.commands import EvaluateAlarms
from common.alarms.handlers import evaluation
from common.alarms.rules import AlarmWatch
from common.alarms.timers import AlarmTimers
from common.checks import (
    Finding,
    check_certificate,
    check_clock,
    check_data_directory,
    check_database,
    check_directory,
    check_disk,
    good,
    only,
    tried,
)
from common.clock import SystemClock, business_date
from common.db.engine import reading
from common.db.schema import KIT, Branch, Schema
from common.directory.model import Directory
from common.directory.own_keys import NodeKeys
from common.directory.repository import latest, newest_version
from common.directory.signing import open_directory
from common.directory.wire import decode_directory, decode_signed
from common.errors import TemporaryFault
from common.gen.quanwang.federation.v1 import directory_pb2
from common.ids import HQ, IdSource
from common.journal.peers import RangesDesk
from common.live.commands import StoreBucket
from common.live.handlers import storing
from common.live.sampling import HistoryTimers
from common.messaging.writer import Writer
from common.parked.commands import JudgeParkedAgain
from common.parked.model import DIRECTORY_PROBLEMS
from common.program.clock_guard import ClockGuard
from common.program.data_directory import DataDirectory
from common.program.initialising import database_table, give_identity, migrate_database, run_once, write_settings
from common.program.key_keeper import KeyKeeper
from common.program.logs import configure_logs
from common.program.node import Node, make_node
from common.program.replicas import ReplicaLife, replica_of
from common.program.serving import alarm_of, check_schema, execute_and_forget, free_port, link_node, on_loop
from common.program.serving import serve as serve_program
from common.rpc.link import FederationLinkServicer
from common.security.key_protection import passphrase_from
from common.security.keyring import Keyring, KeyringMissing
from common.security.tls import TlsAuthority, other_names
from common.settings import ReplicaRole
from common.version import SOFTWARE_VERSION
from hq_node.core import build_core
from hq_node.directory.authority import (
    DAY_US,
    Authority,
    AuthorityLimits,
    HqCertificates,
    create_hq_certificates,
    founding_command,
    load_hq_certificates,
)
from hq_node.directory.events import DIRECTORY_NOTICE, DirectoryPublished
from hq_node.directory.handlers import found_federation, handlers
from hq_node.directory.key_desk import HqKeyDesk, OwnCertificates
from hq_node.directory.model import FederationNotFounded
from hq_node.directory.repository import DirectoryUnitOfWork
from hq_node.directory.root_file import first_root, keep_first_root
from hq_node.directory.timers import DirectoryTimers
from hq_node.hub.admission_rate import AdmissionRate
from hq_node.hub.queries import overdue_readings
from hq_node.hub.repository import HUB_ORDER, HubOrder
from hq_node.hub.timers import HubTimers
from hq_node.hub_link import FederationPorts
from hq_node.journal_comparison.asking import asking_provinces
from hq_node.replica_setup import make_replica
from hq_node.settings import HqSettings
from hq_node.web import ROLE, admin_app, health_app

SCHEMA = Schema((KIT, Branch("hq", Path(__file__).with_name("migrations"))), "hq-node migrate")

NEW_CERTIFICATE = (
    "Stop the node and run hq-node init on this data directory again: it issues a new one.",
    "请停止节点，并对此数据目录再次执行 hq-node init 以签发新证书。",
)


def init(
    data_dir: Path,
    *,
    advertised_host: str = "localhost",
    host_names: Sequence[str] = (),
    listen_host: str = "0.0.0.0",  # noqa: S104 - provinces dial from elsewhere.
    link_port: int = 7440,
    enrolment_port: int = 7441,
    http_port: int = 7480,
    database_url: str = "",
) -> None:
    """Makes a data directory HQ's: settings, keys, database, certificates, and the federation's first directory.

    Safe to repeat: what is there stays. `database_url`: a PostgreSQL database in place of the file. `host_names`:
    further names and addresses under which provinces may look for HQ. Raises DataDirectoryInUse,
    DatabaseOfAnotherNode, SettingsInvalid, PermissionsTooWide, OSError.
    """
    data, clock, limits = DataDirectory(data_dir), SystemClock(), AuthorityLimits()
    data.create()
    with data.locked():
        federation = {
            "listen_host": listen_host,
            "advertised_host": advertised_host,
            "link_port": link_port,
            "enrolment_port": enrolment_port,
        }
        tables: dict[str, dict[str, Any]] = {
            "http": {"port": http_port},
            "federation": federation,
            **database_table(database_url),
        }
        write_settings(data, "HQ of the federation", tables)
        settings = data.load_settings(HqSettings)
        keyring = _keyring(data, settings.keys.passphrase_file)
        migrate_database(data, SCHEMA, HQ)
        give_identity(data, HQ, os.urandom, clock.now_us())
        keep_first_root(data.path, keyring)
        names = dict.fromkeys((settings.federation.advertised_host, *host_names, "localhost", "127.0.0.1"))
        certificates = create_hq_certificates(data.path, keyring, list(names), os.urandom, clock.now_us(), limits)
        authority = _authority(NodeKeys(HQ, data.path, keyring), certificates, "", "", limits)

        def found(uow: DirectoryUnitOfWork) -> None:
            found_federation(founding_command(keyring, certificates), uow, authority)
            if uow.rows(HUB_ORDER).get(1) is None:
                HubOrder(uow).found(business_date(clock.now_us()))

        run_once(data, partial(_founding_unit_of_work, clock=clock), found)


def add_replica(
    data_dir: Path, target: Path, name: str, *, link_port: int = 7440, enrolment_port: int = 7441, http_port: int = 7480
) -> None:
    """Makes `target` the data directory of a further replica of HQ. Raises what `make_replica` raises."""
    ports = {"link_port": link_port, "enrolment_port": enrolment_port, "http_port": http_port}
    make_replica(data_dir, target, name, ports)


def serve(data_dir: Path, roles: Sequence[ReplicaRole] = ()) -> None:
    """Serves until SIGTERM or SIGINT. Raises what `common.program.serving.serve` raises."""
    serve_program(data_dir, HqSettings, SCHEMA, HqProgram, roles)


def migrate(data_dir: Path, before_programs: bool = False) -> list[str]:
    """Brings the database to the schema of this release; returns what was done. Raises DataDirectoryInUse,
    SettingsInvalid, and the faults of `common.db.faults`.

    `before_programs`: only the steps with which the release before can work; its programs may run meanwhile.
    """
    data = DataDirectory(data_dir)
    node = data.load_settings(HqSettings).code
    if before_programs:
        return migrate_database(data, SCHEMA, node, before_programs=True)
    with data.locked():
        return migrate_database(data, SCHEMA, node)


def check(data_dir: Path) -> list[Finding]:
    """Looks HQ's node over; changes nothing, and may run beside it."""
    data, clock = DataDirectory(data_dir), SystemClock()
    findings = check_data_directory(data)
    if only(findings, "error"):
        return findings
    findings += [*check_disk(data), *check_clock(clock)]
    settings, found = tried("settings", lambda: data.load_settings(HqSettings))
    findings += found or [good("settings", "They can be used.", "设置有效。")]
    if settings is not None or data.database.exists():
        findings += check_database(data, HQ, SCHEMA)
    passphrase = passphrase_from(settings.keys.passphrase_file if settings is not None else "")
    keyring, found = tried("keys", lambda: Keyring.load(data.path, passphrase))
    findings += found or [good("keys", "They can be read.", "密钥可读取。")]
    certificates, found = tried("certificate", lambda: load_hq_certificates(data.path))
    findings += found
    if certificates is not None:
        findings += check_certificate("certificate", certificates.server, clock.now_us(), NEW_CERTIFICATE)
        findings += check_certificate("TLS authority", certificates.authority, clock.now_us(), NEW_CERTIFICATE)
    if settings is None or keyring is None or only(findings, "error"):
        return findings
    directory = open_directory(_stored_directory(data), first_root(data.path, keyring))
    return findings + check_directory(directory, HQ, clock.now_us()) + _check_own_keys(directory, keyring)


def _check_own_keys(directory: Directory, keyring: Keyring) -> list[Finding]:
    """The directory names the key that this data directory signs with: a replica may have been left behind by a
    change of keys."""
    entry, held = directory.node(HQ), {signer.key_id for signer in keyring.signers}
    if entry is not None and any(key.key_id in held for key in entry.keys):
        return []
    en = "The directory names none of the signing keys of this data directory."
    zh = "目录未列出此数据目录的任何签名密钥。"
    mend = (
        "Bring keys/ and tls/ from the replica where the keys were changed, and start this one again.",
        "请从更换密钥的副本复制 keys/ 和 tls/，然后重新启动本副本。",
    )
    return [Finding("error", "keys", en, zh, *mend)]


@contextmanager
def build_offline_app(data_dir: Path) -> Iterator[FastAPI]:
    """The admin API on a node that does not run; holds its data directory meanwhile."""
    data = DataDirectory(data_dir)
    with data.locked():
        settings = data.load_settings(HqSettings)
        # A command's own output is on standard output; what the node would log is said only where it matters.
        configure_logs("warning", settings.code)
        check_schema(data, SCHEMA)
        enrolment_address, link_address = _offline_addresses(data, settings)
        node = open_node(
            data,
            settings,
            _keys(data, settings),
            OwnCertificates(data.path),
            enrolment_address=enrolment_address,
            link_address=link_address,
        )
        try:
            yield admin_app(node)
        finally:
            node.close()


def open_node(
    data: DataDirectory,
    settings: HqSettings,
    keys: NodeKeys,
    certificates: OwnCertificates,
    *,
    enrolment_address: str,
    link_address: str,
) -> Node:
    """HQ's node on its database, not serving yet. The addresses are what invitations and enrolments name."""
    clock = SystemClock()
    authority = _authority(keys, certificates.current, enrolment_address, link_address, limits_of(settings))
    signed = _stored_directory(data)
    root_public_key = authority.root_public_key
    replica = replica_of(data, settings)
    core = build_core(
        data.url,
        keys.choose_signer,
        keys,
        open_directory(signed, root_public_key),
        clock,
        os.urandom,
        software_version=SOFTWARE_VERSION,
        handlers={
            **handlers(authority),
            EvaluateAlarms: evaluation(AlarmWatch(settings.alarms), overdue_readings),
            StoreBucket: storing(settings.live, replica.name if replica is not None else ""),
        },
        admission_rate=AdmissionRate(settings.hub.admissions_a_second_max, settings.hub.admissions_burst_max),
        seal_limits=settings.sealing,
        retry=settings.retry,
        link_settings=settings.link,
        replica=replica,
    )

    def published(event: DirectoryPublished) -> None:
        core.context.directory = open_directory(decode_signed(event.signed), root_public_key)

    core.dispatcher.subscribe(DirectoryPublished, published)
    node = make_node(ROLE, data, settings, clock, core)
    alarm = partial(alarm_of, node)
    desk = HqKeyDesk(node, certificates, root_public_key)
    node.key_keeper = KeyKeeper(keys, core.directory, desk, clock, settings.keys, alarm)
    return node


class HqProgram:
    """HQ while it serves."""

    def __init__(self, data: DataDirectory, settings: HqSettings) -> None:
        self._keys = keys = _keys(data, settings)
        self._certificates = certificates = OwnCertificates(data.path)
        links_here = "link" in settings.replica.roles
        self._ports = FederationPorts(data, settings, keys, certificates) if links_here else None
        enrolment_address, link_address = (
            (self._ports.enrolment_address, self._ports.link_address)
            if self._ports is not None
            else _offline_addresses(data, settings)
        )
        self.node = node = open_node(
            data, settings, keys, certificates, enrolment_address=enrolment_address, link_address=link_address
        )
        self._root_public_key = first_root(data.path, keys.keyring)
        self._signed = _stored_directory(data)
        self._servicer: FederationLinkServicer | None = None
        self._judge_again: Callable[[], None] = lambda: None
        guard = ClockGuard(node.clock, settings.program.clock_jump_ms * 1000, settings.program.clock_hold_ms * 1000)
        self._hub_timers = HubTimers(node.clock, guard, settings.hub.expiry_grace_ms * 1000)
        limits, look_us = limits_of(settings), settings.keys.look_ms * 1000
        self._directory_timers = DirectoryTimers(node.clock, node.core.directory, limits.key_overlap_us, look_us)
        self._alarm_timers, self._history_timers = AlarmTimers(node, guard), HistoryTimers(node)
        self._replica: ReplicaLife | None = None
        if node.core.replica is not None:
            self._replica = ReplicaLife(node, {DIRECTORY_NOTICE: self._look_for_another_directory})
        self._loop: asyncio.AbstractEventLoop | None = None
        self.admin_app, self.health_app = admin_app(node), health_app(node)

    def timed_commands(self) -> list[Any]:
        self._look_for_another_directory()
        # Each process has counted for itself; what else time asks for is one process's work.
        own = self._history_timers.due()
        if self._replica is not None:
            return own + self._replica.due(self._timers, self._hub_timers.rest)
        return own + self._timers()

    def _timers(self) -> list[Any]:
        timers = (self._hub_timers, self._directory_timers, self._alarm_timers)
        return [command for timer in timers for command in timer.due()]

    async def start(self, writer: Writer) -> None:
        self._loop = loop = asyncio.get_running_loop()
        self._judge_again = partial(on_loop, loop, execute_and_forget, writer, JudgeParkedAgain(DIRECTORY_PROBLEMS))

        def published(event: DirectoryPublished) -> None:
            on_loop(loop, self._publish, decode_signed(event.signed))
            self._judge_again()

        self.node.core.dispatcher.subscribe(DirectoryPublished, published)
        if self._replica is not None:
            self._replica.start(writer)
        if self._ports is not None:
            link = link_node(self.node, writer, signed_directory=lambda: self._signed)
            self._servicer = servicer = FederationLinkServicer(link)
            self.node.link_activities = lambda: servicer.activities
            await self._ports.start(writer, servicer, RangesDesk(self.node).read)
        self.node.ask_peer = asking_provinces(writer.execute, self.node.watch, self.node.reads, self._open_links)
        if "worker" in self.node.settings.replica.roles:
            self.node.key_keeper.start()

    async def stop(self) -> None:
        await self.node.key_keeper.stop()
        if self._ports is not None:
            await self._ports.stop()
        if self._replica is not None:
            await self._replica.stop()

    def _open_links(self) -> set[str]:
        """The provinces whose links are open, here or at another process of HQ."""
        here = {peer for peer, activity in self.node.link_activities().items() if activity.open}
        return here | self.node.open_elsewhere().keys()

    def _look_for_another_directory(self) -> None:
        """Another process of HQ on this database may have published: what it decided counts here at once, where it is
        heard of by a notice, and within a tick at the latest."""
        context, loop = self.node.core.context, self._loop
        with suppress(TemporaryFault):
            if loop is not None and self.node.reads.now(newest_version) > context.directory.version:
                signed = self.node.reads.now(latest)
                assert signed is not None
                context.directory = open_directory(signed, self._root_public_key)
                on_loop(loop, self._publish, signed)
                self._judge_again()

    def _publish(self, signed: directory_pb2.SignedDirectory) -> None:
        """On the event loop: every province with a stream here hears of the directory."""
        if _version_of(signed) < _version_of(self._signed):
            return
        self._signed = signed
        if self._servicer is not None:
            self._servicer.directory_changed(signed)


def _version_of(signed: directory_pb2.SignedDirectory) -> int:
    return decode_directory(signed.directory).version


def limits_of(settings: HqSettings) -> AuthorityLimits:
    """How long what HQ issues is valid."""
    directory = settings.directory
    return AuthorityLimits(
        directory_valid_us=directory.valid_days * DAY_US, key_overlap_us=directory.key_overlap_minutes * 60_000_000
    )


def _keys(data: DataDirectory, settings: HqSettings) -> NodeKeys:
    keyring = Keyring.load(data.path, passphrase_from(settings.keys.passphrase_file))
    keyring.sweep(data.path)
    keep_first_root(data.path, keyring)
    return NodeKeys(HQ, data.path, keyring)


def _keyring(data: DataDirectory, passphrase_file: str) -> Keyring:
    try:
        return Keyring.load(data.path, passphrase_from(passphrase_file))
    except KeyringMissing:
        return Keyring.create(data.path, hq=True)


def _authority(
    keys: NodeKeys,
    certificates: HqCertificates,
    enrolment_address: str,
    link_address: str,
    limits: AuthorityLimits,
) -> Authority:
    return Authority(
        root_public_key=first_root(keys.data_dir, keys.keyring),
        root_signers=lambda: keys.keyring.root_signers,
        tls=TlsAuthority(keys.keyring.tls_authority_key, certificates.authority),
        entropy=os.urandom,
        enrolment_address=enrolment_address,
        link_address=link_address,
        limits=limits,
        host_names=other_names(certificates.server),
    )


def _founding_unit_of_work(connection: sa.Connection, clock: SystemClock) -> DirectoryUnitOfWork:
    return DirectoryUnitOfWork(connection, IdSource(clock, os.urandom), clock.now_us())


def _stored_directory(data: DataDirectory) -> directory_pb2.SignedDirectory:
    with reading(data.url) as connection:
        signed = latest(connection)
    if signed is None:
        raise FederationNotFounded
    return signed


def _offline_addresses(data: DataDirectory, settings: HqSettings) -> tuple[str, str]:
    """Where HQ takes enrolments and links, for a process that has neither port."""
    federation = settings.federation
    return (
        _offline_address(
            data, settings, "enrolment", federation.advertised_enrolment_port or federation.enrolment_port
        ),
        _offline_address(data, settings, "federation", federation.advertised_link_port or federation.link_port),
    )


def _offline_address(data: DataDirectory, settings: HqSettings, name: str, port: int) -> str:
    """Where HQ will be found once it serves: an invitation made now must be good then, so a port is chosen now."""
    if not port and not data.read_address(name):
        data.write_address(name, f"{settings.federation.advertised_host}:{free_port()}")
    return f"{settings.federation.advertised_host}:{port}" if port else data.read_address(name)
