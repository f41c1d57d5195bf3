"""Reads an extract of a legacy system, line by line, whatever is in it.

    with open_extract(path) as stream:
        extract = Extract(stream, QUANWANG, "44", today=today)
        summary = run_import(extract.records(), execute, report)

Every line that holds anything becomes either a record or a problem, and exactly one of them; one bad line never spoils
another. To that end a field may not span lines: an unbalanced quotation mark costs its own line and no more. Nothing of
the file is kept in memory but the line at hand and one chunk; what was seen before stands in a temporary database.
"""

from __future__ import annotations

import codecs
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO, TextIO

from common.errors import Refusal
from province_node.customers.column_mapping import ColumnMapping
from province_node.customers.commands import IMPORT_ROWS_MAX, CustomerRecord, ImportCustomers
from province_node.customers.events import CustomersImported, RowProblem
from province_node.customers.heading import Heading
from province_node.customers.model import DOCUMENT_KINDS
from province_node.customers.row_checks import RowChecker
from province_node.customers.row_findings import finding
from province_node.customers.seen_rows import SeenRows

LINE_CHARS_MAX = 32_768
DETECTION_LINES_MAX = 200_000
"""How many lines are looked at to tell the encoding of a file that is damaged in any case."""


class ExtractNotText(Refusal):
    """The file is no text in an encoding that is read here."""

    en = "The file is not CSV text in UTF-8 or GB18030 ({detail}). Save it as CSV and try again."
    zh = "该文件不是 UTF-8 或 GB18030 编码的 CSV 文本（{detail}）。请另存为 CSV 后重试。"


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
    which `Extract` reports line by line. Raises ExtractNotText."""
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


@dataclass(slots=True)
class PrefixesAdded:
    """How many good rows had a number without the province's code, which was put before it; and the first such number,
    as it stands in the file and as it is called here."""

    customer_numbers: int = 0
    subscription_ids: int = 0
    example: tuple[str, str] | None = None

    def note(self, row: Mapping[str, str], record: CustomerRecord) -> None:
        """Holds a good row against its record."""
        pairs = [("customer_numbers", row.get("customer_number", ""), record.customer_number)]
        if record.subscription is not None:
            pairs.append(("subscription_ids", row.get("subscription_id", ""), record.subscription.subscription_id))
        for name, written, called in pairs:
            # Also where the file wrote it in full width: what counts is that the code was not there.
            if written and len(written.strip()) < len(called):
                setattr(self, name, getattr(self, name) + 1)
                self.example = self.example or (written.strip(), called)


class Extract:
    """An extract for `province` (two digits), whose heading has been read.

    `heading` says which columns are used, and which are not; `prefixes_added` grows while the rows are read. Without
    `today` (in China), dates to come are not noticed. `document_kinds`: those that are in use.

    Raises ExtractLacksNamedColumns, ExtractColumnsMissing, ExtractHeadingAmbiguous.
    """

    def __init__(
        self,
        stream: TextIO,
        mapping: ColumnMapping,
        province: str,
        today: date | None = None,
        document_kinds: Iterable[str] = DOCUMENT_KINDS,
    ) -> None:
        self._lines = _lines(stream)
        self.heading = _heading(self._lines, mapping)
        self.prefixes_added = PrefixesAdded()
        self._checker = RowChecker(province, sorted(mapping.required), today, mapping.values, document_kinds)

    def records(self) -> Iterator[CustomerRecord | RowProblem]:
        """The rows in their order, once. Lines with nothing in them are passed over."""
        with SeenRows() as seen:
            for number, text in self._lines:
                if text is None:
                    yield RowProblem(number, (finding("", "LINE_TOO_LONG", chars_max=LINE_CHARS_MAX),))
                    continue
                row = self.heading.read(number, text)
                if row is None:
                    continue
                yield row if isinstance(row, RowProblem) else self._checked(number, row, seen)

    def _checked(self, number: int, row: Mapping[str, str], seen: SeenRows) -> CustomerRecord | RowProblem:
        record = self._checker.check(number, row)
        if isinstance(record, RowProblem):
            return record
        contradiction = seen.contradiction(record, id_was_given=bool(row.get("subscription_id")))
        if contradiction is not None:
            return contradiction
        self.prefixes_added.note(row, record)
        return record


def heading_of(stream: TextIO, mapping: ColumnMapping) -> Heading:
    """The heading alone. Raises as Extract does."""
    return _heading(_lines(stream), mapping)


def _heading(lines: Iterator[tuple[int, str | None]], mapping: ColumnMapping) -> Heading:
    """From the first line that is not empty."""
    return Heading(next((text for _, text in lines if text is not None and text.strip()), ""), mapping)


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
