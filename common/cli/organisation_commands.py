"""The organisation tree: headquarters, provinces, cities, counties and branches, communities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.cli import display
from common.cli.connection import AdminClient, segment
from common.cli.exits import Exit
from common.cli.listing import Listing
from common.cli.session import Misused, Session, command

if TYPE_CHECKING:
    from common.organisations.csv_import import OrganisationFile

app = typer.Typer(help="The organisation tree.", no_args_is_help=True)

PROBLEMS_SHOWN_MAX = 50

Organisation = Annotated[
    str, typer.Argument(metavar="ORGANISATION", help="The organisation's id, as `organisations list` shows it.")
]
Under = Annotated[str, typer.Option("--under", metavar="ORGANISATION", help="The id of the organisation above it.")]
Name = Annotated[str, typer.Option("--name", metavar="NAME", help="What it is called.")]


@app.command("list")
@command
def list_organisations(
    session: Session,
    below: Annotated[
        str, typer.Option("--below", metavar="ORGANISATION", help="Only this organisation and all below it.")
    ] = "",
    inactive: Annotated[bool, typer.Option("--all", help="Also those that were deactivated.")] = False,
    after: Annotated[str, typer.Option("--after", metavar="ORGANISATION", help="Go on behind this id.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many at most.")] = 50,
) -> None:
    """List organisations by id."""
    with session.admin() as client:
        page = client.get("/organisations", below=below, after=after, limit=limit, all=str(inactive).lower())
    session.result(page, lambda: _show_list(session, page))


@app.command("show")
@command
def show(session: Session, organisation: Organisation) -> None:
    """Show an organisation: what it is, and where it hangs."""
    with session.admin() as client:
        found = client.get(f"/organisations/{segment(organisation)}")
    session.result(found, lambda: _show_one(session, found))


@app.command("create")
@command
def create(
    session: Session,
    organisation: Organisation,
    kind: Annotated[
        str,
        typer.Option("--kind", metavar="KIND", help="province, city, county, branch, community or department."),
    ],
    name: Name,
    under: Under,
) -> None:
    """Create an organisation.

    A province's id is its code of GB/T 2260; a city's is that of its prefecture, six digits.
    """
    wish = {"organisation_id": organisation, "kind": kind, "name": name, "parent_id": under}
    _change(session, "/organisations", wish, "organisations.created")


@app.command("rename")
@command
def rename(session: Session, organisation: Organisation, name: Name) -> None:
    """Give an organisation another name; its id stays."""
    _change(session, f"/organisations/{segment(organisation)}/name", {"name": name}, "organisations.renamed")


@app.command("move")
@command
def move(session: Session, organisation: Organisation, under: Under) -> None:
    """Hang an organisation, with all below it, under another one."""
    _change(session, f"/organisations/{segment(organisation)}/parent", {"parent_id": under}, "organisations.moved")


@app.command("deactivate")
@command
def deactivate(
    session: Session,
    organisation: Organisation,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the audit log.")] = "",
) -> None:
    """Deactivate an organisation under which nothing active hangs. What it did stays under its id."""
    address = f"/organisations/{segment(organisation)}/deactivation"
    _change(session, address, {"reason": reason}, "organisations.deactivated")


@app.command("import")
@command
def import_file(
    session: Session,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV with organisation_id, kind, name, parent_id (or in Chinese).")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only read the file; the node changes nothing.")] = False,
) -> None:
    """Take in organisations from a CSV file.

    Rows with problems are left out and listed with line, column and reason; all others are taken in. Safe to repeat:
    what is known is renamed or moved where the file says so, and left alone where it does not.

    Exits with 0 when everything was taken in, with 1 when rows were left out.
    """
    from common.organisations.csv_import import read_organisations

    try:
        content = file.read_bytes()
    except OSError as error:
        raise Misused(session.words("usage.file_unreadable", file=file, detail=error.strerror)) from error
    read = read_organisations(content)
    chinese = session.language == "zh"
    problems = [_reason(asdict(problem), chinese) for problem in read.problems]
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    if dry_run:
        counts = {"good": len(read.rows)}
    else:
        with session.admin() as client:
            _take_in(client, read, counts, problems)
    counts["rejected"] = len(problems)
    document = {"file": str(file), "dry_run": dry_run, "rows": counts, "problems": problems}
    session.result(document, lambda: _show_import(session, counts, problems))
    session.end(Exit.REFUSED if problems else Exit.OK)


def _take_in(
    client: AdminClient, read: OrganisationFile, counts: dict[str, int], problems: list[dict[str, Any]]
) -> None:
    from common.organisations.csv_import import in_chunks

    for rows in in_chunks(read.rows):
        answer = client.post("/organisations/import", {"rows": [asdict(row) for row in rows]})
        for name in counts:
            counts[name] += int(answer[name])
        problems += answer["problems"]


def _reason(problem: dict[str, Any], chinese: bool) -> dict[str, Any]:
    en, zh = problem.pop("en"), problem.pop("zh")
    return {**problem, "reason": zh if chinese else en}


def _change(session: Session, address: str, wish: Mapping[str, Any], said: str) -> None:
    with session.admin() as client:
        answer = client.post(address, wish)
    words = session.words(said, organisation=answer["organisation_id"], name=answer["name"], under=answer["parent_id"])
    session.result(answer, lambda: session.out.print(words, markup=False))


def _show_list(session: Session, page: Mapping[str, Any]) -> None:
    rows = Listing(session, "organisation", "kind", "name", "under", "state", dropped=("state", "under"))
    for item in page["items"]:
        rows.add_row(
            display.plain(item["organisation_id"]),
            display.plain(session.words(f"organisation_kind.{item['kind']}")),
            display.plain(item["name"]),
            display.plain(item["parent_id"]),
            display.state(session, item["state"]),
        )
    rows.show("organisations.none")
    if page["next"]:
        session.note("organisations.more", after=page["next"])


def _show_one(session: Session, found: Mapping[str, Any]) -> None:
    words = session.words
    facts = display.facts_table()
    facts.add_row(words("column.organisation"), display.plain(found["organisation_id"]))
    facts.add_row(words("column.kind"), words(f"organisation_kind.{found['kind']}"))
    facts.add_row(words("column.name"), display.plain(found["name"]))
    path = " > ".join(f"{above['organisation_id']} {above['name']}" for above in found["path"])
    facts.add_row(words("column.under"), display.plain(path))
    facts.add_row(words("column.below"), str(found["below"]))
    facts.add_row(words("column.state"), display.state(session, found["state"]))
    facts.add_row(words("column.updated"), display.when(session, found["updated_at_us"]))
    session.out.print(facts)


def _show_import(session: Session, counts: Mapping[str, int], problems: list[dict[str, Any]]) -> None:
    facts = display.facts_table()
    for name, count in counts.items():
        facts.add_row(session.words(f"organisations.rows.{name}"), str(count))
    session.out.print(facts)
    if not problems:
        return
    rows = Listing(session, "line", "column", "reason", numbers=("line",), stacked=("reason",))
    for problem in problems[:PROBLEMS_SHOWN_MAX]:
        rows.add_row(str(problem["line"]), display.plain(problem["column"]), display.plain(problem["reason"]))
    session.out.print()
    rows.show()
    if len(problems) > PROBLEMS_SHOWN_MAX:
        session.note("organisations.more_problems", count=len(problems) - PROBLEMS_SHOWN_MAX)
