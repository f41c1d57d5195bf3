"""The order in which HQ takes back what it forgot, from all its provinces.

    directory -> what every province had said -> what HQ had said to every province -> what is through -> the rest

HQ's word on what one province said stands in its journals for others, so all that was said to it is there before
its own words are. Both are the provinces' to give: each has the two journals of its own link.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa

from common.audit.repository import head as audit_head
from common.core import NodeCore
from common.gen.quanwang.federation.v1 import directory_pb2
from common.gen.quanwang.federation.v1 import seal_pb2 as pb
from common.ids import HQ
from common.link.origin import seals_by_hash
from common.messaging.envelope import parse
from common.messaging.links import journal_batch
from common.messaging.seal import seal_hash
from common.program.inline_writer import InlineWriter
from common.program.node import Node
from common.recovery.commands import EndRecovery
from common.recovery.model import PeerWithholds
from common.recovery.taking_back import Fetch, Given, LinkTakingBack, Progress
from common.replicas.repository import live_replicas
from hq_node.directory.commands import TakeBackDirectory
from hq_node.hub.commands import SettleTakenBack, TakeForForwarded
from hq_node.hub.queries import positions_without_leg
from hq_node.hub.taking_back import word_of
from hq_node.hub_link import FederationPorts
from hq_node.recovery.collecting import Collecting
from hq_node.recovery.model import OtherReplicasRun
from hq_node.recovery.servicer import CollectingServicer


@dataclass(slots=True)
class HqTakenBack:
    """What came back. `undecided`: messages that no outcome is recorded for. `lost_positions`: places in the hub's
    order whose decision nobody has witnessed; `lost_audit_entries`: how many of the audit log's."""

    provinces: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    directory_version: int = 0
    own_batches: int = 0
    received_batches: int = 0
    undecided: int = 0
    lost_positions: int = 0
    lost_audit_entries: int = 0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class LinkOfHq(LinkTakingBack):
    """One province's link."""

    def __init__(self, core: NodeCore, peer: str, progress: Progress) -> None:
        super().__init__(core, peer, progress)
        self.audit_number = 0

    async def take_all_received(self, fetch: Fetch) -> None:
        """What the province had said, and what it has said since. Raises RecoveryAnswerUnfit, and what `fetch`
        raises."""
        while batches := await self.next_received(fetch):
            for batch in batches:
                self.take_received(batch)

    async def take_all_own(self, fetch: Fetch) -> None:
        """What HQ had said to it. Raises the same, and PeerWithholds."""
        while batches := await self.next_batches(fetch, self.own, self.row().sealed_seal_number):
            for batch in batches:
                seal = self.audited(batch)
                self.audit_number = max(self.audit_number, seal.audit_number)
                self.take_own(batch, seal)
        self._require_what_it_witnessed()

    def take_entry(self, entry: pb.Entry, batch: pb.SealedBatch, seal: pb.Seal) -> None:
        if entry.header and parse(entry.header, entry.body, entry.private_body).routing.source == HQ:
            self._take_own_request(entry, seal)
        self.writer.run(word_of(self.peer, entry, seals_by_hash(batch.origin_seals)))

    def _take_own_request(self, entry: pb.Entry, seal: pb.Seal) -> None:
        """HQ's own request has a stamp; all else that HQ says for itself has none."""
        if entry.stamp:
            self.take_request(entry, seal)

    def _require_what_it_witnessed(self) -> None:
        """The province's last seal says how far it had received HQ's: less than that it must not give."""
        row = self.row()
        last = journal_batch(self.core.connection, self.theirs, row.received_seal_number)
        if last is None:
            return
        seal = pb.Seal.FromString(pb.SealedBatch.FromString(last).seal.seal)
        number = seal.witnessed_seal_number
        own = journal_batch(self.core.connection, self.own, number) if number else None
        hash_ = b"" if own is None else seal_hash(pb.SealedBatch.FromString(own).seal)
        if number > row.sealed_seal_number or (own is not None and hash_ != seal.witnessed_seal_hash):
            raise PeerWithholds(peer=self.peer, link=self.own, seal_number=number, given=row.sealed_seal_number)


class HqTakingBack:
    """Takes back all links, on a core that does not serve and decides nothing. Interrupted anywhere it is repeated,
    and goes on where it was."""

    def __init__(self, core: NodeCore, progress: Progress) -> None:
        self._core, self._progress = core, progress
        self._writer = InlineWriter(core.dispatcher)

    def take_directory(self, signed: directory_pb2.SignedDirectory) -> bool:
        """The directory that a province works by, where it is newer. Raises what taking one over raises."""
        return bool(self._writer.run(TakeBackDirectory(signed.SerializeToString())))

    def expected(self, without: Collection[str] = ()) -> list[str]:
        """The provinces that must give back, by the directory in force."""
        return [node for node in self._core.directory().active_provinces() if node not in without]

    async def run(self, fetch_from: Callable[[str], Fetch], without: Collection[str] = ()) -> HqTakenBack:
        """Everything that the provinces have and HQ has not; each has given its directory before. `fetch_from(PP)`
        fetches from one. Raises RecoveryAnswerUnfit, PeerWithholds, and what fetching raises."""
        links = {node: LinkOfHq(self._core, node, self._progress) for node in self.expected(without)}
        for node, link in links.items():
            await link.take_all_received(fetch_from(node))
        for node, link in links.items():
            await link.take_all_own(fetch_from(node))
        return self.finish(list(links.values()), sorted(without))

    def finish(self, links: list[LinkOfHq], without: list[str]) -> HqTakenBack:
        """All is taken: what is through is settled, the rest is processed when HQ serves."""
        given = {link.peer for link in links}
        for home in (entry.node for entry in self._core.directory().nodes if entry.node not in {HQ, *given}):
            while self._writer.run(TakeForForwarded(home)):
                pass
        after: tuple[str, bytes] | None = None
        while (after := self._writer.run(SettleTakenBack(after))) is not None:
            pass
        connection = self._core.connection
        said = max((link.audit_number for link in links), default=0)
        return HqTakenBack(
            [link.peer for link in links],
            without,
            self._core.directory().version,
            sum(link.taken.own_batches for link in links),
            sum(link.taken.received_batches for link in links),
            self._writer.run(EndRecovery()),
            positions_without_leg(connection),
            max(0, said - audit_head(connection)[0]),
        )


def require_alone(connection: sa.Connection, now_us: int) -> None:
    """Raises OtherReplicasRun where another process of HQ has said something lately."""
    seen = [replica.name for replica in live_replicas(connection, now_us)]
    if seen:
        raise OtherReplicasRun(names=", ".join(sorted(seen)))


async def collect(node: Node, ports: FederationPorts, progress: Progress, without: Sequence[str]) -> HqTakenBack:
    """Takes back all that the provinces give on the federation port. Raises what HqTakingBack.run raises."""
    taking, core = HqTakingBack(node.core, progress), node.core

    async def welcome(peer: str, fingerprint: bytes) -> bool:
        entry = core.directory().node(peer)
        return entry is not None and entry.welcomes(fingerprint, node.clock.now_us())

    collecting = Collecting(lambda: taking.expected(without), taking.take_directory, progress)
    await ports.start_collecting(CollectingServicer(collecting, welcome))

    def fetch_from(province: str) -> Fetch:
        ask = collecting.fetch_from(province)

        async def fetch(link: str, after: int) -> Given:
            # One that was started meanwhile decides on half of what was.
            require_alone(core.connection, node.clock.now_us())
            return await ask(link, after)

        return fetch

    try:
        await collecting.all_there()
        return await taking.run(fetch_from, without)
    finally:
        await ports.stop()
