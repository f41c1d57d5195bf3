"""A province that takes back from HQ what it forgot: the product's `recover`, over the simulated network, on a disk
that may be full, in a process that may die between any two commits."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from common.core import NodeCore
from common.errors import QuanwangError
from common.gen.quanwang.journal.v1 import recovery_pb2 as pb
from common.ids import HQ, link_name
from common.journal.archive import JournalArchive
from common.journal.queries import batches_behind, link_end
from common.program.inline_writer import InlineWriter
from common.recovery.queries import Held
from common.recovery.taking_back import Given, TakenBack, TakingBack
from hq_node.recovery.servicer import RecoveryServicer
from province_node.directory.commands import TakeDirectory
from province_node.serving.taking_back import answer_of
from tests.simulation import databases
from tests.simulation.nodes import SimulatedCrash
from tests.simulation.programs import HqProgram, ProvinceProgram, call_hq
from tests.simulation.tasks import drive

if TYPE_CHECKING:
    from tests.simulation.nodes import SimulatedNode


DIES = 0.1
"""How likely the process dies after an answer of HQ's, where processes die at all."""


class RecoveryDied(Exception):
    """The process that took back is gone."""


class Recovery:
    """One run of the command. `then` hears what was taken back, or what ended it."""

    def __init__(self, node: SimulatedNode, then: Callable[[TakenBack | None, BaseException | None], None]) -> None:
        self.node, self._then = node, then
        self._core: NodeCore | None = None

    def begin(self) -> None:
        """As `province-node recover`."""
        self.node.trace("takes back what it forgot")
        drive(cast(Any, self._run()), self._ended)

    async def _run(self) -> TakenBack:
        try:
            core = self._core = self._open()
            taking = TakingBack(core, HQ, answer_of, lambda _link, _after, _last: None)
            return await taking.run(self._fetch)
        except SimulatedCrash as crash:
            raise RecoveryDied(str(crash)) from crash

    def _open(self) -> NodeCore:
        node = self.node
        node.program = node.world.build_program(node)
        core = self._core = node.world.build_core(node, self._commit)
        core.connection.exec_driver_sql("PRAGMA synchronous=OFF")
        if node.disk_full:
            databases.limit_pages(core.connection)
        node.program.started(core)
        return core

    def _ended(self, taken: Any, error: BaseException | None) -> None:
        core = self._core
        if core is not None:
            if error is None:
                self.node.world.restored.received_again[self.node.node, link_name(HQ, self.node.node)] = _received(core)
            with suppress(sa.exc.SQLAlchemyError, sqlite3.Error):
                core.close()
        self._then(taken, error)

    def _commit(self, connection: sa.Connection) -> None:
        """Where crashes and full disks strike."""
        faults = self.node.faults
        if faults.strikes("crash_before_commit"):
            raise SimulatedCrash("before commit")
        if faults.strikes("commit_refused"):
            raise OperationalError("COMMIT", (), sqlite3.OperationalError("database or disk is full"))
        connection.exec_driver_sql("COMMIT")
        if faults.strikes("crash_after_commit"):
            raise SimulatedCrash("after commit")

    async def _fetch(self, link: str, after: int) -> Given:
        """As province_node/recovery/asking.py, from HQ's own service."""
        core = self._core
        assert core is not None
        program = cast(ProvinceProgram, self.node.program)
        request = pb.FetchJournalRequest(link=link, after=after, directory_version=core.context.directory.version)
        certificate = program.membership.current.tls_certificate_pem
        answer = await call_hq(self.node, lambda hub: _serve(hub, request, certificate), starting=True)
        faults = self.node.faults
        if not faults.over and faults.rates.node_crash_per_s and faults.random.random() < DIES:
            raise SimulatedCrash("between two fetches")
        if answer.HasField("directory"):
            InlineWriter(core.dispatcher).run(TakeDirectory(answer.directory.SerializeToString()))
        return Given(list(answer.batches), answer.last_seal)


class _Journals:
    """HQ's journals, some bytes at a time."""

    def __init__(self, hub: HqProgram) -> None:
        self._hub = hub

    async def read(self, link: str, after: int) -> Held:
        core, world = self._hub.node.core, self._hub.node.world
        assert core is not None
        archive = JournalArchive(self._hub.node.data_dir / "no archive")
        found = batches_behind(core.connection, archive, link, after, world.link_settings.journal_read_bytes_max)
        return Held(found, link_end(core.connection, HQ, link))

    def newer(self, version: int) -> Any:
        signed, core = self._hub.signed, self._hub.node.core
        return signed if core is not None and core.context.directory.version > version else None


def _serve(hub: HqProgram, request: pb.FetchJournalRequest, certificate: bytes) -> Any:
    context = SimpleNamespace(auth_context=lambda: {"x509_pem_cert": (certificate,)})
    return RecoveryServicer(_Journals(hub), hub.servicer.welcomes).FetchJournal(request, cast(Any, context))


def _received(core: NodeCore) -> int:
    row = databases.driver_connection(core.connection).execute("SELECT received_seal_number FROM links").fetchone()
    return int(row[0]) if row else 0


EXPECTED = (QuanwangError, RecoveryDied)
"""What may end a recovery; it is repeated. Anything else is a finding."""
