"""The federation's first root key, its public half, in `<data directory>/root.pub`.

Every directory carries the line of root keys from there, so HQ can check what it published itself when it holds none of
the private keys any more. Kept in a file and not in the database, since it is what the database is checked against.
"""

from __future__ import annotations

from pathlib import Path

from common.errors import Fault
from common.security.keyring import Keyring
from common.security.private_files import read_private, write_private

ROOT_FILE = "root.pub"

PUBLIC_KEY_BYTES = 32


class RootUnknown(Fault):
    """HQ has neither a root key nor the file with the public half of the first one."""

    en = "{path} is missing or is not a root key, so HQ cannot check its own directories."
    zh = "{path} 缺失或不是有效的根公钥，总部无法验证自己的目录。"
    mend_en = "Restore it from a backup."
    mend_zh = "请从备份恢复。"


def first_root(data_dir: Path, keyring: Keyring) -> bytes:
    """The federation's first root key. Raises RootUnknown, PermissionsTooWide.

    A data directory of a release before this file holds all root keys that there have been.
    """
    path = data_dir / ROOT_FILE
    try:
        public_key = bytes.fromhex(read_private(path).decode("ascii").strip())
    except FileNotFoundError as error:
        if not keyring.root_signers:
            raise RootUnknown(path=path) from error
        return keyring.root_signers[-1].public_key
    except (OSError, ValueError) as error:
        raise RootUnknown(path=path) from error
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise RootUnknown(path=path)
    return public_key


def keep_first_root(data_dir: Path, keyring: Keyring) -> None:
    """Writes the file where there is none: before any root key is done away with. Raises RootUnknown, OSError."""
    if not (data_dir / ROOT_FILE).exists():
        write_private(data_dir / ROOT_FILE, first_root(data_dir, keyring).hex().encode("ascii") + b"\n")
