"""The secret that a backup is encrypted under: a passphrase (Argon2id) or a key file; and the key of each backup."""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from common.backup.model import BackupSecretMissing, BackupSecretUnfit, BackupSecretWrong
from common.security.passphrase_keys import derive_key, todays_cost
from common.security.private_files import read_private

PASSPHRASE_VARIABLE = "QUANWANG_BACKUP_PASSPHRASE"  # noqa: S105 - the name of the variable.
PASSPHRASE_BYTES_MIN, KEY_BYTES_MIN, SECRET_BYTES_MAX = 8, 32, 65_536

_SALT_BYTES, _KEY_BYTES, _CHECK_BYTES = 32, 32, 16
_INFO = b"quanwang/backup/v1"

PASSPHRASE, KEY_FILE = "passphrase", "key-file"


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A passphrase, or what a key file holds. Prints itself without it."""

    kind: str
    value: bytes

    def __repr__(self) -> str:
        return f"Secret({self.kind})"


def secret_from(passphrase_file: str, key_file: str, environment: Mapping[str, str] = os.environ) -> Secret:
    """The secret that is named: a key file before a passphrase, a file before the environment.

    Raises BackupSecretMissing, BackupSecretUnfit, PermissionsTooWide.
    """
    if key_file:
        return _fit(Secret(KEY_FILE, _read(Path(key_file))))
    if passphrase_file:
        return _fit(Secret(PASSPHRASE, _read(Path(passphrase_file)).rstrip(b"\r\n")))
    given = environment.get(PASSPHRASE_VARIABLE, "")
    if not given:
        raise BackupSecretMissing(variable=PASSPHRASE_VARIABLE)
    return _fit(Secret(PASSPHRASE, given.encode("utf-8")))


def new_key(secret: Secret) -> tuple[bytes, dict[str, Any]]:
    """A key for one backup, and what else is needed to derive it again; nothing of that is secret."""
    facts: dict[str, Any] = {"secret": secret.kind, "salt": os.urandom(_SALT_BYTES).hex()}
    if secret.kind == PASSPHRASE:
        facts |= todays_cost()
    key, check = _derive(secret, facts)
    return key, {**facts, "check": check.hex()}


def known_key(secret: Secret, facts: Mapping[str, Any], path: Path) -> bytes:
    """The key of a backup that says this of it. Raises BackupSecretWrong; KeyError, TypeError, ValueError: no such
    facts."""
    if facts["secret"] != secret.kind:
        raise BackupSecretWrong(path=path)
    key, check = _derive(secret, facts)
    if not hmac.compare_digest(check, bytes.fromhex(facts["check"])):
        raise BackupSecretWrong(path=path)
    return key


def _derive(secret: Secret, facts: Mapping[str, Any]) -> tuple[bytes, bytes]:
    salt, value = bytes.fromhex(facts["salt"]), secret.value
    if secret.kind == PASSPHRASE:
        value = derive_key(value, salt, facts)
    derived = HKDF(hashes.SHA256(), _KEY_BYTES + _CHECK_BYTES, salt, _INFO).derive(value)
    return derived[:_KEY_BYTES], derived[_KEY_BYTES:]


def _read(path: Path) -> bytes:
    try:
        return read_private(path)
    except OSError as error:
        raise BackupSecretUnfit(detail=f"{path}: {error.strerror}") from error


def _fit(secret: Secret) -> Secret:
    least = KEY_BYTES_MIN if secret.kind == KEY_FILE else PASSPHRASE_BYTES_MIN
    if not least <= len(secret.value) <= SECRET_BYTES_MAX:
        raise BackupSecretUnfit(detail=f"{len(secret.value)} bytes")
    return secret
