"""Customers from the command line: take in an extract of a legacy system, and say how many there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.cli import display
from common.cli.exits import Exit
from common.cli.session import Misused, Session, command

if TYPE_CHECKING:
    from province_node.customers.column_mapping import ColumnMapping
    from province_node.customers.import_run import ImportRun

app = typer.Typer(help="Customers: import extracts of legacy systems, count.", no_args_is_help=True)


@app.command("import")
@command
def import_file(
    session: Session,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", exists=True, dir_okay=False, readable=True, help="The extract: CSV in UTF-8 or GB18030."
        ),
    ],
    mapping: Annotated[
        str,
        typer.Option(
            "--mapping", metavar="NAME|FILE", help="What the columns mean: quanwang, telco, or a .toml or .json file."
        ),
    ] = "quanwang",
    assignments: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="OURS=THEIRS", help="One column of the mapping put right; may be repeated."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check the rows; store nothing.")] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", dir_okay=False, help="Write every problem into this CSV file."),
    ] = None,
    show: Annotated[int, typer.Option("--show", min=0, max=10_000, help="How many problems to show here.")] = 20,
) -> None:
    """Import an extract of customers and their subscriptions.

    Bad rows are left out and listed with line, column and reason; all others are taken in, 500 in a transaction. It can
    be interrupted at any time, and running it again is safe: what is there already is not doubled.

    Ends with 0 when all rows were taken in, with 1 when some were left out.
    """
    from province_node.customers.import_run import ImportRun, report_file

    chosen = _mapping(session, mapping, assignments or [])
    with session.admin() as client, report_file(report, session) as write_problem:
        run = ImportRun(session, client, chosen, dry_run=dry_run, shown_max=show, write_problem=write_problem)
        run.read(file)
    session.result(run.document(), lambda: _show(session, run, report))
    if run.interrupted:
        session.end(Exit.INTERRUPTED)
    session.end(Exit.REFUSED if run.summary.rejected else Exit.OK)


@app.command("summary")
@command
def summary(session: Session) -> None:
    """Say how many customers and subscriptions there are."""
    with session.admin() as client:
        found = client.get("/customers/summary")
    session.result(found, lambda: _show_summary(session, found))


def _mapping(session: Session, name: str, assignments: list[str]) -> ColumnMapping:
    """A built-in mapping by its name, or one from a file; with the assignments put over it."""
    from province_node.customers.column_mapping import PRESETS, load_mapping, preset, with_columns

    path = Path(name)
    if name in PRESETS or path.suffix not in (".toml", ".json"):
        return with_columns(preset(name), assignments)
    try:
        return with_columns(load_mapping(path), assignments)
    except OSError as error:
        detail = session.words("usage.file_unreadable", file=name, detail=error.strerror)
        raise Misused(detail) from error


def _show(session: Session, run: ImportRun, report: Path | None) -> None:
    words = session.words
    if run.shown:
        rows = display.table(session, "line", "column", "reason", numbers=("line",))
        for problem in run.shown:
            rows.add_row(str(problem["line"]), display.plain(problem["column"]), display.plain(problem["reason"]))
        session.out.print(rows)
        if run.problems > len(run.shown):
            key = "import.more_in_report" if report else "import.more"
            session.out.print(words(key, count=run.problems - len(run.shown), report=report), style="dim", markup=False)
        session.out.print()
    facts = display.facts_table()
    for name, count in run.counts().items():
        if count or name in ("read", "imported", "rejected"):
            style = "red" if name == "rejected" and count else ""
            facts.add_row(words(f"import.{name}"), f"[{style}]{count:,}[/{style}]" if style else f"{count:,}")
    session.out.print(facts)
    if run.interrupted:
        session.out.print(words("import.interrupted", line=run.last_line), style="yellow", markup=False)
    elif run.dry_run:
        session.out.print(words("import.dry_run"), style="dim")


def _show_summary(session: Session, found: Any) -> None:
    facts = display.facts_table()
    facts.add_row(session.words("column.customers"), f"{found['customers']:,}")
    for state, count in found["subscriptions"].items():
        label = session.words("customers.subscriptions_in", state=session.words.name("state", state))
        facts.add_row(label, f"{count:,}")
    session.out.print(facts)
