"""The core of a node: everything between the links and the database, synchronous and without sockets.

Both programs are built on it, and so is the simulator, which runs the same core on a simulated clock and network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from common.access_control.guard import Guard
from common.access_control.needs import INTERNAL, Declared, permissions_in
from common.access_control.rights import Permission
from common.alarms.permissions import READING as ALARM_READING
from common.api_tokens.handlers import HANDLERS as token_handlers
from common.api_tokens.permissions import NEEDS as TOKEN_NEEDS
from common.api_tokens.permissions import READING as TOKEN_READING
from common.approvals.asking import asking
from common.approvals.handlers import handlers as approval_handlers
from common.approvals.parameters import PARAMETERS as APPROVAL_PARAMETERS
from common.approvals.permissions import NEEDS as APPROVAL_NEEDS
from common.approvals.permissions import READING as APPROVAL_READING
from common.audit.handlers import handlers as audit_handlers
from common.audit.permissions import NEEDS as AUDIT_NEEDS
from common.audit.permissions import READING as AUDIT_READING
from common.backup.permissions import NEEDS as BACKUP_NEEDS
from common.backup.permissions import READING as BACKUP_READING
from common.clock import Clock
from common.db.engine import open_writer
from common.db.unit_of_work import Announce, UnitOfWork
from common.dictionaries.declared import DICTIONARIES
from common.dictionaries.events import DictionaryChanged
from common.dictionaries.handlers import HANDLERS as dictionary_handlers
from common.dictionaries.keeper import DictionaryKeeper
from common.dictionaries.permissions import NEEDS as DICTIONARY_NEEDS
from common.dictionaries.permissions import READING as DICTIONARY_READING
from common.directory.model import Directory
from common.directory.permissions import NEEDS as OWN_KEY_NEEDS
from common.errors import Fault
from common.event_hub.handlers import HANDLERS as event_hub_handlers
from common.event_hub.parameters import PARAMETERS as EVENT_HUB_PARAMETERS
from common.event_hub.permissions import NEEDS as EVENT_HUB_NEEDS
from common.event_hub.permissions import READING as EVENT_READ
from common.evidence.permissions import NEEDS as EVIDENCE_NEEDS
from common.ids import HQ, IdSource
from common.interfaces.handlers import HANDLERS as interface_handlers
from common.interfaces.model import Port
from common.interfaces.parameters import PARAMETERS as INTERFACE_PARAMETERS
from common.interfaces.permissions import NEEDS as INTERFACE_NEEDS
from common.interfaces.permissions import READING as INTERFACE_READING
from common.journal.handlers import handlers as journal_handlers
from common.journal.permissions import NEEDS as JOURNAL_NEEDS
from common.leases.handlers import handlers as lease_handlers
from common.leases.permissions import NEEDS as LEASE_NEEDS
from common.link.entries import EntryJudge
from common.link.origin import OriginProofs
from common.link.settings import LinkSettings
from common.live.permissions import READING as LIVE_READING
from common.messaging.dispatcher import Commit, Dispatcher, Handler, MessageProcessor, commit
from common.messaging.incoming import Incoming, ReceivedBatch
from common.messaging.intake import Intake, RetryPolicy
from common.messaging.links import node_identity
from common.messaging.replica import ClaimLink, Replica
from common.messaging.replica_intake import ReplicaIntake
from common.messaging.replica_sealer import ReplicaSealer
from common.messaging.sealer import Gate, Sealer, SealLimits
from common.node_context import NodeContext
from common.operators.handlers import HANDLERS as operator_handlers
from common.operators.parameters import PARAMETERS as OPERATOR_PARAMETERS
from common.operators.permissions import NEEDS as OPERATOR_NEEDS
from common.operators.permissions import READING as OPERATOR_READING
from common.organisations.handlers import HANDLERS as organisation_handlers
from common.organisations.permissions import NEEDS as ORGANISATION_NEEDS
from common.organisations.permissions import READING as ORGANISATION_READING
from common.parameters.events import NetworkParametersChanged, ParameterChanged
from common.parameters.handlers import HANDLERS as parameter_handlers
from common.parameters.keeper import ParameterKeeper
from common.parameters.model import Parameter, declare
from common.parameters.permissions import NEEDS as PARAMETER_NEEDS
from common.parameters.permissions import READING as PARAMETER_READING
from common.parked.handlers import handlers as parked_handlers
from common.parked.permissions import NEEDS as PARKED_NEEDS
from common.parked.permissions import READING as PARKED_READING
from common.replicas.handlers import HANDLERS as replica_handlers
from common.replicas.permissions import NEEDS as REPLICA_NEEDS
from common.requests.permissions import READING as REQUEST_READING
from common.rest.handlers import handlers as rest_handlers
from common.rest.permissions import NEEDS as REST_NEEDS
from common.security.signing import ChooseSigner, Signer
from common.sign_in.handlers import HANDLERS as sign_in_handlers
from common.sign_in.parameters import PARAMETERS as SIGN_IN_PARAMETERS
from common.sign_in.permissions import NEEDS as SIGN_IN_NEEDS
from common.sign_in.permissions import READING as SIGN_IN_READING

KIT_NEEDS: Declared = {
    **AUDIT_NEEDS,
    **BACKUP_NEEDS,
    **EVIDENCE_NEEDS,
    **OWN_KEY_NEEDS,
    **JOURNAL_NEEDS,
    **PARKED_NEEDS,
    **LEASE_NEEDS,
    **REPLICA_NEEDS,
    **REST_NEEDS,
    **EVENT_HUB_NEEDS,
    **ORGANISATION_NEEDS,
    **OPERATOR_NEEDS,
    **SIGN_IN_NEEDS,
    **TOKEN_NEEDS,
    **PARAMETER_NEEDS,
    **DICTIONARY_NEEDS,
    **INTERFACE_NEEDS,
    **APPROVAL_NEEDS,
    ClaimLink: INTERNAL,
}
"""What the commands need that every node knows."""

KIT_READING = (
    AUDIT_READING
    | ALARM_READING
    | BACKUP_READING
    | LIVE_READING
    | PARKED_READING
    | INTERFACE_READING
    | APPROVAL_READING
    | OPERATOR_READING
    | ORGANISATION_READING
    | PARAMETER_READING
    | DICTIONARY_READING
    | REQUEST_READING
    | SIGN_IN_READING
    | TOKEN_READING
    | {EVENT_READ}
)
"""What is needed in order to look at what every node holds."""

PEOPLE_HANDLERS: Mapping[type, Handler] = {
    **organisation_handlers,
    **operator_handlers,
    # Behind those of operators: locking one ends their sessions as well.
    **sign_in_handlers,
    **token_handlers,
}
"""What is done about organisations, operators, their sign-ins, and tokens."""

KIT_PARAMETERS: tuple[Parameter[Any], ...] = (
    *EVENT_HUB_PARAMETERS,
    *INTERFACE_PARAMETERS,
    *SIGN_IN_PARAMETERS,
    *APPROVAL_PARAMETERS,
    *OPERATOR_PARAMETERS,
)
"""What may be changed at every node while it runs."""

MakeUnitOfWork = Callable[[sa.Connection, IdSource, int, NodeContext, Callable[[str], tuple[int, int]]], UnitOfWork]
MaySpeak = Callable[[ReceivedBatch], bool]
Prefetch = Callable[[Any, Sequence[Any], Sequence[Incoming]], None]


class NodeNotInitialised(Fault):
    """The database does not belong to a node yet, or to another one."""

    en = "The database is not that of node {node}. Initialise the node first."
    zh = "该数据库不属于节点 {node}，请先初始化节点。"


@dataclass(frozen=True, slots=True)
class CoreParts:
    """What makes a node's core its own."""

    url: str
    context: NodeContext
    signer: Signer | ChooseSigner
    """The signing key; or how to choose it, for each seal, by the directory in force."""
    processor: MessageProcessor
    unit_of_work: MakeUnitOfWork
    handlers: Mapping[type, Handler]
    clock: Clock
    entropy: Callable[[int], bytes]
    gate: Gate | None = None
    prefetch: Prefetch | None = None
    seal_limits: SealLimits | None = None
    retry: RetryPolicy | None = None
    link_settings: LinkSettings | None = None
    replica: Replica | None = None
    """Which of the node's processes this is; None: the node has only one."""
    commit: Commit = commit
    needs: Declared = field(default_factory=dict)
    """What the role's own commands need of whoever wishes them."""
    reading: frozenset[Permission] = frozenset()
    """What is needed in order to look at the role's own records."""
    parameters: Sequence[Parameter[Any]] = ()
    """The role's own parameters."""
    ports: Sequence[Port] = ()
    """The role's interfaces to other systems."""
    parameters_of_others: Sequence[Parameter[Any]] = ()
    """Those that only other nodes have, and this one can publish."""


class NodeCore:
    """One node's dispatcher with its sealer and intake, on its writing connection."""

    def __init__(self, parts: CoreParts) -> None:
        self.node = parts.context.node
        self.context = parts.context
        needs = {**KIT_NEEDS, **parts.needs}
        self.context.permissions = permissions_in(needs) | KIT_READING | parts.reading
        self.context.ports = {port.name: port for port in parts.ports}
        self.clock = parts.clock
        self.link_settings = parts.link_settings or LinkSettings()
        self.engine = open_writer(parts.url)
        self.connection = self.engine.connect()
        self.incarnation = read_incarnation(self.connection, self.node)
        self.ids = IdSource(parts.clock, parts.entropy)
        self.judge = EntryJudge(self.node, OriginProofs(self.directory, self.link_settings), self.link_settings)
        self.replica = parts.replica
        self.announcers: dict[type, Announce] = {}
        """What is told outside of each in-process event; filled by the node's bootstrap."""
        sealer = _sealer(parts, self.incarnation, self.directory)
        self.intake = intake = _intake(parts, self.incarnation, self.judge, self._may_speak)

        def make_unit_of_work(connection: sa.Connection, ids: IdSource, now_us: int) -> UnitOfWork:
            uow = parts.unit_of_work(connection, ids, now_us, parts.context, sealer.waiting)
            uow.announcers = self.announcers
            return uow

        guard = Guard(needs)
        unasked = {
            **journal_handlers(),
            **parked_handlers(parts.processor, self.judge.reread),
            **replica_handlers,
            **PEOPLE_HANDLERS,
            **parameter_handlers,
            **dictionary_handlers,
            **event_hub_handlers,
            **interface_handlers,
            **parts.handlers,
        }
        handlers = {**asking(unasked, needs), **asking(approval_handlers(unasked, guard), needs)}
        self.dispatcher = Dispatcher(
            self.connection,
            make_unit_of_work,
            {
                **handlers,
                **lease_handlers(handlers),
                **rest_handlers(handlers),
                **audit_handlers(handlers),
                ClaimLink: sealer.claim,
            },
            intake,
            sealer,
            self.ids,
            parts.clock,
            parts.prefetch,
            parts.commit,
            guard,
        )
        declared, of_others = declare(KIT_PARAMETERS, parts.parameters), declare(parts.parameters_of_others)
        parameters = ParameterKeeper(self.context, declared, parts.clock, of_others)
        dictionaries = DictionaryKeeper(self.context, DICTIONARIES)

        def look_at_parameters(connection: sa.Connection) -> None:
            parameters.load(connection)
            dictionaries.load(connection)

        self.look_at_parameters = look_at_parameters
        """Takes up, from a connection, what another process has changed of parameters and dictionaries."""
        self.take_defaults = parameters.take_defaults
        """Parameters whose defaults the node's settings give."""
        self.dispatcher.takes_up.append(look_at_parameters)
        self.dispatcher.subscribe(ParameterChanged, parameters.changed)
        self.dispatcher.subscribe(NetworkParametersChanged, parameters.published)
        self.dispatcher.subscribe(DictionaryChanged, dictionaries.changed)
        self.dispatcher.load()

    def _may_speak(self, batch: ReceivedBatch) -> bool:
        """Whether what a peer says is still received. HQ's own standing is judged by its keys alone."""
        peer, directory = batch.peer, self.context.directory
        return peer == HQ or (
            directory.is_active(peer) and not directory.from_before_re_enrolment(peer, batch.seal.key_id)
        )

    def directory(self) -> Directory:
        """The directory in force."""
        return self.context.directory

    def close(self) -> None:
        """Gives back the database."""
        self.connection.close()
        self.engine.dispose()


def _sealer(parts: CoreParts, incarnation: bytes, directory: Callable[[], Directory]) -> Sealer:
    rest = (parts.context.node, incarnation, _chooser(parts.signer), directory, parts.gate, parts.seal_limits)
    return Sealer(*rest) if parts.replica is None else ReplicaSealer(parts.replica.name, *rest)


def _intake(parts: CoreParts, incarnation: bytes, judge: EntryJudge, may_speak: MaySpeak) -> Intake:
    rest = (parts.context.node, incarnation, parts.processor, judge.reread, parts.retry, may_speak)
    return Intake(*rest) if parts.replica is None else ReplicaIntake(parts.replica.processes, *rest)


def _chooser(signer: Signer | ChooseSigner) -> ChooseSigner:
    if callable(signer):
        return signer
    return lambda _directory, _now_us: signer


def write_identity(connection: sa.Connection, node: str, incarnation: bytes, now_us: int) -> None:
    """Makes an empty database that of `node`."""
    connection.execute(node_identity.insert().values(node=node, incarnation=incarnation, initialised_at_us=now_us))


def read_incarnation(connection: sa.Connection, node: str) -> bytes:
    """The incarnation of the node that the database belongs to. Raises NodeNotInitialised."""
    statement = sa.select(node_identity.c.incarnation).where(node_identity.c.node == node)
    incarnation: bytes | None = connection.execute(statement).scalar()
    if incarnation is None:
        raise NodeNotInitialised(node=node)
    return incarnation
