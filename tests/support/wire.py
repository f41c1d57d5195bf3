"""The network as an attacker: frames taken apart, changed, and put together again."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from common.gen.quanwang.federation.v1 import link_pb2, seal_pb2
from common.ids import HQ
from common.link import effects as reason
from common.messaging.envelope import header_digest
from common.messaging.seal import NO_HASH, MerkleTree, leaf, leaf_prefix, sign_seal, stamp_digest
from common.security.signing import Signer
from tests.support.federation import Federation, Tamper

ChangeFrame = Callable[[bytes], Iterable[bytes]]
ChangeBatch = Callable[[seal_pb2.SealedBatch], None]
ChangeSeal = Callable[[seal_pb2.Seal], None]


def batch_in(frame: bytes) -> seal_pb2.SealedBatch | None:
    """The batch that a frame carries, if it carries one."""
    parsed = link_pb2.LinkFrame.FromString(frame)
    if parsed.WhichOneof("frame") != "batch":
        return None
    return seal_pb2.SealedBatch.FromString(parsed.batch)


def frame_of(batch: seal_pb2.SealedBatch | bytes) -> bytes:
    batch_bytes = batch if isinstance(batch, bytes) else batch.SerializeToString()
    return link_pb2.LinkFrame(batch=batch_bytes).SerializeToString()


def first_batch(sender: str, receiver: str, change: ChangeFrame) -> Tamper:
    """Changes the first batch on the way from one to the other; all else arrives as it was sent."""
    struck = False

    def tamper(from_node: str, to_node: str, frame: bytes) -> Iterable[bytes]:
        nonlocal struck
        if struck or (from_node, to_node) != (sender, receiver) or batch_in(frame) is None:
            return (frame,)
        struck = True
        return change(frame)

    return tamper


def with_batch(change: ChangeBatch) -> ChangeFrame:
    """Changes a batch in place, without its sealer's key."""

    def changed(frame: bytes) -> Iterable[bytes]:
        batch = batch_in(frame)
        assert batch is not None
        change(batch)
        return (frame_of(batch),)

    return changed


def with_seal(signer: Signer, change: ChangeSeal) -> ChangeFrame:
    """Changes what a seal says, and signs that."""

    def changed(batch: seal_pb2.SealedBatch) -> None:
        seal = seal_pb2.Seal.FromString(batch.seal.seal)
        change(seal)
        batch.seal.CopyFrom(sign_seal(seal, signer))

    return with_batch(changed)


def resealed(signer: Signer, change: ChangeBatch) -> ChangeFrame:
    """Changes entries, and seals them anew: a sealer that says two things under one number."""

    def changed(batch: seal_pb2.SealedBatch) -> None:
        change(batch)
        seal = seal_pb2.Seal.FromString(batch.seal.seal)
        prefix = leaf_prefix(seal.link)
        leaves = [
            leaf(
                prefix,
                seal.first_sequence + index,
                header_digest(entry.header) if entry.header else NO_HASH,
                stamp_digest(entry.stamp),
            )
            for index, entry in enumerate(batch.entries)
        ]
        seal.count, seal.merkle_root = len(leaves), MerkleTree(leaves).root
        batch.seal.CopyFrom(sign_seal(seal, signer))

    return with_batch(changed)


def flipped(content: bytes, place: int, bit: int = 0) -> bytes:
    """The same with one bit changed."""
    changed = bytearray(content)
    changed[place] ^= 1 << bit
    return bytes(changed)


def samples(size: int, most: int = 12) -> list[int]:
    """Places spread over so many bytes, the first and the last among them."""
    step = max(1, size // most)
    return sorted({*range(0, size, step), size - 1})


def assert_cut_and_resumed(
    federation: Federation, sender: str, receiver: str, change: ChangeFrame, codes: str | Iterable[str]
) -> None:
    """While a request goes from Shanghai to Guangdong and back, the first batch from `sender` to `receiver` is changed:
    the receiver cuts the stream for one of these reasons, has taken nothing, and after a reconnect all goes on."""
    expected = {codes} if isinstance(codes, str) else set(codes)
    before = federation.link_row(receiver, sender)
    leg = attack(federation, first_batch(sender, receiver, change))
    code = federation.cuts[receiver, sender]
    assert code in expected
    assert received(federation, receiver, sender) == before[-3:]
    assert (code in federation.alarms(receiver)) == (code in reason.ALARMING)
    federation.reconnect(sender if receiver == HQ else receiver)
    assert federation.asked("31", leg).state == "completed"


def attack(federation: Federation, tamper: Tamper) -> bytes:
    """An honest request is on its way while the network is hostile. Returns its leg."""
    subscription = f"44-X{federation.link_row('31', HQ).sealed_sequence}"
    federation.add_subscription(subscription)
    federation.tamper = tamper
    leg = federation.suspend(subscription=subscription)
    federation.run()
    federation.tamper = None
    return leg


def received(federation: Federation, node: str, peer: str) -> tuple[object, ...]:
    """How far a node has durably received from a peer."""
    return tuple(federation.link_row(node, peer)[-3:])
