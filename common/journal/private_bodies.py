"""Takes the ciphertexts of personal data out of what is stored. Header and seals sign their digest alone, so all that
was signed still verifies."""

from __future__ import annotations

from common.gen.quanwang.federation.v1 import envelope_pb2, seal_pb2


def without_private_bodies(batch: bytes, request_id: bytes) -> bytes:
    """A serialised batch without the private bodies of a request; the same bytes where there are none."""
    if request_id not in batch:
        return batch
    parsed = seal_pb2.SealedBatch.FromString(batch)
    changed = False
    for entry in parsed.entries:
        if entry.private_body and _is_about(entry.header, request_id):
            entry.ClearField("private_body")
            changed = True
    return parsed.SerializeToString() if changed else batch


def without_private_body(entry: bytes) -> bytes:
    """A stored answer without its private body; the same bytes where there is none."""
    parsed = seal_pb2.Entry.FromString(entry)
    if not parsed.private_body:
        return entry
    parsed.ClearField("private_body")
    return parsed.SerializeToString()


def _is_about(header: bytes, request_id: bytes) -> bool:
    routing = envelope_pb2.EnvelopeHeader.FromString(header).routing
    return bool(envelope_pb2.Routing.FromString(routing).request_id == request_id)
