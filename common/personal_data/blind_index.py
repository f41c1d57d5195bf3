"""Finding what is encrypted: instead of a value a keyed hash of its normal form is stored, and looked for.

Each column has a key of its own, so that the same number in two columns has two tokens. Whoever has the database but no
key sees which rows have the same token, and nothing of what it stands for; docs/privacy.md says what that tells.
Keyed BLAKE2b is the function: a pseudo-random function like HMAC, at a third of its cost.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

EXACT_BYTES = 16
ENDING_BYTES = 8
PART_BYTES = 8
ENDINGS = (6, 4)
"""How many of the last characters can be looked for."""

PARTS_MAX = 64
"""So many parts of an address are indexed; further ones can not be found by."""

_NOT_CONTENT = re.compile(r"[^\w]|_", re.ASCII)
_NOT_WORD = re.compile(r"[\W_]+")
_DIVISIONS = re.compile(
    r"(?:[^\W\d]{2,8}?(?:省|自治区|特别行政区))?(?:[^\W\d]{1,10}?(?:市|自治州|地区|盟))?(?:[^\W\d]{1,8}?(?:自治县|区|县|市|旗))?"
)


class Tokens(NamedTuple):
    """What is stored for one value, so that it can be found by the whole or by its end. None: nothing to find."""

    exact: bytes | None
    last6: bytes | None
    last4: bytes | None


NO_TOKENS = Tokens(None, None, None)


class BlindIndex:
    """Makes the tokens of one column."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "BlindIndex()"

    def tokens(self, value: str) -> Tokens:
        """The tokens of a value in its normal form; of a shorter one only those that say less than all of it."""
        if not value:
            return NO_TOKENS
        return Tokens(self.exact(value), *(self.ending(value[-n:]) if len(value) > n else None for n in ENDINGS))

    def exact(self, value: str) -> bytes:
        """By the whole value."""
        return self._token("=", value, EXACT_BYTES)

    def ending(self, characters: str) -> bytes:
        """By the last six or four characters."""
        return self._token(str(len(characters)), characters, ENDING_BYTES)

    def part(self, region: str, part: str) -> bytes:
        """By a part of a text, within a region: the same part has another token elsewhere."""
        return self._token(f"~{region}\x1f", part, PART_BYTES)

    def _token(self, kind: str, text: str, size: int) -> bytes:
        return hashlib.blake2b(f"{kind}{text}".encode(), key=self._key, digest_size=size).digest()


def normal_document(number: str) -> str:
    """The form in which document numbers are compared: half-width capitals; of ASCII letters and digits alone."""
    text = unicodedata.normalize("NFKC", number).upper()
    return _NOT_CONTENT.sub("", text) if text.isascii() else "".join(text.split())


def address_parts(address: str) -> Iterator[str]:
    """The pairs of neighbouring characters of a street address, each once, without the divisions that it begins with:
    these stand in the clear and would be the same in most rows."""
    text = _NOT_WORD.sub("", unicodedata.normalize("NFKC", address)).casefold()
    divisions = _DIVISIONS.match(text)
    street = text[divisions.end() :] if divisions and divisions.end() < len(text) - 1 else text
    seen = dict.fromkeys(street[place : place + 2] for place in range(len(street) - 1))
    yield from list(seen)[:PARTS_MAX]
