"""A published dictionary as the message in which headquarters sends it, and back."""

from __future__ import annotations

from collections.abc import Iterable

from common.dictionaries.model import (
    CODE_CHARACTERS_MAX,
    MOMENT_MAX_US,
    NAME_CHARACTERS_MAX,
    NETWORK,
    PLACE_MAX,
    REASON_CHARACTERS_MAX,
    VALUES_MAX,
    DictionaryValue,
    DictionaryVersion,
)
from common.errors import Refusal
from common.gen.quanwang.dictionaries.v1 import dictionaries_pb2 as pb
from common.gen.quanwang.federation.v1 import seal_pb2

PUBLISH = "quanwang.dictionaries.v1.PublishDictionary"
DICTIONARY_CHARACTERS_MAX = 64
SET_BY_CHARACTERS_MAX = 100


class MalformedDictionary(Refusal):
    """What came is no publication of a dictionary."""

    en = "The published dictionary cannot be read: {detail}."
    zh = "下发的字典无法读取：{detail}。"


def topic_of(dictionary: str) -> str:
    """Under which name the publications of a dictionary are counted."""
    return f"dictionary/{dictionary}"


def encode_publication(
    dictionary: str, version: int, published_at_us: int, versions: Iterable[DictionaryVersion]
) -> bytes:
    """The request's body."""
    values = [
        pb.DictionaryValue(
            code=each.value.code,
            version=each.version,
            zh=each.value.zh,
            en=each.value.en,
            place=each.value.place,
            active=each.value.active,
            from_us=each.value.from_us,
            until_us=each.value.until_us,
            parent=each.value.parent,
            set_at_us=each.set_at_us,
            set_by=each.set_by,
            reason=each.reason,
        )
        for each in versions
    ]
    request = pb.PublishDictionaryRequest(
        dictionary=dictionary, version=version, published_at_us=published_at_us, values=values
    )
    return request.SerializeToString(deterministic=True)


def decode_values(request: pb.PublishDictionaryRequest) -> tuple[DictionaryVersion, ...]:
    """What it says. Raises MalformedDictionary."""
    if not 0 < len(request.dictionary) <= DICTIONARY_CHARACTERS_MAX or request.version < 1:
        raise MalformedDictionary(detail="no usable name or version")
    if len(request.values) > VALUES_MAX or len({each.code for each in request.values}) < len(request.values):
        raise MalformedDictionary(detail="too many values, or one twice")
    return tuple(_decode(request.dictionary, each) for each in request.values)


def held_version(answer: bytes) -> int:
    """What a province says that it holds. `answer`: as the leg keeps it."""
    body = seal_pb2.Entry.FromString(answer).body
    return int(pb.PublishDictionaryResponse.FromString(body).held_version)


def _decode(dictionary: str, each: pb.DictionaryValue) -> DictionaryVersion:
    texts = (
        (each.zh, NAME_CHARACTERS_MAX),
        (each.en, NAME_CHARACTERS_MAX),
        (each.parent, CODE_CHARACTERS_MAX),
        (each.set_by, SET_BY_CHARACTERS_MAX),
        (each.reason, REASON_CHARACTERS_MAX),
    )
    if not 0 < len(each.code) <= CODE_CHARACTERS_MAX or each.version < 1 or each.version >= MOMENT_MAX_US:
        raise MalformedDictionary(detail="a value has no usable code or version")
    if any(len(text) > most for text, most in texts) or each.place > PLACE_MAX:
        raise MalformedDictionary(detail="a value has a text or a place beyond what is known")
    if not all(0 <= moment < MOMENT_MAX_US for moment in (each.from_us, each.until_us, each.set_at_us)):
        raise MalformedDictionary(detail="a value has a moment beyond what is known")
    value = DictionaryValue(
        each.code, each.zh, each.en, each.place, each.active, each.from_us, each.until_us, each.parent
    )
    return DictionaryVersion(NETWORK, dictionary, value, each.version, each.set_at_us, each.set_by, each.reason)
