"""The network between the nodes: connections that are dialled, lag, tear, and sometimes bring what was never sent.

A connection is ordered and whole, as TLS makes it, so a lost frame is a torn connection. What a peer that is broken or
hostile could do inside a stream (repeat, swap, replay, corrupt) is done here too; the machine must cut it, and never
believe it.
"""

from __future__ import annotations

from collections import deque
from random import Random
from typing import TYPE_CHECKING, Any, cast

from common.gen.quanwang.federation.v1 import link_pb2, seal_pb2
from common.ids import HQ
from common.link import effects as reason
from tests.simulation.links import LinkEnd, kind_of
from tests.simulation.programs import HqProgram, ProvinceProgram
from tests.simulation.tasks import drive

if TYPE_CHECKING:
    from tests.simulation.nodes import SimulatedNode
    from tests.simulation.world import World

HISTORY_FRAMES_MAX = 24
NOTICE_US_MAX = 3_000_000
HALF_OPEN_US_MAX = 60_000_000
ACCEPTED_US_MAX = 5_000_000
REFUSAL = link_pb2.LinkFrame(reject=link_pb2.Reject(reason_code=reason.CERTIFICATE_UNKNOWN))


class Wire:
    """One connection of a province to HQ."""

    def __init__(self, network: Network, province: str) -> None:
        self.network, self.province = network, province
        self.torn = False
        self.fingerprint = b""
        """Of the certificate that the province has shown."""
        self.ends: dict[str, LinkEnd] = {}
        self._arrives_at_us = {HQ: 0, province: 0}
        self._waiting: dict[str, deque[list[bytes]]] = {HQ: deque(), province: deque()}
        self._closed: set[str] = set()

    def send(self, end: LinkEnd, frame: bytes, is_ack: bool) -> None:
        """Frames leave one end in order; what the network makes of them arrives at the other."""
        node, faults, history = end.node.node, self.network.faults, self.network.history
        if self.torn or node in self._closed:
            return
        target = HQ if node != HQ else self.province
        if faults.strikes("frame_lost"):
            self.tear()
            return
        waiting = self._waiting[target]
        if is_ack and waiting and kind_of(waiting[-1][0]) == "ack" and faults.random.random() < 0.5:
            # As the adapter does: an ack that still waits is replaced by a later one.
            waiting[-1][0] = frame
            return
        sent = frame
        if faults.strikes("frame_corrupted"):
            sent = corrupted(frame, faults.random)
        self._put(target, sent)
        if faults.strikes("frame_duplicated"):
            self._put(target, sent)
        if len(waiting) > 1 and faults.strikes("frame_swapped"):
            waiting[-1][0], waiting[-2][0] = waiting[-2][0], waiting[-1][0]
        past = history.setdefault((node, target), deque(maxlen=HISTORY_FRAMES_MAX))
        if past and faults.strikes("frame_replayed"):
            self._put(target, faults.random.choice(past))
        others = [frames for link, frames in history.items() if link != (node, target) and frames]
        if others and faults.strikes("frame_foreign"):
            self._put(target, faults.random.choice(faults.random.choice(others)))
        past.append(frame)

    def _put(self, target: str, frame: bytes) -> None:
        schedule = self.network.schedule
        arrives = max(self._arrives_at_us[target], schedule.now_us + self.network.latency_us(self.province))
        self._arrives_at_us[target] = arrives
        self._waiting[target].append([frame])
        schedule.after(arrives - schedule.now_us, self._arrive, target)

    def _arrive(self, target: str) -> None:
        waiting = self._waiting[target]
        if not waiting:
            return
        end = self.ends.get(target)
        frame = waiting.popleft()[0]
        if end is not None:
            end.frame_arrived(frame)

    # Ends

    def tear(self, hub_notices_us: int = 0) -> None:
        """The connection breaks. Each end notices in its own time; until then it may still read what was under way.

        `hub_notices_us`: HQ's end does not notice for so long.
        """
        if self.torn:
            return
        self.torn = True
        for node, end in sorted(self.ends.items()):
            if node == HQ and hub_notices_us:
                delay_us = hub_notices_us
            elif self.network.faults.strikes("half_open"):
                delay_us = self.network.random.randrange(NOTICE_US_MAX)
            else:
                delay_us = 0
                self._waiting[node].clear()
            self.network.schedule.after(delay_us, end.wire_torn)
        if HQ not in self.ends:
            self._closed.add(HQ)

    def refuse(self, hub: SimulatedNode) -> None:
        """HQ does not let the province in: it says so, and closes."""
        hub.alarm(reason.CERTIFICATE_UNKNOWN, self.province, "")
        self._put(self.province, REFUSAL.SerializeToString())
        self._closed.add(HQ)
        delay_us = self._arrives_at_us[self.province] - self.network.schedule.now_us
        self.network.schedule.after(delay_us + 1_000, self.ends[self.province].wire_torn)

    def closed_by(self, end: LinkEnd) -> None:
        """One end is done; what it said last still arrives, then the other end sees the end of the stream."""
        node = end.node.node
        self._closed.add(node)
        other = self.ends.get(HQ if node != HQ else self.province)
        if other is not None and not other.gone:
            schedule = self.network.schedule
            last = max(self._arrives_at_us[other.node.node], schedule.now_us)
            schedule.after(last - schedule.now_us + 1_000, other.wire_torn)

    def abandoned_by(self, end: LinkEnd) -> None:
        """One end's process is gone."""
        self._closed.add(end.node.node)
        other = self.ends.get(HQ if end.node.node != HQ else self.province)
        if other is not None and not other.gone:
            self.network.schedule.after(self.network.random.randrange(NOTICE_US_MAX), other.wire_torn)
        elif other is None:
            self.torn = True


class Network:
    """All connections, and who can reach whom."""

    def __init__(self, world: World, random: Random) -> None:
        self.world, self.schedule, self.faults, self.random = world, world.schedule, world.faults, random
        self.history: dict[tuple[str, str], deque[bytes]] = {}
        self.partitioned: set[str] = set()
        self.slow_until_us: dict[str, int] = {}
        self._wires: dict[str, Wire] = {}
        self._base_us: dict[str, int] = {}
        self._dialling: set[str] = set()

    def latency_us(self, province: str) -> int:
        """How long the next frame takes."""
        base = self._base_us.get(province)
        if base is None:
            base = self._base_us[province] = self.random.randrange(500, 40_000)
        slow = self.schedule.now_us < self.slow_until_us.get(province, 0)
        return (base + self.random.randrange(base)) * (40 if slow else 1)

    def dial_soon(self, node: SimulatedNode) -> None:
        """The province dials HQ, after a while."""
        if node.name not in self._dialling:
            self._dialling.add(node.name)
            self.schedule.after(self.random.randrange(20_000, 1_000_000), self._dial, node)

    def _dial(self, node: SimulatedNode) -> None:
        self._dialling.discard(node.name)
        if not node.is_up:
            return
        if node.ends:
            return
        if node.node in self.partitioned or not any(process.is_up for process in self.world.processes_of(HQ)):
            self.dial_soon(node)
            return
        wire = Wire(self, node.node)
        if node is self.world.nodes[node.node]:
            self._wires[node.node] = wire
        assert isinstance(node.program, ProvinceProgram)
        wire.fingerprint = node.program.fingerprint
        wire.ends[node.node] = LinkEnd(node, HQ, wire)
        self.schedule.after(0, self._accept, wire)

    def _accept(self, wire: Wire) -> None:
        """HQ's end of a new stream: a newer one replaces the one before."""
        hub = self.world.process_of(HQ)
        if not hub.is_up or wire.torn:
            wire.tear()
            return
        assert isinstance(hub.program, HqProgram)
        life = hub.life

        def judged(welcome: Any, _error: BaseException | None) -> None:
            if hub.life == life and hub.is_up and not wire.torn:
                self._open(wire, hub) if welcome else wire.refuse(hub)

        drive(cast(Any, hub.program.servicer.welcomes(wire.province, wire.fingerprint)), judged)
        self.schedule.after(ACCEPTED_US_MAX, self._give_up, wire)

    def _open(self, wire: Wire, hub: SimulatedNode) -> None:
        assert isinstance(hub.program, HqProgram)
        older = hub.ends.get(wire.province)
        if older is not None:
            older.end(reason.REPLACED)
        hub.program.servicer._fingerprints[wire.province] = wire.fingerprint
        wire.ends[HQ] = LinkEnd(hub, wire.province, wire)

    @staticmethod
    def _give_up(wire: Wire) -> None:
        """HQ's process is gone, or has not even looked who is there."""
        if HQ not in wire.ends and HQ not in wire._closed:
            wire.tear()

    def tear(self, province: str) -> None:
        """Breaks the connection of a province, if it has one."""
        wire = self._wires.get(province)
        if wire is not None:
            wire.tear()

    def leave_half_open(self, province: str) -> None:
        """The connection breaks for the province alone: HQ's end lives on, while the province dials again."""
        wire = self._wires.get(province)
        if wire is not None:
            wire.tear(self.random.randrange(HALF_OPEN_US_MAX))

    def slip_in(self, province: str, frame: bytes) -> bool:
        """Somebody puts a frame into a province's stream to HQ; False where there is none that is open."""
        wire = self._wires.get(province)
        end = wire.ends.get(HQ) if wire is not None else None
        if wire is None or wire.torn or end is None or end.gone or end.session is None or not end.session.is_open:
            return False
        wire._put(HQ, frame)
        return True

    def partition(self, province: str) -> None:
        """Cuts a province off."""
        self.partitioned.add(province)
        self.tear(province)

    def heal(self, province: str) -> None:
        """It can be reached again."""
        self.partitioned.discard(province)


def corrupted(frame: bytes, random: Random) -> bytes:
    """A frame with one bit changed, where a signature, a digest or the handshake must notice.

    That proofs of origin arrive as they were sent is TLS's word alone: the link's seal does not cover them.
    """
    if kind_of(frame) != "batch":
        return _flipped(frame, random)
    batch = seal_pb2.SealedBatch.FromString(link_pb2.LinkFrame.FromString(frame).batch)
    places: list[tuple[Any, str]] = [(batch.seal, "seal"), (batch.seal, "signature")]
    for entry in batch.entries:
        places += [(entry, name) for name in ("header", "stamp", "body", "private_body") if getattr(entry, name)]
    part, name = random.choice(places)
    setattr(part, name, _flipped(getattr(part, name), random))
    return link_pb2.LinkFrame(batch=batch.SerializeToString()).SerializeToString()


def _flipped(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)
