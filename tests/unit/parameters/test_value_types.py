"""What values may be, and what is said of one that may not."""

from __future__ import annotations

from typing import Any

import pytest

from common.parameters.value_types import Choice, Switch, Text, ValueType, Whole


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Switch(), [True, False], [1, 0, "true", None, [True]]),
        (Whole(-1, 3), [-1, 0, 3], [-2, 4, True, "1", 1.0, None]),
        (Choice(("a", "b")), ["a", "b"], ["c", "", 1, None, ["a"]]),
        (Text(3), ["", "abc", "全网"], ["abcd", "a\nb", 1, None]),
    ],
)
def test_each_type_takes_its_values_and_no_others(kind: ValueType, good: list[Any], bad: list[Any]) -> None:
    assert [kind.unfit(value) for value in good] == [None] * len(good)
    for value in bad:
        said = kind.unfit(value)
        assert said is not None, value
        assert all(said), value
    assert kind.document()["type"] == kind.name
