"""Customers from the command line: take in an extract of a legacy system, explain its columns, list, count.

What acts on one customer's data is in personal_commands.py.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.cli import display
from common.cli.exits import Exit
from common.cli.listing import Listing
from common.cli.session import Misused, Session, command
from province_node.customers.personal_commands import add_personal_commands

if TYPE_CHECKING:
    from province_node.customers.column_mapping import ColumnMapping
    from province_node.customers.csv_import import Extract
    from province_node.customers.import_run import ImportRun

app = typer.Typer(
    help="Customers: import extracts of legacy systems, list, find, give out, erase.", no_args_is_help=True
)

add_personal_commands(app)

EXTRACT = typer.Argument(
    metavar="FILE", exists=True, dir_okay=False, readable=True, help="The extract: CSV in UTF-8 or GB18030."
)
MappingName = Annotated[
    str,
    typer.Option(
        "--mapping", metavar="NAME|FILE", help="What the columns mean: quanwang, telco, or a .toml or .json file."
    ),
]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="OURS=THEIRS", help="One column of the mapping put right; may be repeated."),
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=500, help="At most so many.")]


class Status(StrEnum):
    """What a subscription can be."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


@app.command("import")
@command
def import_file(
    session: Session,
    file: Annotated[Path, EXTRACT],
    mapping: MappingName = "quanwang",
    assignments: Assignments = None,
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


@app.command("columns")
@command
def columns(
    session: Session,
    file: Annotated[Path | None, EXTRACT] = None,
    mapping: MappingName = "quanwang",
    assignments: Assignments = None,
    template: Annotated[
        Path | None,
        typer.Option(
            "--template", metavar="FILE", dir_okay=False, help="Write a new CSV file with the headings, to fill in."
        ),
    ] = None,
) -> None:
    """Explain the columns of an extract: their headings, what stands in them, which values are accepted.

    With FILE: say instead which of its columns are used for what, and which are not. Needs no node.

    The file of --template has Chinese headings with --lang zh, and can be opened in a spreadsheet.
    """
    from province_node.customers.columns_shown import described_columns, show_columns, write_template

    if file is not None:
        _explain_file(session, file, _mapping(session, mapping, assignments or []))
        return
    found = described_columns(session.language)
    if template is not None:
        write_template(session, template)
    session.result({"columns": found}, lambda: show_columns(session, found))
    if template is not None:
        session.note("columns.template_written", file=template)


@app.command("list")
@command
def list_customers(
    session: Session,
    limit: Limit = 50,
    after: Annotated[str | None, typer.Option("--after", metavar="NUMBER", help="Only those behind this one.")] = None,
) -> None:
    """List customers by their number. Who they are is not shown."""
    with session.admin() as client:
        page = client.get("/customers", limit=limit, after=after)
    session.result(page, lambda: _show_customers(session, page))


@app.command("subscriptions")
@command
def list_subscriptions(
    session: Session,
    customer: Annotated[
        str | None, typer.Option("--customer", metavar="NUMBER", help="Only those of this customer.")
    ] = None,
    status: Annotated[Status | None, typer.Option("--status", help="Only those in this status.")] = None,
    limit: Limit = 50,
    after: Annotated[str | None, typer.Option("--after", metavar="ID", help="Only those behind this one.")] = None,
) -> None:
    """List subscriptions by their id."""
    with session.admin() as client:
        page = client.get("/subscriptions", customer=customer, status=status, limit=limit, after=after)
    session.result(page, lambda: _show_subscriptions(session, page))


@app.command("summary")
@command
def summary(session: Session) -> None:
    """Say how many customers and subscriptions there are."""
    with session.admin() as client:
        found = client.get("/customers/summary")
    session.result(found, lambda: _show_summary(session, found))


def _explain_file(session: Session, file: Path, mapping: ColumnMapping) -> None:
    """What an import would make of a file's heading."""
    from province_node.customers.columns_shown import heading_document, show_heading
    from province_node.customers.csv_import import heading_of, open_extract

    with open_extract(file) as stream:
        heading = heading_of(stream, mapping)
    document = {"file": str(file), "mapping": mapping.name, **heading_document(heading)}
    session.result(document, lambda: show_heading(session, heading))


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
        rows = Listing(session, "line", "column", "reason", numbers=("line",), stacked=("reason",))
        for problem in run.shown:
            rows.add_row(str(problem["line"]), display.plain(problem["column"]), display.plain(problem["reason"]))
        rows.show()
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
    if run.extract is not None:
        _show_columns(session, run.extract)
    if run.interrupted:
        session.out.print(words("import.interrupted", line=run.last_line), style="yellow", markup=False)
    elif run.dry_run:
        session.out.print(words("import.dry_run"), style="dim")


def _show_columns(session: Session, extract: Extract) -> None:
    """What is easily missed: columns that nothing was taken from, and numbers that have another form here."""
    from province_node.customers.columns_shown import show_unused

    words, added = session.words, extract.prefixes_added
    show_unused(session, extract.heading)
    if added.example is not None:
        written, called = added.example
        counts = {"customers": added.customer_numbers, "subscriptions": added.subscription_ids}
        session.out.print(words("import.prefixes_added", **counts, written=written, called=called), markup=False)


def _show_customers(session: Session, page: Any) -> None:
    rows = Listing(session, "customer", "kind", "city_code", "updated", dropped=("city_code",))
    for item in page["items"]:
        rows.add_row(
            display.plain(item["customer_number"]),
            session.words.name("customer_kind", item["kind"]),
            display.plain(item["city_code"]),
            display.when(session, item["updated_at_us"]),
        )
    rows.show("customers.none")
    if page.get("next"):
        session.note("customers.more", after=page["next"])


def _show_subscriptions(session: Session, page: Any) -> None:
    columns = ("subscription", "customer", "service_number", "offering", "state")
    rows = Listing(session, *columns, stacked=("offering",), dropped=("customer",))
    for item in page["items"]:
        names = ("subscription_id", "customer_number", "service_number", "offering")
        rows.add_row(*(display.plain(item[name]) for name in names), display.state(session, item["status"]))
    rows.show("customers.no_subscriptions")
    if page.get("next"):
        session.note("customers.more", after=page["next"])


def _show_summary(session: Session, found: Any) -> None:
    facts = display.facts_table()
    facts.add_row(session.words("column.customers"), f"{found['customers']:,}")
    for state, count in found["subscriptions"].items():
        label = session.words("customers.subscriptions_in", state=session.words.name("state", state))
        facts.add_row(label, f"{count:,}")
    session.out.print(facts)
