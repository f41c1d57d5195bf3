"""The two Hellos: who the other is, which protocol both speak, and whether both remember the same past."""

from __future__ import annotations

from common.gen.quanwang.federation.v1 import link_pb2 as pb
from common.ids import ID_BYTES
from common.link import effects as reason
from common.link.effects import Cut
from common.link.settings import PROTOCOL_VERSION_MAX, PROTOCOL_VERSION_MIN
from common.link.watermark import Position, position_from_wire

NUMBER_MAX = 2**63 - 1
"""The largest number that a node's database holds."""

HASH_BYTES = 32
SOFTWARE_VERSION_CHARS_MAX = 64


def make_hello(
    node: str,
    sealed: Position,
    received: Position,
    window_bytes: int,
    directory_version: int,
    software_version: str,
) -> pb.Hello:
    """What this side says of itself. `sealed` is the last place of the own journal."""
    return pb.Hello(
        node=node,
        protocol_version_min=PROTOCOL_VERSION_MIN,
        protocol_version_max=PROTOCOL_VERSION_MAX,
        incarnation=sealed.incarnation,
        received=received.to_wire(),
        sealed=sealed.to_wire(),
        window_bytes=window_bytes,
        directory_version=directory_version,
        software_version=software_version[:SOFTWARE_VERSION_CHARS_MAX],
    )


def common_version(hello: pb.Hello) -> int | None:
    """The highest version of the link protocol that both sides speak; None when there is none."""
    highest = min(hello.protocol_version_max, PROTOCOL_VERSION_MAX)
    return highest if highest >= max(hello.protocol_version_min, PROTOCOL_VERSION_MIN) else None


def judge_hello(hello: pb.Hello, peer: str, received: Position) -> Cut | None:
    """What is wrong with the peer's Hello, as far as it speaks of the peer; what it says of the own journal is the
    sender's matter. `received`: what this side has durably received from the peer."""
    if common_version(hello) is None:
        return Cut(
            reason.PROTOCOL_VERSION_UNSUPPORTED,
            f"the peer speaks {hello.protocol_version_min} to {hello.protocol_version_max}, "
            f"this node {PROTOCOL_VERSION_MIN} to {PROTOCOL_VERSION_MAX}",
        )
    if hello.node != peer:
        return Cut(reason.NODE_MISMATCH, f"Hello of {hello.node[:16]} under the certificate of {peer}")
    if not _well_formed(hello):
        return Cut(reason.MALFORMED_FRAME, "a Hello with impossible numbers")
    sealed = position_from_wire(hello.sealed)
    if received.seal_number and hello.incarnation != received.incarnation:
        return Cut(reason.INCARNATION_CHANGED, f"{received.incarnation.hex()} became {hello.incarnation.hex()}")
    if sealed.seal_number < received.seal_number:
        return Cut(
            reason.PEER_FORGOT, f"the peer has sealed {sealed.seal_number}, this node received {received.seal_number}"
        )
    if sealed.seal_number == received.seal_number and not sealed.same_place(received):
        return Cut(reason.CHAIN_FORK, f"the peer has another seal {sealed.seal_number} than was received from it")
    return None


def _well_formed(hello: pb.Hello) -> bool:
    """Sizes and ranges; whether a place that names a seal also names its hash and its journal."""
    if len(hello.incarnation) != ID_BYTES:
        return False
    for place in (hello.received, hello.sealed):
        if max(place.seal_number, place.sequence) > NUMBER_MAX:
            return False
        if place.seal_number and (len(place.seal_hash) != HASH_BYTES or len(place.incarnation) != ID_BYTES):
            return False
        if not place.seal_number and place.sequence:
            return False
    return not hello.sealed.seal_number or hello.sealed.incarnation == hello.incarnation
