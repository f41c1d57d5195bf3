"""HQ's node put together: initialise, open, serve, and act for it while it does not run."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from starlette.applications import Starlette

from common.alarms.commands import RaiseAlarm
from common.checks import (
    Finding,
    check_certificate,
    check_clock,
    check_data_directory,
    check_database,
    check_directory,
    check_disk,
    check_ports,
    check_rest,
    good,
    only,
    tried,
)
from common.clock import SystemClock, business_date
from common.db.engine import reading
from common.directory.own_keys import NodeKeys
from common.directory.signing import open_directory
from common.ids import HQ, IdSource
from common.program.data_directory import DataDirectory
from common.program.initialising import (
    database_table,
    give_identity,
    migrate_database,
    require_keys_not_lost,
    run_once,
    write_settings,
)
from common.program.inline_writer import InlineWriter
from common.program.logs import configure_logs
from common.program.serving import check_schema
from common.program.serving import serve as serve_program
from common.recovery.taking_back import Progress
from common.security.key_protection import passphrase_from
from common.security.keyring import Keyring, KeyringMissing
from common.security.token import KeyToken, open_token
from common.settings import KeySettings, NodeSettings, ReplicaRole
from common.sign_in.first_administrator import found_administrator
from hq_node.directory.authority import (
    AuthorityLimits,
    create_hq_certificates,
    founding_command,
    load_hq_certificates,
)
from hq_node.directory.checks import check_draft, check_named, check_own_keys
from hq_node.directory.following import DirectoryFollower
from hq_node.directory.handlers import found_federation
from hq_node.directory.key_desk import OwnCertificates
from hq_node.directory.repository import DirectoryUnitOfWork
from hq_node.directory.root_file import first_root, keep_first_root
from hq_node.directory.root_key_file import open_root_key, taken_back, taken_out
from hq_node.hub.repository import HUB_ORDER, HubOrder
from hq_node.hub_link import FederationPorts, ports_of
from hq_node.kind import KIND as KIND
from hq_node.kind import SCHEMA
from hq_node.opening import (
    authority_of,
    directory_in_force,
    limits_of,
    node_keys,
    offline_addresses,
    open_node,
    stored_directory,
)
from hq_node.program import HqProgram
from hq_node.recovery.model import RECOVERED_WITHOUT, WithoutNeedsReason, WithoutUnknown
from hq_node.replica_setup import make_replica
from hq_node.settings import HqSettings
from hq_node.taking_back import HqTakenBack, collect, require_alone
from hq_node.web import admin_app

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
) -> str:
    """Makes a data directory HQ's: settings, keys, database, certificates, and the federation's first directory.
    Returns the one-time password of the first administrator; empty where there are operators already.

    Safe to repeat: what is there stays. `database_url`: a PostgreSQL database in place of the file. `host_names`:
    further names and addresses under which provinces may look for HQ. Raises DataDirectoryInUse, KeysLost,
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
        require_keys_not_lost(data, HQ)
        keyring = _keyring(data, settings.keys)
        migrate_database(data, SCHEMA, HQ)
        give_identity(data, HQ, os.urandom, clock.now_us())
        keep_first_root(data.keys_place, keyring)
        names = dict.fromkeys((settings.federation.advertised_host, *host_names, "localhost", "127.0.0.1"))
        certificates = create_hq_certificates(data.keys_place, keyring, list(names), os.urandom, clock.now_us(), limits)
        authority = authority_of(NodeKeys(HQ, data.keys_place, keyring), certificates, "", "", limits)

        def found(uow: DirectoryUnitOfWork) -> None:
            found_federation(founding_command(keyring, certificates), uow, authority)
            if uow.rows(HUB_ORDER).get(1) is None:
                HubOrder(uow).found(business_date(clock.now_us()))

        run_once(data, partial(_founding_unit_of_work, clock=clock), found)
        return found_administrator(data, HQ, settings.sign_in, os.urandom, clock)


def add_replica(
    data_dir: Path,
    target: Path,
    name: str,
    *,
    link_port: int = 7440,
    enrolment_port: int = 7441,
    http_port: int = 7480,
    copy_keys: bool = False,
) -> None:
    """Makes `target` the data directory of a further replica of HQ, which shares its keys, or gets a copy of them.

    Raises what `make_replica` raises.
    """
    ports = {"link_port": link_port, "enrolment_port": enrolment_port, "http_port": http_port}
    make_replica(data_dir, target, name, ports, check, copy_keys=copy_keys)


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
    keyring = Keyring.load(data.keys_place, passphrase_from(settings.keys.passphrase_file), token)
    first = first_root(data.keys_place, keyring)
    directory = open_directory(stored_directory(data)[0], first)
    root = taken_out(keyring, first, directory, passphrase)
    root.create(path)
    return root.signer.key_id


def import_root(data_dir: Path, path: Path, passphrase: bytes) -> str:
    """Brings the root key in force back from a file of its own into HQ's keyring; its id. HQ may run: it signs what
    waits by itself then. Safe to repeat.

    Raises RootKeyFileUnreadable, RootFileNotInForce, RootSignedBeyond, PassphraseWrong, SettingsInvalid, OSError, and
    what the keyring raises.
    """
    data = DataDirectory(data_dir)
    settings = data.load_settings(HqSettings)
    token = open_token(settings.keys.token, settings.keys.token_file)
    keyring = Keyring.load(data.keys_place, passphrase_from(settings.keys.passphrase_file), token)
    first = first_root(data.keys_place, keyring)
    root = open_root_key(path, passphrase)
    private_key = taken_back(root, first, open_directory(stored_directory(data)[0], first))
    keyring.with_root(data.keys_place, private_key)
    return root.signer.key_id


def recover(data_dir: Path, progress: Progress, without: Sequence[str] = (), reason: str = "") -> HqTakenBack:
    """Takes back from the provinces what an HQ that was restored from a backup has forgotten. HQ must not run, in none
    of its processes. `without`: provinces that are lost for good, and why in `reason`. May be interrupted and repeated.

    Raises DataDirectoryInUse, OtherReplicasRun, WithoutUnknown, WithoutNeedsReason, RecoveryAnswerUnfit, PeerWithholds,
    PortInUse, SettingsInvalid.
    """
    data = DataDirectory(data_dir)
    if without and not reason.strip():
        raise WithoutNeedsReason(nodes=", ".join(without))
    with data.locked():
        settings = data.load_settings(HqSettings)
        configure_logs("warning", settings.code)
        check_schema(data, SCHEMA)
        taken = asyncio.run(_recover(data, settings, progress, without, reason))
        data.restored_file.unlink(missing_ok=True)
    return taken


async def _recover(
    data: DataDirectory, settings: HqSettings, progress: Progress, without: Sequence[str], reason: str
) -> HqTakenBack:
    keys, certificates = node_keys(data, settings), OwnCertificates(data.keys_place)
    with reading(data.url) as connection:
        require_alone(connection, SystemClock().now_us())
    ports = FederationPorts(data, settings, keys, certificates)
    limits = limits_of(settings)
    authority = authority_of(keys, certificates.current, ports.enrolment_address, ports.link_address, limits)
    follower = DirectoryFollower(directory_in_force(data, authority))
    node = open_node(data, settings, keys, certificates, authority=authority, follower=follower, recovering=True)
    try:
        for province in without:
            if province == HQ or node.context.directory.node(province) is None:
                raise WithoutUnknown(node=province[:20])
        taken = await collect(node, ports, progress, without)
        for province in without:
            InlineWriter(node.core.dispatcher).run(RaiseAlarm(RECOVERED_WITHOUT, province, reason[:512]))
        return taken
    finally:
        node.close()


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
        findings += check_rest(data, settings, clock.now_us())
    if settings is not None or data.database.exists():
        findings += check_database(data, HQ, SCHEMA)
    passphrase = passphrase_from(settings.keys.passphrase_file if settings is not None else "")
    keyring, found = tried("keys", lambda: Keyring.load(data.keys_place, passphrase, _token(settings)))
    if keyring is not None:
        found += tried("key token", keyring.probe_token)[1]
    findings += found or [good("keys", "They can be read.", "密钥可读取。")]
    certificates, found = tried("certificate", lambda: load_hq_certificates(data.keys_place))
    findings += found
    if certificates is not None:
        findings += check_certificate("certificate", certificates.server, clock.now_us(), NEW_CERTIFICATE)
        findings += check_certificate("TLS authority", certificates.authority, clock.now_us(), NEW_CERTIFICATE)
    if settings is None or keyring is None or only(findings, "error"):
        return findings
    signed, draft = stored_directory(data)
    directory, found = tried("directory", lambda: open_directory(signed, first_root(data.keys_place, keyring)))
    if directory is None:
        return findings + found
    findings += check_directory(directory, HQ, clock.now_us()) + check_own_keys(directory, keyring)
    if certificates is not None:
        findings += check_named(directory, certificates.server, clock.now_us())
    return findings + check_draft(draft)


@contextmanager
def build_offline_app(data_dir: Path) -> Iterator[Starlette]:
    """The admin API on a node that does not run; holds its data directory meanwhile."""
    data = DataDirectory(data_dir)
    with data.locked():
        settings = data.load_settings(HqSettings)
        # A command's own output is on standard output; what the node would log is said only where it matters.
        configure_logs("warning", settings.code)
        check_schema(data, SCHEMA)
        enrolment_address, link_address = offline_addresses(data, settings)
        keys, certificates = node_keys(data, settings), OwnCertificates(data.keys_place)
        authority = authority_of(keys, certificates.current, enrolment_address, link_address, limits_of(settings))
        in_force = directory_in_force(data, authority)
        node = open_node(data, settings, keys, certificates, authority=authority, follower=DirectoryFollower(in_force))
        try:
            yield admin_app(node, in_force)
        finally:
            node.close()


def _token(settings: NodeSettings | None) -> KeyToken | None:
    return open_token(settings.keys.token, settings.keys.token_file) if settings is not None else None


def _keyring(data: DataDirectory, settings: KeySettings) -> Keyring:
    token = open_token(settings.token, settings.token_file)
    try:
        return Keyring.load(data.keys_place, passphrase_from(settings.passphrase_file), token)
    except KeyringMissing:
        return Keyring.create(data.keys_place, hq=True, token=token)


def _founding_unit_of_work(connection: sa.Connection, clock: SystemClock) -> DirectoryUnitOfWork:
    return DirectoryUnitOfWork(connection, IdSource(clock, os.urandom), clock.now_us())
