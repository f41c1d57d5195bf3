"""Giving dictionaries values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from common.dictionaries.commands import SetDictionaryValues
from common.dictionaries.events import DictionaryChanged
from common.dictionaries.model import (
    LOCAL,
    NETWORK,
    REASON_CHARACTERS_MAX,
    VALUES_MAX,
    Dictionary,
    DictionaryClosed,
    DictionaryReasonMissing,
    DictionaryValue,
    DictionaryValueOfHeadquarters,
    DictionaryVersion,
    book_of,
)
from common.dictionaries.repository import DictionaryRepository


def set_dictionary_values(command: SetDictionaryValues, uow: Any) -> tuple[DictionaryVersion, ...]:
    """The new versions. Raises DictionaryUnknown, DictionaryClosed, DictionaryValueOfHeadquarters,
    DictionaryValueUnfit, DictionaryReasonMissing."""
    dictionary = uow.node.dictionaries.dictionary(command.dictionary)
    if not dictionary.open:
        raise DictionaryClosed(dictionary=dictionary.name)
    of_all = {value.code for value in dictionary.values} | set(
        DictionaryRepository(uow).latest(NETWORK, dictionary.name)
    )
    for value in command.values:
        if value.code in of_all:
            raise DictionaryValueOfHeadquarters(dictionary=dictionary.name, code=value.code)
    return write_values(LOCAL, dictionary, command.values, command.reason, uow)


def write_values(
    origin: str, dictionary: Dictionary, values: Sequence[DictionaryValue], reason: str, uow: Any
) -> tuple[DictionaryVersion, ...]:
    """Stages a version of each value that is not as given already. Raises DictionaryValueUnfit,
    DictionaryReasonMissing."""
    reason, stored = fit_reason(reason), DictionaryRepository(uow)
    for value in values:
        dictionary.require_fit(value)
    if len({value.code for value in values}) < len(values):
        raise dictionary.unfit(values[0].code, "a code is given twice", "代码重复")
    known = stored.latest(origin, dictionary.name)
    new = tuple(
        DictionaryVersion(origin, dictionary.name, value, number, uow.now_us, uow.actor.name[:100], reason)
        for value in values
        if (number := _next_version(value, known)) > 0
    )
    _require_tree(dictionary, new, uow)
    stored.add(new)
    before = {
        version.value.code: asdict(known[version.value.code].value) for version in new if version.value.code in known
    }
    uow.describe_change(before or None, {version.value.code: asdict(version.value) for version in new})
    uow.record(DictionaryChanged(dictionary.name, new))
    return new


def fit_reason(reason: str) -> str:
    """The reason without spaces around it. Raises DictionaryReasonMissing."""
    reason = reason.strip()
    if not (0 < len(reason) <= REASON_CHARACTERS_MAX and reason.isprintable()):
        raise DictionaryReasonMissing(most=REASON_CHARACTERS_MAX)
    return reason


def _next_version(value: DictionaryValue, known: Mapping[str, DictionaryVersion]) -> int:
    """The number of the version that it becomes; 0 where it is as given already."""
    last = known.get(value.code)
    if last is None:
        return 1
    return 0 if last.value == value else last.version + 1


def _require_tree(dictionary: Dictionary, new: Sequence[DictionaryVersion], uow: Any) -> None:
    """Raises DictionaryValueUnfit where a parent is missing, or values stand under themselves, or are too many."""
    stored = DictionaryRepository(uow)
    known = [version for origin in (NETWORK, LOCAL) for version in stored.latest(origin, dictionary.name).values()]
    entries = book_of({dictionary.name: dictionary}, [*known, *new]).of(dictionary.name)
    if len(entries) > VALUES_MAX:
        raise dictionary.unfit(
            new[0].value.code, f"there would be more than {VALUES_MAX} values", f"取值将超过 {VALUES_MAX} 个"
        )
    for version in new:
        above, steps = version.value.parent, 0
        while above:
            steps += 1
            if above not in entries:
                raise dictionary.unfit(version.value.code, f"there is no {above} to stand under", f"没有上级 {above}")
            if above == version.value.code or steps > len(entries):
                raise dictionary.unfit(version.value.code, "it would stand under itself", "上级关系形成循环")
            above = entries[above].value.parent


HANDLERS: dict[type, Callable[[Any, Any], Any]] = {SetDictionaryValues: set_dictionary_values}
