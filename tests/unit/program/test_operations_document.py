"""docs/operations.md says what is true: every setting with its default, and only metrics that exist."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from common.metrics import NodeMetrics
from common.settings import NodeSettings
from hq_node.settings import HqSettings
from province_node.settings import ProvinceSettings

DOCUMENT = Path(__file__).parents[3] / "docs" / "operations.md"


def _names(settings: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(settings)]


def settings_of(settings: type[NodeSettings]) -> Iterator[tuple[str, Any]]:
    """Every setting with its default."""
    for name, field in settings.model_fields.items():
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        if isinstance(default, BaseModel):
            yield from ((f"{name}.{key}", getattr(default, key)) for key in type(default).model_fields)
        elif dataclasses.is_dataclass(default) and not isinstance(default, type):
            yield from ((f"{name}.{key}", getattr(default, key)) for key in _names(default))
        else:
            yield name, default


@pytest.mark.parametrize("settings", [HqSettings, ProvinceSettings])
def test_every_setting_stands_there_with_its_default(settings: type[NodeSettings]) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, default in settings_of(settings):
        shown = "" if default is None else f"`{default}`"
        assert f"| `{name}` | {shown} |" in text, name


def test_no_setting_stands_there_that_does_not_exist() -> None:
    known = {name for settings in (HqSettings, ProvinceSettings) for name, _ in settings_of(settings)}
    table = DOCUMENT.read_text(encoding="utf-8").split("## Settings")[1]
    assert set(re.findall(r"^\| `([a-z_.]+)` \|", table, re.MULTILINE)) == known


def test_the_metrics_that_it_names_exist() -> None:
    exposed = {
        name
        for family in NodeMetrics("31", "province", "0").registry.collect()
        for name in (family.name, f"{family.name}_total")
    }
    named = set(re.findall(r"`(quanwang_[a-z_]+)`", DOCUMENT.read_text(encoding="utf-8")))
    assert named
    assert named <= exposed
