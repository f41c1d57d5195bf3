"""A province's node put together: initialise, open, serve, and act for it while it does not run."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from common.alarms.commands import EvaluateAlarms
from common.alarms.handlers import evaluation
from common.alarms.rules import AlarmWatch
from common.alarms.timers import AlarmTimers
from common.checks import (
    Finding,
    Port,
    check_certificate,
    check_clock,
    check_clock_against_hq,
    check_data_directory,
    check_database,
    check_directory,
    check_disk,
    check_hq_reachable,
    check_ports,
    check_rest,
    good,
    only,
    tried,
)
from common.clock import SystemClock
from common.communication.model import PORT as COMMUNICATION
from common.communication.setting_up import add_communication
from common.core import NodeCore
from common.db.engine import reading
from common.directory.model import Directory
from common.directory.own_keys import NodeKeys
from common.directory.regions import PROVINCES
from common.directory.repository import latest
from common.directory.signing import open_directory
from common.directory.wire import decode_signed
from common.errors import Refusal
from common.event_hub.announcing import announcers
from common.ids import HQ
from common.interfaces.checks import check_simulated
from common.journal.peers import read_ranges
from common.live.commands import StoreBucket
from common.live.handlers import storing
from common.live.sampling import HistoryTimers
from common.messaging.writer import Writer
from common.parked.commands import JudgeParkedAgain
from common.parked.model import DIRECTORY_PROBLEMS
from common.personal_data.commands import OpenPersonalData
from common.personal_data.desk import PersonalDataDesk
from common.personal_data.vault import Vault
from common.program.apps import health_app
from common.program.clock_guard import ClockGuard
from common.program.data_directory import DataDirectory
from common.program.initialising import (
    database_table,
    give_identity,
    migrate_database,
    require_keys_not_lost,
    write_settings,
)
from common.program.inline_writer import InlineWriter
from common.program.key_keeper import KeyKeeper
from common.program.logs import configure_logs
from common.program.node import Node, make_node
from common.program.replicas import RolesAtHqAlone, replica_of
from common.program.serving import activities_of, alarm_of, check_schema, execute_and_forget, on_loop
from common.program.serving import serve as serve_program
from common.recovery.taking_back import NOT_MEANWHILE, Progress, TakenBack, TakingBack
from common.rpc.link import LinkDialler
from common.security.key_protection import passphrase_from
from common.security.keyring import Keyring, KeyringMissing
from common.security.tls import node_name
from common.security.token import KeyToken, open_token
from common.settings import REPLICA_ROLES, KeySettings, NodeSettings, ReplicaRole
from common.sign_in.first_administrator import found_administrator
from common.version import SOFTWARE_VERSION
from province_node.authentication.checking import PasswordDesk
from province_node.authentication.events import PasswordAsked
from province_node.core import build_core
from province_node.customers.queries import records_left
from province_node.directory.commands import KeepFirstDirectory, TakeDirectory
from province_node.directory.events import DirectoryTaken
from province_node.directory.handlers import handlers
from province_node.directory.key_desk import OwnMembership, ProvinceKeyDesk
from province_node.directory.membership import Membership
from province_node.hub_link import channel_credentials, make_dialler
from province_node.journal_comparison.answering import ComparisonDesk
from province_node.journal_comparison.asking import asking_hq
from province_node.journal_comparison.events import ComparisonAsked
from province_node.kind import KIND as KIND
from province_node.kind import SCHEMA
from province_node.master_key import check_master_key, make_master_key, master_key_source
from province_node.recovery.asking import fetching_from_hq
from province_node.serving.commands import FinishLeg, RefuseLeg
from province_node.serving.taking_back import answer_of
from province_node.settings import ProvinceSettings
from province_node.web import ROLE, admin_app, api_app, telling_apis

NEW_CERTIFICATE = (
    "Ask HQ for a new invitation and enrol the node again with the same keys.",
    "请向总部申请新的邀请码，并使用原有密钥重新办理入网。",
)


class NotAProvince(Refusal):
    """The code is not that of a province."""

    en = "{node} is not the code of a province (GB/T 2260: 11 to 65)."
    zh = "{node} 不是有效的省份代码（GB/T 2260，11 至 65）。"


class DirectoryOfAnotherNode(Refusal):
    """The data directory is another province's already."""

    en = "{path} is the data directory of node {known} already, not of node {node}. Nothing was changed."
    zh = "{path} 已是节点 {known} 的数据目录，而非节点 {node}。未做任何更改。"
    mend_en = "Name another directory with --data."
    mend_zh = "请用 --data 指定其他目录。"


class EnrolledAsAnotherNode(Refusal):
    """The settings name one province, the enrolment another."""

    en = "node.toml says that this is node {node}, but it was enrolled as {enrolled}."
    zh = "node.toml 中本节点为 {node}，但入网登记为 {enrolled}。"
    mend_en = "Correct node.toml."
    mend_zh = "请更正 node.toml。"


def init(data_dir: Path, *, node: str, http_port: int = 0, database_url: str = "") -> str:
    """Makes a data directory that of the province `node`: settings, keys, database. It then enrols, and serves.
    Returns the one-time password of the first administrator; empty where there are operators already.

    Safe to repeat: what is there stays. `database_url`: a PostgreSQL database in place of the file. Raises
    NotAProvince, DirectoryOfAnotherNode, KeysLost, DataDirectoryInUse, DatabaseOfAnotherNode, SettingsInvalid,
    PermissionsTooWide, OSError.
    """
    if node not in PROVINCES:
        raise NotAProvince(node=node[:20])
    data, clock = DataDirectory(data_dir), SystemClock()
    data.create()
    with data.locked():
        heading = f"Province {node}, {PROVINCES[node].name_en} {PROVINCES[node].name_zh}"
        tables: dict[str, dict[str, Any]] = {
            "": {"node": node},
            "http": {"port": http_port},
            **database_table(database_url),
        }
        write_settings(data, heading, tables)
        settings = data.load_settings(ProvinceSettings)
        if settings.node != node:
            raise DirectoryOfAnotherNode(path=str(data.path), known=settings.node, node=node)
        require_keys_not_lost(data, settings.node)
        migrate_database(data, SCHEMA, settings.node)
        give_identity(data, settings.node, os.urandom, clock.now_us())
        make_master_key(data, settings)
        _keyring(data, settings.keys)
        return found_administrator(data, settings.node, settings.sign_in, os.urandom, clock)


def serve(data_dir: Path, roles: Sequence[ReplicaRole] = ()) -> None:
    """Serves until SIGTERM or SIGINT. A province has all roles in one process.

    Raises NotEnrolled, RolesAtHqAlone, and what `common.program.serving.serve` raises.
    """
    serve_program(data_dir, ProvinceSettings, SCHEMA, ProvinceProgram, roles)


def migrate(data_dir: Path, before_programs: bool = False) -> list[str]:
    """Brings the database to the schema of this release; returns what was done. Raises DataDirectoryInUse,
    SettingsInvalid, and the faults of `common.db.faults`.

    `before_programs`: only the steps with which the release before can work; its programs may run meanwhile.
    """
    data = DataDirectory(data_dir)
    settings = data.load_settings(ProvinceSettings)
    if before_programs:
        done = migrate_database(data, SCHEMA, settings.code, before_programs=True)
    else:
        with data.locked():
            done = migrate_database(data, SCHEMA, settings.code)
    make_master_key(data, settings)
    return done


def check(data_dir: Path) -> list[Finding]:
    """Looks the province's node over; changes nothing, and may run beside it."""
    data, clock = DataDirectory(data_dir), SystemClock()
    findings = check_data_directory(data)
    if only(findings, "error"):
        return findings
    findings += [*check_disk(data), *check_clock(clock)]
    settings, found = tried("settings", lambda: data.load_settings(ProvinceSettings))
    findings += found or [good("settings", "They can be used.", "设置有效。")]
    passphrase = passphrase_from(settings.keys.passphrase_file if settings is not None else "")
    keyring, found = tried("keys", lambda: Keyring.load(data.path, passphrase, _token(settings)))
    if keyring is not None:
        found += tried("key token", keyring.probe_token)[1]
    findings += found or [good("keys", "They can be read.", "密钥可读取。")]
    if settings is None:
        return findings
    findings += check_ports(data, [Port("http", settings.http.host, settings.http.port, "http.port")])
    findings += check_rest(data, settings, clock.now_us())
    findings += check_database(data, settings.node, SCHEMA)
    findings += check_master_key(data, settings, records_left)
    findings += check_simulated(data.url, (COMMUNICATION,), clock.now_us())
    membership, found = tried("enrolment", lambda: _membership(data, settings))
    findings += found
    if membership is None:
        return findings
    findings += check_certificate("certificate", membership.tls_certificate_pem, clock.now_us(), NEW_CERTIFICATE)
    findings += check_hq_reachable(membership.link_address, node_name(HQ), membership.tls_authority_pem)
    if only(findings, "error"):
        return findings
    directory = _current_directory(data, membership)
    return [
        *findings,
        *check_directory(directory, settings.node, clock.now_us()),
        *check_clock_against_hq(data, settings.node),
    ]


@contextmanager
def build_offline_app(data_dir: Path) -> Iterator[Starlette]:
    """The admin API on a node that does not run; holds its data directory meanwhile. Raises NotEnrolled."""
    data = DataDirectory(data_dir)
    with data.locked():
        settings = data.load_settings(ProvinceSettings)
        # A command's own output is on standard output; what the node would log is said only where it matters.
        configure_logs("warning", settings.code)
        check_schema(data, SCHEMA)
        node = open_node(data, settings, _keys(data, settings), OwnMembership(data.path, _membership(data, settings)))
        try:
            yield admin_app(node)
        finally:
            node.close()


def open_node(
    data: DataDirectory,
    settings: ProvinceSettings,
    keys: NodeKeys,
    own: OwnMembership,
    renewed: Callable[[], None] = lambda: None,
    *,
    recovering: bool = False,
) -> Node:
    """The province's node on its database, not serving yet. `renewed`: called when its certificate is another.
    `recovering`: it decides nothing, and what it cannot decide waits."""
    if not recovering:
        data.require_recovered()
    clock, membership = SystemClock(), own.current
    membership.keep_root(data.path)
    root_public_key = membership.root_public_key
    source = master_key_source(data, settings)
    vault = Vault(source.load(), os.urandom, settings.personal_data.keys_cached_max)
    core = build_core(
        data.url,
        settings.node,
        keys.choose_signer,
        keys,
        membership.directory(),
        clock,
        os.urandom,
        vault=vault,
        software_version=SOFTWARE_VERSION,
        handlers={
            **handlers(root_public_key, lambda: keys.own_keys(own.current.tls_certificate_pem)),
            EvaluateAlarms: evaluation(AlarmWatch(settings.alarms)),
            StoreBucket: storing(settings.live),
        },
        seal_limits=settings.sealing,
        retry=NOT_MEANWHILE if recovering else settings.retry,
        link_settings=settings.link,
        # Were it started twice on one database, the later one would own the link, and the former one do no harm.
        replica=None if recovering else replica_of(data, settings),
        recovering=recovering,
    )

    def taken(event: DirectoryTaken) -> None:
        core.context.directory = open_directory(decode_signed(event.signed), root_public_key)

    core.dispatcher.subscribe(DirectoryTaken, taken)
    take_up_directory(core, membership)
    InlineWriter(core.dispatcher).run(OpenPersonalData())
    node = make_node(ROLE, data, settings, clock, core)
    core.announcers.update(announcers(telling_apis(node)))
    node.personal_data = PersonalDataDesk(vault, source, lambda: node.writer, settings.personal_data)
    add_communication(node, settings.communication)
    desk = ProvinceKeyDesk(node, keys, own, renewed)
    node.key_keeper = KeyKeeper(keys, core.directory, desk, clock, settings.keys, partial(alarm_of, node))
    return node


def take_up_directory(core: NodeCore, membership: Membership) -> None:
    """The newest directory that the node has is in force, and stored.

    In force before anything runs: the first group may judge what waited, and seal what it says. By the directory of the
    enrolment it would refuse keys that were replaced since; by the one before an enrolment anew it would seal with a
    key that was revoked. Raises what taking it over raises.
    """
    enrolled, stored = membership.directory(), latest(core.connection)
    known = None if stored is None else membership.stored(stored)
    core.context.directory = enrolled if known is None or known.version < enrolled.version else known
    if known is None:
        InlineWriter(core.dispatcher).run(KeepFirstDirectory(membership.signed_directory))
    elif known.version < enrolled.version:
        InlineWriter(core.dispatcher).run(TakeDirectory(membership.signed_directory))


def recover(data_dir: Path, progress: Progress) -> TakenBack:
    """Takes back from HQ what a node that was restored from a backup has forgotten. It must not run, and must not have
    worked since. Raises NotEnrolled, DataDirectoryInUse, PeerAway, PeerRefused, RecoveryAnswerUnfit; may be repeated.
    """
    data = DataDirectory(data_dir)
    with data.locked():
        settings = data.load_settings(ProvinceSettings)
        configure_logs("warning", settings.code)
        check_schema(data, SCHEMA)
        keys, own = _keys(data, settings), OwnMembership(data.path, _membership(data, settings))
        node = open_node(data, settings, keys, own, recovering=True)
        try:
            fetch = fetching_from_hq(
                own.current.link_address,
                partial(channel_credentials, keys, own),
                settings.link,
                lambda: node.context.directory.version,
                lambda signed: InlineWriter(node.core.dispatcher).run(TakeDirectory(signed.SerializeToString())),
            )
            taken = asyncio.run(TakingBack(node.core, HQ, answer_of, progress).run(fetch))
        finally:
            node.close()
        data.restored_file.unlink(missing_ok=True)
    return taken


class ProvinceProgram:
    """A province while it serves."""

    def __init__(self, data: DataDirectory, settings: ProvinceSettings) -> None:
        if set(settings.replica.roles) != set(REPLICA_ROLES):
            raise RolesAtHqAlone(roles=", ".join(settings.replica.roles))
        self._keys, self._membership = _keys(data, settings), OwnMembership(data.path, _membership(data, settings))
        self.node = node = open_node(data, settings, self._keys, self._membership, self._redial)
        self._dialler: LinkDialler | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._comparisons: ComparisonDesk | None = None
        self._passwords: PasswordDesk | None = None
        guard = ClockGuard(node.clock, settings.program.clock_jump_ms * 1000, settings.program.clock_hold_ms * 1000)
        self._clock_guard, self._alarm_timers = guard, AlarmTimers(node, guard)
        self._history_timers = HistoryTimers(node)
        self.admin_app, self.health_app = admin_app(node), health_app(node)

    def api_app(self) -> Starlette:
        """The public REST interface."""
        return api_app(self.node)

    def timed_commands(self) -> list[Any]:
        """Nothing at a province ends by its own clock; it only looks after itself."""
        self._clock_guard.trusted()
        return [*self._alarm_timers.due(), *self._history_timers.due()]

    async def start(self, writer: Writer) -> None:
        self._dialler = dialler = make_dialler(self.node, writer, self._keys, self._membership)
        self.node.link_activities = lambda: activities_of(dialler.activity)
        loop = asyncio.get_running_loop()
        judge_again = partial(execute_and_forget, writer, JudgeParkedAgain(DIRECTORY_PROBLEMS))
        self.node.core.dispatcher.subscribe(DirectoryTaken, lambda _event: on_loop(loop, judge_again))
        # The node may have stopped between taking a directory and judging by it.
        judge_again()
        self._answer_comparisons(writer, loop)
        self._compare_passwords(writer, loop)
        dialler.start()
        self.node.key_keeper.start()
        self._renewing = asyncio.create_task(self.node.personal_data.renew_always())

    def _answer_comparisons(self, writer: Writer, loop: asyncio.AbstractEventLoop) -> None:
        """HQ is asked, and answered, about journals."""
        self.node.ask_peer = asking_hq(
            lambda: self._membership.current.link_address, partial(channel_credentials, self._keys, self._membership)
        )
        self._comparisons = desk = ComparisonDesk(
            partial(read_ranges, self.node),
            lambda leg_id, body: writer.execute(FinishLeg(leg_id, body)),
            lambda leg_id, reason_code: writer.execute(RefuseLeg(leg_id, reason_code)),
        )
        self.node.core.dispatcher.subscribe(ComparisonAsked, lambda event: on_loop(loop, desk.asked, event))
        desk.start()

    def _compare_passwords(self, writer: Writer, loop: asyncio.AbstractEventLoop) -> None:
        """Other provinces ask whether what a customer gave them is the service password."""
        self._passwords = desk = PasswordDesk(
            self.node.sign_in.passwords,
            writer.execute,
            lambda leg_id, body: writer.execute(FinishLeg(leg_id, body)),
            lambda leg_id, reason_code: writer.execute(RefuseLeg(leg_id, reason_code)),
        )
        self.node.core.dispatcher.subscribe(PasswordAsked, lambda event: on_loop(loop, desk.asked, event))

    def _redial(self) -> None:
        """HQ shall see the new certificate; the former one is good for a while longer."""
        if self._dialler is not None:
            self._dialler.redial()

    async def stop(self) -> None:
        if self._renewing is not None:
            self._renewing.cancel()
        await self.node.key_keeper.stop()
        if self._passwords is not None:
            await self._passwords.stop()
        if self._comparisons is not None:
            await self._comparisons.stop()
        if self._dialler is not None:
            await self._dialler.stop()


def _keys(data: DataDirectory, settings: ProvinceSettings) -> NodeKeys:
    token = open_token(settings.keys.token, settings.keys.token_file)
    keyring = Keyring.load(data.path, passphrase_from(settings.keys.passphrase_file), token)
    keyring.sweep(data.path)
    return NodeKeys(settings.node, data.path, keyring)


def _token(settings: NodeSettings | None) -> KeyToken | None:
    return open_token(settings.keys.token, settings.keys.token_file) if settings is not None else None


def _keyring(data: DataDirectory, settings: KeySettings) -> Keyring:
    token = open_token(settings.token, settings.token_file)
    try:
        return Keyring.load(data.path, passphrase_from(settings.passphrase_file), token)
    except KeyringMissing:
        return Keyring.create(data.path, hq=False, token=token)


def _current_directory(data: DataDirectory, membership: Membership) -> Directory:
    """The directory that the node works by: the latest it took, or before it ever served, that of its enrolment."""
    with reading(data.url) as connection:
        stored = latest(connection)
    return membership.directory() if stored is None else membership.stored(stored)


def _membership(data: DataDirectory, settings: ProvinceSettings) -> Membership:
    membership = Membership.load(data.path)
    if membership.node != settings.node:
        raise EnrolledAsAnotherNode(node=settings.node, enrolled=membership.node)
    return membership
