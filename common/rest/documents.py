"""Resources read from the database and written as documents. The same statements serve a reader's connection and a
unit of work, so that what a command answers is what a later look shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.sql.operators import desc_op

from common.operators.row_scope import EachOf
from common.rest.attributes import Attribute
from common.rest.resource import Api, Resource

Run = Callable[[sa.Select[Any]], Any]
"""Runs a statement: `connection.execute`, or `uow.query`."""
Document = dict[str, Any]

ETAG_BYTES = 16
_PLAIN = "!$&'()*+,;=:@"
"""What stands for itself in a part of a path (RFC 3986), beside letters, digits and -._~"""


def read_documents(
    run: Run,
    api: Api,
    resource: Resource,
    where: Sequence[sa.ColumnElement[bool]] = (),
    order: Sequence[sa.ColumnElement[Any]] = (),
    limit: int | None = None,
    offset: int = 0,
    each: EachOf | None = None,
) -> list[Document]:
    """The documents of the rows that fit, in this order. `each`: with a limit, and an order by the key alone, the rows
    are looked for in each of these ranges, and the pages of all merged; else they are a part of `where`."""
    attributes = (resource.key, *resource.attributes)
    columns = [attribute.column for attribute in attributes]
    if offset or each is not None:
        # What is passed over is not worked out: a database may otherwise derive every column of all rows before.
        keys = narrowed(sa.select(resource.key.column.label("page_key")), resource, where).order_by(*order)
        if each is not None:
            keys = _of_each(keys, each, order, offset + (limit or 0))
        page = keys.limit(limit).offset(offset).subquery()
        on_page = resource.table.join(page, resource.key.column == page.c.page_key)
        statement = sa.select(*columns).select_from(on_page).order_by(*order)
    else:
        statement = narrowed(sa.select(*columns), resource, where).order_by(*order).limit(limit)
    rows = run(statement).all()
    parts = _read_parts(run, resource, [row[0] for row in rows])
    address = api.address(resource)
    return [_document(resource, attributes, row, address, parts) for row in rows]


def _of_each(keys: sa.Select[Any], each: EachOf, order: Sequence[sa.ColumnElement[Any]], most: int) -> sa.Select[Any]:
    """The first keys of each range, merged."""
    values = each.values.subquery("reached")
    also = [] if each.also is None else [each.also]
    of_one = keys.where(each.column == next(iter(values.c)), *also).limit(most).lateral("of_one")
    first = of_one.c.page_key
    merged = sa.select(first).select_from(values.join(of_one, sa.true()))
    return merged.order_by(first.desc() if is_descending(order) else first)


def is_descending(order: Sequence[sa.ColumnElement[Any]]) -> bool:
    """Whether the greatest comes first."""
    return isinstance(order[0], sa.UnaryExpression) and order[0].modifier is desc_op


def read_document(
    run: Run, api: Api, resource: Resource, key: Any, where: Sequence[sa.ColumnElement[bool]] = ()
) -> Document | None:
    """The document of one key, or None."""
    return next(iter(read_documents(run, api, resource, [resource.key.column == key, *where])), None)


def count_documents(run: Run, resource: Resource, where: Sequence[sa.ColumnElement[bool]] = ()) -> int:
    """How many rows fit."""
    return int(run(narrowed(sa.select(sa.func.count()), resource, where)).scalar_one())


def narrowed(statement: sa.Select[Any], resource: Resource, where: Sequence[sa.ColumnElement[bool]]) -> sa.Select[Any]:
    """The statement over the resource's rows that fit."""
    own = [] if resource.where is None else [resource.where]
    return statement.select_from(resource.table).where(*own, *where)


def encoded(content: Any) -> bytes:
    """A document's bytes: always the same for the same content."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def etag_of(document: Document) -> str:
    """What changes whenever the document does."""
    return f'"{hashlib.sha256(encoded(document)).hexdigest()[: 2 * ETAG_BYTES]}"'


def _read_parts(run: Run, resource: Resource, keys: Sequence[Any]) -> dict[str, dict[Any, list[Document]]]:
    """The parts of these rows by collection and key: one statement for each collection."""
    found: dict[str, dict[Any, list[Document]]] = {}
    for collection in resource.collections:
        parts = found[collection.name] = {}
        if not keys:
            continue
        columns = [attribute.column for attribute in collection.attributes]
        statement = (
            sa.select(resource.key.column, *columns)
            .select_from(resource.table.join(collection.table, collection.on))
            .where(resource.key.column.in_(keys))
            .order_by(resource.key.column, collection.order_by)
        )
        for row in run(statement):
            part: Document = {}
            for attribute, value in zip(collection.attributes, row[1:], strict=True):
                _put(part, attribute, value)
            parts.setdefault(row[0], []).append(part)
    return found


def _document(
    resource: Resource,
    attributes: Sequence[Attribute],
    row: Sequence[Any],
    address: str,
    parts: Mapping[str, Mapping[Any, list[Document]]],
) -> Document:
    identity = str(resource.key.form.write(row[0]))
    document: Document = {"id": identity, "href": f"{address}/{quote(identity, safe=_PLAIN)}"}
    for attribute, value in zip(attributes[1:], row[1:], strict=True):
        _put(document, attribute, value)
    for constant in resource.constants:
        place(document, constant.path, constant.value)
    for name, of_keys in parts.items():
        document[name] = of_keys.get(row[0], [])
    document["@type"] = resource.type_name
    return document


def _put(document: Document, attribute: Attribute, value: Any) -> None:
    if value is not None:
        place(document, attribute.path, attribute.form.write(value))


def value_at(document: Any, path: str) -> Any:
    """What stands at a path; None where nothing does."""
    for part in path.split("."):
        name = part.removesuffix("[]")
        if not isinstance(document, Mapping) or name not in document:
            return None
        document = document[name]
        if part.endswith("[]"):
            document = document[0] if document else None
    return document


def place(document: Document, path: str, value: Any) -> None:
    """Puts a value at its path."""
    *above, last = path.split(".")
    target = document
    for part in above:
        name = part.removesuffix("[]")
        if part.endswith("[]"):
            target = target.setdefault(name, [{}])[0]
        else:
            target = target.setdefault(name, {})
    target[last] = value
