"""Published parameters as the message in which headquarters sends them, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence

from common.errors import Refusal
from common.gen.quanwang.federation.v1 import seal_pb2
from common.gen.quanwang.parameters.v1 import parameters_pb2 as pb
from common.parameters.model import REASON_CHARACTERS_MAX
from common.parameters.network import NetworkValue
from common.parameters.network_repository import written

PUBLISH = "quanwang.parameters.v1.PublishParameters"
VALUES_MAX = 2_000
TEXT_CHARACTERS_MAX = 1_024


class PublicationNotPermitted(Refusal):
    """Headquarters alone publishes."""

    en = "What is for the whole network is published by headquarters alone, not by node {source}."
    zh = "全网内容只能由总部下发，节点 {source} 无权下发。"


class MalformedPublication(Refusal):
    """What came is no publication of parameters."""

    en = "The published parameters cannot be read: {detail}."
    zh = "下发的参数无法读取：{detail}。"


def encode_publication(version: int, published_at_us: int, values: Sequence[NetworkValue]) -> bytes:
    """The request's body."""
    return pb.PublishParametersRequest(
        version=version,
        published_at_us=published_at_us,
        parameters=[
            pb.NetworkParameter(
                name=value.name,
                version=value.version,
                value=written(value.value),
                least=written(value.least),
                most=written(value.most),
                fixed=value.fixed,
                effective_from_us=value.effective_from_us,
                set_at_us=value.set_at_us,
                set_by=value.set_by,
                reason=value.reason,
            )
            for value in values
        ],
    ).SerializeToString(deterministic=True)


def decode_values(request: pb.PublishParametersRequest) -> tuple[NetworkValue, ...]:
    """What it says. Raises MalformedPublication."""
    if request.version < 1 or len(request.parameters) > VALUES_MAX:
        raise MalformedPublication(detail="no version, or too many values")
    return tuple(_decode(each) for each in request.parameters)


def held_version(answer: bytes) -> int:
    """What a province says that it holds. `answer`: as the leg keeps it."""
    body = seal_pb2.Entry.FromString(answer).body
    return int(pb.PublishParametersResponse.FromString(body).held_version)


def _decode(each: pb.NetworkParameter) -> NetworkValue:
    texts = (each.value, each.least, each.most)
    if not 0 < len(each.name) <= 100 or each.version < 1 or max(map(len, texts)) > TEXT_CHARACTERS_MAX:
        raise MalformedPublication(detail="a value has no usable name, version or length")
    if len(each.set_by) > 100 or len(each.reason) > REASON_CHARACTERS_MAX:
        raise MalformedPublication(detail="who set a value, or why, is too long")
    return NetworkValue(
        name=each.name,
        version=each.version,
        value=_read(each.value),
        least=_read_bound(each.least),
        most=_read_bound(each.most),
        fixed=each.fixed,
        effective_from_us=each.effective_from_us,
        set_at_us=each.set_at_us,
        set_by=each.set_by,
        reason=each.reason,
    )


def _read(text: str) -> bool | int | str | None:
    try:
        value = json.loads(text) if text else None
    except (ValueError, RecursionError) as error:
        raise MalformedPublication(detail="a value is no JSON") from error
    if value is not None and not isinstance(value, bool | int | str):
        raise MalformedPublication(detail="a value is of no type that parameters have")
    return value


def _read_bound(text: str) -> int | None:
    bound = _read(text)
    if bound is not None and (isinstance(bound, bool) or not isinstance(bound, int)):
        raise MalformedPublication(detail="a bound is no whole number")
    return bound
