"""Private keys at rest, encrypted under a passphrase or a key file.

A key of 256 bits is derived with Argon2id at each start of a program; each file is AES-256-GCM under it, bound to
its name, so that no file can take another's place. What the derivation needs stands in the keyring's list, with a check
that tells a wrong passphrase from a damaged file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from common.errors import Fault
from common.security.passphrase_keys import derive_key, todays_cost
from common.security.private_files import read_private

PASSPHRASE_VARIABLE = "QUANWANG_KEY_PASSPHRASE"  # noqa: S105 - the name of the variable.
ATTEMPTS = 3
"""How often a passphrase may be typed."""
PASSPHRASE_BYTES_MIN = 8
PASSPHRASE_BYTES_MAX = 65_536

_KDF = "argon2id"
_SALT_BYTES, _NONCE_BYTES = 16, 12
_CHECKED = b"quanwang-keyring"

Passphrase = Callable[[], bytes]
"""Gives the passphrase when it is needed. Raises PassphraseMissing."""


class PassphraseMissing(Fault):
    """The keys are encrypted, and nobody said the passphrase."""

    en = (
        "The keys are encrypted and no passphrase was given. Name a file that holds it as keys.passphrase_file in "
        "node.toml, set {variable}, or run this at a terminal, where it is asked."
    )
    zh = (
        "密钥已加密，但未提供口令。请在 node.toml 中用 keys.passphrase_file 指定口令文件、"
        "设置环境变量 {variable}，或在终端中运行以便输入口令。"
    )


class PassphraseWrong(Fault):
    """The keys are encrypted under another passphrase."""

    en = "The passphrase is not the one that the keys in {path} are encrypted under. Nothing was changed."
    zh = "口令与 {path} 中密钥的加密口令不符，未做任何更改。"


class PassphraseUnusable(Fault):
    """Too short to protect anything, too long, or its file cannot be read."""

    en = "The passphrase cannot be used: {detail}. It needs at least {bytes_min} bytes."
    zh = "口令不可用：{detail}。至少需要 {bytes_min} 个字节。"


class KeyFileDamaged(Exception):
    """A file is not what was encrypted under its name."""


def no_passphrase() -> bytes:
    """Where none can be given."""
    raise PassphraseMissing(variable=PASSPHRASE_VARIABLE)


class AskedPassphrase:
    """A passphrase that somebody types, with a few attempts. `ask(attempt)`: what was typed; raises EOFError."""

    def __init__(self, ask: Callable[[int], str]) -> None:
        self._ask = ask
        self._asked = 0

    def __call__(self) -> bytes:
        """Asks once more. Raises PassphraseMissing where the terminal is closed."""
        self._asked += 1
        try:
            return self._ask(self._asked).encode("utf-8", "surrogateescape")
        except EOFError:
            return no_passphrase()

    @property
    def may_ask_again(self) -> bool:
        return self._asked < ATTEMPTS


def at_terminal(attempt: int) -> str:
    """Asks for the passphrase at the terminal, which does not show it."""
    from getpass import getpass

    again = "" if attempt == 1 else "That is not it / 口令不符. "
    return getpass(f"{again}Passphrase of the keys / 密钥口令: ")


def passphrase_from(file: str, environment: Mapping[str, str] = os.environ) -> Passphrase:
    """The passphrase from `file` (empty: none is named), else from the environment, else asked at the terminal; never
    where standard input is none, since nobody would answer. Raises PassphraseUnusable."""
    if not file and not environment.get(PASSPHRASE_VARIABLE) and sys.stdin is not None and sys.stdin.isatty():
        return AskedPassphrase(at_terminal)

    def passphrase() -> bytes:
        if file:
            return passphrase_in(Path(file))
        given = environment.get(PASSPHRASE_VARIABLE, "")
        return checked(given.encode("utf-8")) if given else no_passphrase()

    return passphrase


def passphrase_in(path: Path) -> bytes:
    """What a file holds, without the line's end; it must be readable by its owner alone.

    Raises PassphraseUnusable, PermissionsTooWide.
    """
    try:
        content = read_private(path)
    except OSError as error:
        raise PassphraseUnusable(detail=f"{path}: {error.strerror}", bytes_min=PASSPHRASE_BYTES_MIN) from error
    return checked(content.rstrip(b"\r\n"))


def checked(passphrase: bytes) -> bytes:
    """The passphrase, if it has a usable length. Raises PassphraseUnusable."""
    if not PASSPHRASE_BYTES_MIN <= len(passphrase) <= PASSPHRASE_BYTES_MAX:
        raise PassphraseUnusable(detail=f"{len(passphrase)} bytes", bytes_min=PASSPHRASE_BYTES_MIN)
    return passphrase


class KeyProtection:
    """The derived key, and how it was derived. Prints itself without it."""

    def __init__(self, key: bytes, facts: Mapping[str, Any]) -> None:
        self._cipher = AESGCM(key)
        self.facts = dict(facts)
        """What stands in the list: nothing of it is secret."""

    def __repr__(self) -> str:
        return f"KeyProtection({self.facts.get('kdf')})"

    @classmethod
    def create(cls, passphrase: bytes) -> KeyProtection:
        """A new one, with a salt of its own. Raises PassphraseUnusable."""
        facts: dict[str, Any] = {"kdf": _KDF, "salt": os.urandom(_SALT_BYTES).hex(), **todays_cost()}
        protection = cls(_derive(checked(passphrase), facts), facts)
        protection.facts["check"] = protection.encrypt("check", _CHECKED).hex()
        return protection

    @classmethod
    def open(cls, facts: Mapping[str, Any], passphrase: bytes, path: Path) -> KeyProtection:
        """The one that `facts` describe. Raises PassphraseWrong; ValueError, KeyError, TypeError: no such facts."""
        if facts["kdf"] != _KDF:
            raise ValueError("an unknown derivation")
        protection = cls(_derive(passphrase, facts), facts)
        try:
            protection.decrypt("check", bytes.fromhex(facts["check"]))
        except KeyFileDamaged as error:
            raise PassphraseWrong(path=path) from error
        return protection

    def encrypt(self, name: str, content: bytes) -> bytes:
        """`content` as it is stored under `name`."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, name.encode("utf-8"))

    def decrypt(self, name: str, stored: bytes) -> bytes:
        """What was stored under `name`. Raises KeyFileDamaged."""
        try:
            return self._cipher.decrypt(stored[:_NONCE_BYTES], stored[_NONCE_BYTES:], name.encode("utf-8"))
        except (InvalidTag, ValueError) as error:
            raise KeyFileDamaged(name) from error


def _derive(passphrase: bytes, facts: Mapping[str, Any]) -> bytes:
    return derive_key(passphrase, bytes.fromhex(facts["salt"]), facts)
