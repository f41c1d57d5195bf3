"""The master key: the one secret that stands outside the database, on which all that is encrypted in it hangs.

A file (mode 0600) or an environment variable holds it, as 64 hexadecimal digits. Former ones may stand behind it: the
first wraps, any of them unwraps, so that a key can be replaced without a moment at which nobody can read.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from common.errors import Fault
from common.security.private_files import read_private, write_private

MASTER_KEY_FILE = "master.key"
MASTER_KEY_VARIABLE = "QUANWANG_MASTER_KEY"

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_ID_BYTES = 8
MASTER_KEYS_MAX = 8
"""How many may stand in one file: the one in use and some former ones."""
FILE_BYTES_MAX = 4_096

_KEY = re.compile(r"[0-9a-fA-F]{64}")
_HEADING = """\
# The master key for personal data. Without it nothing of that can be read, and nobody can make it again: keep a copy
# apart from the database and its backups. The first key is in use; those behind it are former ones.
"""


class MasterKeyMissing(Fault):
    """Neither the file nor the variable gives a key."""

    en = (
        "There is no master key for personal data: {path} is missing and {variable} is not set. Put the file back from "
        "where its copy is kept, or name it as personal_data.master_key_file in node.toml. A new key would not do: "
        "what is stored can be read with the old one only."
    )
    zh = (
        "缺少个人信息主密钥：{path} 不存在，且未设置 {variable}。请从备份位置恢复该文件，"
        "或在 node.toml 中用 personal_data.master_key_file 指定。新密钥无法代替：已存储的数据只能用原密钥读取。"
    )


class MasterKeyUnusable(Fault):
    """What is given is no key."""

    en = "The master key in {place} cannot be used: {detail}. It is 64 hexadecimal digits; former keys may follow."
    zh = "{place} 中的主密钥不可用：{detail_zh}。应为 64 位十六进制数字，其后可列出以前的密钥。"


class MasterKeyWrong(Fault):
    """None of the given keys is the one that the database was encrypted under."""

    en = (
        "None of the master keys in {place} opens this database; it needs the key {wanted}. Put that one back, behind "
        "the first. Nothing was changed."
    )
    zh = "{place} 中的主密钥均无法打开该数据库，需要密钥 {wanted}。请将其补在第一个密钥之后。未做任何更改。"


class MasterKeyInEnvironment(Fault):
    """The node cannot change a variable of its own environment."""

    en = (
        "The master key comes from {variable}, which the node cannot change. Put the new key first there and the "
        "former one behind it, separated by a comma, and start the node again."
    )
    zh = (
        "主密钥来自环境变量 {variable}，节点无法更改。"
        "请将新密钥放在最前、以前的密钥放在其后（用逗号分隔），然后重新启动节点。"
    )


class KeyUnreadable(Exception):
    """What was wrapped was not wrapped under this key, for this purpose."""


class MasterKey:
    """One master key. `key_id` tells which it is and nothing else of it."""

    def __init__(self, secret: bytes) -> None:
        self._wrapping = AESGCM(_derive(secret, b"wrap"))
        self.key_id = hashlib.sha256(_derive(secret, b"name")).digest()[:KEY_ID_BYTES]

    def __repr__(self) -> str:
        return f"MasterKey({self.key_id.hex()})"

    def wrap(self, purpose: str, key: bytes, nonce: bytes) -> bytes:
        """A key as it may be stored."""
        return nonce + self._wrapping.encrypt(nonce, key, purpose.encode())

    def unwrap(self, purpose: str, wrapped: bytes) -> bytes:
        """The key that was wrapped for this purpose. Raises KeyUnreadable."""
        try:
            return self._wrapping.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError) as error:
            raise KeyUnreadable(purpose) from error


class MasterKeys(NamedTuple):
    """The key in use and former ones. `place`: where they came from, for messages."""

    keys: tuple[MasterKey, ...]
    place: str

    @property
    def first(self) -> MasterKey:
        return self.keys[0]

    def find(self, key_id: bytes) -> MasterKey:
        """The key of this name. Raises MasterKeyWrong."""
        for key in self.keys:
            if key.key_id == key_id:
                return key
        raise MasterKeyWrong(place=self.place, wanted=key_id.hex())


class MasterKeySource:
    """Where the master key is: the environment, else a file."""

    def __init__(self, file: Path, environment: Mapping[str, str] = os.environ) -> None:
        self.file = file
        self._environment = environment

    @property
    def from_environment(self) -> bool:
        return bool(self._environment.get(MASTER_KEY_VARIABLE, "").strip())

    def load(self) -> MasterKeys:
        """The keys as they are there now. Raises MasterKeyMissing, MasterKeyUnusable, PermissionsTooWide."""
        if self.from_environment:
            secrets = _parsed(self._environment[MASTER_KEY_VARIABLE].replace(",", "\n"), MASTER_KEY_VARIABLE)
            return MasterKeys(tuple(map(MasterKey, secrets)), MASTER_KEY_VARIABLE)
        return MasterKeys(tuple(map(MasterKey, self._secrets())), str(self.file))

    def make(self, entropy: Callable[[int], bytes]) -> bool:
        """Makes a first key where there is none. Whether one was made. Raises OSError."""
        if self.from_environment or self.file.exists():
            return False
        self._write([entropy(KEY_BYTES)])
        return True

    def put_first(self, secret: bytes) -> None:
        """From now on this key is the one in use; those before it stay behind it.

        Raises MasterKeyInEnvironment; MasterKeyUnusable where there are too many already; OSError.
        """
        self._write([secret, *self._writable()])

    def forget_former(self) -> int:
        """Keeps the first key alone. How many were forgotten. Raises MasterKeyInEnvironment, OSError."""
        first, *former = self._writable()
        if former:
            self._write([first])
        return len(former)

    def _writable(self) -> list[bytes]:
        if self.from_environment:
            raise MasterKeyInEnvironment(variable=MASTER_KEY_VARIABLE)
        return self._secrets()

    def _secrets(self) -> list[bytes]:
        try:
            content = read_private(self.file)
        except FileNotFoundError as error:
            raise MasterKeyMissing(path=self.file, variable=MASTER_KEY_VARIABLE) from error
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise MasterKeyUnusable(place=self.file, detail=reason, detail_zh=reason) from error
        return _parsed(content[: FILE_BYTES_MAX + 1].decode("ascii", "replace"), str(self.file))

    def _write(self, secrets: Iterable[bytes]) -> None:
        lines = [secret.hex() for secret in secrets]
        if len(lines) > MASTER_KEYS_MAX:
            raise _too_many(str(self.file))
        write_private(self.file, (_HEADING + "\n".join(lines) + "\n").encode("ascii"))


def _parsed(text: str, place: str) -> list[bytes]:
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise MasterKeyUnusable(place=place, detail="there is none", detail_zh="内容为空")
    if len(lines) > MASTER_KEYS_MAX:
        raise _too_many(place)
    for number, line in enumerate(lines, 1):
        if not _KEY.fullmatch(line):
            raise MasterKeyUnusable(
                place=place, detail=f"key {number} is not of this form", detail_zh=f"第 {number} 个密钥格式不正确"
            )
    return [bytes.fromhex(line) for line in lines]


def _too_many(place: str) -> MasterKeyUnusable:
    most = MASTER_KEYS_MAX
    return MasterKeyUnusable(place=place, detail=f"there are more than {most}", detail_zh=f"超过 {most} 个")


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"quanwang/personal-data/master/" + purpose).derive(secret)
