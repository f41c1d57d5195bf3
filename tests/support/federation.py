"""A federation in one thread: real cores on databases of their own, real link sessions, frames in a queue.

Whoever tests an attack is the network (`tamper`), or a node that holds honest keys and says dishonest things (`say`).
Everything else is what a node runs: dispatcher, sealer, intake, processors, directories by a root key.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

import hq_node.core
import province_node.core
from common.alarms.commands import RaiseAlarm
from common.core import NodeCore, write_identity
from common.db.engine import open_writer
from common.db.rows import RowSpec
from common.directory.model import Directory, KeyUse, NodeEntry, NodeKey, NodeStatus, OwnKeys, ReEnrolment
from common.directory.signing import open_directory, sign_directory
from common.directory.wire import decode_directory
from common.errors import QuanwangError
from common.gen.quanwang.federation.v1 import directory_pb2, seal_pb2
from common.gen.quanwang.subscriptions.v1 import subscriptions_pb2
from common.ids import HQ, leg_id
from common.link import effects as reason
from common.link.effects import (
    AcceptDirectory,
    Acked,
    Alarm,
    Cut,
    Effect,
    LoadJournal,
    Opened,
    Receive,
    SendFrame,
    StopSealing,
)
from common.link.session import LinkSession
from common.link.watermark import cursors_of, position_of
from common.messaging.dispatcher import CommandWork
from common.messaging.envelope import Envelope, header_digest
from common.messaging.incoming import ReceivedBatch
from common.messaging.links import journal_batches
from common.messaging.outbox import Outgoing, envelope_entry
from common.messaging.seal import NO_HASH
from common.requests.commands import ActingFor, SubmitServiceRequest
from common.security.private_bodies import X25519PrivateKeys
from common.security.reader import HPKE_X25519
from common.security.signing import ED25519, Ed25519Signer
from hq_node.directory.events import DirectoryPublished
from hq_node.hub.admission_rate import AdmissionRate
from hq_node.hub.repository import hub_order
from province_node.directory.commands import KeepFirstDirectory, TakeDirectory
from province_node.directory.events import DirectoryTaken
from province_node.directory.handlers import handlers as directory_handlers
from province_node.subscriptions.repository import SUBSCRIPTIONS
from tests.support import hq_directory
from tests.support.enrolment import HandClock, counted_entropy
from tests.support.holdings import GUANGDONG, SUBSCRIPTION, Holdings
from tests.support.personal_data import make_vault
from tests.support.stores import Databases

SHANGHAI, ZHEJIANG = "31", "33"
PROVINCES = (SHANGHAI, ZHEJIANG, GUANGDONG)
FINGERPRINT = bytes(range(32))
DAY_US = 86_400_000_000
BUSINESS_DATE = "2027-01-15"

Tamper = Callable[[str, str, bytes], Iterable[bytes]]
"""`tamper(sender, receiver, frame)`: what arrives in place of the frame."""


@dataclass(frozen=True, slots=True)
class Say:
    """A dishonest operator with the node's keys: these entries are sealed as they are, in the node's name."""

    entries: tuple[Outgoing, ...]


@dataclass(frozen=True, slots=True)
class Plant:
    """Rows put into a table, past all rules: the state from which a test begins."""

    spec: RowSpec
    rows: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Keep:
    """HQ stores a directory, as it does when it publishes one."""

    signed: directory_pb2.SignedDirectory


def keep(command: Keep, uow: Any) -> None:
    version = decode_directory(command.signed.directory).version
    stored = uow.directories.latest()
    if stored is None or decode_directory(stored.directory).version < version:
        uow.directories.store(version, command.signed)


def say(command: Say, uow: Any) -> None:
    for outgoing in command.entries:
        uow.emit(outgoing)


def plant(command: Plant, uow: Any) -> None:
    for row in command.rows:
        uow.rows(command.spec).get(row[0])
        uow.rows(command.spec).update(row)


class Federation(Holdings):
    """HQ and three provinces; Guangdong has one subscription that can be suspended."""

    def __init__(
        self, databases: Databases, handlers: Mapping[type, Any] = MappingProxyType({}), **core_parts: Any
    ) -> None:
        self.clock = HandClock()
        self.root = Ed25519Signer(b"r" * 32)
        self.nodes = (HQ, *PROVINCES)
        self.signers = {node: Ed25519Signer(node.encode() * 16) for node in self.nodes}
        self.private_keys = {
            node: X25519PrivateKeys([X25519PrivateKey.from_private_bytes(node.encode() * 16)]) for node in self.nodes
        }
        self.former: dict[str, NodeEntry] = {}
        """Of nodes that were enrolled anew: what the directory said of them before."""
        self.rotated: dict[str, NodeEntry] = {}
        """Of nodes that have replaced keys: their entries."""
        self.signed_directory = self.sign_directory(None)
        self.directory = open_directory(self.signed_directory, self.root.public_key)
        self._core_parts, self._handlers = core_parts, handlers
        self.hub_rate: AdmissionRate | None = None
        self._entropy = counted_entropy()
        self.urls = {node: databases.with_tables(f"federation-{node}") for node in self.nodes}
        self.cores: dict[str, NodeCore] = {node: self._make_core(node) for node in self.nodes}
        self.sessions: dict[tuple[str, str], LinkSession] = {}
        self.frames: deque[tuple[str, str, bytes]] = deque()
        self.sent: list[tuple[str, str, bytes]] = []
        self.tamper: Tamper | None = None
        self.cuts: dict[tuple[str, str], str] = {}
        self.failed: list[tuple[str, str]] = []

    # Directories

    def entry(self, node: str, **changes: Any) -> NodeEntry:
        if node in self.rotated:
            return replace(self.rotated[node], **changes)
        reader = self.private_keys[node].reader(node)
        keys = (
            NodeKey(self.signers[node].key_id, KeyUse.SIGNING, ED25519, self.signers[node].public_key, 0),
            NodeKey(reader.key_id, KeyUse.PRIVATE_BODIES, HPKE_X25519, reader.public_key, 0),
        )
        entry = NodeEntry(node, f"节点{node}", f"Node {node}", NodeStatus.ACTIVE, keys, FINGERPRINT)
        former = self.former.get(node)
        if former is not None:
            began = tuple(replace(key, valid_from_us=former.re_enrolments[-1].at_us) for key in keys)
            entry = replace(entry, keys=(*former.keys, *began), re_enrolments=former.re_enrolments)
        return replace(entry, **changes)

    def enrol_anew(self, node: str) -> None:
        """A revoked node comes back with new keys, which the next directory must say."""
        revoked = self.directory.node(node)
        assert revoked is not None
        assert revoked.status is NodeStatus.REVOKED
        before = self.signers[node]
        self.signers[node] = Ed25519Signer(before.public_key)
        private = X25519PrivateKeys([X25519PrivateKey.from_private_bytes(before.public_key)])
        self.private_keys[node] = self.cores[node].context.private_keys = private
        broken = ReEnrolment(self.clock.now_us(), self.signers[node].key_id, before.key_id, "operator")
        self.former[node] = replace(revoked, re_enrolments=(*revoked.re_enrolments, broken))

    def sign_directory(
        self,
        previous: Directory | None,
        entries: Sequence[NodeEntry] | None = None,
        regions: dict[str, tuple[str, ...]] | None = None,
    ) -> directory_pb2.SignedDirectory:
        """The version after `previous`; of all nodes where no entries are given."""
        entries = entries if entries is not None else [self.entry(node) for node in self.nodes]
        return sign_directory(previous, entries, regions or {}, self.clock.now_us(), 30 * DAY_US, self.root)

    def adopt(self, signed: directory_pb2.SignedDirectory) -> None:
        """HQ works by a directory from now on; a province hears of it when it connects."""
        self.directory = self.cores[HQ].context.directory = open_directory(signed, self.root.public_key)
        self.signed_directory = signed
        self.group(HQ, [Keep(signed)])

    def publish(self, signed: directory_pb2.SignedDirectory, to: Iterable[str] = PROVINCES) -> None:
        """The same, and these provinces are sent it at once."""
        self.adopt(signed)
        self.offer(signed, to)

    def offer(self, signed: directory_pb2.SignedDirectory, to: Iterable[str]) -> None:
        """HQ sends these provinces a directory, whatever it works by itself."""
        for node in to:
            self.carry_out(HQ, node, self.sessions[HQ, node].directory_changed(signed))
        self.run()

    def own_keys(self, node: str) -> OwnKeys:
        reader = self.private_keys[node].reader(node)
        return OwnKeys(node, frozenset({self.signers[node].key_id}), frozenset({reader.key_id}), FINGERPRINT)

    # Nodes

    def _make_core(self, node: str) -> NodeCore:
        self.make_identity(node)
        return self.build_core(node)

    def make_identity(self, node: str) -> None:
        """Makes the node's empty database its own."""
        engine = open_writer(self.urls[node])
        with engine.connect() as connection:
            write_identity(connection, node, node.encode() * 8, self.clock.now_us())
            if node == HQ:
                connection.execute(hub_order.insert().values(hub_order_id=1, position=0, business_date=BUSINESS_DATE))
            if node == GUANGDONG:
                connection.execute(SUBSCRIPTIONS.insert().values(**_subscription_row(SUBSCRIPTION)))
            connection.commit()
        engine.dispose()

    def build_core(self, node: str, **parts: Any) -> NodeCore:
        """The node's core on what its database holds."""
        url = self.urls[node]
        told = {Say: say, Plant: plant, **self._handlers}
        signer = lambda _directory, _now_us: self.signers[node]  # noqa: E731 - a node that was enrolled anew has another.
        common = (signer, self.private_keys[node], self.directory, self.clock, self._entropy)
        if node == HQ:
            told |= {Keep: keep, **hq_directory.handlers(self.root)}
            core = hq_node.core.build_core(
                url, *common, handlers=told, admission_rate=self.hub_rate, **{**self._core_parts, **parts}
            )
            core.dispatcher.subscribe(DirectoryPublished, lambda published: self._taken(core, published))
        else:
            told |= directory_handlers(self.root.public_key, lambda: self.own_keys(node))
            core = province_node.core.build_core(
                url, node, *common, handlers=told, vault=make_vault(self._entropy), **{**self._core_parts, **parts}
            )
            core.dispatcher.subscribe(DirectoryTaken, lambda taken: self._taken(core, taken))
        if core.connection.dialect.name == "sqlite":
            core.connection.exec_driver_sql("PRAGMA synchronous=OFF")
        if node == HQ:
            core.dispatcher.run_group([_silent(Keep(self.signed_directory))], ())
        else:
            core.dispatcher.run_group([_silent(KeepFirstDirectory(self.signed_directory.SerializeToString()))], ())
        return core

    def _taken(self, core: NodeCore, taken: DirectoryTaken | DirectoryPublished) -> None:
        signed = directory_pb2.SignedDirectory.FromString(taken.signed)
        core.context.directory = open_directory(signed, self.root.public_key)

    def close(self) -> None:
        for core in self.cores.values():
            core.close()

    # Links

    def connect(self, *provinces: str) -> None:
        """New streams between HQ and these provinces (all); they come to an agreement as far as they can."""
        for province in provinces or PROVINCES:
            for node, peer in ((province, HQ), (HQ, province)):
                core = self.cores[node]
                signed = (lambda: self.signed_directory) if node == HQ else None
                self.sessions[node, peer] = LinkSession(
                    node,
                    peer,
                    cursors_of(self.link_row(node, peer)),
                    core.directory,
                    core.judge,
                    core.link_settings,
                    signed,
                )
                self.cuts.pop((node, peer), None)
            for node, peer in ((HQ, province), (province, HQ)):
                self.carry_out(node, peer, self.sessions[node, peer].open(self.clock.now_us()))
        self.run()

    def reconnect(self, *provinces: str) -> None:
        """The streams are gone; new ones take their place."""
        for province in provinces or PROVINCES:
            for node, peer in ((province, HQ), (HQ, province)):
                if (node, peer) in self.sessions:
                    self.carry_out(node, peer, self.sessions[node, peer].closed())
            self.frames = deque(f for f in self.frames if province not in f[:2])
        self.connect(*provinces)

    def run(self) -> None:
        """Until nothing is under way any more."""
        steps = 0
        while self.frames:
            steps += 1
            assert steps < 10_000, "the nodes never come to rest"
            sender, receiver, frame = self.frames.popleft()
            for arriving in self.tamper(sender, receiver, frame) if self.tamper is not None else (frame,):
                self.arrive(sender, receiver, arriving)

    def arrive(self, sender: str, receiver: str, frame: bytes) -> None:
        """A frame arrives, whoever sent it."""
        session = self.sessions[receiver, sender]
        self.carry_out(receiver, sender, session.frame_received(frame, self.clock.now_us()))

    def is_open(self, province: str) -> bool:
        return self.sessions[province, HQ].is_open and self.sessions[HQ, province].is_open

    def carry_out(self, node: str, peer: str, effects: Sequence[Effect]) -> None:
        """Does what a session wants done."""
        core = self.cores[node]
        port = core.dispatcher.port(peer)
        for effect in effects:
            if isinstance(effect, SendFrame):
                self.sent.append((node, peer, effect.frame))
                self.frames.append((node, peer, effect.frame))
            elif isinstance(effect, Receive):
                self.group(node, (), [effect.batch])
            elif isinstance(effect, Opened):
                port.hellos_agree(effect.window_bytes)
                self.group(node)
            elif isinstance(effect, Acked):
                port.acked_seal_number = max(port.acked_seal_number, effect.seal_number)
            elif isinstance(effect, LoadJournal):
                loaded = journal_batches(core.connection, effect.link, effect.after_seal, effect.bytes_max)
                self.carry_out(node, peer, self.sessions[node, peer].journal_loaded(loaded))
            elif isinstance(effect, StopSealing):
                port.sealing_stopped = effect.reason_code
            elif isinstance(effect, Alarm):
                self.group(node, [RaiseAlarm(effect.kind, peer, effect.detail)])
            elif isinstance(effect, AcceptDirectory):
                self._take_directory(node, peer, effect.signed)
            elif isinstance(effect, Cut):
                port.open = False
                self.cuts.setdefault((node, peer), effect.reason_code)

    def _take_directory(self, node: str, peer: str, signed: directory_pb2.SignedDirectory) -> None:
        try:
            self.execute(node, TakeDirectory(signed.SerializeToString()))
        except QuanwangError as error:
            detail = f"{error.code}: {error}"
            self.carry_out(node, peer, self.sessions[node, peer].failed(reason.DIRECTORY_REFUSED, detail))

    # Work

    def execute(self, node: str, command: Any) -> Any:
        """A command and its result; raises what it failed with. What it says is on its way afterwards (see `run`)."""
        answers: list[tuple[Any, BaseException | None]] = []
        self._group(node, [CommandWork(command, lambda *answer: answers.append(answer))], ())
        result, error = answers[0]
        if error is not None:
            raise error
        return result

    def group(self, node: str, commands: Sequence[Any] = (), batches: Sequence[ReceivedBatch] = ()) -> None:
        """One group at a node; its links hear of the commit."""
        self._group(node, [_silent(command) for command in commands], batches)

    def _group(self, node: str, work: Sequence[CommandWork], batches: Sequence[ReceivedBatch]) -> None:
        outcome = self.cores[node].dispatcher.run_group(work, batches)
        sealed: dict[str, list[Any]] = {}
        for batch in outcome.sealed:
            sealed.setdefault(batch.peer, []).append(batch)
        for peer in {**outcome.received, **sealed}:
            session = self.sessions.get((node, peer))
            if session is not None:
                received = outcome.received.get(peer)
                position = position_of(received) if received is not None else None
                self.carry_out(node, peer, session.committed(position, sealed.get(peer, [])))
        for peer, code in outcome.failed.items():
            self.failed.append((node, code))
            if (node, peer) in self.sessions:
                self.carry_out(node, peer, self.sessions[node, peer].failed(code))

    def pass_time(self, microseconds: int = 1_000_000) -> None:
        """Time passes for all; what had waited for it is done."""
        self.clock.at_us += microseconds
        for node in self.nodes:
            self.group(node)
        self.run()

    def say(self, node: str, peer: str, *spoken: Envelope | seal_pb2.Entry | Outgoing) -> None:
        """The node says these things to its peer under its own seal, honest or not; they arrive."""
        self.execute(node, Say(tuple(outgoing_of(peer, each) for each in spoken)))
        self.run()

    def suspend(self, origin: str = SHANGHAI, home: str = GUANGDONG, subscription: str = SUBSCRIPTION) -> bytes:
        """An honest request is submitted; it is on its way afterwards. Returns the leg's key."""
        command = SubmitServiceRequest(
            kind="suspend-subscription",
            destinations=(home,),
            body=subscriptions_pb2.SuspendSubscriptionRequest(subscription_id=subscription).SerializeToString(),
            acting=ActingFor(customer_authentication="SERVICE_PASSWORD"),
        )
        return leg_id(self.execute(origin, command).request_id, origin, home)

    # What a test needs beside

    def add_subscription(self, subscription: str) -> None:
        """One more subscription at Guangdong."""
        connection = self.cores[GUANGDONG].connection
        connection.execute(SUBSCRIPTIONS.insert().values(**_subscription_row(subscription)))

    def assert_honest_traffic(self, name: str = "after") -> None:
        """A request of each kind of end goes through as if nothing had happened."""
        subscription = f"44-{name}"
        self.add_subscription(subscription)
        # Where Zhejiang has been shut out, Shanghai asks for both.
        other = ZHEJIANG if self.directory.is_active(ZHEJIANG) else SHANGHAI
        legs = [
            (SHANGHAI, self.suspend(SHANGHAI, GUANGDONG, subscription)),
            (other, self.suspend(other, GUANGDONG, "44-none")),
        ]
        self.run()
        states = [self.asked(node, leg).state for node, leg in legs]
        assert self.asked(other, legs[1][1]).reason_code in ("", "SUBSCRIPTION_NOT_FOUND")
        assert states == ["completed", "rejected"], (states, self.cuts, self.parked(HQ), self.parked(GUANGDONG))
        assert self.subscription_status(subscription) == "suspended"


def outgoing_of(peer: str, spoken: Envelope | seal_pb2.Entry | Outgoing) -> Outgoing:
    """What is said, ready to be sealed."""
    if isinstance(spoken, Outgoing):
        return spoken
    if isinstance(spoken, Envelope):
        return envelope_entry(peer, b"", spoken)
    digest = header_digest(spoken.header) if spoken.header else NO_HASH
    return Outgoing(peer, b"", spoken, digest, spoken.ByteSize())


def _silent(command: Any) -> CommandWork:
    def done(_result: Any, error: BaseException | None) -> None:
        if error is not None:
            raise AssertionError(f"{command} failed") from error

    return CommandWork(command, done)


def _subscription_row(subscription: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        column.name: 0 if column.name.endswith("_us") else b"" if isinstance(column.type, sa.LargeBinary) else ""
        for column in SUBSCRIPTIONS.columns
    }
    return row | {"subscription_id": subscription, "status": "active", "customer_number": "C1"}
