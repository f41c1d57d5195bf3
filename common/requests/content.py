"""The content of a request, from plain data that a person or a program gave: checked before anything is asked."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from google.protobuf import descriptor, json_format, message

from common.errors import Refusal

Messages = Sequence[type[message.Message]]
"""The messages that a kind's content goes to: the body, and where there is one, the private body."""

FIELD_NAME_CHARS_SHOWN = 64

_NUMBERS = {
    descriptor.FieldDescriptor.CPPTYPE_BOOL: "boolean",
    descriptor.FieldDescriptor.CPPTYPE_STRING: "text",
    descriptor.FieldDescriptor.CPPTYPE_FLOAT: "number",
    descriptor.FieldDescriptor.CPPTYPE_DOUBLE: "number",
}


class RequestFieldUnknown(Refusal):
    """The kind has no field of this name."""

    en = "{kind} has no field {field}. Its fields, the most similar first: {known}."
    zh = "{kind} 没有字段 {field}。可用字段（按相似程度排列）：{known}。"


class RequestFieldUnfit(Refusal):
    """What was given for a field cannot be its value."""

    en = "The field {field} of {kind} must be of the type {type}."
    zh = "{kind} 的字段 {field} 类型应为 {type}。"


class RequestFieldMissing(Refusal):
    """The kind cannot be asked for without this field."""

    en = "{kind} needs the field {field}."
    zh = "{kind} 缺少必填字段 {field}。"


def type_name(field: Any) -> str:
    """A field's type as people are told it: text, integer, number, boolean, or a message's or enumeration's name."""
    if field.message_type is not None:
        name = field.message_type.name
    elif field.enum_type is not None:
        name = field.enum_type.name
    else:
        name = _NUMBERS.get(field.cpp_type, "integer")
    return f"{name}[]" if field.is_repeated else str(name)


def fill(kind: str, messages: Messages, content: Mapping[str, Any], needs: Iterable[str]) -> list[message.Message]:
    """The kind's messages with the content in them, each field in the message that has it.

    `needs`: the fields without which the kind means nothing; "a|b" stands for either. Raises RequestFieldUnknown,
    RequestFieldMissing, RequestFieldUnfit.
    """
    _require_known(kind, messages, content)
    for need in needs:
        if not any(content.get(name) for name in need.split("|")):
            raise RequestFieldMissing(kind=kind, field=need.replace("|", " / "))
    return [_fill_one(kind, message_type, content) for message_type in messages]


def _require_known(kind: str, messages: Messages, content: Mapping[str, Any]) -> None:
    known = [field.name for message_type in messages for field in message_type.DESCRIPTOR.fields]
    for name in content:
        if name not in known:
            shown = name[:FIELD_NAME_CHARS_SHOWN]
            similar = difflib.get_close_matches(shown, known, n=len(known), cutoff=0.0) if known else ["-"]
            raise RequestFieldUnknown(kind=kind, field=shown, known=", ".join(similar))


def _fill_one(kind: str, message_type: type[message.Message], content: Mapping[str, Any]) -> message.Message:
    filled = message_type()
    for field in message_type.DESCRIPTOR.fields:
        if field.name not in content:
            continue
        try:
            json_format.ParseDict({field.name: content[field.name]}, filled)
        except json_format.ParseError as error:
            raise RequestFieldUnfit(kind=kind, field=field.name, type=type_name(field)) from error
    return filled
