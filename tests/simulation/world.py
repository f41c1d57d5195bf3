"""One run: a federation in one process, on simulated time, with everything drawn from one seed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa

import common.core
import hq_node.web
import province_node.web
from common.core import NodeCore
from common.db.engine import sqlite_url
from common.directory.head import directory_hash
from common.directory.model import Directory
from common.directory.repository import latest
from common.directory.signing import open_directory, sign_directory
from common.directory.wire import decode_signed
from common.evidence.queries import export_evidence
from common.ids import HQ
from common.journal.archive import JournalArchive
from common.link.settings import LinkSettings
from common.messaging.dispatcher import GroupOutcome
from common.messaging.intake import RetryPolicy
from common.messaging.replica import Replica
from common.messaging.sealer import SealLimits
from common.recovery.taking_back import NOT_MEANWHILE
from common.security.tls import requested_key_bytes
from hq_node import core as hq_core
from hq_node.directory.authority import DAY_US, AuthorityLimits
from province_node import core as province_core
from province_node.customers.model import Customer
from tests.simulation import databases, kinds
from tests.simulation.faults import Faults, draw_rates
from tests.simulation.first_keys import first_keys_of
from tests.simulation.links import kind_of
from tests.simulation.losses import Losses
from tests.simulation.network import Network
from tests.simulation.nodes import SimulatedNode
from tests.simulation.outside import LongWork, OutsideSystem
from tests.simulation.programs import HqProgram, Program, ProvinceProgram
from tests.simulation.restored import Restored
from tests.simulation.schedule import SECOND_US, STARTED_AT_US, Schedule
from tests.simulation.workload import (
    CANARY,
    CUSTOMERS_A_PROVINCE,
    REGION,
    Workload,
    customer_number,
    first_status,
    service_number,
    subscription_id,
)
from tests.support.personal_data import make_vault, sealed_rows

PROVINCES = ("11", "31", "44", "51", "65")
DIRECTORY_DAYS = 400
REPLICAS_APART_S_MAX = 2.0
REPLICAS_OVERLAP_US = 6_000_000


@cache
def _sealed_customers(node: str) -> list[tuple[str, tuple[Any, ...]]]:
    """The rows of a province's customers, each with its table. Sealed once: all runs begin with the same."""
    customers = []
    for index in range(CUSTOMERS_A_PROVINCE):
        named = f"{CANARY}-{node}-{index}"
        who = (customer_number(node, index), "person", named, "id-card", named, named, named, node + "0100", "", b"")
        customers.append(Customer(*who, STARTED_AT_US, STARTED_AT_US))
    return list(sealed_rows(make_vault(Random(node).randbytes), customers, STARTED_AT_US))


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be, and which checker saw it."""

    checker: str
    detail: str


@dataclass(frozen=True, slots=True)
class Size:
    """How large a run is."""

    requests_min: int = 8
    requests_max: int = 30
    seconds: float = 20.0
    quiet_seconds_max: int = 900


def first_directory_of(nodes: tuple[str, ...], region: tuple[str, ...]) -> bytes:
    """The directory with which a run begins, signed."""
    entries = [first_keys_of(node).entry for node in nodes]
    root = first_keys_of(HQ).keyring.root_signer
    began_us = STARTED_AT_US - DAY_US
    return sign_directory(None, entries, {REGION: region}, began_us, DIRECTORY_DAYS * DAY_US, root).SerializeToString()


@dataclass
class World:
    """Everything of one run. `directory` is where its files may lie."""

    seed: int
    directory: Path
    size: Size = field(default_factory=Size)
    listener: Callable[[str], None] | None = None
    """Is given each line of the trace."""
    emphasis: Mapping[str, float] = field(default_factory=dict)
    """Fault rates that are not drawn but given."""

    authority_limits: AuthorityLimits = field(init=False)
    retire_every_us: int = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(f"{self.seed}/world")
        self.schedule = Schedule()
        rates = replace(draw_rates(Random(f"{self.seed}/rates")), **self.emphasis)
        self.faults = Faults(rates, Random(f"{self.seed}/faults"))
        self.findings: list[Finding] = []
        self.frames_with_canary = 0
        self.messages = 0
        self.groups = 0
        self.cuts: Counter[str] = Counter()
        self._digest = hashlib.sha256()
        self.behaviour = kinds.Behaviour()
        self.outside = OutsideSystem()
        self.network = Network(self, Random(f"{self.seed}/network"))
        self.watchers: list[Any] = []
        self.losses = Losses()
        self.restored = Restored()
        self.set_back_us: Counter[str] = Counter()
        """How far nodes' clocks were set back, all in all."""
        self.provinces = PROVINCES[: self.random.randint(2, len(PROVINCES))]
        region = tuple(self.random.sample(self.provinces, self.random.randint(1, len(self.provinces))))
        self.first_directory = first_directory_of((HQ, *self.provinces), tuple(sorted(region)))
        self.root_public_key = first_keys_of(HQ).keyring.root_signer.public_key
        """Of the root key with which the run begins."""
        self.opened_first_directory = open_directory(decode_signed(self.first_directory), self.root_public_key)
        self._draw_settings()
        self._draw_key_settings()
        self.nodes: dict[str, SimulatedNode] = {}
        for node in (HQ, *self.provinces):
            skew_us = int(self.random.uniform(-1, 1) * self.faults.rates.skew_s_max * SECOND_US)
            if skew_us:
                self.faults.happened("clock_skew")
            self.nodes[node] = SimulatedNode(self, node, self._prepared_file(node), skew_us)
        self.processes: list[SimulatedNode] = list(self.nodes.values())
        """All processes: one a node, and at HQ perhaps a second one on the same database."""
        self.former: list[SimulatedNode] = []
        """Machines that go on although their node was restored elsewhere."""
        self._replicas_random = Random(f"{self.seed}/replicas")
        if self.faults.strikes("second_replica"):
            self._add_replica()
            # A replica hears of a directory a moment later than the one that published it, and seals until then.
            overlap_us = max(REPLICAS_OVERLAP_US, self.authority_limits.key_overlap_us)
            self.authority_limits = AuthorityLimits(key_overlap_us=overlap_us)

    def _draw_settings(self) -> None:
        """Limits small enough to be met in a short run, in some runs."""
        choose = self.random.choice
        self.link_settings = LinkSettings(
            window_bytes=choose((600, 2_000, 10_000, 4_194_304)),
            in_flight_batches_max=choose((1, 2, 4, 1_024)),
            in_flight_bytes_max=choose((1_000, 5_000, 16_777_216)),
            recent_batches_max=choose((1, 2, 1_024)),
            receiving_batches_max=choose((1, 2, 256)),
            journal_read_bytes_max=choose((500, 3_000, 4_194_304)),
            origin_seals_cached_max=choose((1, 3, 4_096)),
            ack_timeout_us=30 * SECOND_US,
        )
        self.seal_limits = SealLimits(choose((1, 2, 5, 128)), choose((500, 1_048_576)), choose((1, 3, 512)))
        self.retry = RetryPolicy(choose((50_000, 500_000)), choose((1_000_000, 8_000_000)), choose((1, 2, 256)))

    def _draw_key_settings(self) -> None:
        """How long a key and the next one are both good, and how often somebody looks after keys."""
        random = self.key_random = Random(f"{self.seed}/keys")
        overlap_us = random.choice((0, 0, 1, 3, 86_400)) * SECOND_US
        self.authority_limits = AuthorityLimits(key_overlap_us=overlap_us)
        self.retire_every_us = random.choice((500_000, 3_000_000))
        self.tend_every_us = random.choice((1_000_000, 4_000_000))

    # Nodes

    def _add_replica(self) -> None:
        """HQ runs twice. In some runs one of the two only terminates links."""
        first, random = self.nodes[HQ], self._replicas_random
        apart_us = int(random.uniform(-1, 1) * REPLICAS_APART_S_MAX * SECOND_US)
        second = SimulatedNode(self, HQ, first.path, first.clock.skew_us + apart_us)
        roles = random.choice(((True, True), (True, True), (True, False), (False, True)))
        first.become_replica(Replica("a", roles[0]), first)
        second.become_replica(Replica("b", roles[1]), first)
        self.processes.append(second)

    def processes_of(self, node: str) -> list[SimulatedNode]:
        """The processes of a node."""
        return [process for process in self.processes if process.node == node]

    def process_of(self, node: str) -> SimulatedNode:
        """The process of a node that a client or a balancer finds: one that runs, if any does."""
        found = self.processes_of(node)
        if len(found) == 1:
            return found[0]
        return self._replicas_random.choice([process for process in found if process.is_up] or found)

    def prepare_anew(self, node: SimulatedNode) -> None:
        """A database with nothing in it but the customers, in the place of one that is lost."""
        for ending in ("", "-wal", "-shm"):
            node.path.with_name(node.path.name + ending).unlink(missing_ok=True)
        self._prepared_file(node.node, node.entropy.randbytes(16))

    def _prepared_file(self, node: str, incarnation: bytes = b"") -> Path:
        """A node's database with its identity, and at a province some customers, made as if long ago. `incarnation`:
        of one that is not enrolled yet."""
        path = self.directory / f"{node}.db"
        database = databases.make_database(path)
        with database:
            database.execute(
                "INSERT INTO node_identity VALUES (?, ?, ?)", (node, incarnation or node.encode() * 8, STARTED_AT_US)
            )
            if not incarnation:
                self._insert_first_directory(database, node)
            if node == HQ:
                database.execute("INSERT INTO hub_order VALUES (1, 0, '2027-01-15')")
            else:
                database.execute("INSERT INTO simulated_poison VALUES (?)", (kinds.POISONED,))
                for table, row in _sealed_customers(node):
                    database.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", row)  # noqa: S608
                for index in range(CUSTOMERS_A_PROVINCE):
                    self._insert_customer(database, node, index)
                for record in ("customers", "subscriptions"):
                    database.execute("INSERT INTO record_totals VALUES (?, ?)", (record, CUSTOMERS_A_PROVINCE))
        database.close()
        return path

    def _insert_first_directory(self, database: Any, node: str) -> None:
        signed = self.first_directory
        row = (1, signed, directory_hash(decode_signed(signed).directory), STARTED_AT_US - SECOND_US)
        database.execute("INSERT INTO directories VALUES (?, ?, ?, ?)", row)
        for province in self.provinces if node == HQ else ():
            keys = first_keys_of(province)
            keyring, began_us = keys.keyring, STARTED_AT_US - SECOND_US
            database.execute(
                "INSERT INTO enrolments VALUES (?, 'approved', ?, ?, ?, ?, '', ?, ?, 'operator', ?)",
                (
                    province,
                    keyring.signer.public_key,
                    keyring.private_body_keys.reader(province).public_key,
                    requested_key_bytes(keys.certificate_request, province),
                    keys.certificate_request,
                    began_us,
                    began_us,
                    keys.certificate,
                ),
            )

    @staticmethod
    def _insert_customer(database: Any, node: str, index: int) -> None:
        customer, at_us = customer_number(node, index), STARTED_AT_US
        subscription = subscription_id(node, index)
        database.execute(
            "INSERT INTO subscriptions VALUES (?, ?, ?, 'basic', ?, ?, '', x'', x'', '', ?, ?)",
            (subscription, customer, service_number(node, index), first_status(index), at_us, at_us, at_us),
        )
        database.execute("INSERT INTO service_numbers VALUES (?, ?)", (service_number(node, index), subscription))

    def build_program(self, node: SimulatedNode) -> Program:
        """What the node's program has around its core."""
        return HqProgram(node) if node.node == HQ else ProvinceProgram(node)

    def build_core(self, node: SimulatedNode, commit: Callable[[sa.Connection], None] | None = None) -> NodeCore:
        """The product's core of a node, on its database as it is now. `commit`: of a core that takes back what the node
        forgot, and serves nobody."""
        url, keys = sqlite_url(str(node.path)), node.program.keys
        common_parts: dict[str, Any] = {
            "handlers": node.program.handlers(),
            "seal_limits": self.seal_limits,
            "retry": self.retry if commit is None else NOT_MEANWHILE,
            "link_settings": self.link_settings,
            "commit": commit or node.commit,
            "replica": node.replica,
        }
        context = (self.opened_first_directory, node.clock, node.entropy.randbytes)
        if node.node == HQ:
            all_kinds = (*hq_core.KINDS, *kinds.asked_kinds())
            return hq_core.build_core(url, keys.choose_signer, keys, *context, kinds=all_kinds, **common_parts)
        all_kinds = (*province_core.KINDS, *kinds.kinds(self.behaviour), kinds.novelty())
        return province_core.build_core(
            url,
            node.node,
            keys.choose_signer,
            keys,
            *context,
            vault=make_vault(node.entropy.randbytes),
            kinds=all_kinds,
            recovering=commit is not None,
            **common_parts,
        )

    def started(self, node: SimulatedNode) -> None:
        """A node's process has started."""
        if node.node != HQ:
            LongWork(self, node)
            self.network.dial_soon(node)

    # What is seen of the run

    def trace(self, node: str, text: str) -> None:
        """One line of the run's story. No ciphertext and nothing that hangs on one: these differ from run to run."""
        line = f"{self.schedule.now_us / 1e6:12.6f} {node} {text}"
        self._digest.update(line.encode() + b"\n")
        if self.listener is not None:
            self.listener(line)

    @property
    def trace_digest(self) -> str:
        return self._digest.hexdigest()

    def find(self, checker: str, detail: str) -> None:
        """Something is wrong."""
        self.findings.append(Finding(checker, detail))
        self.trace("--", f"FOUND {checker}: {detail}")

    def frame_sent(self, node: SimulatedNode, peer: str, frame: bytes) -> None:
        """A session says a frame: whatever network or peer make of it, this much must be right about it."""
        if CANARY.encode() in frame:
            self.frames_with_canary += 1
        self.trace(node.name, f"says to {peer} {kind_of(frame)} of {len(frame)} bytes")
        for watcher in self.watchers:
            watcher.frame_sent(node, peer, frame)

    def frame_read(self, node: SimulatedNode, peer: str, frame: bytes) -> None:
        """A session is about to read a frame."""
        self.trace(node.name, f"hears from {peer} {kind_of(frame)} of {len(frame)} bytes")

    def stream_ended(self, node: SimulatedNode, peer: str, reason_code: str) -> None:
        """A node's end of a stream is over; a province dials again."""
        self.cuts[reason_code] += 1
        if node.node != HQ:
            self.network.dial_soon(node)

    def commit_unseen(self, node: SimulatedNode) -> None:
        """A group was committed, and its process is gone before it could say so."""
        for watcher in self.watchers:
            watcher.commit_unseen(node)

    def group_done(self, node: SimulatedNode, outcome: GroupOutcome, commands: int, batches: int) -> None:
        """A group was committed, or given up."""
        for channel, payload in outcome.notices:
            for other in self.processes_of(node.node):
                if other is not node and not self.faults.strikes("notice_lost"):
                    self.schedule.after(self._replicas_random.randrange(50_000), other.noticed, channel, payload)
        self.groups += 1
        self.messages += outcome.messages
        sealed = ",".join(f"{batch.peer}/{batch.seal_number}" for batch in outcome.sealed)
        failed = ",".join(f"{peer}:{code}" for peer, code in outcome.failed.items())
        if commands or batches or outcome.messages or sealed or failed:
            self.trace(
                node.name,
                f"group of {commands} commands {batches} batches {outcome.messages} messages; sealed [{sealed}] "
                f"failed [{failed}]" + (" storage" if outcome.storage_failed else ""),
            )
        for watcher in self.watchers:
            watcher.group_done(node, outcome)

    def export_evidence(self, node: str, request_id: bytes) -> bytes:
        """The evidence file that a node puts together, after the run."""
        process = self.nodes[node]
        role = hq_node.web.ROLE if node == HQ else province_node.web.ROLE
        engine = common.core.open_writer(sqlite_url(str(process.path)))
        archive = JournalArchive(process.data_dir / "no archive")
        with engine.connect() as connection:
            return export_evidence(
                connection, role.leg_times, process.context, archive, request_id, process.clock.now_us()
            )

    def newest_directory(self, core: NodeCore) -> Directory:
        """What HQ has published last; `core`: of any of its processes."""
        signed = latest(core.connection)
        assert signed is not None
        return open_directory(signed, self.root_public_key)

    # The run

    def begin(self) -> Workload:
        """Starts all nodes and arranges the work."""
        for node in self.processes:
            self.schedule.after(self.random.randrange(500_000), node.start)
        return Workload(self, self.random.randint(self.size.requests_min, self.size.requests_max), self.size.seconds)

    def stop(self) -> None:
        """Ends all processes."""
        for node in (*self.processes, *self.former):
            node.stop()
