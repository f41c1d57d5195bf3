"""One customer's data from the command line: find, show, reveal, give out, erase. Part of `customers`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.connection import segment
from common.cli.exits import Exit
from common.cli.listing import Listing
from common.cli.session import Misused, Session, command
from common.security.private_files import write_private

ERASE_TIMEOUT_S = 600.0
SHOWN = (
    "customer_number",
    "kind",
    "name",
    "document_kind",
    "document_number",
    "contact_number",
    "city_code",
    "address",
)
NAMED = {"kind": "customer_kind", "document_kind": "document_kind"}
"""Fields whose values are codes, with the group of names that people call them by."""

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The customer's number, such as 44-0000000001.")]


class SearchBy(StrEnum):
    """What a customer can be found by."""

    DOCUMENT = "document"
    CONTACT = "contact"
    ADDRESS = "address"


class MaskedField(StrEnum):
    """What masks hide."""

    DOCUMENT = "document_number"
    CONTACT = "contact_number"
    ADDRESS = "address"


@command
def find(
    session: Session,
    by: Annotated[SearchBy, typer.Argument(metavar="BY", help="What is looked for: document, contact or address.")],
    city: Annotated[
        str, typer.Option("--city", metavar="CODE", help="The city of an address (GB/T 2260), such as 440100.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="At most so many.")] = 50,
) -> None:
    """Find customers by a document, a contact number, or a part of an address; what is personal is shown masked.

    The number (all of it, or the last 6 or 4 characters) or the part of the address is read from standard input:
    arguments of commands can be seen by other users of the machine.
    """
    if sys.stdin.isatty():
        session.err.print(session.words("customers.looked_for"), end="", markup=False)
    text = sys.stdin.readline().strip()
    if not text:
        own = {"program": session.program.name, "data": session.data_option, "by": str(by)}
        raise Misused(session.words("customers.nothing_looked_for", **own))
    with session.admin() as client:
        found = client.post("/customers/search", {"by": str(by), "text": text, "city_code": city, "limit": limit})
    session.result(found, lambda: _show_found(session, found))


@command
def show(session: Session, number: Number) -> None:
    """Show a customer; what is personal is masked."""
    with session.admin() as client:
        found = client.get(f"/customers/{segment(number)}")
    session.result(found, lambda: _show_fields(session, found, SHOWN))


@command
def reveal(
    session: Session,
    number: Number,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why, without personal data; kept in the audit log.")
    ],
    fields: Annotated[
        list[MaskedField] | None,
        typer.Option("--field", help="Only this one; may be repeated. Else all that is masked."),
    ] = None,
) -> None:
    """Show in full what masks hide of a customer. Each use is in the audit log, and there is a limit for an hour."""
    wish = {"fields": [str(field) for field in fields or ()], "reason": reason}
    with session.admin() as client:
        found = client.post(f"/customers/{segment(number)}/reveal", wish)
    session.result(found, lambda: _show_fields(session, found, [name for name in SHOWN if name in found]))


@command
def export(
    session: Session,
    number: Number,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", dir_okay=False, help="A new file, for the customer.")],
) -> None:
    """Write all that is stored about a customer into a file, for the customer: JSON, in the clear.

    Nobody else on the machine can read the file. Hand it over, then delete it.
    """
    if out.exists():
        raise Misused(session.words("usage.file_exists", file=out))
    with session.admin() as client:
        exported = client.post(f"/customers/{segment(number)}/export")
    try:
        write_private(out, (json.dumps(exported, ensure_ascii=False, indent=2) + "\n").encode())
    except OSError as error:
        raise Misused(session.words("usage.file_unwritable", file=out, detail=error.strerror)) from error
    document = {"customer_number": number, "file": str(out)}
    session.result(document, lambda: session.out.print(session.words("customers.exported", file=out), markup=False))


@command
def erase(
    session: Session,
    number: Number,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why, without personal data; it stays with the number.")
    ],
) -> None:
    """Erase a customer's personal data for good: their key is destroyed, and what requests hold of it is purged.

    Refused while subscriptions are not terminated, and for as long afterwards as the law keeps the data. The number and
    terminated subscriptions stay, so that bills and evidence still verify. It can be interrupted; the same command
    again goes on. Ends with 1 when a request that has not ended still holds data: run it again later.
    """
    with session.admin() as client:
        done = client.post(f"/customers/{segment(number)}/erase", {"reason": reason}, timeout_s=ERASE_TIMEOUT_S)
    session.result(done, lambda: _show_erased(session, done))
    session.end(Exit.REFUSED if done["requests_left"] else Exit.OK)


def add_personal_commands(app: typer.Typer) -> None:
    """Adds them to `customers`."""
    for each in (find, show, reveal, export, erase):
        app.command(each.__name__)(each)


def _show_found(session: Session, found: Any) -> None:
    rows = Listing(session, "customer", "name", "document_number", "contact_number", "address", dropped=("address",))
    for item in found["items"]:
        names = ("customer_number", "name", "document_number", "contact_number", "address")
        rows.add_row(*(display.plain(item[name]) for name in names))
    rows.show("customers.none")
    if found["more"]:
        session.note("customers.more_found")


def _show_fields(session: Session, found: Any, names: Sequence[str]) -> None:
    facts = display.facts_table()
    for name in names:
        group = NAMED.get(name)
        value = session.words.name(group, found[name]) if group else found[name]
        facts.add_row(session.words(f"customers.{name}"), display.plain(value))
    session.out.print(facts)


def _show_erased(session: Session, done: Any) -> None:
    when = display.when(session, done["erased_at_us"])
    text = session.words("customers.erased", number=done["customer_number"], when=when, requests=done["requests"])
    session.out.print(text, markup=False)
    for request in done["requests_left"]:
        session.out.print(session.words("customers.erase_left", request=request), style="yellow", markup=False)
