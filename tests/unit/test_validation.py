"""What does not fit is told in words of both languages, and never with the value."""

from __future__ import annotations

from enum import Enum
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from common.validation import Finding, Unfit, finding_of


class Colour(Enum):
    """Two, to choose from."""

    RED = "r"
    BLUE = "b"


class Checked(BaseModel):
    """A field for each kind of finding."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(default="a", min_length=1, max_length=2)
    number: int = Field(default=5, ge=1, le=9)
    between: float = Field(default=5.0, gt=1, lt=9)
    switch: bool = True
    colour: Colour = Colour.RED
    word: Literal["x", "y"] = "x"
    names: list[str] = Field(default=["a"], min_length=1, max_length=2)
    facts: dict[str, int] = {}
    ruled: int = 0

    @field_validator("ruled")
    @classmethod
    def _is_even(cls, ruled: int) -> int:
        if ruled % 2:
            raise Unfit("it must be even", "应为偶数")
        return ruled


def found(**given: Any) -> Finding:
    with pytest.raises(ValidationError) as refused:
        Checked.model_validate(given)
    (error,) = refused.value.errors()
    return finding_of(error)


@pytest.mark.parametrize(
    ("given", "code", "en", "zh"),
    [
        ({"text": "abc"}, "FIELD_TOO_LONG", "it may have at most 2 characters", "最多 2 个字符"),
        ({"text": ""}, "FIELD_TOO_SHORT", "it needs at least 1 characters", "至少 1 个字符"),
        ({"text": 1}, "FIELD_UNFIT", "it must be text", "应为文本"),
        ({"number": "many"}, "FIELD_UNFIT", "it must be a whole number", "应为整数"),
        ({"number": 1.5}, "FIELD_UNFIT", "it must be a whole number", "应为整数"),
        ({"number": 0}, "FIELD_UNFIT", "it must be at least 1", "不得小于 1"),
        ({"number": 10}, "FIELD_UNFIT", "it must be at most 9", "不得大于 9"),
        ({"between": 1}, "FIELD_UNFIT", "it must be more than 1.0", "必须大于 1.0"),
        ({"between": 9}, "FIELD_UNFIT", "it must be less than 9.0", "必须小于 9.0"),
        ({"between": "wide"}, "FIELD_UNFIT", "it must be a number", "应为数值"),
        ({"colour": "g"}, "FIELD_UNFIT", "it must be 'r' or 'b'", "应为 'r' 或 'b'"),
        ({"word": "z"}, "FIELD_UNFIT", "it must be 'x' or 'y'", "应为 'x' 或 'y'"),
        ({"switch": "perhaps"}, "FIELD_UNFIT", "it must be true or false", "应为 true 或 false"),
        ({"names": []}, "FIELD_TOO_SHORT", "it needs at least 1 entries", "至少 1 项"),
        ({"names": 3}, "FIELD_UNFIT", "it must be a list", "应为列表"),
        ({"facts": 3}, "FIELD_UNFIT", "it must be an object", "应为对象"),
        ({"more": 3}, "FIELD_UNKNOWN", "there is no such field, or it cannot be set", "没有该字段，或该字段不可设置"),
        ({"ruled": 3}, "FIELD_UNFIT", "it must be even", "应为偶数"),
    ],
)
def test_what_does_not_fit_is_told(given: dict[str, Any], code: str, en: str, zh: str) -> None:
    assert found(**given) == (code, en, zh)


def test_what_has_no_words_of_its_own_is_told_all_the_same() -> None:
    assert finding_of({"type": "frozen_field", "loc": ("text",), "msg": "Field is frozen"}) == (
        "FIELD_UNFIT",
        "its value does not fit",
        "取值不符合要求",
    )
