"""The files that go between HQ and the machine where the root key is kept. JSON, so that a person can look into them.

What counts in each is in `directory`, `previous` and `successor`, as base64; everything else, the summary above all, is
for people, and is made anew by whoever reads the file. A draft is signed by HQ's own signing key, so that one that was
altered on the way is told from a directory that HQ decided.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.directory.model import Directory
from common.directory.wire import DIRECTORY_BYTES_MAX
from common.errors import Fault
from common.ids import HQ
from common.security.encoding import pae
from common.security.signing import Signer, verify

DRAFT_DOMAIN = b"quanwang/directory-draft/v1"

DRAFT_KIND = "quanwang-directory-draft"
SIGNED_KIND = "quanwang-signed-directory"
SUCCESSOR_KIND = "quanwang-root-successor"
FORMAT = 1
FILE_BYTES_MAX = 4 * DIRECTORY_BYTES_MAX


class ExchangeFileUnreadable(Fault):
    """The file is missing, is not what it should be, or is damaged."""

    en = "{path} cannot be used: {detail}."
    zh = "无法使用 {path}：{detail}。"


@dataclass(frozen=True, slots=True)
class DraftFile:
    """The next directory, unsigned, and the signed one that it follows; `signature` by HQ's signing key `key_id`."""

    directory: bytes = field(repr=False)
    previous: bytes = field(repr=False)
    key_id: str
    signature: bytes = field(repr=False)

    def is_by_hq(self, previous: Directory) -> bool:
        """Whether a signing key that the directory before names for HQ, and has set no end to, signed the draft."""
        entry = previous.node(HQ)
        statement = draft_statement(self.directory, self.previous)
        return any(
            key.key_id == self.key_id and key.open and verify(key.suite, key.public_key, self.signature, statement)
            for key in (entry.keys if entry is not None else ())
        )


@dataclass(frozen=True, slots=True)
class SuccessorFile:
    """The public half of the next root key, signed by the one before."""

    public_key: bytes
    signature: bytes = field(repr=False)


def draft_statement(directory: bytes, previous: bytes) -> bytes:
    """What HQ signs of a draft."""
    return pae(DRAFT_DOMAIN, directory, previous)


def sign_draft_file(directory: bytes, previous: bytes, signer: Signer) -> DraftFile:
    """The draft, signed by HQ's own key."""
    return DraftFile(directory, previous, signer.key_id, signer.sign(draft_statement(directory, previous)))


def encode_draft(draft: DraftFile, summary: dict[str, list[str]]) -> bytes:
    """The file's content."""
    return _encoded(
        DRAFT_KIND,
        summary=summary,
        directory=_text(draft.directory),
        previous=_text(draft.previous),
        hq_key_id=draft.key_id,
        hq_signature=_text(draft.signature),
    )


def read_draft(path: Path) -> DraftFile:
    """Raises ExchangeFileUnreadable."""
    content = _read(path, DRAFT_KIND)
    try:
        return DraftFile(
            _bytes(content["directory"]),
            _bytes(content["previous"]),
            str(content["hq_key_id"]),
            _bytes(content["hq_signature"]),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise ExchangeFileUnreadable(path=path, detail="a part is missing or is not base64") from error


def encode_signed(signed: bytes, summary: dict[str, list[str]]) -> bytes:
    """The file with a signed directory (a serialised SignedDirectory)."""
    return _encoded(SIGNED_KIND, summary=summary, directory=_text(signed))


def read_signed(path: Path) -> bytes:
    """A serialised SignedDirectory. Raises ExchangeFileUnreadable."""
    content = _read(path, SIGNED_KIND)
    try:
        return _bytes(content["directory"])
    except (ValueError, TypeError, KeyError) as error:
        raise ExchangeFileUnreadable(path=path, detail="the directory is missing or is not base64") from error


def encode_successor(successor: SuccessorFile) -> bytes:
    """The file with the next root key."""
    return _encoded(SUCCESSOR_KIND, successor={"public_key": successor.public_key.hex(), **_signed(successor)})


def read_successor(path: Path) -> SuccessorFile:
    """Raises ExchangeFileUnreadable."""
    content = _read(path, SUCCESSOR_KIND)
    try:
        found = content["successor"]
        return SuccessorFile(bytes.fromhex(found["public_key"]), bytes.fromhex(found["signature"]))
    except (ValueError, TypeError, KeyError) as error:
        raise ExchangeFileUnreadable(path=path, detail="a part is missing or is not hexadecimal") from error


def _signed(successor: SuccessorFile) -> dict[str, str]:
    return {"signature": successor.signature.hex()}


def _encoded(kind: str, **parts: Any) -> bytes:
    return json.dumps({"kind": kind, "format": FORMAT, **parts}, ensure_ascii=False, indent=2).encode("utf-8") + b"\n"


def _read(path: Path, kind: str) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ExchangeFileUnreadable(path=path, detail=error.strerror) from error
    if len(content) > FILE_BYTES_MAX:
        raise ExchangeFileUnreadable(path=path, detail=f"it is larger than {FILE_BYTES_MAX} bytes")
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ExchangeFileUnreadable(path=path, detail="it is not JSON") from error
    if not isinstance(parsed, dict) or parsed.get("kind") != kind or parsed.get("format") != FORMAT:
        raise ExchangeFileUnreadable(path=path, detail=f"it is no {kind} of format {FORMAT}")
    return parsed


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _bytes(text: Any) -> bytes:
    return base64.b64decode(text, validate=True)
