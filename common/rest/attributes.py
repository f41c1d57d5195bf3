"""What a resource is made of: attributes, each with its place in the document, its column, and how its values are
written.

A path says where an attribute stands: `region`, `productOffering.name`, or `relatedParty[].id` for a list that holds
exactly one object made from the same row. Filters, sorting and `fields` know it by its name, without the brackets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from common.access_control.rights import FieldRight
from common.ids import ID_BYTES, format_id, parse_id

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
INTEGER_MAX = 2**63 - 1
"""What a column of whole numbers holds at most; the least is -INTEGER_MAX - 1."""
INTEGER_DIGITS_MAX = 19

_IDENTITY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_INTEGER = re.compile(rf"-?[0-9]{{1,{INTEGER_DIGITS_MAX}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Form:
    """How values are written in a document, and read in an address.

    `read` raises ValueError. Values of an `ordered` form can be compared (.gt, .gte, .lt, .lte).
    """

    en: str
    zh: str
    schema: Mapping[str, Any]
    write: Callable[[Any], Any]
    read: Callable[[str], Any]
    ordered: bool = False


def write_moment(at_us: int) -> str:
    """A moment as RFC 3339 writes it, to the microsecond, in UTC."""
    return (EPOCH + timedelta(microseconds=at_us)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_moment(text: str) -> int:
    """Microseconds since 1970 of a moment, or of the beginning of a day (UTC). Raises ValueError."""
    # A space is what becomes of a plus sign that was not escaped in an address.
    moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return (moment - EPOCH) // MICROSECOND
    except OverflowError as error:
        raise ValueError(text) from error


def _read_integer(text: str) -> int:
    if not _INTEGER.fullmatch(text) or not -INTEGER_MAX - 1 <= int(text) <= INTEGER_MAX:
        raise ValueError(text)
    return int(text)


def _read_boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def _read_identity(text: str) -> bytes:
    if not _IDENTITY.fullmatch(text):
        raise ValueError(text)
    return parse_id(text)


def _write_identity(identity: bytes) -> str:
    assert len(identity) == ID_BYTES
    return format_id(identity)


TEXT = Form("text", "文本", {"type": "string"}, str, str)
INTEGER = Form("a whole number", "整数", {"type": "integer"}, int, _read_integer, ordered=True)
BOOLEAN = Form("true or false", "true 或 false", {"type": "boolean"}, bool, _read_boolean)
MOMENT = Form(
    "a time such as 2027-01-31T08:00:00Z, or a day such as 2027-01-31",
    "时间（如 2027-01-31T08:00:00Z）或日期（如 2027-01-31）",
    {"type": "string", "format": "date-time"},
    write_moment,
    read_moment,
    ordered=True,
)
IDENTITY = Form(
    "an identity such as 0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90",
    "标识（如 0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90）",
    {"type": "string", "format": "uuid"},
    _write_identity,
    _read_identity,
)


def listed(values: tuple[str, ...]) -> Form:
    """Text that is one of these values, and no other."""
    known = ", ".join(values)

    def read(text: str) -> str:
        if text not in values:
            raise ValueError(text)
        return text

    return Form(f"one of {known}", f"以下之一：{known}", {"type": "string", "enum": list(values)}, str, read)


def happened(column: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """The moment of a column that holds 0 until it has happened: then the attribute is not there."""
    return sa.func.nullif(column, sa.literal_column("0"), type_=sa.BigInteger)


def not_empty(column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """The text of a column in which an empty one means that there is none."""
    return sa.func.nullif(column, sa.literal_column("''"), type_=sa.String)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a resource; not there in the document where its column is NULL.

    `column` is an expression over the resource's table. An attribute can be a filter and be sorted by unless it says
    otherwise.
    """

    path: str
    column: sa.ColumnElement[Any]
    form: Form = TEXT
    filterable: bool = True
    sortable: bool = True
    en: str = ""
    mask: Callable[[Any], Any] | None = None
    """What of a value is left for those who see it masked; None: for them it is hidden."""
    default: FieldRight = FieldRight.VISIBLE
    """What those see of it of whose roles none speaks of it."""
    personal: bool = False
    """Whether it says who a customer is, or how they are reached: who is shown it in the clear is noted in the audit
    log. It is no filter and nothing to sort by, since addresses are logged on their way."""

    def __post_init__(self) -> None:
        assert not (self.personal and (self.filterable or self.sortable)), f"{self.path}: personal data in an address"

    @property
    def name(self) -> str:
        """By which filters, sorting and errors know it."""
        return self.path.replace("[]", "")

    @property
    def first(self) -> str:
        """The attribute of the first level in which it stands."""
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Constant:
    """A part of the document that is the same in all documents."""

    path: str
    value: str


@dataclass(frozen=True, slots=True)
class Collection:
    """A list of parts that are rows of another table: `name` in the document, one object for each row.

    `on` joins the parts' rows to the resource's; `order_by` gives their order.
    """

    name: str
    table: sa.FromClause
    on: sa.ColumnElement[bool]
    order_by: sa.ColumnElement[Any]
    attributes: tuple[Attribute, ...]
    en: str = ""
    by_name: Mapping[str, Attribute] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {attribute.name: attribute for attribute in self.attributes})
