"""Commands as they are kept until somebody approves them: JSON, encrypted under the node's own key where they hold
personal data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter, ValidationError

from common.approvals.model import COMMAND_BYTES_MAX, CommandTooLarge, CommandUnreadable
from common.node_context import NodeContext, ReaderUnknown
from common.security.private_bodies import PrivateBodyUnreadable, decrypt_private_body, encrypt_private_body


def written(command: Any) -> bytes:
    """A command, a frozen dataclass of JSON's own types, as bytes. Raises CommandTooLarge."""
    text = json.dumps(asdict(command), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    content = text.encode()
    if len(content) > COMMAND_BYTES_MAX:
        raise CommandTooLarge(bytes=len(content), most=COMMAND_BYTES_MAX)
    return content


def read(kind: str, content: bytes, kinds: Mapping[str, type]) -> Any:
    """The command. It must be what was written, to the byte: a field that a release has added, taken away or renamed
    would make of an agreement another one. Raises CommandUnreadable."""
    found = kinds.get(kind)
    if found is None:
        raise CommandUnreadable(command=kind)
    try:
        command: Any = TypeAdapter(found).validate_json(content, strict=True)
    except ValidationError as error:
        raise CommandUnreadable(command=kind) from error
    if written(command) != content:
        raise CommandUnreadable(command=kind)
    return command


def sealed(content: bytes, approval_id: bytes, node: NodeContext) -> bytes:
    """The bytes, for this node alone, bound to the request. Raises ReaderUnknown."""
    reader = node.directory.private_body_reader(node.node)
    if reader is None:
        raise ReaderUnknown(node=node.node)
    return encrypt_private_body(content, approval_id, [reader])


def opened(content: bytes, approval_id: bytes, node: NodeContext, kind: str) -> bytes:
    """What was sealed. Raises CommandUnreadable where the node has the key no more."""
    try:
        return decrypt_private_body(content, approval_id, node.node, node.private_keys)
    except PrivateBodyUnreadable as error:
        raise CommandUnreadable(command=kind) from error
