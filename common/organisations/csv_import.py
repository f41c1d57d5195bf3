"""Reads a CSV file of organisations: which rows are good, and what is wrong with the others.

The rows come out with parents before what hangs under them, however they stand in the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from common.errors import Refusal
from common.organisations.commands import IMPORT_ROWS_MAX, OrganisationRow
from common.organisations.events import OrganisationRowProblem

COLUMNS: Mapping[str, str] = {
    "organisation_id": "组织编号",
    "kind": "类型",
    "name": "名称",
    "parent_id": "上级编号",
}
"""The headings, with the Chinese ones that are taken as well."""

FILE_BYTES_MAX = 16 << 20
FIELD_CHARACTERS_MAX = 200


class OrganisationFileUnreadable(Refusal):
    """The file as a whole cannot be used."""

    en = "The file cannot be read: {detail}."
    zh = "无法读取该文件：{detail_zh}。"


@dataclass(frozen=True, slots=True)
class OrganisationFile:
    """What stands in a file: rows in the order in which they can be taken in, and rows that cannot be."""

    rows: tuple[OrganisationRow, ...]
    problems: tuple[OrganisationRowProblem, ...]


def read_organisations(content: bytes) -> OrganisationFile:
    """UTF-8 (with a mark at its beginning or without) or GB 18030. Raises OrganisationFileUnreadable."""
    if len(content) > FILE_BYTES_MAX:
        raise OrganisationFileUnreadable(
            detail=f"it has more than {FILE_BYTES_MAX} bytes", detail_zh=f"超过 {FILE_BYTES_MAX} 字节"
        )
    reader = csv.reader(io.StringIO(_text(content), newline=""))
    try:
        places = _places(next(reader, []))
        rows, problems = _rows(reader, places)
    except csv.Error as error:
        raise OrganisationFileUnreadable(
            detail=f"line {reader.line_num}: {error}", detail_zh=f"第 {reader.line_num} 行：{error}"
        ) from error
    return OrganisationFile(tuple(_parents_first(rows)), tuple(problems))


def in_chunks(rows: Sequence[OrganisationRow]) -> Iterator[Sequence[OrganisationRow]]:
    """The rows in as many as go into one command."""
    for start in range(0, len(rows), IMPORT_ROWS_MAX):
        yield rows[start : start + IMPORT_ROWS_MAX]


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError as error:
        raise OrganisationFileUnreadable(
            detail="it is neither UTF-8 nor GB 18030", detail_zh="既不是 UTF-8 也不是 GB 18030 编码"
        ) from error


def _places(heading: Sequence[str]) -> dict[str, int]:
    """Where each column stands."""
    given = [name.strip() for name in heading]
    places: dict[str, int] = {}
    for name, chinese in COLUMNS.items():
        found = [place for place, text in enumerate(given) if text in (name, chinese)]
        if len(found) != 1:
            lacking, lacking_zh = ("stands twice", "重复") if found else ("is missing", "缺失")
            raise OrganisationFileUnreadable(
                detail=f"the column {name} ({chinese}) {lacking}", detail_zh=f"列 {name}（{chinese}）{lacking_zh}"
            )
        places[name] = found[0]
    return places


def _rows(
    reader: Iterator[list[str]], places: Mapping[str, int]
) -> tuple[list[OrganisationRow], list[OrganisationRowProblem]]:
    rows: list[OrganisationRow] = []
    problems: list[OrganisationRowProblem] = []
    first_lines: dict[str, int] = {}
    line = 1
    for cells in reader:
        line = int(getattr(reader, "line_num", line + 1))
        if not any(cell.strip() for cell in cells):
            continue
        values = {name: cells[at].strip() if at < len(cells) else "" for name, at in places.items()}
        problem = _problem(line, values, first_lines)
        if problem is not None:
            problems.append(problem)
            continue
        first_lines[values["organisation_id"]] = line
        rows.append(OrganisationRow(line, **values))
    return rows, problems


def _problem(line: int, values: Mapping[str, str], first_lines: Mapping[str, int]) -> OrganisationRowProblem | None:
    for name, value in values.items():
        # Only the node's own organisation hangs under nothing; the node knows which one that is.
        if not value and name != "parent_id":
            return OrganisationRowProblem(line, name, "EMPTY", "It is empty.", "该列为空。")
        if len(value) > FIELD_CHARACTERS_MAX:
            most = FIELD_CHARACTERS_MAX
            return OrganisationRowProblem(
                line, name, "TOO_LONG", f"It has more than {most} characters.", f"超过 {most} 个字符。"
            )
    first = first_lines.get(values["organisation_id"])
    if first is None:
        return None
    en, zh = f"Line {first} has the same id.", f"与第 {first} 行编号相同。"
    return OrganisationRowProblem(line, "organisation_id", "REPEATED", en, zh)


def _parents_first(rows: Sequence[OrganisationRow]) -> Iterator[OrganisationRow]:
    """The rows in their order, but none before its parent's. Rows that hang under each other in a circle come as they
    stand: the node refuses them."""
    by_id = {row.organisation_id: row for row in rows}
    given: set[str] = set()
    for row in rows:
        chain: list[OrganisationRow] = []
        at: OrganisationRow | None = row
        while at is not None and at.organisation_id not in given:
            given.add(at.organisation_id)
            chain.append(at)
            at = by_id.get(at.parent_id)
        yield from reversed(chain)
