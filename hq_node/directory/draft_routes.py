"""The draft of the next directory over HTTP: shown, given out to be signed, taken back signed; and the root that is
kept elsewhere."""

from __future__ import annotations

import base64
from typing import Any

import sqlalchemy as sa
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from common.directory.model import Directory
from common.directory.wire import DIRECTORY_BYTES_MAX, decode_directory
from common.program.node import Node
from common.routing import Router
from hq_node.directory.changes import changes_of
from hq_node.directory.commands import ExportDraft, ForgetRootKey, ImportSigned, NameNextRoot
from hq_node.directory.draft_repository import draft_of, exports_of
from hq_node.directory.exchange import sign_draft_file
from hq_node.directory.in_force import DirectoryInForce
from hq_node.directory.permissions import FORGET_ROOT_KEY

SIGNED_CHARACTERS_MAX = 2 * DIRECTORY_BYTES_MAX
KEY_PATTERN = "^[0-9a-f]{64}$"
SIGNATURE_PATTERN = "^[0-9a-f]{128}$"


class Export(BaseModel):
    """Which form of the draft: one that was given out before, by the beginning of its hash; empty: as it is now."""

    model_config = ConfigDict(extra="forbid")

    hash: str = Field(default="", pattern="^([0-9a-f]{2}){0,32}$")


class Signed(BaseModel):
    """A serialised SignedDirectory, base64."""

    model_config = ConfigDict(extra="forbid")

    signed: Base64Bytes = Field(max_length=SIGNED_CHARACTERS_MAX)


class RootStatement(BaseModel):
    """A root key's public half and what was signed, hexadecimal."""

    model_config = ConfigDict(extra="forbid")

    public_key: str = Field(pattern=KEY_PATTERN)
    signature: str = Field(pattern=SIGNATURE_PATTERN)


def draft_routes(node: Node, in_force: DirectoryInForce) -> Router:
    """The routes of HQ."""
    router = Router(prefix="/directory")

    @router.get("")
    async def show() -> dict[str, Any]:
        return await node.reads.run(directory_state, in_force.published)

    @router.post("/export")
    async def export(wish: Export | None = None) -> dict[str, Any]:
        exported = await node.local_desk.execute(ExportDraft(bytes.fromhex((wish or Export()).hash)))
        keys = node.key_keeper.keys
        signer = keys.choose_signer(in_force.published, node.clock.now_us())
        draft = sign_draft_file(exported.directory, exported.previous, signer)
        return {
            "version": exported.version,
            "hash": exported.hash.hex(),
            "directory": _text(draft.directory),
            "previous": _text(draft.previous),
            "hq_key_id": draft.key_id,
            "hq_signature": _text(draft.signature),
            "changes": described(in_force.published, decode_directory(exported.directory)),
        }

    @router.post("/import-signed")
    async def import_signed(given: Signed) -> dict[str, Any]:
        taken = await node.local_desk.execute(ImportSigned(given.signed))
        return {"directory_version": taken.version, "hash": taken.hash.hex(), "draft_version": taken.left}

    @router.post("/next-root")
    async def next_root(given: RootStatement) -> dict[str, Any]:
        command = NameNextRoot(bytes.fromhex(given.public_key), bytes.fromhex(given.signature))
        directory = await node.local_desk.execute(command)
        return {"directory_version": directory.version}

    @router.post("/forget-root")
    async def forget_root(given: RootStatement) -> dict[str, Any]:
        public_key, proof = bytes.fromhex(given.public_key), bytes.fromhex(given.signature)

        async def work() -> None:
            await node.key_keeper.forget_root(public_key, proof)

        await node.local_desk.perform(ForgetRootKey(), FORGET_ROOT_KEY, work)
        return {"root_held": False}

    return router


def directory_state(connection: sa.Connection, published: Directory) -> dict[str, Any]:
    """What is published, and what waits for the root's signature (`draft`: nothing, or what it changes)."""
    row = draft_of(connection)
    document: dict[str, Any] = {
        "version": published.version,
        "hash": published.hash.hex(),
        "issued_at_us": published.issued_at_us,
        "valid_until_us": published.valid_until_us,
        "draft": None,
    }
    if row is not None:
        draft = decode_directory(row.directory_bytes)
        document["draft"] = {
            "version": draft.version,
            "hash": row.hash.hex(),
            "began_at_us": row.began_at_us,
            "changed_at_us": row.changed_at_us,
            "changes": described(published, draft),
            "exports": [
                {"hash": export.hash.hex(), "exported_at_us": export.exported_at_us}
                for export in exports_of(connection)
            ],
        }
    return document


def described(published: Directory, draft: Directory) -> list[dict[str, Any]]:
    """What a draft changes, in both languages."""
    return [{"en": change.en, "zh": change.zh, "grave": change.grave} for change in changes_of(published, draft)]


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
