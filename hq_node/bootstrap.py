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
from starlette.applications import Starlette

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
    check_ports,
    good,
    only,
    tried,
)
from common.clock import SystemClock, business_date
from common.db.engine import reading
from common.directory.own_keys import NodeKeys
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
from common.security.token import KeyToken, open_token
from common.settings import KeySettings, NodeSettings, ReplicaRole
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
from hq_node.directory.checks import check_draft, check_own_keys
from hq_node.directory.draft_repository import latest_and_draft, newest
from hq_node.directory.events import DIRECTORY_NOTICE, DirectoryDrafted, DirectoryPublished
from hq_node.directory.handlers import found_federation, handlers
from hq_node.directory.in_force import DirectoryInForce
from hq_node.directory.key_desk import HqKeyDesk, OwnCertificates
from hq_node.directory.model import FederationNotFounded
from hq_node.directory.repository import DirectoryUnitOfWork
from hq_node.directory.root_file import first_root, keep_first_root
from hq_node.directory.root_key_file import taken_out
from hq_node.directory.timers import DirectoryTimers
from hq_node.hub.admission_rate import AdmissionRate
from hq_node.hub.queries import overdue_readings
from hq_node.hub.repository import HUB_ORDER, HubOrder
from hq_node.hub.timers import HubTimers
from hq_node.hub_link import FederationPorts, ports_of
from hq_node.journal_comparison.asking import asking_provinces, open_links
from hq_node.kind import KIND as KIND
from hq_node.kind import SCHEMA
from hq_node.replica_setup import make_replica
from hq_node.settings import HqSettings
from hq_node.web import ROLE, admin_app, api_app, health_app

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
        keyring = _keyring(data, settings.keys)
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
    make_replica(data_dir, target, name, ports, check)


def serve(data_dir: Path, roles: Sequence[ReplicaRole] = ()) -> None:
    """Serves until SIGTERM or SIGINT. Raises what `common.program.serving.serve` raises."""
    serve_program(data_dir, HqSettings, SCHEMA, HqProgram, roles)


def export_root(data_dir: Path, path: Path, passphrase: bytes) -> str:
    """Writes the root key in force into a file of its own, with the directory that it signed last; its id. HQ may run.

    Raises RootKeyNotHeld, RootKeyFileExists, PassphraseUnusable, SettingsInvalid, OSError, and what the keyring raises.
    """
    data = DataDirectory(data_dir)
    settings = data.load_settings(HqSettings)
    token = open_token(settings.keys.token, settings.keys.token_file)
    keyring = Keyring.load(data.path, passphrase_from(settings.keys.passphrase_file), token)
    first = first_root(data.path, keyring)
    directory = open_directory(_stored(data)[0], first)
    root = taken_out(keyring, first, directory, passphrase)
    root.create(path)
    return root.signer.key_id


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
    if settings is not None:
        findings += check_ports(data, ports_of(settings))
    if settings is not None or data.database.exists():
        findings += check_database(data, HQ, SCHEMA)
    passphrase = passphrase_from(settings.keys.passphrase_file if settings is not None else "")
    keyring, found = tried("keys", lambda: Keyring.load(data.path, passphrase, _token(settings)))
    if keyring is not None:
        found += tried("key token", keyring.probe_token)[1]
    findings += found or [good("keys", "They can be read.", "密钥可读取。")]
    certificates, found = tried("certificate", lambda: load_hq_certificates(data.path))
    findings += found
    if certificates is not None:
        findings += check_certificate("certificate", certificates.server, clock.now_us(), NEW_CERTIFICATE)
        findings += check_certificate("TLS authority", certificates.authority, clock.now_us(), NEW_CERTIFICATE)
    if settings is None or keyring is None or only(findings, "error"):
        return findings
    signed, draft = _stored(data)
    directory, found = tried("directory", lambda: open_directory(signed, first_root(data.path, keyring)))
    if directory is None:
        return findings + found
    findings += check_directory(directory, HQ, clock.now_us()) + check_own_keys(directory, keyring)
    return findings + check_draft(draft)


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
        keys, certificates = _keys(data, settings), OwnCertificates(data.path)
        authority = _authority(keys, certificates.current, enrolment_address, link_address, limits_of(settings))
        in_force = _directory_in_force(data, authority)
        node = open_node(data, settings, keys, certificates, authority=authority, in_force=in_force)
        try:
            yield admin_app(node, in_force)
        finally:
            node.close()


def open_node(
    data: DataDirectory,
    settings: HqSettings,
    keys: NodeKeys,
    certificates: OwnCertificates,
    *,
    authority: Authority,
    in_force: DirectoryInForce,
) -> Node:
    """HQ's node on its database, not serving yet. `in_force` follows what is decided and published."""
    clock = SystemClock()
    replica = replica_of(data, settings)
    core = build_core(
        data.url,
        keys.choose_signer,
        keys,
        in_force.directory,
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
        core.context.directory = in_force.take(decode_signed(event.signed), event.draft)

    def drafted(event: DirectoryDrafted) -> None:
        core.context.directory = in_force.take_draft(event.directory)

    core.dispatcher.subscribe(DirectoryPublished, published)
    core.dispatcher.subscribe(DirectoryDrafted, drafted)
    node = make_node(ROLE, data, settings, clock, core)
    alarm = partial(alarm_of, node)
    desk = HqKeyDesk(node, certificates, authority.root_public_key)
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
        limits = limits_of(settings)
        self._authority = _authority(keys, certificates.current, enrolment_address, link_address, limits)
        self._in_force = _directory_in_force(data, self._authority)
        self.node = node = open_node(
            data, settings, keys, certificates, authority=self._authority, in_force=self._in_force
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
        self._alarm_timers, self._history_timers = AlarmTimers(node, guard), HistoryTimers(node)
        self._replica: ReplicaLife | None = None
        if node.core.replica is not None:
            self._replica = ReplicaLife(node, {DIRECTORY_NOTICE: self._look_for_another_directory})
        self._loop: asyncio.AbstractEventLoop | None = None
        self.admin_app, self.health_app = admin_app(node, self._in_force), health_app(node)

    def api_app(self) -> Starlette:
        """The public REST interface."""
        return api_app(self.node)

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

        def drafted(_event: DirectoryDrafted) -> None:
            on_loop(loop, self._cut_off)
            self._judge_again()

        self.node.core.dispatcher.subscribe(DirectoryPublished, published)
        self.node.core.dispatcher.subscribe(DirectoryDrafted, drafted)
        if self._replica is not None:
            self._replica.start(writer)
        if self._ports is not None:
            link = link_node(self.node, writer, signed_directory=lambda: self._in_force.signed)
            self._servicer = servicer = FederationLinkServicer(link)
            self.node.link_activities = lambda: servicer.activities
            await self._ports.start(writer, servicer, RangesDesk(self.node).read)
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

    def _look_for_another_directory(self) -> None:
        """Another process of HQ on this database may have published: what it decided counts here at once, where it is
        heard of by a notice, and within a tick at the latest."""
        loop, known = self._loop, self._in_force
        with suppress(TemporaryFault):
            version, draft = self.node.reads.now(newest)
            if loop is None or (version <= known.published.version and draft == known.draft_hash):
                return
            signed, draft = self.node.reads.now(latest_and_draft)
            assert signed is not None, "HQ was founded"
            self.node.core.context.directory = known.take(signed, draft)
            on_loop(loop, self._publish, signed)
            self._judge_again()

    def _publish(self, signed: directory_pb2.SignedDirectory) -> None:
        """On the event loop: every province with a stream here hears of the directory."""
        overtaken = _version_of(signed) < self._in_force.published.version
        if self._servicer is not None and not overtaken:
            self._servicer.directory_changed(signed)

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


def limits_of(settings: HqSettings) -> AuthorityLimits:
    """How long what HQ issues is valid."""
    directory = settings.directory
    return AuthorityLimits(
        directory_valid_us=directory.valid_days * DAY_US, key_overlap_us=directory.key_overlap_minutes * 60_000_000
    )


def _keys(data: DataDirectory, settings: HqSettings) -> NodeKeys:
    token = open_token(settings.keys.token, settings.keys.token_file)
    keyring = Keyring.load(data.path, passphrase_from(settings.keys.passphrase_file), token)
    keyring.sweep(data.path)
    keep_first_root(data.path, keyring)
    return NodeKeys(HQ, data.path, keyring)


def _token(settings: NodeSettings | None) -> KeyToken | None:
    return open_token(settings.keys.token, settings.keys.token_file) if settings is not None else None


def _keyring(data: DataDirectory, settings: KeySettings) -> Keyring:
    token = open_token(settings.token, settings.token_file)
    try:
        return Keyring.load(data.path, passphrase_from(settings.passphrase_file), token)
    except KeyringMissing:
        return Keyring.create(data.path, hq=True, token=token)


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


def _stored(data: DataDirectory) -> tuple[directory_pb2.SignedDirectory, bytes]:
    """The directory that was published last, and the draft of the next one (empty: none)."""
    with reading(data.url) as connection:
        signed, draft = latest_and_draft(connection)
    if signed is None:
        raise FederationNotFounded
    return signed, draft


def _directory_in_force(data: DataDirectory, authority: Authority) -> DirectoryInForce:
    return DirectoryInForce(*_stored(data), authority.root_public_key)


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
