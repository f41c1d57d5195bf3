"""Pages of a list: which part is asked for, in which order, and what the headers say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa

from common.rest.attributes import Attribute
from common.rest.errors import ParametersTooMany, ParameterUnfit, UnknownParameter
from common.rest.resource import Resource

LIMIT_DEFAULT = 50
LIMIT_MAX = 500
OFFSET_MAX = 100_000
"""Beyond this a list is read as a stream: the database would have to pass over everything before."""
SORTS_MAX = 5
FIELDS_NONE = "none"


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list. `fields`: the attributes of the first level that are wanted; None: all."""

    offset: int
    limit: int
    sort: tuple[tuple[Attribute, bool], ...]
    """Attribute, and whether the greatest comes first."""
    fields: frozenset[str] | None


def read_page(
    resource: Resource,
    given: Mapping[str, str],
    hidden: frozenset[str] = frozenset(),
    unsearchable: frozenset[str] = frozenset(),
) -> Page:
    """The page that an address asks for. Raises ParameterUnfit, UnknownParameter, ParametersTooMany."""
    return Page(
        _number(given, "offset", 0, 0, OFFSET_MAX),
        _number(given, "limit", LIMIT_DEFAULT, 1, LIMIT_MAX),
        read_sort(resource, given.get("sort", ""), unsearchable),
        read_fields(resource, given.get("fields"), hidden),
    )


def read_sort(
    resource: Resource, text: str, hidden: frozenset[str] = frozenset()
) -> tuple[tuple[Attribute, bool], ...]:
    """The order that `sort=-createdAt,id` asks for; the resource's own where it asks for none."""
    known = {name: found for name, found in resource.sorts.items() if name.partition(".")[0] not in hidden}
    names = (text or resource.default_sort).split(",")
    if len(names) > SORTS_MAX:
        raise ParametersTooMany(most=SORTS_MAX, what="attributes to sort by", what_zh="排序属性")
    sort = []
    for part in names:
        # A space is what becomes of a plus sign that was not escaped in an address.
        name = part.removeprefix("-") if part.startswith("-") else part.lstrip("+ ")
        if name not in known:
            facts = {"use": "sort", "use_zh": "排序", "known": ", ".join(known)}
            raise UnknownParameter(resource=resource.name, name=name[:64], **facts)
        sort.append((known[name], part.startswith("-")))
    return tuple(sort)


def read_fields(resource: Resource, text: str | None, hidden: frozenset[str] = frozenset()) -> frozenset[str] | None:
    """The attributes that `fields=state,region` asks for, with `id` and `href`; None where it is not given."""
    if text is None:
        return None
    known = [name for name in resource.first_level if name not in hidden]
    wanted = [] if text == FIELDS_NONE else text.split(",")
    for name in wanted:
        if name not in known:
            facts = {"use": "choose fields", "use_zh": "选择字段", "known": ", ".join(known)}
            raise UnknownParameter(resource=resource.name, name=name[:64], **facts)
    return frozenset(("id", "href", *wanted))


def order_by(resource: Resource, page: Page) -> Sequence[sa.ColumnElement[Any]]:
    """The order in SQL, in which no two rows are equal: so each row is on one page."""
    columns = [attribute.column.desc() if greatest else attribute.column for attribute, greatest in page.sort]
    if resource.key not in [attribute for attribute, _ in page.sort]:
        columns.append(resource.key.column)
    return columns


def page_headers(address: str, given: Sequence[tuple[str, str]], page: Page, count: int, total: int) -> dict[str, str]:
    """The headers of a page of `count` out of `total`; `Link` where there are further pages."""
    headers = {"X-Result-Count": str(count), "X-Total-Count": str(total)}
    last = (total - 1) // page.limit * page.limit if total else 0
    places = {"first": 0}
    if page.offset:
        places["prev"] = max(0, page.offset - page.limit)
    if page.offset + count < total and count:
        places["next"] = page.offset + page.limit
    places["last"] = last
    rest = [(name, value) for name, value in given if name not in ("offset", "limit")]
    links = [
        f'<{address}?{urlencode([*rest, ("offset", offset), ("limit", page.limit)])}>; rel="{relation}"'
        for relation, offset in places.items()
        if offset <= OFFSET_MAX
    ]
    if count < total:
        headers["Link"] = ", ".join(links)
    return headers


def _number(given: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = given.get(name, str(default))
    # ASCII digits alone: int() takes those of other scripts as well.
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        form = f"a whole number from {least} to {most}"
        raise ParameterUnfit(name=name, form=form, form_zh=f" {least} 至 {most} 的整数")
    return int(text)
