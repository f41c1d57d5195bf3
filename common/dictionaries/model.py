"""A dictionary as it is declared, the values that it was given in the course of time, and which may be used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from common.errors import Refusal

CODE_CHARACTERS_MAX = 32
NAME_CHARACTERS_MAX = 100
REASON_CHARACTERS_MAX = 512
PLACE_MAX = 1_000_000
VALUES_MAX = 500
"""Of one dictionary, whoever gave them."""
MOMENT_MAX_US = 2**62

BUILT_IN, NETWORK, LOCAL = "built-in", "network", "local"
"""Who says a value: the program, headquarters for the whole network, or the node for itself."""

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class DictionaryUnknown(Refusal):
    """No feature declares it."""

    code = "DICTIONARY_NOT_FOUND"
    en = "There is no dictionary {dictionary}. `dictionaries list` shows those there are."
    zh = "没有字典 {dictionary}。可用 `dictionaries list` 查看。"


class DictionaryValueUnfit(Refusal):
    """Something about a value that cannot be."""

    en = "{code} cannot stand in the dictionary {dictionary}: {detail}."
    zh = "{code} 不能列入字典 {dictionary}：{detail_zh}。"


class DictionaryClosed(Refusal):
    """Nodes add nothing of their own to it."""

    en = "Headquarters alone says what stands in the dictionary {dictionary}."
    zh = "字典 {dictionary} 的内容只能由总部确定。"


class DictionaryValueOfHeadquarters(Refusal):
    """A node changes only what it has added itself."""

    en = "{code} in the dictionary {dictionary} is the same in the whole network; headquarters alone changes it."
    zh = "字典 {dictionary} 中的 {code} 为全网统一值，只能由总部更改。"


class DictionaryReasonMissing(Refusal):
    """A change without a reason, or with one that cannot be kept."""

    en = "Say why the dictionary is changed, in 1 to {most} printable characters: it is kept in its history."
    zh = "请说明变更原因（1 至 {most} 个可显示字符），将保存在变更历史中。"


class DictionaryCodeUnknown(Refusal):
    """What was given is none of the values that may be used now."""

    en = "{code} is not in use in the dictionary {dictionary}. In use: {known}."
    zh = "{code} 不是字典 {dictionary} 中的有效值。可用：{known}。"


@dataclass(frozen=True, slots=True)
class DictionaryValue:
    """A coded value. `place` orders it among the others; it may be used while it is `active`, from and until these
    moments (µs since 1970; until 0: for good). `parent`: the code of the value under which it stands; empty: none."""

    code: str
    zh: str
    en: str
    place: int = 0
    active: bool = True
    from_us: int = 0
    until_us: int = 0
    parent: str = ""

    def usable_at(self, at_us: int) -> bool:
        """Whether it may be used then."""
        return self.active and self.from_us <= at_us and not 0 < self.until_us <= at_us

    def name(self, language: str) -> str:
        """In `language` ("zh..." is Chinese, all else English)."""
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class DictionaryVersion:
    """A value as it was given at one time; versions of a code count up."""

    origin: str
    dictionary: str
    value: DictionaryValue
    version: int
    set_at_us: int
    set_by: str
    reason: str

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What names it."""
        return self.origin, self.dictionary, self.value.code, self.version


@dataclass(frozen=True, slots=True)
class Dictionary:
    """A dictionary as its feature declares it. `open`: nodes may add values of their own to headquarters'."""

    name: str
    en: str
    zh: str
    values: tuple[DictionaryValue, ...]
    open: bool = False

    def require_fit(self, value: DictionaryValue) -> None:
        """Raises DictionaryValueUnfit. Whether its parent is there is asked of the book."""
        if not (len(value.code) <= CODE_CHARACTERS_MAX and _CODE.fullmatch(value.code)):
            raise self.unfit(
                value.code[:CODE_CHARACTERS_MAX],
                f"a code has 1 to {CODE_CHARACTERS_MAX} letters, digits, dots, hyphens and underscores",
                f"代码应为 1 至 {CODE_CHARACTERS_MAX} 个字母、数字、点、连字符或下划线",
            )
        for name in (value.zh, value.en):
            if not (0 < len(name.strip()) == len(name) <= NAME_CHARACTERS_MAX and name.isprintable()):
                raise self.unfit(
                    value.code,
                    f"it needs a name of 1 to {NAME_CHARACTERS_MAX} printable characters in both languages",
                    f"须有中英文名称，各 1 至 {NAME_CHARACTERS_MAX} 个可显示字符",
                )
        if not 0 <= value.place <= PLACE_MAX:
            raise self.unfit(value.code, f"its place is 0 to {PLACE_MAX}", f"排序应为 0 至 {PLACE_MAX}")
        if not (0 <= value.from_us < MOMENT_MAX_US and 0 <= value.until_us < MOMENT_MAX_US) or (
            0 < value.until_us <= value.from_us
        ):
            raise self.unfit(value.code, "it ends before it begins", "失效时间早于生效时间")

    def unfit(self, code: str, en: str, zh: str) -> DictionaryValueUnfit:
        """Something about a value that cannot be."""
        return DictionaryValueUnfit(dictionary=self.name, code=repr(code), detail=en, detail_zh=zh)


@dataclass(frozen=True, slots=True)
class Entry:
    """A value as it counts at this node, and who says it."""

    value: DictionaryValue
    origin: str


Entries = Mapping[str, Entry]
NOTHING: Entries = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class DictionaryBook:
    """All dictionaries of a node with their values by code, in their order. Never changed, but replaced by the next."""

    declared: Mapping[str, Dictionary] = field(default_factory=dict)
    entries: Mapping[str, Entries] = field(default_factory=dict)

    def dictionary(self, name: str) -> Dictionary:
        """The declared one of that name. Raises DictionaryUnknown."""
        found = self.declared.get(name)
        if found is None:
            raise DictionaryUnknown(dictionary=repr(name[:64]))
        return found

    def of(self, name: str) -> Entries:
        """All values of a dictionary, also those that may not be used."""
        return self.entries.get(name, NOTHING)

    def usable(self, name: str, at_us: int) -> tuple[str, ...]:
        """The codes that may be used, in their order. One whose parent may not be used may not be used either."""
        return tuple(code for code in self.of(name) if self.is_usable(name, code, at_us))

    def is_usable(self, name: str, code: str, at_us: int) -> bool:
        """Whether a code may be used."""
        entries, seen = self.of(name), 0
        while code:
            entry = entries.get(code)
            seen += 1
            if entry is None or not entry.value.usable_at(at_us) or seen > len(entries):
                return False
            code = entry.value.parent
        return seen > 0

    def require(self, name: str, code: str, at_us: int) -> None:
        """Raises DictionaryCodeUnknown unless the code may be used then. Of a dictionary that is not declared here any
        code may."""
        if name in self.declared and not self.is_usable(name, code, at_us):
            known = ", ".join(self.usable(name, at_us))
            raise DictionaryCodeUnknown(dictionary=name, code=repr(code[:CODE_CHARACTERS_MAX]), known=known)


def book_of(declared: Mapping[str, Dictionary], versions: Iterable[DictionaryVersion]) -> DictionaryBook:
    """The book of these dictionaries. What headquarters says goes before what the program says, and both before what
    the node has added: a code that headquarters takes up later is headquarters'."""
    latest: dict[tuple[str, str, str], DictionaryVersion] = {}
    for version in versions:
        key = version.key[:3]
        if key not in latest or latest[key].version < version.version:
            latest[key] = version
    entries = {}
    for name, dictionary in declared.items():
        of_it = {(v.origin, v.value.code): v.value for v in latest.values() if v.dictionary == name}
        known = {value.code: Entry(value, BUILT_IN) for value in dictionary.values}
        local = {code: Entry(value, LOCAL) for (origin, code), value in of_it.items() if origin == LOCAL}
        network = {code: Entry(value, NETWORK) for (origin, code), value in of_it.items() if origin == NETWORK}
        counting = {**local, **known, **network}
        in_order = sorted(counting.values(), key=lambda entry: (entry.value.place, entry.value.code))
        entries[name] = {entry.value.code: entry for entry in in_order}
    return DictionaryBook(declared, entries)


def declare(*dictionaries: Dictionary) -> dict[str, Dictionary]:
    """By name; each once, and its own values fit."""
    declared: dict[str, Dictionary] = {}
    for dictionary in dictionaries:
        assert dictionary.name not in declared, f"{dictionary.name} is declared twice"
        for value in dictionary.values:
            dictionary.require_fit(value)
        declared[dictionary.name] = dictionary
    return declared


def in_order(*values: tuple[str, str, str]) -> tuple[DictionaryValue, ...]:
    """Values as code, Chinese and English name, in this order."""
    return tuple(DictionaryValue(code, zh, en, 10 * place) for place, (code, zh, en) in enumerate(values, start=1))
