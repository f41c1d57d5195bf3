"""One value, encrypted: AES-256-GCM under its subject's data key, bound to the place where it stands.

    12 bytes nonce | ciphertext of the padded text | 16 bytes tag

The place (table, column, key of the row) and the generation of the key are authenticated with it, so that a ciphertext
which was moved to another row, column or subject opens nowhere. Texts are padded to a multiple of 32 bytes: a number's
length says nothing, an address's little. An empty value is stored as empty: that there is nothing is not hidden.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from common.errors import Fault
from common.personal_data.master_key import NONCE_BYTES

PADDING_BYTES = 32
SUBJECT_CHARS_MAX = 40
_END = b"\x80"
_SEPARATOR = "\x1f"


class SealedValueUnreadable(Fault):
    """A ciphertext is not what was stored in this place: damaged, moved, or of another key."""

    en = "The encrypted value of {column} in a row of {table} cannot be opened. Its data was changed outside the node."
    zh = "表 {table} 某行的 {column} 密文无法解开，其数据曾在节点之外被更改。"


class DataKeyMissing(Fault):
    """A record is encrypted under a key that is not there."""

    en = "A record is encrypted, and the key of its customer is missing. Its data was changed outside the node."
    zh = "某记录已加密，但缺少其客户的密钥。其数据曾在节点之外被更改。"


class Place(NamedTuple):
    """A column that holds sealed values."""

    table: str
    column: str


class SubjectCipher:
    """Seals and opens the values of one subject under one data key. Prints itself without the key."""

    __slots__ = ("_cipher", "_entropy", "generation")

    def __init__(self, cipher: AESGCM, generation: int, entropy: Callable[[int], bytes]) -> None:
        self._cipher = cipher
        self.generation = generation
        self._entropy = entropy

    def __repr__(self) -> str:
        return f"SubjectCipher(generation={self.generation})"

    def seal(self, place: Place, row_key: str, text: str) -> bytes:
        """The value as it is stored there."""
        return self.seal_bytes(place, row_key, text.encode("utf-8"))

    def open(self, place: Place, row_key: str, sealed: bytes) -> str:
        """The value that was sealed there. Raises SealedValueUnreadable."""
        return self.open_bytes(place, row_key, sealed).decode("utf-8")

    def seal_bytes(self, place: Place, row_key: str, content: bytes) -> bytes:
        """The same of bytes."""
        if not content:
            return b""
        nonce = self._entropy(NONCE_BYTES)
        padded = content + _END
        padded += bytes(-len(padded) % PADDING_BYTES)
        return nonce + self._cipher.encrypt(nonce, padded, self._bound_to(place, row_key))

    def open_bytes(self, place: Place, row_key: str, sealed: bytes) -> bytes:
        """The same of bytes. Raises SealedValueUnreadable."""
        if not sealed:
            return b""
        try:
            padded = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._bound_to(place, row_key))
        except (InvalidTag, ValueError) as error:
            raise SealedValueUnreadable(column=place.column, table=place.table) from error
        return padded[: padded.rindex(_END)]

    def _bound_to(self, place: Place, row_key: str) -> bytes:
        return _SEPARATOR.join((place.table, place.column, str(self.generation), row_key)).encode("utf-8")
