"""What provinces may give their people at most, from HQ's command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.ceiling_commands import ceilings_app
from common.cli.session import Session, command

Subject = Annotated[
    str,
    typer.Argument(metavar="SUBJECT", help="A permission, such as customer:export, or a field, as customer.address."),
]
Province = Annotated[
    list[str] | None,
    typer.Option("--province", metavar="NODE", help="Only this province, by its code; may be repeated."),
]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stands in the directory, which every province reads.")]

app = ceilings_app()


@app.command("set")
@command
def set_ceiling(
    session: Session,
    subject: Subject,
    most: Annotated[
        str,
        typer.Argument(
            metavar="MOST",
            help="Of a permission: NONE, or OWN to NETWORK; of a field: HIDDEN, MASKED, VISIBLE or EDITABLE.",
        ),
    ],
    reason: Reason,
    provinces: Province = None,
) -> None:
    """Say how far provinces may let anybody go at most, whatever their roles say.

    It counts at each province as soon as that has taken the directory, also for who is signed in.
    """
    wish = {"subject": subject, "most": most, "provinces": provinces or [], "reason": reason}
    with session.admin() as client:
        document = client.post("/ceilings/set", wish)
    _say(session, document, "ceilings.set")


@app.command("remove")
@command
def remove_ceiling(session: Session, subject: Subject, reason: Reason, provinces: Province = None) -> None:
    """Take a ceiling away, so that roles count again as they are written."""
    wish = {"subject": subject, "provinces": provinces or [], "reason": reason}
    with session.admin() as client:
        document = client.post("/ceilings/remove", wish)
    _say(session, document, "ceilings.removed")


def _say(session: Session, document: Mapping[str, Any], said: str) -> None:
    nodes = ", ".join(display.node_name(session, code) for code in document["provinces"])
    words = session.words(
        said,
        subject=document["subject"],
        most=document.get("most", ""),
        nodes=nodes or session.words("ceilings.all"),
        version=document["directory_version"],
    )
    session.result(document, lambda: session.out.print(words, markup=False))
    if document["waits_for_root"]:
        session.note("directory.waits", version=document["directory_version"])
