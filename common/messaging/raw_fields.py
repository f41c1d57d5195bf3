"""The fields of a serialised protobuf message as bytes, without decoding them: for hashing what somebody encoded, and
for counting before parsing (a parser makes a hundred bytes out of a field that takes two on the wire)."""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def bytes_fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and content of every length-delimited field, in their order; others are passed over.

    Raises ValueError where the bytes are no message.
    """
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        kind = tag & 7
        if kind == _VARINT:
            _, place = _varint(message, place)
        elif kind in (_FIXED64, _FIXED32):
            place += 8 if kind == _FIXED64 else 4
        elif kind == _BYTES:
            length, place = _varint(message, place)
            if place + length > len(message):
                raise ValueError("a field is longer than its message")
            yield tag >> 3, message[place : place + length]
            place += length
        else:
            raise ValueError("not a field")
    if place != len(message):
        raise ValueError("a field is longer than its message")


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if place >= len(message) or shift > 63:
            raise ValueError("not a number")
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return value, place
        shift += 7
