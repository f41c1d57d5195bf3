"""What a node's program has around its core: its keys, its certificate, its place in the directory. As the two
bootstraps put it together, on simulated time: the product's own keyring, handlers, services, timers and key keeper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from common.core import NodeCore
from common.directory.own_keys import NodeKeys
from common.directory.rotation import KeyRotation
from common.directory.signing import open_directory
from common.directory.wire import decode_directory, decode_signed
from common.errors import QuanwangError, TemporaryFault
from common.gen.quanwang.federation.v1 import directory_pb2, enrolment_pb2
from common.ids import HQ
from common.parameters.events import NetworkParametersChanged
from common.parked.commands import JudgeParkedAgain
from common.parked.model import DIRECTORY_PROBLEMS
from common.program.key_keeper import KeyKeeper, RotationAnswer
from common.requests.events import LegEnded
from common.rpc.link import FederationLinkServicer
from common.security import tls
from common.security.keyring import Keyring, KeyringMissing, KeyringUse
from common.settings import KeySettings
from hq_node.directory.authority import Authority, HqCertificates
from hq_node.directory.commands import LookForDirectory
from hq_node.directory.draft_repository import latest_and_draft
from hq_node.directory.events import DIRECTORY_NOTICE, DirectoryPublished
from hq_node.directory.following import DirectoryFollower
from hq_node.directory.handlers import handlers as hq_handlers
from hq_node.directory.in_force import DirectoryInForce
from hq_node.directory.key_desk import HqKeyDesk, OwnCertificates
from hq_node.directory.servicer import NodeKeysServicer
from hq_node.directory.shared_keys import SharedKeys
from hq_node.directory.timers import DirectoryTimers
from hq_node.publications.timers import PublicationTimers
from province_node.bootstrap import take_up_directory
from province_node.directory.events import DirectoryTaken
from province_node.directory.handlers import handlers as province_handlers
from province_node.directory.key_desk import HqAway, OwnMembership, ProvinceKeyDesk, RotationRefused
from province_node.directory.membership import Membership, NotEnrolled
from tests.simulation.first_keys import authority, first_keys_of
from tests.simulation.tasks import Awaited, Told, drive

if TYPE_CHECKING:
    from tests.simulation.nodes import SimulatedNode

LINK_ADDRESS, ENROLMENT_ADDRESS = "hq:7450", "hq:7451"
CALL_TIMEOUT_US = 6_000_000
SETTINGS = KeySettings(signing_days=0, private_bodies_days=0, tls_days=0)
"""Nothing is replaced by schedule: faults say when."""


class Writer:
    """The node's writer, as the product's services and desks know it."""

    def __init__(self, node: SimulatedNode) -> None:
        self._node = node

    def execute(self, command: Any) -> Awaited:
        return Awaited(lambda told: self._node.execute(command, told))


class Program:
    """What both levels have. One for each life of a process; its files live on."""

    def __init__(self, node: SimulatedNode) -> None:
        self.node = node
        self.keys = NodeKeys(node.node, node.keys_place, _stored_keyring(node))
        self.keeper: KeyKeeper | None = None
        self.rotating = False
        """Whether keys are being replaced: a second wish waits its turn."""
        self._desk_node = cast(Any, SimpleNamespace(writer=Writer(node), context=None))

    def handlers(self) -> dict[type, Any]:
        """The handlers of this level's directory."""
        raise NotImplementedError

    def started(self, core: NodeCore) -> None:
        """The core is there; nothing has happened in it yet. Raises QuanwangError: the process cannot start."""
        raise NotImplementedError

    def timed_commands(self) -> list[Any]:
        """What time asks of one process of the node."""
        return []

    def replace_keys(self, uses: tuple[KeyringUse, ...]) -> None:
        """An operator has the node's keys replaced; HQ's root key is one of them."""
        assert self.keeper is not None
        if not self.rotating:
            root = uses == (KeyringUse.ROOT,)
            self._run(
                self.keeper.rotate_root() if root else self.keeper.rotate(uses), f"replaces keys {', '.join(uses)}"
            )

    def tend(self) -> None:
        """The key keeper's own look."""
        assert self.keeper is not None
        if not self.rotating:
            self._run(self.keeper.tend(), "")

    def is_finished(self) -> bool:
        """Whether HQ has named all keys that the node has made."""
        core, keeper = self.node.core, self.keeper
        if core is None or keeper is None or self.rotating:
            return False
        entry = core.context.directory.node(self.node.node)
        return entry is not None and not self.keys.unfinished(entry, keeper.certificate())

    def _run(self, coroutine: Any, what: str) -> None:
        node, life = self.node, self.node.life
        self.rotating = True
        if what:
            node.trace(what)

        def done(result: Any, error: BaseException | None) -> None:
            self.rotating = False
            if life != node.life or not node.is_up or (not result and error is None):
                return
            node.trace(f"keys: {type(error).__name__ if error is not None else ', '.join(result)}")
            if error is not None and not isinstance(error, QuanwangError):
                node.world.find("rotation", f"{node.name}: {what or 'looks after its keys'}: {error!r}")

        drive(coroutine, done)

    def _ready(self, core: NodeCore, desk: Any) -> None:
        self._desk_node.context = core.context
        self.keeper = KeyKeeper(self.keys, core.directory, desk, self.node.clock, SETTINGS, self.node.alarm)

    def _judge_again(self) -> None:
        if self.node.core is not None:
            self.node.execute(JudgeParkedAgain(DIRECTORY_PROBLEMS), lambda _result, _error: None)

    def _soon(self, step: Callable[..., None], *arguments: Any) -> None:
        """On the event loop, in this life."""
        life = self.node.life
        self.node.schedule.after(
            self.node.world.random.randrange(5_000),
            lambda: step(*arguments) if life == self.node.life and self.node.core is not None else None,
        )


class HqProgram(Program):
    """HQ's, as hq_node/bootstrap.py has it."""

    def __init__(self, node: SimulatedNode) -> None:
        super().__init__(node)
        keyring = self.keys.keyring
        self.certificates = _StoredCertificates(node.keys_place)
        self.shared_keys = _SharedKeys(self.keys, self.certificates, node.clock)
        self.signed: directory_pb2.SignedDirectory | None = None
        self.authority = Authority(
            root_public_key=node.world.root_public_key,
            root_signers=lambda: self.keys.keyring.root_signers,
            tls=tls.TlsAuthority(keyring.tls_authority_key, authority().certificate_pem),
            entropy=node.entropy.randbytes,
            enrolment_address=ENROLMENT_ADDRESS,
            link_address=LINK_ADDRESS,
            limits=node.world.authority_limits,
        )
        self._timers: DirectoryTimers | None = None
        self._publication_timers: PublicationTimers | None = None
        link_node = SimpleNamespace(
            directory=lambda: self._core().context.directory,
            clock=node.clock,
            look_again=(lambda: Writer(node).execute(LookForDirectory())) if node.replica is not None else None,
        )
        self.servicer = FederationLinkServicer(cast(Any, link_node))
        self.servicer._runs = cast(Any, node.ends)
        self.key_service = NodeKeysServicer(cast(Any, Writer(node)), self.servicer.welcomes)

    def handlers(self) -> dict[type, Any]:
        return hq_handlers(self.authority)

    def started(self, core: NodeCore) -> None:
        in_force = self._in_force = DirectoryInForce(*self._newest(core), self.authority.root_public_key)
        self.signed, core.context.directory = in_force.signed, in_force.directory
        self.shared_keys.follow(in_force.published)
        self._follower = DirectoryFollower(in_force)
        self._follower.prepare, self._follower.heard = self.shared_keys.follow, self._heard
        self._follower.attend(core)
        core.dispatcher.subscribe(DirectoryPublished, lambda event: self._heard(decode_signed(event.signed)))
        self._ready(core, _HqDesk(self._desk_node, self.certificates, self.authority.root_public_key))
        limits = self.authority.limits
        again_us = self.node.world.retire_every_us
        if self.node.faults.rates.parameter_published_per_s:
            publications = self._publication_timers = PublicationTimers(self.node.clock)
            for event in (NetworkParametersChanged, LegEnded, DirectoryPublished):
                core.dispatcher.subscribe(event, publications.wake)
        self._timers = DirectoryTimers(
            self.node.clock, core.directory, self._can_sign_draft, limits.key_overlap_us, again_us
        )

    @staticmethod
    def _newest(core: NodeCore) -> tuple[directory_pb2.SignedDirectory, bytes]:
        signed, draft = latest_and_draft(core.connection)
        assert signed is not None
        return signed, draft

    def _can_sign_draft(self) -> bool:
        draft = self._in_force.draft
        return draft is not None and self.authority.holds_root_of(draft)

    def timed_commands(self) -> list[Any]:
        assert self._timers is not None
        published = self._publication_timers.due() if self._publication_timers is not None else []
        return [*self._timers.due(), *published]

    def noticed(self, channel: str) -> None:
        """Another process of HQ told something."""
        if channel == DIRECTORY_NOTICE:
            self.node.execute(LookForDirectory(), lambda _result, _error: None)

    def look_after_other_replicas(self) -> None:
        """What they may have published, and stored: some times a second."""
        self._follower.look(self._core().connection)
        self.shared_keys.look(self._in_force.published)

    def _heard(self, signed: directory_pb2.SignedDirectory) -> None:
        self._soon(self._publish, signed)
        self._soon(self._judge_again)

    def _publish(self, signed: directory_pb2.SignedDirectory) -> None:
        assert self.signed is not None
        if _version_of(signed) >= _version_of(self.signed):
            self.signed = signed
            self.servicer.directory_changed(signed)

    def _core(self) -> NodeCore:
        assert self.node.core is not None
        return self.node.core


class ProvinceProgram(Program):
    """A province's, as province_node/bootstrap.py has it."""

    def __init__(self, node: SimulatedNode) -> None:
        super().__init__(node)
        self.membership = OwnMembership(node.data_dir, _stored_membership(node))

    def handlers(self) -> dict[type, Any]:
        own = self.membership
        return province_handlers(
            own.current.root_public_key, lambda: self.keys.own_keys(own.current.tls_certificate_pem)
        )

    def started(self, core: NodeCore) -> None:
        membership = self.membership.current
        root_public_key = membership.root_public_key

        def taken(event: DirectoryTaken) -> None:
            core.context.directory = open_directory(decode_signed(event.signed), root_public_key)
            self._soon(self._judge_again)

        core.dispatcher.subscribe(DirectoryTaken, taken)
        take_up_directory(core, membership)
        self._ready(core, _Desk(self._desk_node, self.keys, self.membership, self._redial, self))
        # The node may have stopped between taking a directory and judging by it.
        self._soon(self._judge_again)

    @property
    def fingerprint(self) -> bytes:
        """Of the certificate with which the node dials."""
        return tls.fingerprint(self.membership.current.tls_certificate_pem)

    def _redial(self) -> None:
        self._soon(self._drain)

    def _drain(self) -> None:
        end = self.node.ends.get(HQ)
        if end is not None:
            end.drain()


class _Desk(ProvinceKeyDesk):
    """A province's, whose calls go over the simulated network to HQ's own service."""

    def __init__(
        self,
        node: Any,
        keys: NodeKeys,
        membership: OwnMembership,
        renewed: Callable[[], None],
        program: ProvinceProgram,
    ) -> None:
        super().__init__(node, keys, membership, renewed)
        self._program = program

    async def ask(self, wish: KeyRotation, rotation: bytes, signature: bytes) -> RotationAnswer:
        request = enrolment_pb2.RotateKeysRequest(rotation=rotation, signature=signature)
        certificate = self._membership.current.tls_certificate_pem
        answer = await call_hq(self._program.node, lambda hub: _rotate_keys(hub, request, certificate))
        return RotationAnswer(
            tls.der_to_pem(answer.tls_certificate) if answer.tls_certificate else b"",
            answer.directory.SerializeToString() if answer.HasField("directory") else b"",
        )


def call_hq(node: SimulatedNode, serve: Callable[[HqProgram], Any], *, starting: bool = False) -> Awaited:
    """A call to whichever process of HQ answers; `serve` makes the coroutine that serves it there. What becomes of a
    call whose answer is lost, the caller does not know. `starting`: by a command, while the node does not run."""

    def ask(told: Told) -> None:
        network, schedule, life = node.world.network, node.schedule, node.life
        waits = [True]

        def answer(result: Any, error: BaseException | None) -> None:
            if waits and life == node.life and (node.is_up or starting):
                waits.clear()
                told(result, error)

        def arrive() -> None:
            hub = node.world.process_of(HQ)
            if hub.core is not None and node.node not in network.partitioned:
                drive(serve(cast(HqProgram, hub.program)), lambda *said: _send_back(node, answer, *said))

        schedule.after(network.latency_us(node.node), arrive)
        schedule.after(CALL_TIMEOUT_US, answer, None, HqAway(address=LINK_ADDRESS, detail="no answer"))

    return Awaited(ask)


def _send_back(node: SimulatedNode, answer: Told, result: Any, error: BaseException | None) -> None:
    network = node.world.network
    if isinstance(error, TemporaryFault):
        error = HqAway(address=LINK_ADDRESS, detail=error.code)
    elif isinstance(error, QuanwangError):
        error = RotationRefused(reason_code=error.code, detail=str(error))
    if node.node not in network.partitioned:
        node.schedule.after(network.latency_us(node.node), answer, result, error)


def _rotate_keys(hub: HqProgram, request: enrolment_pb2.RotateKeysRequest, certificate: bytes) -> Any:
    context = SimpleNamespace(auth_context=lambda: {"x509_pem_cert": (certificate,)})
    return hub.key_service.RotateKeys(request, cast(Any, context))


class _StoredCertificates(OwnCertificates):
    """HQ's certificates: the first ones until another was stored."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self.current = self._load()

    def _load(self) -> HqCertificates:
        server = self._data_dir / "tls" / "server.pem"
        stored = server.read_bytes() if server.exists() else first_keys_of(HQ).certificate
        return HqCertificates(authority().certificate_pem, stored)


class _SharedKeys(SharedKeys):
    """HQ's first keys are in memory alone: there is nothing to be read before others were stored."""

    def _reread(self) -> None:
        if self._keys.keyring.list_file(self._keys.data_dir).exists():
            super()._reread()


class _HqDesk(HqKeyDesk):
    """The same."""

    async def look_again(self, keys: NodeKeys) -> None:
        if keys.keyring.list_file(keys.data_dir).exists():
            await super().look_again(keys)


def _stored_keyring(node: SimulatedNode) -> Keyring:
    try:
        keyring = Keyring.load(node.keys_place)
    except KeyringMissing:
        return first_keys_of(node.node).keyring
    keyring.sweep(node.keys_place)
    return keyring


def _stored_membership(node: SimulatedNode) -> Membership:
    try:
        return Membership.load(node.data_dir)
    except NotEnrolled:
        return Membership(
            node=node.node,
            link_address=LINK_ADDRESS,
            root_public_key=first_keys_of(HQ).keyring.root_signer.public_key,
            tls_authority_pem=authority().certificate_pem,
            tls_certificate_pem=first_keys_of(node.node).certificate,
            signed_directory=node.world.first_directory,
        )


def _version_of(signed: directory_pb2.SignedDirectory) -> int:
    return decode_directory(signed.directory).version
