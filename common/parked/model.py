"""What may be done with a parked message, and the refusals."""

from __future__ import annotations

from common.errors import Refusal
from common.ids import ID_BYTES, format_id, parse_id

OPERATOR_ENDED = "OPERATOR_ENDED"
"""The reason that the sender of an ended request is given."""

MESSAGE_ID_REUSED = "MESSAGE_ID_REUSED"
"""Other bytes under an identity that was received before: never processed, since that is what the inbox prevents."""

DIRECTORY_PROBLEMS = (
    "ORIGIN_UNKNOWN",
    "ORIGIN_PROOF_INVALID",
    "ORIGIN_PROOF_MISSING",
    "ORIGIN_DIRECTORY_FORKED",
    "NODE_NOT_ACTIVE",
)
"""Problems that a newer directory may mend: it may name the key that was not known, or let a node in again."""


class ParkedMessageNotFound(Refusal):
    """No such message was received."""

    en = "There is no message {message} at this node."
    zh = "本节点没有报文 {message}。"


class MessageNotParked(Refusal):
    """The message is through: processed, or ended before."""

    en = "Message {message} is {state}; only what is parked or waits for its next try can be retried or ended."
    zh = "报文 {message} 的状态为 {state}；只有已搁置或等待重试的报文才能重试或终止。"


class MessageCannotBeRetried(Refusal):
    """Its identity belongs to another message that was received before."""

    en = "Message {message} came under an identity that was used before, with other content. It can only be ended."
    zh = "报文 {message} 使用了此前已用过的标识且内容不同，只能终止。"


class MalformedMessageId(Refusal):
    """Not the identity of a message."""

    en = "{given} does not name a message; write it as in the list, like 31-0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90."
    zh = "{given} 不是报文标识；请按列表中的形式书写，如 31-0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90。"


def format_message(source: str, message_id: bytes) -> str:
    """A message as people write it: "<source>-<uuid>"."""
    return f"{source}-{format_id(message_id)}"


def parse_message(text: str) -> tuple[str, bytes]:
    """Source and message id of a written message. Raises MalformedMessageId."""
    source, _, written = text.partition("-")
    try:
        message_id = parse_id(written)
    except ValueError as error:
        raise MalformedMessageId(given=repr(text[:64])) from error
    if len(source) != 2 or len(message_id) != ID_BYTES:
        raise MalformedMessageId(given=repr(text[:64]))
    return source, message_id
