"""Publishing dictionaries from HQ's command line."""

from __future__ import annotations

from common.cli.connection import segment
from common.cli.dictionary_commands import (
    Chinese,
    Code,
    Dictionary,
    English,
    File,
    From,
    Inactive,
    Parent,
    Place,
    Reason,
    Until,
    dictionaries_app,
    read_file,
    read_value,
    send,
)
from common.cli.session import Session, command
from hq_node.publications.command_line import show_deliveries

app = dictionaries_app()


@app.command("publish")
@command
def publish(
    session: Session,
    dictionary: Dictionary,
    code: Code,
    zh: Chinese,
    en: English,
    reason: Reason,
    place: Place = 0,
    inactive: Inactive = False,
    since: From = "",
    until: Until = "",
    parent: Parent = "",
) -> None:
    """Add a value for the whole network, or say what it is from now on. Provinces take it as they can be reached."""
    value = read_value(session, code, zh, en, place, inactive, since, until, parent)
    send(session, f"/published-dictionaries/{segment(dictionary)}/values", [value], reason)


@app.command("publish-file")
@command
def publish_file(session: Session, dictionary: Dictionary, file: File, reason: Reason) -> None:
    """Add or change values for the whole network from a CSV file: all of them, or none."""
    send(session, f"/published-dictionaries/{segment(dictionary)}/values", read_file(session, file), reason)


@app.command("deliveries")
@command
def deliveries(session: Session, dictionary: Dictionary) -> None:
    """List which provinces hold what is published of a dictionary."""
    with session.admin() as client:
        found = client.get(f"/published-dictionaries/{segment(dictionary)}")
    session.result(found, lambda: show_deliveries(session, found))
