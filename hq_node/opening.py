"""HQ's node on its database: its keys, its authority over the directory, its core. Nothing serves yet."""

from __future__ import annotations

import os
from functools import partial

from common.alarms.commands import EvaluateAlarms
from common.alarms.handlers import evaluation
from common.alarms.rules import AlarmWatch
from common.clock import SystemClock
from common.db.engine import reading
from common.directory.own_keys import NodeKeys
from common.event_hub.announcing import announcers
from common.gen.quanwang.federation.v1 import directory_pb2
from common.ids import HQ
from common.live.commands import StoreBucket
from common.live.handlers import storing
from common.program.data_directory import DataDirectory
from common.program.key_keeper import KeyKeeper
from common.program.node import Node, make_node
from common.program.replicas import replica_of
from common.program.serving import alarm_of, free_port
from common.recovery.taking_back import NOT_MEANWHILE
from common.security.key_protection import passphrase_from
from common.security.keyring import Keyring
from common.security.tls import TlsAuthority, other_names
from common.security.token import open_token
from common.version import SOFTWARE_VERSION
from hq_node.core import build_core
from hq_node.directory.authority import (
    DAY_US,
    Authority,
    AuthorityLimits,
    HqCertificates,
)
from hq_node.directory.draft_repository import draft_readings, latest_and_draft
from hq_node.directory.following import DirectoryFollower
from hq_node.directory.handlers import handlers
from hq_node.directory.in_force import DirectoryInForce
from hq_node.directory.key_desk import HqKeyDesk, OwnCertificates
from hq_node.directory.model import FederationNotFounded
from hq_node.directory.root_file import first_root, keep_first_root
from hq_node.hub.admission_rate import AdmissionRate
from hq_node.hub.queries import overdue_readings
from hq_node.settings import HqSettings
from hq_node.web import ROLE, telling_apis


def limits_of(settings: HqSettings) -> AuthorityLimits:
    """How long what HQ issues is valid."""
    directory = settings.directory
    return AuthorityLimits(
        directory_valid_us=directory.valid_days * DAY_US, key_overlap_us=directory.key_overlap_minutes * 60_000_000
    )


def node_keys(data: DataDirectory, settings: HqSettings) -> NodeKeys:
    token = open_token(settings.keys.token, settings.keys.token_file)
    keyring = Keyring.load(data.keys_place, passphrase_from(settings.keys.passphrase_file), token)
    keyring.sweep(data.keys_place)
    keep_first_root(data.keys_place, keyring)
    return NodeKeys(HQ, data.keys_place, keyring)


def authority_of(
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


def stored_directory(data: DataDirectory) -> tuple[directory_pb2.SignedDirectory, bytes]:
    """The directory that was published last, and the draft of the next one (empty: none)."""
    with reading(data.url) as connection:
        signed, draft = latest_and_draft(connection)
    if signed is None:
        raise FederationNotFounded
    return signed, draft


def directory_in_force(data: DataDirectory, authority: Authority) -> DirectoryInForce:
    return DirectoryInForce(*stored_directory(data), authority.root_public_key)


def offline_addresses(data: DataDirectory, settings: HqSettings) -> tuple[str, str]:
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


def open_node(
    data: DataDirectory,
    settings: HqSettings,
    keys: NodeKeys,
    certificates: OwnCertificates,
    *,
    authority: Authority,
    follower: DirectoryFollower,
    recovering: bool = False,
) -> Node:
    """HQ's node on its database, not serving yet. `follower` keeps what is decided and published. `recovering`: it
    decides nothing, and what it cannot decide waits. Raises RestoredNotRecovered."""
    if not recovering:
        data.require_recovered()
    clock = SystemClock()
    replica = None if recovering else replica_of(data, settings)
    core = build_core(
        data.url,
        keys.choose_signer,
        keys,
        follower.in_force.directory,
        clock,
        os.urandom,
        software_version=SOFTWARE_VERSION,
        handlers={
            **handlers(authority),
            EvaluateAlarms: evaluation(AlarmWatch(settings.alarms), overdue_readings, draft_readings),
            StoreBucket: storing(settings.live, replica.name if replica is not None else ""),
        },
        admission_rate=AdmissionRate(settings.hub.admissions_a_second_max, settings.hub.admissions_burst_max),
        seal_limits=settings.sealing,
        retry=NOT_MEANWHILE if recovering else settings.retry,
        link_settings=settings.link,
        replica=replica,
        recovering=recovering,
    )
    follower.attend(core)
    node = make_node(ROLE, data, settings, clock, core)
    core.announcers.update(announcers(telling_apis(node)))
    alarm = partial(alarm_of, node)
    desk = HqKeyDesk(node, certificates, authority.root_public_key)
    node.key_keeper = KeyKeeper(keys, core.directory, desk, clock, settings.keys, alarm, lambda: node.leads())
    return node
