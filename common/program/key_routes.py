"""The node's own keys, over the admin socket: list, replace."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from common.directory.commands import RotateOwnKeys
from common.directory.model import NodeKey
from common.directory.own_keys import ROTATED_USES
from common.directory.permissions import ROTATE_OWN_KEYS
from common.program.key_keeper import ROTATED
from common.program.node import Node
from common.routing import Router
from common.security import tls
from common.security.keyring import KeyringUse
from common.security.private_keys import public_bytes
from common.security.signing import key_id_of


class Rotation(BaseModel):
    """Which keys to replace; none named: all but the root."""

    model_config = ConfigDict(extra="forbid")

    uses: list[KeyringUse] = Field(default_factory=list, max_length=8)


def key_routes(node: Node) -> Router:
    """For the admin socket."""
    router = Router(prefix="/keys")

    @router.get("")
    async def keys() -> dict[str, Any]:
        return {"items": own_keys(node), "protected": node.key_keeper.keys.keyring.is_protected}

    @router.post("/rotate")
    async def rotate(wish: Rotation | None = None) -> dict[str, Any]:
        uses = list(dict.fromkeys((wish or Rotation()).uses)) or list(ROTATED)

        async def work() -> list[str]:
            rotated = await node.key_keeper.rotate_root() if KeyringUse.ROOT in uses else []
            others = [use for use in uses if use is not KeyringUse.ROOT]
            return rotated + (await node.key_keeper.rotate(others) if others else [])

        deed = RotateOwnKeys(tuple(use.value for use in uses))
        rotated = await node.local_desk.perform(deed, ROTATE_OWN_KEYS, work)
        return {"rotated": rotated, "directory_version": node.context.directory.version, "items": own_keys(node)}

    return router


def own_keys(node: Node) -> list[dict[str, Any]]:
    """One line a key that the node holds or that the directory names for it, the newest of each use first.

    State: `next` (made, not named yet), `in-force`, `former` (still good beside its successor), `ended`.
    """
    keeper, now_us = node.key_keeper, node.clock.now_us()
    entry, keyring = node.context.directory.node(node.context.node), keeper.keys.keyring
    lines: list[dict[str, Any]] = []
    for use, of_use in ROTATED_USES.items():
        held = {public_bytes(key) for key in keyring.keys(of_use)}
        listed = [key for key in (entry.keys if entry is not None else ()) if key.use is use]
        newest = entry.newest(use) if entry is not None else None
        suite = listed[0].suite if listed else ""
        named = {key.public_key for key in listed}
        lines += [_line(of_use, key_id_of(suite, public_key), "next", 0, 0, held=True) for public_key in held - named]
        for key in sorted(listed, key=lambda key: key.valid_from_us, reverse=True):
            state = _state(key, newest, now_us)
            lines.append(
                _line(of_use, key.key_id, state, key.valid_from_us, key.valid_until_us, held=key.public_key in held)
                | {"signed_by": key.signed_by, "previous_key_id": key.previous_key_id}
            )
    certificate = keeper.certificate()
    from_us, until_us = tls.validity_us(certificate)
    if tls.public_key_bytes(certificate) != public_bytes(keyring.tls_key):
        lines.append(_line(KeyringUse.TLS, tls_key_id(public_bytes(keyring.tls_key)), "next", 0, 0, held=True))
    key_id = tls_key_id(tls.public_key_bytes(certificate))
    lines.append(_line(KeyringUse.TLS, key_id, "in-force", from_us, until_us, held=True))
    return lines


def tls_key_id(public_key: bytes) -> str:
    """The name of a TLS key, from its SubjectPublicKeyInfo."""
    return key_id_of("ecdsa-p256", public_key)


def _line(use: KeyringUse, key_id: str, state: str, from_us: int, until_us: int, *, held: bool) -> dict[str, Any]:
    return {
        "use": use.value,
        "key_id": key_id,
        "state": state,
        "valid_from_us": from_us,
        "valid_until_us": until_us,
        "held": held,
    }


def _state(key: NodeKey, newest: NodeKey | None, now_us: int) -> str:
    if not key.open and key.valid_until_us <= now_us:
        return "ended"
    return "in-force" if newest is not None and newest.key_id == key.key_id else "former"
