"""What a leg was answered, out of the bytes that it keeps."""

from __future__ import annotations

from typing import Any

from common.gen.quanwang.federation.v1 import seal_pb2
from common.messaging.envelope import Envelope, parse
from common.node_context import NodeContext
from common.security.private_bodies import PrivateBodyUnreadable


def stored_envelope(answer: bytes) -> Envelope:
    """The answer as the home province signed it."""
    entry = seal_pb2.Entry.FromString(answer)
    return parse(entry.header, entry.body, entry.private_body)


def described_answer(
    answer: bytes, kind_name: str, context: NodeContext, *, revealed: bool = False
) -> dict[str, Any] | None:
    """What the home province answered; its private part where this node can open it, masked unless it is `revealed`.
    None where there is no answer, or the kind is not known here."""
    kind = context.kinds.known(kind_name)
    if kind is None or not answer:
        return None
    envelope = stored_envelope(answer)
    return kind.describe_response(envelope.body, _opened(envelope, context), revealed=revealed)


def has_personal_data(answer: bytes) -> bool:
    """Whether there is more in it than everybody may see; what was erased is gone."""
    return bool(answer) and bool(stored_envelope(answer).private_body)


def _opened(envelope: Envelope, context: NodeContext) -> bytes:
    if not envelope.private_body:
        return b""
    try:
        return context.decrypt(envelope)
    except PrivateBodyUnreadable:
        return b""
