"""Keys that live in a token: a hardware module, which signs and agrees, and gives no private key away.

A token is a plug-in: a distribution that declares an entry point in the group `quanwang.key_tokens`, named by
`keys.token`. Only what somebody installed under that name is ever run; the setting cannot name any other code.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol, TypeVar

from common.errors import Fault, TemporaryFault

ENTRY_POINTS = "quanwang.key_tokens"

T = TypeVar("T")


class KeyToken(Protocol):
    """What a plug-in's object must do; `public_key`: 32 raw bytes, by which the token finds the key.

    Called from several threads. What cannot be done for now (absent, removed, locked) raises KeyTokenUnavailable or
    KeyTokenLocked; anything else that is raised counts as KeyTokenUnavailable. Every call must end within some seconds.
    """

    def generate_ed25519(self) -> bytes:
        """Makes a key to sign with, durably; its public half."""

    def generate_x25519(self) -> bytes:
        """Makes a key to agree with, durably; its public half."""

    def sign(self, public_key: bytes, data: bytes) -> bytes:
        """Ed25519 (PKCS#11: CKM_EDDSA) over `data`, 64 bytes. KeyError: no such key."""

    def agree(self, public_key: bytes, peer_public_key: bytes) -> bytes:
        """X25519 (PKCS#11: CKM_ECDH1_DERIVE, CKD_NULL) with the peer's key, 32 bytes. KeyError: no such key."""

    def destroy(self, public_key: bytes) -> None:
        """Does away with a key; one that is not there is gone already."""


OpenToken = Callable[[Path | None], KeyToken]
"""What the entry point names; called with the file of `keys.token_file`, or None."""


class KeyTokenUnavailable(TemporaryFault):
    """The token does not answer: it was removed, or what leads to it is away."""

    en = "The key token does not answer ({detail}). Nothing was changed; what needs its keys is tried again."
    zh = "密钥设备没有应答（{detail}）。未做任何更改，需要其密钥的操作将会重试。"


class KeyTokenLocked(KeyTokenUnavailable):
    """The token is there, but was not unlocked."""

    en = "The key token is locked ({detail}). Unlock it; what needs its keys is tried again."
    zh = "密钥设备已锁定（{detail}）。请解锁，需要其密钥的操作将会重试。"


class KeyNotOnToken(Fault):
    """The token does not know a key that the keyring refers to: another token, or one that was reset."""

    en = "The key token does not hold the key {key_id}. Is it the right token? Without that key the node cannot go on."
    zh = "密钥设备中没有密钥 {key_id}。请确认设备是否正确；没有该密钥，节点无法继续运行。"


class KeyTokenUnknown(Fault):
    """Nothing is installed under the name that the settings give."""

    en = "No key token named {name} is installed (entry points of {group}: {known}). Correct keys.token, or install it."
    zh = "未安装名为 {name} 的密钥设备插件（{group} 入口点：{known}）。请更正 keys.token 或安装该插件。"


class KeyTokenNotNamed(Fault):
    """The keyring refers to a token, and the settings name none."""

    en = "Keys of this node are on a key token ({path}), and keys.token in node.toml names none."
    zh = "本节点的密钥在密钥设备中（{path}），但 node.toml 未设置 keys.token。"


def open_token(name: str, file: str = "") -> KeyToken | None:
    """The token that the settings name; None where they name none. Raises KeyTokenUnknown, KeyTokenUnavailable."""
    if not name:
        return None
    found = {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}
    if name not in found:
        raise KeyTokenUnknown(name=name, group=ENTRY_POINTS, known=", ".join(sorted(found)) or "-")
    open_it: OpenToken = found[name].load()
    return guarded(lambda: open_it(Path(file) if file else None))


def guarded(ask: Callable[[], T]) -> T:
    """What the token answers; whatever else a plug-in raises means that it cannot for now. Raises KeyTokenUnavailable,
    KeyError."""
    try:
        return ask()
    except (KeyTokenUnavailable, KeyError):
        raise
    except Exception as error:
        raise KeyTokenUnavailable(detail=f"{type(error).__name__}: {error}"[:200]) from error
