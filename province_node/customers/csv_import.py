"""Reads an extract of a legacy system, line by line, whatever is in it.

    with open_extract(path) as stream:
        records = read_records(stream, QUANWANG, "44", today=today)
        summary = run_import(records, execute, report)

Every line that holds anything becomes either a record or a problem, and exactly one of them; one bad line never spoils
another. To that end a field may not span lines: an unbalanced quotation mark costs its own line and no more. Nothing of
the file is kept in memory but the line at hand and one chunk; what was seen before stands in a temporary database.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO, TextIO

from common.errors import Refusal
from province_node.customers.column_mapping import ColumnMapping, same_heading
from province_node.customers.commands import IMPORT_ROWS_MAX, CustomerRecord, ImportCustomers
from province_node.customers.events import CustomersImported, RowProblem
from province_node.customers.row_checks import RowChecker
from province_node.customers.row_findings import finding
from province_node.customers.seen_rows import SeenRows

LINE_CHARS_MAX = 32_768
DELIMITERS = ",\t;|"
NAMES_LISTED_MAX = 30
NAME_CHARS_LISTED_MAX = 30
DETECTION_LINES_MAX = 200_000
"""How many lines are looked at to tell the encoding of a file that is damaged in any case."""


class ExtractNotText(Refusal):
    """The file is no text in an encoding that is read here."""

    en = "The file is not CSV text in UTF-8 or GB18030 ({detail}). Save it as CSV and try again."
    zh = "该文件不是 UTF-8 或 GB18030 编码的 CSV 文本（{detail}）。请另存为 CSV 后重试。"


class ExtractColumnsMissing(Refusal):
    """The heading lacks columns without which no row can be read."""

    en = "The file has no column for: {columns} (mapping {mapping})."
    zh = "文件中缺少以下列：{columns}（列映射 {mapping}）。"


class ExtractLacksNamedColumns(Refusal):
    """A mapping file or --map names columns that the file does not have. A mistyped name must not be taken for a column
    that is left out, and its values for their defaults."""

    en = "The file has no column {columns}, which {named_in} names. Its columns are: {found}."
    zh = "文件中没有列 {columns}（由 {named_in} 指定）。文件中的列有：{found}。"


class ExtractHeadingAmbiguous(Refusal):
    """Two columns have the same heading, and it is one that is needed."""

    en = "Two columns are called {heading}; it is not clear which one is meant."
    zh = "有两列的表头同为 {heading}，无法确定应使用哪一列。"


def open_extract(path: Path) -> TextIO:
    """Opens a file as text, in the encoding that it is found to have. Raises ExtractNotText, OSError."""
    file = path.open("rb")
    try:
        return text_of(file)
    except BaseException:
        file.close()
        raise


def text_of(file: BinaryIO) -> TextIO:
    """The text of an open binary file that can be rewound. Bytes that are no characters come out as lone surrogates,
    which `read_records` reports line by line. Raises ExtractNotText."""
    encoding = detect_encoding(file)
    file.seek(0)
    return io.TextIOWrapper(file, encoding=encoding, errors="surrogateescape")


def detect_encoding(file: BinaryIO) -> str:
    """utf-8-sig (with or without the mark) or gb18030. Reads the whole file: a name in Chinese may come late.

    A damaged file is taken for what leaves the fewest lines unreadable. Raises ExtractNotText for other encodings and
    for what is no text at all.
    """
    file.seek(0)
    start = file.read(4)
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise ExtractNotText(detail="UTF-16")
    if start == b"PK\x03\x04" or start == b"\xd0\xcf\x11\xe0":
        raise ExtractNotText(detail="Excel")
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(1 << 20):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
        return "utf-8-sig"
    except UnicodeDecodeError:
        pass
    file.seek(0)
    unreadable = Counter({"utf-8-sig": 0, "gb18030": 0})
    for _ in range(DETECTION_LINES_MAX):
        line = file.readline(LINE_CHARS_MAX)
        if not line:
            break
        for encoding in unreadable:
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                unreadable[encoding] += 1
    return min(unreadable, key=lambda encoding: unreadable[encoding])


def read_records(
    stream: TextIO, mapping: ColumnMapping, province: str, today: date | None = None
) -> Iterator[CustomerRecord | RowProblem]:
    """The rows of an extract for `province` (two digits), in their order.

    Lines with nothing in them are passed over. Without `today` (in China), dates to come are not noticed. Raises, when
    the first row is asked for, ExtractLacksNamedColumns, ExtractColumnsMissing, ExtractHeadingAmbiguous.
    """
    lines = _lines(stream)
    heading = next((text for _, text in lines if text is not None and text.strip()), "")
    columns = _Columns(heading, mapping)
    checker = RowChecker(province, sorted(mapping.required), today)
    with SeenRows() as seen:
        for number, text in lines:
            if text is None:
                yield RowProblem(number, (finding("", "LINE_TOO_LONG", chars_max=LINE_CHARS_MAX),))
                continue
            row = columns.read(number, text)
            if row is None:
                continue
            if isinstance(row, RowProblem):
                yield row
                continue
            record = checker.check(number, row)
            if isinstance(record, CustomerRecord):
                record = seen.contradiction(record, id_was_given=bool(row.get("subscription_id"))) or record
            yield record


def _lines(stream: TextIO) -> Iterator[tuple[int, str | None]]:
    """The lines with their numbers, from 1; None in the place of a line that is too long."""
    number = 0
    while text := stream.readline(LINE_CHARS_MAX + 1):
        number += 1
        if len(text) <= LINE_CHARS_MAX or text.endswith("\n"):
            yield number, text.rstrip("\r\n")
            continue
        while text and not text.endswith("\n"):
            text = stream.readline(LINE_CHARS_MAX)
        yield number, None


class _Columns:
    """What the heading says: the delimiter, and where the mapping's columns stand."""

    def __init__(self, heading: str, mapping: ColumnMapping) -> None:
        self._mapping = mapping
        self._delimiter = max(DELIMITERS, key=lambda delimiter: _known_headings(heading, delimiter, mapping))
        headings = _headings(heading, self._delimiter)
        self._width = len(headings)
        self._places: dict[str, int] = {}
        for column, sources in mapping.columns.items():
            place = _place_of(headings, sources)
            if place is not None:
                self._places[column] = place
        self._require_named(heading)
        self._derived_places: dict[str, int | None] = {
            source: _place_of(headings, (source,)) for source in mapping.derived_from
        }
        derived = {"offering"} if mapping.derive is not None else set()
        missing = sorted(mapping.required - self._places.keys() - mapping.constants.keys() - derived)
        missing += [source for source, place in self._derived_places.items() if place is None]
        if missing:
            raise ExtractColumnsMissing(columns=", ".join(missing), mapping=mapping.name)

    def _require_named(self, heading: str) -> None:
        absent = [column for column in self._mapping.named_in if column not in self._places]
        if absent:
            named_in = self._mapping.named_in[absent[0]]
            raise ExtractLacksNamedColumns(
                named_in=named_in,
                columns=", ".join(
                    self._mapping.columns[column][0] for column in absent if self._mapping.named_in[column] == named_in
                ),
                found=_listed(_fields(heading, self._delimiter)),
            )

    def read(self, number: int, text: str) -> Mapping[str, str] | RowProblem | None:
        """The canonical texts of a line; None where there is nothing in it."""
        try:
            fields = _split(text, self._delimiter)
        except csv.Error:
            return RowProblem(number, (finding("", "LINE_MALFORMED"),))
        if not any(field and not field.isspace() for field in fields):
            return None
        if len(fields) != self._width:
            return RowProblem(number, (finding("", "FIELD_COUNT", actual=len(fields), expected=self._width),))
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


def _split(text: str, delimiter: str) -> list[str]:
    """The fields of one line. Raises csv.Error."""
    return next(csv.reader((text,), delimiter=delimiter, strict=True), [])


def _listed(names: list[str]) -> str:
    """The names, as far as a screen may bear; then how many there are."""
    listed = ", ".join(name[:NAME_CHARS_LISTED_MAX] for name in names[:NAMES_LISTED_MAX])
    return listed if len(names) <= NAMES_LISTED_MAX else f"{listed}, ... ({len(names)})"


def _fields(heading: str, delimiter: str) -> list[str]:
    """The headings as they stand there; none where the line is malformed."""
    try:
        return [field.strip() for field in _split(heading, delimiter)]
    except csv.Error:
        return []


def _headings(heading: str, delimiter: str) -> list[str]:
    """The headings in the form in which they are compared."""
    return [same_heading(field) for field in _fields(heading, delimiter)]


def _known_headings(heading: str, delimiter: str, mapping: ColumnMapping) -> tuple[int, int]:
    """How many headings the mapping knows if this is the delimiter, and how many there are at all."""
    known = {same_heading(source) for sources in mapping.columns.values() for source in sources}
    headings = _headings(heading, delimiter)
    return len(known.intersection(headings)), len(headings)


def _place_of(headings: list[str], sources: Iterable[str]) -> int | None:
    for source in map(same_heading, sources):
        if headings.count(source) > 1:
            raise ExtractHeadingAmbiguous(heading=source)
        if source in headings:
            return headings.index(source)
    return None


@dataclass(slots=True)
class ImportSummary:
    """What became of the rows of an extract: `read` is the sum of the others. `skipped` rows are other provinces'."""

    read: int = 0
    imported: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    skipped: int = 0

    def add_problem(self, problem: RowProblem) -> None:
        self.read += 1
        if problem.skipped:
            self.skipped += 1
        else:
            self.rejected += 1

    def add_result(self, result: CustomersImported) -> None:
        self.read += result.imported + result.updated + result.unchanged
        self.imported += result.imported
        self.updated += result.updated
        self.unchanged += result.unchanged
        for problem in result.problems:
            self.add_problem(problem)


def in_chunks(
    records: Iterable[CustomerRecord | RowProblem], rows_max: int = IMPORT_ROWS_MAX
) -> Iterator[ImportCustomers | RowProblem]:
    """Commands of at most `rows_max` rows each, and the problems as they come."""
    rows: list[CustomerRecord] = []
    for record in records:
        if isinstance(record, RowProblem):
            yield record
            continue
        rows.append(record)
        if len(rows) == rows_max:
            yield ImportCustomers(tuple(rows))
            rows = []
    if rows:
        yield ImportCustomers(tuple(rows))


def run_import(
    records: Iterable[CustomerRecord | RowProblem],
    execute: Callable[[ImportCustomers], CustomersImported],
    report: Callable[[RowProblem], None],
) -> ImportSummary:
    """Takes in an extract chunk by chunk, each by one `execute` (one transaction), and reports every problem.

    Stopping half-way does no harm: the same file can be loaded again.
    """
    summary = ImportSummary()
    for item in in_chunks(records):
        if isinstance(item, RowProblem):
            summary.add_problem(item)
            report(item)
        else:
            result = execute(item)
            summary.add_result(result)
            for problem in result.problems:
                report(problem)
    return summary
