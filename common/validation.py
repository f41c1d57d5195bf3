"""What is wrong with a value that was checked against its declared type, in words: in bodies, queries and settings.

The library finds, in English only; here each kind of its findings has a stable code and its words in both languages.
The value itself is never repeated: it may be personal, or secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

FIELD_UNFIT, FIELD_MISSING, FIELD_UNKNOWN = "FIELD_UNFIT", "FIELD_MISSING", "FIELD_UNKNOWN"
FIELD_TOO_LONG, FIELD_TOO_SHORT = "FIELD_TOO_LONG", "FIELD_TOO_SHORT"

_MISSING = (FIELD_MISSING, "it is missing", "缺少该字段")
_UNKNOWN = (FIELD_UNKNOWN, "there is no such field, or it cannot be set", "没有该字段，或该字段不可设置")
_TEXT = (FIELD_UNFIT, "it must be text", "应为文本")
_WHOLE = (FIELD_UNFIT, "it must be a whole number", "应为整数")
_NUMBER = (FIELD_UNFIT, "it must be a number", "应为数值")
_SWITCH = (FIELD_UNFIT, "it must be true or false", "应为 true 或 false")
_LIST = (FIELD_UNFIT, "it must be a list", "应为列表")
_OBJECT = (FIELD_UNFIT, "it must be an object", "应为对象")
_ONE_OF = (FIELD_UNFIT, "it must be {expected}", "应为 {expected}")
_UNFIT = (FIELD_UNFIT, "its value does not fit", "取值不符合要求")

_WORDS: Mapping[str, tuple[str, str, str]] = {
    "missing": _MISSING,
    "missing_argument": _MISSING,
    "extra_forbidden": _UNKNOWN,
    "unexpected_keyword_argument": _UNKNOWN,
    "string_type": _TEXT,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": _SWITCH,
    "bool_parsing": _SWITCH,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dataclass_type": _OBJECT,
    "string_too_long": (FIELD_TOO_LONG, "it may have at most {max_length} characters", "最多 {max_length} 个字符"),
    "string_too_short": (FIELD_TOO_SHORT, "it needs at least {min_length} characters", "至少 {min_length} 个字符"),
    "too_long": (FIELD_TOO_LONG, "it may have at most {max_length} entries", "最多 {max_length} 项"),
    "too_short": (FIELD_TOO_SHORT, "it needs at least {min_length} entries", "至少 {min_length} 项"),
    "greater_than": (FIELD_UNFIT, "it must be more than {gt}", "必须大于 {gt}"),
    "greater_than_equal": (FIELD_UNFIT, "it must be at least {ge}", "不得小于 {ge}"),
    "less_than": (FIELD_UNFIT, "it must be less than {lt}", "必须小于 {lt}"),
    "less_than_equal": (FIELD_UNFIT, "it must be at most {le}", "不得大于 {le}"),
    "string_pattern_mismatch": (FIELD_UNFIT, "it must look like {pattern}", "格式应为 {pattern}"),
    "literal_error": _ONE_OF,
    "enum": _ONE_OF,
}


class Unfit(ValueError):
    """A rule of our own says no: raised in a validator, with its words in both languages."""

    def __init__(self, en: str, zh: str) -> None:
        self.en, self.zh = en, zh
        super().__init__(en)


class Finding(NamedTuple):
    """One thing that is wrong: a stable code, and words without a place and without a full stop."""

    code: str
    en: str
    zh: str


def finding_of(found: Mapping[str, Any]) -> Finding:
    """One entry of a `ValidationError`'s `errors()`, in words."""
    facts = found.get("ctx") or {}
    rule = facts.get("error")
    if isinstance(rule, Unfit):
        return Finding(FIELD_UNFIT, rule.en, rule.zh)
    code, en, zh = _WORDS.get(found["type"], _UNFIT)
    # The library joins what may be given with an English word.
    return Finding(code, en.format(**facts), zh.format(**{**facts, "expected": _listed(facts.get("expected", ""))}))


def _listed(expected: Any) -> str:
    return str(expected).replace(" or ", " 或 ").replace(", ", "、")
