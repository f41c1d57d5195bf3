"""What the value of a parameter may be. A value is a Python bool, int or str, and stands as JSON in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from common.errors import Refusal

TEXT_CHARACTERS_MAX = 512


class ParameterValueUnfit(Refusal):
    """A value of the wrong type, or beyond its bounds."""

    en = "{value} cannot be the value of {parameter}: {detail}."
    zh = "{value} 不能作为参数 {parameter} 的值：{detail_zh}。"


class ValueType(Protocol):
    """One type of value."""

    @property
    def name(self) -> str:
        """Its stable name."""

    def unfit(self, value: Any) -> tuple[str, str] | None:
        """What is wrong with a value, in English and in Chinese; None: nothing."""

    def document(self) -> dict[str, Any]:
        """The type with its bounds, for screens."""


@dataclass(frozen=True, slots=True)
class Switch:
    """On or off."""

    name: str = "switch"

    def unfit(self, value: Any) -> tuple[str, str] | None:
        return None if isinstance(value, bool) else ("it must be true or false", "应为 true 或 false")

    def document(self) -> dict[str, Any]:
        return {"type": self.name}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number between `least` and `most`, in `unit` (empty: a count)."""

    least: int
    most: int
    unit: str = ""
    name: str = "whole"

    def unfit(self, value: Any) -> tuple[str, str] | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return "it must be a whole number", "应为整数"
        if not self.least <= value <= self.most:
            return f"it must be between {self.least} and {self.most}", f"应在 {self.least} 至 {self.most} 之间"
        return None

    def document(self) -> dict[str, Any]:
        return {"type": self.name, "least": self.least, "most": self.most, "unit": self.unit}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words."""

    options: tuple[str, ...]
    name: str = "choice"

    def unfit(self, value: Any) -> tuple[str, str] | None:
        if value in self.options and isinstance(value, str):
            return None
        listed = ", ".join(self.options)
        return f"it must be one of {listed}", f"应为以下之一：{listed}"

    def document(self) -> dict[str, Any]:
        return {"type": self.name, "options": list(self.options)}


@dataclass(frozen=True, slots=True)
class Several:
    """One or more of some words, each once, with commas between them."""

    options: tuple[str, ...]
    name: str = "several"

    def unfit(self, value: Any) -> tuple[str, str] | None:
        words = value.split(",") if isinstance(value, str) else []
        if words and len(set(words)) == len(words) and set(words) <= set(self.options):
            return None
        listed = ", ".join(self.options)
        return (
            f"it must be some of {listed}, with commas between them",
            f"应为以下的一项或多项，以英文逗号分隔：{listed}",
        )

    def document(self) -> dict[str, Any]:
        return {"type": self.name, "options": list(self.options)}


@dataclass(frozen=True, slots=True)
class Text:
    """A line of at most `characters_max` printable characters."""

    characters_max: int = TEXT_CHARACTERS_MAX
    name: str = "text"

    def unfit(self, value: Any) -> tuple[str, str] | None:
        if isinstance(value, str) and len(value) <= self.characters_max and value.isprintable():
            return None
        most = self.characters_max
        return f"it must be a line of at most {most} printable characters", f"应为不超过 {most} 个可显示字符的单行文本"

    def document(self) -> dict[str, Any]:
        return {"type": self.name, "characters_max": self.characters_max}
