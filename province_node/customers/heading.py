"""What the heading of an extract says: the delimiter, where the mapping's columns stand, and what is left unused."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from common.errors import Refusal
from province_node.customers.column_guide import NAMES_A_SUBSCRIPTION, SAYS_OF_A_SUBSCRIPTION, meant_by
from province_node.customers.column_mapping import CANONICAL_COLUMNS, ColumnMapping, same_heading
from province_node.customers.events import RowProblem
from province_node.customers.row_findings import finding

DELIMITERS = ",\t;|"
NAMES_LISTED_MAX = 30
NAME_CHARS_LISTED_MAX = 30


class ExtractColumnsMissing(Refusal):
    """The heading lacks columns without which no row can be read."""

    en = "The file has no column for {columns} (mapping {mapping}). Its columns are: {found}."
    zh = "文件中缺少以下列：{columns_zh}（列映射 {mapping}）。文件中的列有：{found}。"


class ExtractLacksNamedColumns(Refusal):
    """A mapping file or --map names columns that the file does not have. A mistyped name must not be taken for a column
    that is left out, and its values for their defaults."""

    en = "The file has no column {columns}, which {named_in} names. Its columns are: {found}."
    zh = "文件中没有列 {columns}（由 {named_in} 指定）。文件中的列有：{found}。"


class ExtractHeadingAmbiguous(Refusal):
    """Two columns have the same heading, and it is one that is needed."""

    en = "Two columns are called {heading}; it is not clear which one is meant."
    zh = "有两列的表头同为 {heading}，无法确定应使用哪一列。"


@dataclass(frozen=True, slots=True)
class UnusedColumn:
    """A column of the file that nothing is taken from. `perhaps`: the canonical columns that it may be meant for.

    `lacks_subscription`: it is known, but speaks of a subscription, and the file has no column that names one.
    """

    heading: str
    perhaps: tuple[str, ...] = ()
    lacks_subscription: bool = False

    def text(self, language: str) -> str:
        """The heading, with what may help: "电话 (perhaps contact_number)"."""
        chinese = language.startswith("zh")
        heading = self.heading[:NAME_CHARS_LISTED_MAX]
        if self.lacks_subscription:
            needed = _titled(NAMES_A_SUBSCRIPTION, chinese, " or ", "或")
            return f"{heading}（需同时有 {needed} 列）" if chinese else f"{heading} (needs a column {needed})"
        if not self.perhaps:
            return heading
        guesses = _titled(self.perhaps, chinese, " or ", "或")
        return f"{heading}（是否为 {guesses}）" if chinese else f"{heading} (perhaps {guesses})"


class Heading:
    """The heading of an extract, held against a mapping.

    `used` gives for each canonical column that the file has its heading there, `unused` what nothing is taken from.
    Raises ExtractLacksNamedColumns, ExtractColumnsMissing, ExtractHeadingAmbiguous.
    """

    def __init__(self, text: str, mapping: ColumnMapping) -> None:
        self._mapping = mapping
        self._delimiter = max(DELIMITERS, key=lambda delimiter: _known_headings(text, delimiter, mapping))
        self._found = _fields(text, self._delimiter)
        compared = [same_heading(field) for field in self._found]
        self._places: dict[str, int] = {}
        for column, sources in mapping.columns.items():
            place = _place_of(compared, sources)
            if place is not None:
                self._places[column] = place
        self._require_named()
        self._derived_places: dict[str, int | None] = {
            source: _place_of(compared, (source,)) for source in mapping.derived_from
        }
        self.used = {column: self._found[place] for column, place in self._places.items()}
        self.unused = self._unused()
        self._require_needed()

    def read(self, number: int, text: str) -> Mapping[str, str] | RowProblem | None:
        """The canonical texts of a line; None where there is nothing in it."""
        try:
            fields = _split(text, self._delimiter)
        except csv.Error:
            return RowProblem(number, (finding("", "LINE_MALFORMED"),))
        if not any(field and not field.isspace() for field in fields):
            return None
        if len(fields) != len(self._found):
            return RowProblem(number, (finding("", "FIELD_COUNT", actual=len(fields), expected=len(self._found)),))
        mapping = self._mapping
        row = {column: fields[place] for column, place in self._places.items()}
        if mapping.derive is not None:
            source = {name: fields[place] for name, place in self._derived_places.items() if place is not None}
            row.update(mapping.derive(source))
        for column, codes in mapping.values.items():
            if row.get(column):
                row[column] = codes.get(same_heading(row[column]), row[column])
        for column, constant in mapping.constants.items():
            if not row.get(column):
                row[column] = constant
        return row

    def _filled(self) -> set[str]:
        """The canonical columns that rows can have something in."""
        derived = {"offering"} if self._mapping.derive is not None else set()
        return {*self._places, *self._mapping.constants, *derived}

    def _unused(self) -> tuple[UnusedColumn, ...]:
        taken = {*self._places.values(), *self._derived_places.values()}
        open_columns = [column for column in CANONICAL_COLUMNS if column not in self._filled()]
        # A heading that is empty, as spreadsheet programs leave behind data, is called by its place.
        unknown = tuple(
            UnusedColumn(heading or f"#{place + 1}", meant_by(heading, open_columns) if heading else ())
            for place, heading in enumerate(self._found)
            if place not in taken
        )
        if self._filled().intersection(NAMES_A_SUBSCRIPTION):
            return unknown
        idle = (self.used[column] for column in SAYS_OF_A_SUBSCRIPTION if column in self.used)
        return (*unknown, *(UnusedColumn(heading, lacks_subscription=True) for heading in idle))

    def _require_named(self) -> None:
        absent = [column for column in self._mapping.named_in if column not in self._places]
        if absent:
            named_in = self._mapping.named_in[absent[0]]
            raise ExtractLacksNamedColumns(
                named_in=named_in,
                columns=", ".join(
                    self._mapping.columns[column][0] for column in absent if self._mapping.named_in[column] == named_in
                ),
                found=_listed(self._found),
            )

    def _require_needed(self) -> None:
        filled = self._filled()
        needed = set(self._mapping.required)
        if filled.intersection(("subscription_id", "service_number")):
            needed.add("offering")
        missing = [column for column in CANONICAL_COLUMNS if column in needed - filled]
        absent = [source for source, place in self._derived_places.items() if place is None]
        if missing or absent:
            raise ExtractColumnsMissing(
                columns=", ".join([*(self._described(column, chinese=False) for column in missing), *absent]),
                columns_zh="、".join([*(self._described(column, chinese=True) for column in missing), *absent]),
                mapping=self._mapping.name,
                found=_listed(self._found),
            )

    def _described(self, column: str, *, chinese: bool) -> str:
        """A missing column with the headings that it may have, and those of this file that may be meant for it."""
        accepted = self._mapping.columns.get(column, ())
        perhaps = [unused.heading[:NAME_CHARS_LISTED_MAX] for unused in self.unused if column in unused.perhaps]
        if chinese:
            parts = [f"可用表头：{'、'.join(accepted)}"] if accepted else []
            parts += [f"是否为 {'、'.join(perhaps)}"] if perhaps else []
            return column + (f"（{'；'.join(parts)}）" if parts else "")
        parts = [f"headings: {', '.join(accepted)}"] if accepted else []
        parts += [f"perhaps {', '.join(perhaps)}"] if perhaps else []
        return column + (f" ({'; '.join(parts)})" if parts else "")


def unused_text(unused: Iterable[UnusedColumn], language: str) -> str:
    """All unused columns in one line, as far as a screen may bear."""
    return _listed([column.text(language) for column in unused], chars_max=None)


def _titled(columns: Iterable[str], chinese: bool, either: str, either_zh: str) -> str:
    """Canonical columns as they are called: with their Chinese headings for those who read these."""
    if chinese:
        return either_zh.join(f"{column} {CANONICAL_COLUMNS[column]}" for column in columns)
    return either.join(columns)


def _split(text: str, delimiter: str) -> list[str]:
    """The fields of one line. Raises csv.Error."""
    return next(csv.reader((text,), delimiter=delimiter, strict=True), [])


def _listed(names: list[str], chars_max: int | None = NAME_CHARS_LISTED_MAX) -> str:
    """The names, as far as a screen may bear; then how many there are."""
    listed = ", ".join(name[:chars_max] for name in names[:NAMES_LISTED_MAX])
    return listed if len(names) <= NAMES_LISTED_MAX else f"{listed}, ... ({len(names)})"


def _fields(heading: str, delimiter: str) -> list[str]:
    """The headings as they stand there; none where the line is malformed."""
    try:
        return [field.strip() for field in _split(heading, delimiter)]
    except csv.Error:
        return []


def _known_headings(heading: str, delimiter: str, mapping: ColumnMapping) -> tuple[int, int]:
    """How many headings the mapping knows if this is the delimiter, and how many there are at all."""
    known = {same_heading(source) for sources in mapping.columns.values() for source in sources}
    headings = [same_heading(field) for field in _fields(heading, delimiter)]
    return len(known.intersection(headings)), len(headings)


def _place_of(headings: list[str], sources: Iterable[str]) -> int | None:
    for source in map(same_heading, sources):
        if headings.count(source) > 1:
            raise ExtractHeadingAmbiguous(heading=source)
        if source in headings:
            return headings.index(source)
    return None
