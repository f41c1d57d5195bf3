"""One import of an extract from the command line: read here, taken in by the node, chunk by chunk."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from common.cli.connection import AdminClient
from common.cli.session import Misused, Session
from common.clock import SystemClock
from common.dictionaries.declared import DOCUMENT_KIND
from province_node.customers.column_mapping import ColumnMapping
from province_node.customers.columns_shown import heading_document
from province_node.customers.csv_import import (
    Extract,
    ImportSummary,
    in_chunks,
    open_extract,
)
from province_node.customers.events import RowProblem

CHINA_OFFSET = timedelta(hours=8)

WriteProblem = Callable[[Mapping[str, Any]], None]
"""Takes one finding: line, column, code, reason."""


@contextmanager
def report_file(path: Path | None, session: Session) -> Iterator[WriteProblem]:
    """Where every problem goes: the CSV file of --report, or nowhere."""
    if path is None:
        yield lambda _finding: None
        return
    try:
        # The mark at its beginning lets spreadsheet programs read Chinese.
        file = path.open("w", encoding="utf-8-sig", newline="")
    except OSError as error:
        detail = session.words("usage.file_unwritable", file=path, detail=error.strerror)
        raise Misused(detail) from error
    with file:
        writer = csv.DictWriter(file, ("line", "column", "code", "reason"))
        writer.writeheader()
        yield writer.writerow


class ImportRun:
    """Reads a file, has the node take in what is good, and keeps count.

    `last_line`: up to here all rows have surely been dealt with. `problems` counts findings; `shown` holds the first.
    `extract` is what is known of the file, as soon as its heading was read.
    """

    def __init__(
        self,
        session: Session,
        client: AdminClient,
        mapping: ColumnMapping,
        *,
        dry_run: bool,
        shown_max: int,
        write_problem: WriteProblem,
    ) -> None:
        self._session = session
        self._client = client
        self._mapping = mapping
        self._shown_max = shown_max
        self._write_problem = write_problem
        self.dry_run = dry_run
        self.summary = ImportSummary()
        self.good = 0
        self.problems = 0
        self.shown: list[dict[str, Any]] = []
        self.last_line = 0
        self.interrupted = False
        self.extract: Extract | None = None
        self._file: Path | None = None

    def read(self, path: Path) -> None:
        """Takes in the file. An interruption ends it between rows and is noted, not raised."""
        self._file = path
        province = str(self._client.get("/status")["node"])
        kinds = self._client.get(f"/dictionaries/{DOCUMENT_KIND.name}")["values"]
        in_use = tuple(value["code"] for value in kinds if value["usable"])
        try:
            with open_extract(path) as stream, self._progress(path) as advance:
                self.extract = Extract(stream, self._mapping, province, today_in_china(), in_use)
                for item in in_chunks(self.extract.records()):
                    if isinstance(item, RowProblem):
                        self.summary.add_problem(item)
                        self._note_problem(item.line, item.skipped, [asdict(finding) for finding in item.findings])
                    else:
                        self._take([asdict(row) for row in item.rows])
                        self.last_line = max(self.last_line, item.rows[-1].line)
                    advance(stream)
        except KeyboardInterrupt:
            self.interrupted = True

    def counts(self) -> dict[str, int]:
        """What became of the rows, by name."""
        counts = asdict(self.summary)
        if self.dry_run:
            return {"read": counts["read"] + self.good, "good": self.good} | {
                name: counts[name] for name in ("rejected", "skipped")
            }
        return counts

    def document(self) -> dict[str, Any]:
        """The result as plain data."""
        return {
            "file": str(self._file),
            "mapping": self._mapping.name,
            "dry_run": self.dry_run,
            "interrupted": self.interrupted,
            "last_line": self.last_line,
            "rows": self.counts(),
            **self._columns(),
            "problems_total": self.problems,
            "problems": self.shown,
        }

    def _columns(self) -> dict[str, Any]:
        """What was made of the columns, and of numbers without the province's code."""
        if self.extract is None:
            return {}
        return heading_document(self.extract.heading) | {"prefixes_added": asdict(self.extract.prefixes_added)}

    def _take(self, rows: list[dict[str, Any]]) -> None:
        if self.dry_run:
            self.good += len(rows)
            return
        result = self._client.post("/customers/import", {"rows": rows})
        for name in ("imported", "updated", "unchanged"):
            count = int(result[name])
            setattr(self.summary, name, getattr(self.summary, name) + count)
            self.summary.read += count
        for problem in result["problems"]:
            self.summary.read += 1
            self.summary.rejected += 1
            self._note_problem(problem["line"], bool(problem.get("skipped")), problem["findings"])

    def _note_problem(self, line: int, skipped: bool, findings: list[dict[str, Any]]) -> None:
        """Another province's row is counted, but nothing is wrong with it."""
        if skipped:
            return
        for finding in findings:
            reason = finding.get("reason") or finding["zh" if self._session.language == "zh" else "en"]
            noted = {"line": line, "column": finding["column"], "code": finding["code"], "reason": reason}
            self.problems += 1
            self._write_problem(noted)
            if len(self.shown) < self._shown_max:
                self.shown.append(noted)

    @contextmanager
    def _progress(self, path: Path) -> Iterator[Callable[[TextIO], None]]:
        """A bar on standard error while somebody watches: how far into the file, how many rows, how long still."""
        if self._session.as_json or not self._session.err.is_terminal:
            yield lambda _stream: None
            return
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TextColumn("{task.fields[rows]}"),
            TimeRemainingColumn(),
            console=self._session.err,
            transient=True,
        )
        with bar:
            task = bar.add_task(path.name, total=path.stat().st_size, rows="")

            def advance(stream: TextIO) -> None:
                read = self._session.words("import.rows", count=self.summary.read + self.good)
                bar.update(task, completed=stream.buffer.tell(), rows=read)

            yield advance


def today_in_china() -> date:
    """The date by which an extract may not speak of tomorrow."""
    return (datetime.fromtimestamp(SystemClock().now_us() / 1e6, UTC) + CHINA_OFFSET).date()
