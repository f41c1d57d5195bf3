"""Filters of a list: read from the address, bound to declared attributes, compiled to SQL with parameters.

`state=completed,rejected` is OR; different names are AND; the same name again is OR with what it said before.
`createdAt.gte=2027-01-01&createdAt.lt=2027-02-01` compares. Values may stand in double quotes, in which a comma
is a comma and a backslash takes the next character as it is.

The same conditions can be asked of a document (`matches`): for events, whose rows are not looked at again.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from common.rest.attributes import Attribute
from common.rest.documents import value_at
from common.rest.errors import ParametersTooMany, ParameterUnfit, UnknownParameter
from common.rest.resource import Resource

CONDITIONS_MAX = 20
VALUES_MAX = 100
VALUE_CHARS_MAX = 512

EQUAL = "eq"
FILTER = {"use": "filter", "use_zh": "过滤"}
COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    EQUAL: operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One attribute compared with values, of which one must do."""

    name: str
    attribute: Attribute
    comparison: str
    values: tuple[Any, ...]


def split_values(text: str) -> list[str]:
    """The values of a parameter: parted by commas, save those in double quotes. Raises ValueError where a quote is not
    closed, or is followed by anything but a comma."""
    values: list[str] = []
    at = 0
    while True:
        if text[at : at + 1] == '"':
            value, at = _quoted(text, at + 1)
        else:
            comma = text.find(",", at)
            end = len(text) if comma < 0 else comma
            value, at = text[at:end], end
        values.append(value)
        if at == len(text):
            return values
        if text[at] != ",":
            raise ValueError(text)
        at += 1


def _quoted(text: str, at: int) -> tuple[str, int]:
    """What stands between the quote before `at` and the one that closes it, and the place behind that."""
    inside: list[str] = []
    while at < len(text):
        if text[at] == '"':
            return "".join(inside), at + 1
        if text[at] == "\\":
            at += 1
        inside.append(text[at : at + 1])
        at += 1
    raise ValueError(text)


def read_filters(
    resource: Resource, parameters: Iterable[tuple[str, str]], hidden: frozenset[str] = frozenset()
) -> tuple[Condition, ...]:
    """The conditions that parameters of an address state. Raises UnknownParameter, ParameterUnfit,
    ParametersTooMany."""
    known = {name: found for name, found in resource.filters.items() if name.partition(".")[0] not in hidden}
    found: dict[tuple[str, str], list[Any]] = {}
    for parameter, text in parameters:
        name, comparison = _named(parameter, known)
        attribute = known.get(name)
        if attribute is None:
            raise UnknownParameter(resource=resource.name, name=parameter[:64], **FILTER, known=", ".join(known))
        if comparison != EQUAL and not attribute.form.ordered:
            form = "compared with .eq only: its values have no order"
            raise ParameterUnfit(name=parameter[:64], form=form, form_zh="仅可用 .eq 比较：其取值没有顺序")
        found.setdefault((name, comparison), []).extend(_read_values(parameter, text, attribute))
    if len(found) > CONDITIONS_MAX:
        raise ParametersTooMany(most=CONDITIONS_MAX, what="filters", what_zh="过滤条件")
    if any(len(values) > VALUES_MAX for values in found.values()):
        raise ParametersTooMany(most=VALUES_MAX, what="values of a filter", what_zh="过滤取值")
    return tuple(
        Condition(name, known[name], comparison, tuple(values)) for (name, comparison), values in found.items()
    )


def _named(parameter: str, known: Mapping[str, Attribute]) -> tuple[str, str]:
    if parameter in known:
        return parameter, EQUAL
    name, _, suffix = parameter.rpartition(".")
    return (name, suffix) if suffix in COMPARISONS and name else (parameter, EQUAL)


def _read_values(parameter: str, text: str, attribute: Attribute) -> list[Any]:
    unfit = ParameterUnfit(name=parameter[:64], form=attribute.form.en, form_zh=attribute.form.zh)
    try:
        values = split_values(text)
        if any(len(value) > VALUE_CHARS_MAX or "\x00" in value for value in values):
            raise unfit
        return [attribute.form.read(value) for value in values]
    except ValueError as error:
        raise unfit from error


def where_clause(resource: Resource, conditions: Sequence[Condition]) -> list[sa.ColumnElement[bool]]:
    """The conditions in SQL. Those on parts of one collection hold for one and the same part."""
    clauses: list[sa.ColumnElement[bool]] = []
    of_parts: dict[str, list[sa.ColumnElement[bool]]] = {}
    for condition in conditions:
        collection = resource.collection_of(condition.name)
        if collection is None:
            clauses.append(_compiled(condition))
        else:
            of_parts.setdefault(collection.name, []).append(_compiled(condition))
    for collection in resource.collections:
        if collection.name in of_parts:
            parts = sa.select(sa.literal(1)).select_from(collection.table)
            parts = parts.where(collection.on, *of_parts[collection.name]).correlate(resource.table)
            clauses.append(sa.exists(parts))
    return clauses


def _compiled(condition: Condition) -> sa.ColumnElement[bool]:
    column = condition.attribute.column
    if isinstance(column.type, sa.Integer):
        # A value that the column is too narrow for is compared as well, instead of being refused by the database.
        column = sa.type_coerce(column, sa.BigInteger)
    if condition.comparison == EQUAL:
        return column.in_(condition.values) if len(condition.values) > 1 else column == condition.values[0]
    compare = COMPARISONS[condition.comparison]
    return sa.or_(*(compare(column, value) for value in condition.values))


def matches(resource: Resource, conditions: Sequence[Condition], document: Mapping[str, Any]) -> bool:
    """Whether a document fits the conditions, as its row would."""
    of_parts: dict[str, list[Condition]] = {}
    for condition in conditions:
        collection = resource.collection_of(condition.name)
        if collection is not None:
            of_parts.setdefault(collection.name, []).append(condition)
        elif not _fits(condition, value_at(document, condition.attribute.path)):
            return False
    return all(
        any(
            all(_fits(condition, value_at(part, condition.attribute.path)) for condition in wanted)
            for part in document.get(name, ())
        )
        for name, wanted in of_parts.items()
    )


def _fits(condition: Condition, written: Any) -> bool:
    if written is None:
        return False
    form = condition.attribute.form
    # What a document says is read as an address would say it, so that both compare the same values.
    value = form.read(str(written).lower() if isinstance(written, bool) else str(written))
    compare = COMPARISONS[condition.comparison]
    return any(compare(value, wanted) for wanted in condition.values)
