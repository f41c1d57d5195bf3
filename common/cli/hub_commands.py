"""Who is told of events: subscriptions of other systems to the hubs of the REST interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.connection import segment
from common.cli.listing import Listing
from common.cli.session import Session, command

app = typer.Typer(help="Other systems that are told of events, signed and in order.", no_args_is_help=True)

Subscription = Annotated[
    str, typer.Argument(metavar="SUBSCRIPTION", help="The subscription's id, as `hubs list` shows it.")
]


@app.command("list")
@command
def list_hubs(
    session: Session,
    api: Annotated[str, typer.Option("--api", metavar="API", help="Only this API's, such as serviceRequest.")] = "",
    after: Annotated[str, typer.Option("--after", metavar="SUBSCRIPTION", help="Go on behind this id.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many at most.")] = 50,
) -> None:
    """List subscriptions of all owners: where events go, what waits, and what was given up."""
    with session.admin() as client:
        page = client.get("/hubs", api=api, after=after, limit=limit)
    session.result(page, lambda: _show_page(session, page))


@app.command("show")
@command
def show(session: Session, subscription: Subscription) -> None:
    """Show a subscription, and the first of the events that were given up with why."""
    with session.admin() as client:
        found = client.get(f"/hubs/{segment(subscription)}")
    session.result(found, lambda: _show_one(session, found))


@app.command("add")
@command
def add(
    session: Session,
    callback: Annotated[
        str, typer.Argument(metavar="CALLBACK", help="Where events are sent, by POST: an https address.")
    ],
    api: Annotated[str, typer.Option("--api", metavar="API", help="Of which API.")] = "serviceRequest",
    query: Annotated[
        str, typer.Option("--query", metavar="QUERY", help="Which events, as lists are filtered; else all.")
    ] = "",
) -> None:
    """Subscribe a system to events from now on. The secret that signs them is shown once."""
    with session.admin() as client:
        made = client.post("/hubs", {"api": api, "callback": callback, "query": query})
    words = session.words("hubs.added", id=made["subscription_id"], secret=made["secret"])
    session.result(made, lambda: session.out.print(words, markup=False, soft_wrap=True))


@app.command("remove")
@command
def remove(session: Session, subscription: Subscription) -> None:
    """End a subscription; what waits for it is forgotten."""
    with session.admin() as client:
        done = client.post(f"/hubs/{segment(subscription)}/removal")
    words = session.words("hubs.removed", id=done["subscription_id"])
    session.result(done, lambda: session.out.print(words, markup=False))


@app.command("replay")
@command
def replay(session: Session, subscription: Subscription) -> None:
    """Deliver again what was given up, and switch the subscription on where it is off."""
    with session.admin() as client:
        done = client.post(f"/hubs/{segment(subscription)}/replay")
    words = session.words("hubs.replayed", id=done["subscription_id"], count=done["replayed"])
    session.result(done, lambda: session.out.print(words, markup=False))


def _show_page(session: Session, page: Mapping[str, Any]) -> None:
    columns = ("event_subscription", "api", "owner", "callback", "state", "waiting", "given_up")
    rows = Listing(session, *columns, stacked=("callback",), dropped=("api",))
    for item in page["items"]:
        rows.add_row(
            display.plain(item["subscription_id"]),
            display.plain(item["api"]),
            display.plain(item["owner"]),
            display.plain(item["callback"]),
            display.state(session, item["state"]),
            str(item["waiting"]),
            str(item["dead"]),
        )
    rows.show("hubs.none")
    if page["next"]:
        session.note("hubs.more", after=page["next"])


def _show_one(session: Session, found: Mapping[str, Any]) -> None:
    words, facts = session.words, display.facts_table()
    facts.add_row(words("column.event_subscription"), display.plain(found["subscription_id"]))
    for name in ("api", "owner", "callback", "query", "state"):
        value = found[name]
        shown = display.state(session, value) if name == "state" else display.plain(value or display.NOTHING)
        facts.add_row(words(f"column.{name}"), shown)
    facts.add_row(words("column.created"), display.when(session, found["created_at_us"]))
    facts.add_row(words("column.waiting"), str(found["waiting"]))
    facts.add_row(words("column.given_up"), str(found["dead"]))
    if found["last_error"]:
        facts.add_row(words("column.failing_since"), display.when(session, found["failing_since_us"]))
        facts.add_row(words("column.error"), display.plain(found["last_error"]))
    session.out.print(facts)
    rows = Listing(session, "event", "event_type", "time", "tries", "error", stacked=("error",))
    for letter in found["dead_letters"]:
        rows.add_row(
            display.plain(letter["event_id"]),
            display.plain(letter["event_type"]),
            display.when(session, letter["created_at_us"]),
            str(letter["tries"]),
            display.plain(letter["error"]),
        )
    if found["dead_letters"]:
        rows.show("hubs.none")
