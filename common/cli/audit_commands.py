"""The audit log from the command line: search, verify, export."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.connection import AdminClient
from common.cli.durations import parse_duration_ms
from common.cli.exits import Exit
from common.cli.listing import Listing
from common.cli.progress import Bar, progress_bar
from common.cli.session import Misused, Session, command

app = typer.Typer(help="The audit log: who did what, when, and why.", no_args_is_help=True)

ENTRIES_A_CALL = 500
STEP_TIMEOUT_S = 60.0

ActorOption = Annotated[str | None, typer.Option("--actor", metavar="NAME", help="Only what they did.")]
Resource = Annotated[
    str | None, typer.Option("--resource", metavar="KIND", help="Only this kind of resource, such as node.")
]
Action = Annotated[str | None, typer.Option("--action", metavar="ACTION", help="Only this action, such as revoke.")]
Record = Annotated[str | None, typer.Option("--record", metavar="ID", help="Only about this record.")]
Customer = Annotated[
    str | None, typer.Option("--customer", metavar="NUMBER", help="Only what was done about this customer.")
]
Outcome = Annotated[
    str | None, typer.Option("--outcome", metavar="CODE", help="Only this outcome: DONE, or the code of a refusal.")
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="DURATION", help="Only the last so long, such as 30m, 12h or 7d.")
]

COLUMNS = ("number", "time", "actor", "what", "record", "outcome", "reason")


@app.command("list")
@command
def list_entries(
    session: Session,
    actor: ActorOption = None,
    resource: Resource = None,
    action: Action = None,
    record: Record = None,
    customer: Customer = None,
    outcome: Outcome = None,
    since: Since = None,
    before: Annotated[
        int | None, typer.Option("--before", min=1, metavar="NUMBER", help="Only entries before this number.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=ENTRIES_A_CALL, help="At most so many.")] = 50,
) -> None:
    """List entries of the audit log, the newest first."""
    sought = _sought(session, actor, resource, action, record, customer, outcome, since)
    with session.admin() as client:
        page = client.get("/audit", **sought, before=before, limit=limit)
    session.result(page, lambda: _show(session, page))


@app.command("verify")
@command
def verify(session: Session) -> None:
    """Check that no entry of the audit log was changed, taken out or cut off, and that it is as this node sealed it.

    Ends with 0 when all is well, with 1 when something is wrong.
    """
    breaks: list[Any] = []
    entries = 0
    with session.admin() as client, progress_bar(session) as bar:
        total = client.get("/audit/size")["entries"]
        after: int | None = 0
        while after is not None:
            judged = client.get("/audit/verify", STEP_TIMEOUT_S, after=after)
            entries, after = entries + judged["entries"], judged["next"]
            breaks += judged["breaks"]
            bar.show(session.words("audit.entries"), entries, total)
        seals = 0
        for item in client.get("/journal")["items"]:
            if item["own"]:
                name, after = item["link"].replace(">", "-"), 0
                while after is not None:
                    judged = client.get(f"/audit/verify-sealed/{name}", STEP_TIMEOUT_S, after=after)
                    seals, after = seals + judged["heads"], judged["next"]
                    breaks += judged["breaks"]
                    bar.show(name, after or item["last_seal"], item["last_seal"])
    document = {"entries": entries, "seals": seals, "breaks": breaks}
    session.result(document, lambda: _show_verdict(session, document))
    if breaks:
        session.end(Exit.REFUSED)


@app.command("export")
@command
def export(
    session: Session,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", dir_okay=False, help="Where to write it.")],
    actor: ActorOption = None,
    resource: Resource = None,
    action: Action = None,
    record: Record = None,
    customer: Customer = None,
    outcome: Outcome = None,
    since: Since = None,
) -> None:
    """Write entries of the audit log into a file, one JSON object a line, the newest first."""
    sought = _sought(session, actor, resource, action, record, customer, outcome, since)
    written = 0
    with session.admin() as client, progress_bar(session) as bar, out.open("w", encoding="utf-8") as file:
        for entry in _all(session, client, sought, bar):
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            written += 1
    document = {"file": str(out), "entries": written}
    session.result(document, lambda: session.out.print(session.words("audit.exported", **document), markup=False))


def _all(session: Session, client: AdminClient, sought: dict[str, Any], bar: Bar) -> Iterator[Any]:
    before: int | None = None
    read = 0
    total = client.get("/audit/size")["entries"]
    while before != 0:
        page = client.get("/audit", STEP_TIMEOUT_S, **sought, before=before, limit=ENTRIES_A_CALL)
        yield from page["items"]
        read += len(page["items"])
        bar.show(session.words("audit.entries"), read, total)
        before = page["next"]


def _sought(
    session: Session,
    actor: str | None,
    resource: str | None,
    action: str | None,
    record: str | None,
    customer: str | None,
    outcome: str | None,
    since: str | None,
) -> dict[str, Any]:
    from_us = None
    if since is not None:
        try:
            from_us = time.time_ns() // 1_000 - parse_duration_ms(since) * 1_000
        except ValueError as error:
            raise Misused(session.words("usage.not_a_duration", given=since)) from error
    return {
        "actor": actor,
        "resource": resource,
        "action": action,
        "record": record,
        "customer": customer,
        "outcome": outcome,
        "from_us": from_us,
    }


def _show(session: Session, page: Mapping[str, Any]) -> None:
    rows = Listing(session, *COLUMNS, numbers=("number",), stacked=("reason",), dropped=("record",))
    for entry in page["items"]:
        rows.add_row(
            str(entry["number"]),
            display.when(session, entry["at_us"]),
            display.plain(f"{entry['actor_kind']} {entry['actor']}".strip()),
            display.plain(f"{entry['resource']}:{entry['action']}"),
            display.plain(entry["record"]),
            display.plain(entry["outcome"]),
            display.plain(entry["reason"]),
        )
    rows.show("audit.none")
    if page["next"]:
        session.note("audit.more", before=page["next"])


def _show_verdict(session: Session, document: Mapping[str, Any]) -> None:
    for found in document["breaks"]:
        said = session.words(f"audit.{found['fault'].lower()}", number=found["number"])
        session.out.print(said, style="red", markup=False)
    if not document["breaks"]:
        session.out.print(session.words("audit.good", **document), markup=False)
