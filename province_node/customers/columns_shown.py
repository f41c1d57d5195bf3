"""The columns of an extract on the screen, and an empty file with their headings."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from common.cli import display
from common.cli.listing import Listing
from common.cli.session import Misused, Session
from province_node.customers.column_guide import GUIDE, accepted_text, accepted_values
from province_node.customers.column_mapping import CANONICAL_COLUMNS, QUANWANG
from province_node.customers.heading import Heading, unused_text


def described_columns(language: str) -> list[dict[str, Any]]:
    """Every canonical column as plain data. `accepted`: each value with the codes that are read as it; empty where the
    column holds anything else."""
    return [
        {
            "column": column,
            "headings": list(QUANWANG.columns[column]),
            "needed": column in QUANWANG.required,
            "explanation": GUIDE[column].text(language),
            "accepted": accepted_values(column, QUANWANG.values),
        }
        for column in CANONICAL_COLUMNS
    ]


def show_columns(session: Session, columns: Sequence[dict[str, Any]]) -> None:
    """One entry a column; values that are accepted stand below the explanation."""
    words = session.words
    rows = Listing(session, "column", "chinese_heading", "explanation", stacked=("explanation",))
    for column in columns:
        explanation = column["explanation"]
        if column["needed"]:
            explanation = words("columns.needed") + explanation
        if column["accepted"]:
            explanation += "\n" if session.out.is_terminal else " "
            explanation += words("columns.accepted", values=accepted_text(column["accepted"], session.language))
        rows.add_row(column["column"], column["headings"][1], explanation)
    rows.show()
    session.out.print(words("columns.either_heading"), style="dim", markup=False)


def heading_document(heading: Heading) -> dict[str, Any]:
    """What was made of a file's heading, as plain data."""
    return {"columns": heading.used, "columns_not_used": [asdict(column) for column in heading.unused]}


def show_heading(session: Session, heading: Heading) -> None:
    """Which of the file's columns is used for what, and which are not."""
    rows = Listing(session, "column", "file_heading")
    for column, found in heading.used.items():
        rows.add_row(column, display.plain(found))
    rows.show()
    show_unused(session, heading)


def show_unused(session: Session, heading: Heading) -> None:
    """The columns that nothing is taken from, if any."""
    words, unused = session.words, heading.unused
    if unused:
        listed = words("import.columns_not_used", columns=unused_text(unused, session.language))
        session.out.print(listed, style="yellow", markup=False)
    if any(column.perhaps for column in unused):
        session.out.print(words("import.columns_mend", program=session.program.name), style="dim", markup=False)


def write_template(session: Session, path: Path) -> None:
    """A new file with the headings in the session's language; raises Misused where it cannot be made or exists."""
    headings = CANONICAL_COLUMNS.values() if session.language == "zh" else CANONICAL_COLUMNS.keys()
    try:
        # The mark at its beginning lets spreadsheet programs read Chinese.
        with path.open("x", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerow(headings)
    except OSError as error:
        detail = session.words("usage.file_unwritable", file=path, detail=error.strerror)
        raise Misused(detail) from error
