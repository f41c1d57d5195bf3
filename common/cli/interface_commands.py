"""Interfaces to other systems: how they are, their calls, and what an operator does about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.connection import segment
from common.cli.exits import Exit
from common.cli.listing import Listing
from common.cli.session import Session, command

app = typer.Typer(help="Interfaces to other systems: health, calls, adapters.", no_args_is_help=True)

Interface = Annotated[
    str, typer.Argument(metavar="INTERFACE", help="The interface's name, as `interfaces list` shows it.")
]


@app.command("list")
@command
def list_interfaces(session: Session) -> None:
    """List the interfaces with the adapter in use, its health, and what waits."""
    with session.admin() as client:
        page = client.get("/interfaces")
    session.result(page, lambda: _show_list(session, page))


@app.command("show")
@command
def show(session: Session, interface: Interface) -> None:
    """Show an interface: what it is for, how it is, and its adapters with their figures."""
    with session.admin() as client:
        found = client.get(f"/interfaces/{segment(interface)}")
    session.result(found, lambda: _show_one(session, found))


@app.command("calls")
@command
def calls(
    session: Session,
    interface: Interface,
    state: Annotated[
        str,
        typer.Option(
            "--state", metavar="STATE", help="Only these: waiting, calling, done, refused, given-up or expired."
        ),
    ] = "",
    before: Annotated[str, typer.Option("--before", metavar="CALL", help="Only calls before this one.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many calls at most.")] = 50,
) -> None:
    """List an interface's calls, the last first. Personal data is masked; what was said is not shown."""
    with session.admin() as client:
        page = client.get(f"/interfaces/{segment(interface)}/calls", state=state, before=before, limit=limit)
    session.result(page, lambda: _show_calls(session, interface, page))


@app.command("test")
@command
def try_out(
    session: Session,
    interface: Interface,
    adapter: Annotated[
        str, typer.Option("--adapter", metavar="NAME", help="Through this adapter; else through the one in use.")
    ] = "",
) -> None:
    """Ask the other system whether it is there, now and without any effect.

    It also works before switching to an adapter. An interface that rests goes on when the test succeeds. Ends with 1
    where it does not succeed.
    """
    with session.admin() as client:
        answer = client.post(f"/interfaces/{segment(interface)}/test", {"adapter": adapter})
    said = "interfaces.test_done" if answer["outcome"] == "done" else "interfaces.test_failed"
    words = session.words(said, adapter=answer["adapter"], took=display.span(answer["took_us"]), error=answer["error"])
    session.result(answer, lambda: session.out.print(words, markup=False))
    if answer["outcome"] != "done":
        raise typer.Exit(Exit.REFUSED)


@app.command("switch")
@command
def switch(
    session: Session,
    interface: Interface,
    adapter: Annotated[str, typer.Argument(metavar="ADAPTER", help="As `interfaces show` lists it.")],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the parameter's history and in the audit log.")
    ],
) -> None:
    """Make an interface's calls through another adapter from now on. No restart is needed; what waits goes at once."""
    wish = {"adapter": adapter, "reason": reason}
    with session.admin() as client:
        answer = client.post(f"/interfaces/{segment(interface)}/adapter", wish)
    words = session.words("interfaces.switched", interface=interface, adapter=answer["adapter"])
    session.result(answer, lambda: session.out.print(words, markup=False))


@app.command("replay")
@command
def replay(
    session: Session,
    interface: Interface,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the audit log.")],
    call: Annotated[
        str, typer.Option("--call", metavar="CALL", help="This call alone; else all that were refused or given up.")
    ] = "",
) -> None:
    """Make calls again that were refused or given up."""
    with session.admin() as client:
        answer = client.post(f"/interfaces/{segment(interface)}/replay", {"call": call, "reason": reason})
    words = session.words("interfaces.replayed", count=answer["calls"])
    session.result(answer, lambda: session.out.print(words, markup=False))


def _show_list(session: Session, page: Mapping[str, Any]) -> None:
    rows = Listing(
        session,
        "interface",
        "adapter",
        "state",
        "waiting",
        "failed",
        "calls",
        "worked",
        "error",
        numbers=("waiting", "failed", "calls"),
        stacked=("error",),
        dropped=("calls", "worked"),
    )
    for item in page["items"]:
        rows.add_row(
            display.plain(item["port"]),
            display.plain(item["adapter"]),
            display.state(session, item["state"]),
            str(item["waiting"]),
            str(item["failed"]),
            str(item["calls"]),
            display.when(session, item["worked_at_us"] or None),
            display.plain(item["error"] if item["failed_at_us"] > item["worked_at_us"] else ""),
        )
    rows.show("interfaces.none")


def _show_one(session: Session, found: Mapping[str, Any]) -> None:
    words, chinese = session.words, session.language == "zh"
    facts = display.facts_table()
    facts.add_row(words("column.interface"), display.plain(found["port"]))
    facts.add_row(words("column.meaning"), display.plain(found["zh" if chinese else "en"]))
    facts.add_row(words("column.adapter"), display.plain(found["adapter"]))
    facts.add_row(words("column.parameter"), display.plain(found["parameter"]))
    facts.add_row(words("column.state"), display.state(session, found["state"]))
    facts.add_row(words("column.waiting"), str(found["waiting"]))
    facts.add_row(words("column.oldest"), display.when(session, found["oldest_waiting_at_us"] or None))
    facts.add_row(words("column.failed"), str(found["failed"]))
    session.out.print(facts)
    session.out.print()
    rows = Listing(
        session,
        "adapter",
        "state",
        "calls",
        "done",
        "refused",
        "errors",
        "mean",
        "longest",
        "worked",
        "failed_at",
        "error",
        "lacks",
        numbers=("calls", "done", "refused", "errors", "mean", "longest"),
        stacked=("lacks", "error"),
        dropped=("longest", "failed_at", "worked"),
    )
    for item in found["adapters"]:
        rows.add_row(
            display.plain(item["adapter"]),
            display.state(session, item["state"]),
            *(str(item[name]) for name in ("calls", "done", "refused", "errors")),
            display.span(item["took_us_mean"] or None),
            display.span(item["took_us_max"] or None),
            display.when(session, item["worked_at_us"] or None),
            display.when(session, item["failed_at_us"] or None),
            display.plain(item["error"]),
            display.plain(item["lacks_zh" if chinese else "lacks_en"]),
        )
    rows.show()


def _show_calls(session: Session, interface: str, page: Mapping[str, Any]) -> None:
    rows = Listing(
        session,
        "call",
        "placed",
        "to",
        "state",
        "adapter",
        "tries",
        "took",
        "next_try",
        "error",
        numbers=("tries", "took"),
        stacked=("error",),
        dropped=("next_try", "took", "adapter"),
    )
    for item in page["items"]:
        rows.add_row(
            display.plain(item["call"]),
            display.when(session, item["placed_at_us"]),
            display.plain(item["shown"]),
            display.state(session, item["state"]),
            display.plain(item["adapter"]),
            str(item["tries"]),
            display.span(item["took_us"] or None),
            display.when(session, None if item["ended_at_us"] else item["next_try_at_us"]),
            display.plain(item["error"]),
        )
    rows.show("interfaces.no_calls")
    if page["next"]:
        session.note("interfaces.more", interface=interface, before=page["next"])
