"""Bodies of requests: taken only when they are JSON of a sane shape, and only the fields that are declared.

What is wrong is told field by field, with its path, in the caller's language; the input itself is never repeated,
since it may hold personal data.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from common.rest.documents import encoded
from common.rest.errors import BodyNotJson, BodyUnfit, BodyUnreadable, FieldFinding, ParametersUnfit
from common.validation import FIELD_UNFIT, finding_of

DEPTH_MAX = 16
"""Levels of objects and lists within each other."""
FINDINGS_MAX = 20
JSON_TYPE, MERGE_PATCH_TYPE = "application/json", "application/merge-patch+json"

_WORDLESS = (FIELD_UNFIT, "it has characters that no text has", "含有无效字符")

B = TypeVar("B", bound=BaseModel)


class Body(BaseModel):
    """Base of what a body may hold: an undeclared field is an error, and no value is bent to fit its type. On the wire
    a field's name is in camel case."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        alias_generator=to_camel,
        use_attribute_docstrings=True,
    )


class Told(BaseModel):
    """Base of what is answered that is no resource's document."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


def require_type(content_type: str, *known: str) -> None:
    """Raises BodyNotJson unless the body says that it is of one of these types."""
    if content_type.partition(";")[0].strip().lower() not in known:
        raise BodyNotJson(known=", ".join(known))


def read_json(raw: bytes) -> Any:
    """The body's content. Raises BodyUnreadable: not JSON, names that stand twice, too deep, characters of no text."""
    try:
        content = json.loads(raw, object_pairs_hook=_once_each, parse_constant=_no_number)
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise BodyUnreadable(detail="it is not JSON", detail_zh="不是有效的 JSON") from error
    _require_sane(content)
    return content


def read_body(model: type[B], raw: bytes) -> B:
    """The body as the model has it. Raises BodyUnreadable, BodyUnfit."""
    read_json(raw)
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise BodyUnfit([_finding(dict(found)) for found in error.errors()[:FINDINGS_MAX]]) from error


def parameter_names(model: type[BaseModel]) -> tuple[str, ...]:
    """By which names an address names the model's fields."""
    return tuple(field.alias or name for name, field in model.model_fields.items())


def read_parameters(model: type[B], given: Mapping[str, str]) -> B:
    """The parameters of an address as the model has them: there everything is text. Raises ParametersUnfit."""
    wrong = [FieldFinding(name, *_WORDLESS) for name, text in given.items() if "\x00" in text]
    if wrong:
        raise ParametersUnfit(wrong)
    try:
        return model.model_validate(dict(given), strict=False)
    except ValidationError as error:
        raise ParametersUnfit([_finding(dict(found)) for found in error.errors()[:FINDINGS_MAX]]) from error


def changes_of(body: BaseModel) -> dict[str, Any]:
    """What a merge patch names, and nothing else: None where it was null."""
    return body.model_dump(exclude_unset=True, by_alias=True)


def digest_of(*parts: str, content: Any) -> bytes:
    """What is the same for the same request, however its JSON is spaced and ordered."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(encoded(list(parts)) + b"\x00" + canonical).digest()


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return content


def _no_number(text: str) -> Any:
    raise ValueError(text)


def _require_sane(content: Any) -> None:
    """Looks at every value, without recursion."""
    waiting: list[tuple[Any, int]] = [(content, 1)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, str):
            _require_text(value)
        elif isinstance(value, Mapping | list):
            if depth > DEPTH_MAX:
                raise _too_deep()
            if isinstance(value, Mapping):
                for name in value:
                    _require_text(name)
                waiting.extend((inner, depth + 1) for inner in value.values())
            else:
                waiting.extend((inner, depth + 1) for inner in value)


def _require_text(text: str) -> None:
    # No database column holds these, and no person writes them.
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _no_text() from error
    if "\x00" in text:
        raise _no_text()


def _no_text() -> BodyUnreadable:
    return BodyUnreadable(detail="a text in it has characters that no text has", detail_zh="文本中含有无效字符")


def _too_deep() -> BodyUnreadable:
    return BodyUnreadable(
        detail=f"more than {DEPTH_MAX} objects and lists within each other", detail_zh=f"嵌套超过 {DEPTH_MAX} 层"
    )


def _finding(found: Mapping[str, Any]) -> FieldFinding:
    return FieldFinding(_path(found["loc"]), *finding_of(found))


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path[:256] or "(the body)"
