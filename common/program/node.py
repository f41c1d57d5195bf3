"""A node put together: its core and everything that stands around it, whether it serves or only runs one command."""

from __future__ import annotations

import asyncio
import os
import pwd
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

import sqlalchemy as sa

from common.access_control.actor import SYSTEM, Actor, local_actor
from common.access_control.desk import Desk
from common.access_control.events import AccessChanged
from common.alarms.events import AlarmTold
from common.alarms.telling import log_alarm
from common.api_tokens.events import TokensChanged
from common.clock import Clock
from common.core import NodeCore
from common.db.engine import open_reader
from common.db.leg_counts import LegCounts
from common.evidence.queries import FindLegs
from common.interfaces.desk import InterfaceDesk
from common.interfaces.events import CallAnswered
from common.journal.archive import JournalArchive
from common.journal.comparison import AskPeer, nobody_to_ask
from common.link.activity import LinkActivity
from common.live.events import LegBegan, LegFinished
from common.live.recorder import Recorder
from common.messaging.dispatcher import GroupOutcome
from common.messaging.writer import Queue
from common.metrics import NodeMetrics, OpenLegs
from common.node_context import NodeContext
from common.operators.keeper import AccessKeeper
from common.organisations.commands import FoundOrganisations
from common.organisations.queries import has_root
from common.personal_data.desk import PersonalDataDesk
from common.program.data_directory import DataDirectory
from common.program.inline_writer import InlineWriter
from common.program.key_keeper import KeyKeeper
from common.program.reads import Reads
from common.requests.events import LegEnded
from common.requests.watch import RequestWatch
from common.settings import NodeSettings
from common.sign_in.callers import Callers
from common.sign_in.desk import SignInDesk
from common.sign_in.events import SessionsChanged
from common.sign_in.parameters import SignInRules, defaults_of
from common.sign_in.passwords import Passwords


class CommandWriter(Protocol):
    """Runs commands, durably. `Writer` does it on its thread, `InlineWriter` where it is asked."""

    @property
    def storage_failing(self) -> bool: ...

    def queues(self) -> list[Queue]:
        """What waits for it."""

    def execute(self, command: Any, bulk: bool = False, actor: Actor = SYSTEM) -> Awaitable[Any]:
        """The command's result; fails with its refusal or fault. `bulk`: behind everything else. `actor`: who wishes
        it."""


@dataclass(frozen=True, slots=True)
class Role:
    """What the two kinds of node tell differently. Queries run on a reader's connection."""

    name: str
    trace: Callable[[sa.Connection, NodeContext, bytes], dict[str, Any]]
    """What this node knows of a request's way. Raises RequestNotFound."""
    counts: Callable[[sa.Connection], dict[str, Any]]
    """The role's own part of the status."""
    legs: Callable[[sa.Connection], dict[str, LegCounts]]
    """The role's own legs by state, for the status."""
    open_legs: Callable[[sa.Connection, NodeContext], list[OpenLegs]]
    """The legs on which this node still waits, for the meters."""
    leg_times: FindLegs
    """The legs of a request that this node knows, and when something happened to them, for evidence."""


@cache
def account_name() -> str:
    """The account of the machine as which this program runs; its number, where it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def no_links() -> Mapping[str, LinkActivity]:
    """A node that does not serve has no live links."""
    return {}


@dataclass(slots=True)
class Node:
    """One node. `writer` is replaced when the node begins to serve."""

    role: Role
    data: DataDirectory
    settings: NodeSettings
    clock: Clock
    core: NodeCore
    reads: Reads
    writer: CommandWriter
    metrics: NodeMetrics
    recorder: Recorder = field(default_factory=Recorder)
    watch: RequestWatch = field(default_factory=RequestWatch)
    pruning: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by whoever archives, prunes or erases."""
    link_activities: Callable[[], Mapping[str, LinkActivity]] = no_links
    key_keeper: KeyKeeper = field(init=False)
    """Set by the node's bootstrap."""
    access: AccessKeeper = field(init=False)
    """Who may do what."""
    sign_in: SignInDesk = field(init=False)
    """Where people sign in, and callers are known."""
    interfaces: InterfaceDesk = field(init=False)
    """Where other systems are called; a bootstrap that has adapters for it replaces it."""
    personal_data: PersonalDataDesk = field(init=False)
    """Set by the bootstrap of nodes that keep any: the provinces."""
    ask_peer: AskPeer = nobody_to_ask
    """Asks the other end of a link about its journal; set when the node begins to serve."""
    leads: Callable[[], bool] = lambda: True
    """Whether this process does what only one of the node's may do: it holds the lease, or there is no other."""
    under_lease: Callable[[Any], Any] = lambda command: command
    """The command as it runs only as long as this process leads."""
    open_elsewhere: Callable[[], Mapping[str, str]] = dict
    """Where the node has replicas: the peers whose streams end at another one, and its name; some seconds old."""

    def __post_init__(self) -> None:
        self.interfaces = InterfaceDesk(self)

    @property
    def local_desk(self) -> Desk:
        """For the admin socket, which only the data directory's owner can reach."""
        return Desk(self.writer, local_actor(account_name(), self.context.access_limits))

    @property
    def context(self) -> NodeContext:
        """What handlers know of the node."""
        return self.core.context

    @property
    def archive(self) -> JournalArchive:
        """Where journals are kept that left the database."""
        return JournalArchive(self.data.archive)

    def group_ran(self, outcome: GroupOutcome) -> None:
        """A group was run: the meters and the history hear of it. On the writer's thread."""
        self.metrics.group_ran(outcome)
        self.recorder.group_ran(outcome)

    def close(self) -> None:
        """Gives back the database."""
        self.sign_in.passwords.close()
        self.reads.close()
        self.core.close()


def make_node(role: Role, data: DataDirectory, settings: NodeSettings, clock: Clock, core: NodeCore) -> Node:
    """A node around its core, not serving yet."""
    core.context.limits = settings.requests
    core.take_defaults(defaults_of(settings.sign_in))
    engine = open_reader(data.url, settings.reads.connections_max)
    node = Node(
        role=role,
        data=data,
        settings=settings,
        clock=clock,
        core=core,
        reads=Reads(engine, settings.reads.connections_max),
        writer=InlineWriter(core.dispatcher),
        metrics=NodeMetrics(core.node, role.name, core.context.software_version),
    )
    node.access = AccessKeeper(
        node.reads, clock, shared=core.dispatcher.shared, limits=lambda: core.context.access_limits
    )
    core.dispatcher.subscribe(AccessChanged, node.access.changed)
    add_sign_in(node, os.urandom)
    core.dispatcher.subscribe(CallAnswered, node.metrics.interface_answered)
    core.dispatcher.subscribe(AlarmTold, log_alarm)
    core.dispatcher.subscribe(LegEnded, node.watch.leg_ended)
    core.dispatcher.subscribe(LegEnded, node.metrics.leg_ended)
    core.dispatcher.subscribe(LegBegan, node.metrics.leg_began)
    core.dispatcher.subscribe(LegFinished, node.metrics.leg_finished)
    core.dispatcher.subscribe(LegBegan, node.recorder.leg_began)
    core.dispatcher.subscribe(LegFinished, node.recorder.leg_finished)
    if not node.reads.now(has_root, core.node):
        InlineWriter(core.dispatcher).run(FoundOrganisations())
    return node


def add_sign_in(node: Node, entropy: Callable[[int], bytes]) -> None:
    """Gives the node its desk for signing in."""
    shared = node.core.dispatcher.shared

    def rules() -> SignInRules:
        return SignInRules(node.context.parameters, node.clock.now_us())

    callers = Callers(node.reads, node.clock, node.access, rules, shared=shared)
    node.core.dispatcher.subscribe(SessionsChanged, callers.sessions_changed)
    node.core.dispatcher.subscribe(TokensChanged, callers.tokens_changed)
    passwords = Passwords(node.settings.sign_in, entropy)
    node.sign_in = SignInDesk(
        node.core.node, lambda: node.writer, node.reads, node.clock, rules, passwords, entropy, callers
    )
