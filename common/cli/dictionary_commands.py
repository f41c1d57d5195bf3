"""Dictionaries: coded values with names in both languages, headquarters' and the node's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.connection import segment
from common.cli.listing import Listing
from common.cli.moments import parse_moment_us
from common.cli.session import Misused, Session, command

Dictionary = Annotated[
    str, typer.Argument(metavar="DICTIONARY", help="The dictionary's name, as `dictionaries list` shows it.")
]
Code = Annotated[str, typer.Argument(metavar="CODE", help="The value's code: letters, digits, dots, hyphens.")]
Chinese = Annotated[str, typer.Option("--zh", metavar="NAME", help="What it is called in Chinese.")]
English = Annotated[str, typer.Option("--en", metavar="NAME", help="What it is called in English.")]
Place = Annotated[int, typer.Option("--place", metavar="NUMBER", min=0, help="Orders the values.")]
Inactive = Annotated[bool, typer.Option("--inactive", help="It may not be used any more.")]
From = Annotated[str, typer.Option("--from", metavar="MOMENT", help="It may be used from then on, such as 2026-12-01.")]
Until = Annotated[str, typer.Option("--until", metavar="MOMENT", help="It may be used until then, such as 2026-12-31.")]
Parent = Annotated[str, typer.Option("--under", metavar="CODE", help="The value under which it stands.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the history and in the audit log.")]
File = Annotated[
    Path, typer.Argument(metavar="FILE", help="CSV with code, zh, en, place, active, from, until, parent.")
]


@command
def list_dictionaries(session: Session) -> None:
    """List all dictionaries."""
    with session.admin() as client:
        page = client.get("/dictionaries")
    session.result(page, lambda: _show_list(session, page))


@command
def show(session: Session, dictionary: Dictionary) -> None:
    """Show a dictionary: its values in their order, and the last changes."""
    with session.admin() as client:
        found = client.get(f"/dictionaries/{segment(dictionary)}")
    session.result(found, lambda: _show_one(session, found))


@command
def set_value(
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
    """Add a value of this node's own, or say what it is from now on. What headquarters says is not changed here."""
    value = read_value(session, code, zh, en, place, inactive, since, until, parent)
    send(session, f"/dictionaries/{segment(dictionary)}/values", [value], reason)


@command
def import_file(session: Session, dictionary: Dictionary, file: File, reason: Reason) -> None:
    """Add or change values of this node's own from a CSV file: all of them, or none. Values that are not in the file
    stay. Safe to repeat."""
    send(session, f"/dictionaries/{segment(dictionary)}/values", read_file(session, file), reason)


@command
def export_file(
    session: Session,
    dictionary: Dictionary,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where to; else it is printed.")] = None,
    local: Annotated[bool, typer.Option("--local", help="Only what this node has added.")] = False,
) -> None:
    """Write a dictionary's values as CSV, as `import` reads them."""
    from common.cli.dictionary_csv import write_values

    with session.admin() as client:
        found = client.get(f"/dictionaries/{segment(dictionary)}")
    values = [value for value in found["values"] if not local or value["origin"] == "local"]
    text = write_values(values)
    if out is None:
        session.result({"csv": text}, lambda: session.out.print(text, markup=False, end=""))
        return
    try:
        # The mark at its beginning lets spreadsheet programs read Chinese.
        out.write_text(text, encoding="utf-8-sig")
    except OSError as error:
        raise Misused(session.words("usage.file_unwritable", file=out, detail=error.strerror)) from error
    words = session.words("dictionaries.exported", count=len(values), file=out)
    session.result({"file": str(out), "values": len(values)}, lambda: session.out.print(words, markup=False))


def dictionaries_app() -> typer.Typer:
    """The commands that every node has; headquarters adds its own."""
    app = typer.Typer(help="Coded values with names in both languages, and their history.", no_args_is_help=True)
    for name, function in (
        ("list", list_dictionaries),
        ("show", show),
        ("set", set_value),
        ("import", import_file),
        ("export", export_file),
    ):
        app.command(name)(function)
    return app


def read_value(
    session: Session,
    code: str,
    zh: str,
    en: str,
    place: int,
    inactive: bool,
    since: str,
    until: str,
    parent: str,
) -> dict[str, Any]:
    """A value as the node takes it. Raises Misused."""
    moments = {}
    for name, given in (("from_us", since), ("until_us", until)):
        at_us = parse_moment_us(given) if given else 0
        if at_us is None:
            raise Misused(session.words("usage.not_a_moment", given=given))
        moments[name] = at_us
    return {"code": code, "zh": zh, "en": en, "place": place, "active": not inactive, **moments, "parent": parent}


def read_file(session: Session, file: Path) -> list[dict[str, Any]]:
    """The values in a file. Raises Misused, DictionaryFileUnfit."""
    from common.cli.dictionary_csv import read_values

    try:
        content = file.read_bytes()
    except OSError as error:
        raise Misused(session.words("usage.file_unreadable", file=file, detail=error.strerror)) from error
    return read_values(content)


def send(session: Session, path: str, values: Sequence[Mapping[str, Any]], reason: str) -> None:
    """Has the node take these values, and says which of them were new or otherwise."""
    with session.admin() as client:
        answer = client.post(path, {"values": list(values), "reason": reason})
    codes = ", ".join(answer["changed"])
    words = session.words("dictionaries.changed" if codes else "dictionaries.unchanged", codes=codes)
    session.result(answer, lambda: session.out.print(words, markup=False))


def _show_list(session: Session, page: Mapping[str, Any]) -> None:
    rows = Listing(session, "dictionary", "meaning", "usable", "open", numbers=("usable",))
    for item in page["items"]:
        rows.add_row(
            display.plain(item["name"]),
            display.plain(item["zh" if session.language == "zh" else "en"]),
            f"{item['usable']}/{item['count']}",
            session.words("dictionaries.open" if item["open"] else "dictionaries.closed"),
        )
    rows.show("dictionaries.none")


def _show_one(session: Session, found: Mapping[str, Any]) -> None:
    words = session.words
    session.out.print(found["zh" if session.language == "zh" else "en"], markup=False)
    session.out.print()
    columns = ("code", "zh", "en", "under", "origin", "state", "from", "until")
    rows = Listing(session, *columns, dropped=("until", "from", "under"))
    for value in found["values"]:
        rows.add_row(
            display.plain(value["code"]),
            display.plain(value["zh"]),
            display.plain(value["en"]),
            display.plain(value["parent"]),
            display.plain(words.name("dictionary_origin", value["origin"])),
            display.state(session, "in-use" if value["usable"] else "out-of-use"),
            display.when(session, value["from_us"] or None),
            display.when(session, value["until_us"] or None),
        )
    rows.show()
    if not found["history"]:
        return
    session.out.print()
    changes = Listing(session, "changed_at", "code", "en", "origin", "by", "reason", stacked=("reason",))
    for version in found["history"]:
        changes.add_row(
            display.when(session, version["set_at_us"]),
            display.plain(version["code"]),
            display.plain(version["en"]),
            display.plain(words.name("dictionary_origin", version["origin"])),
            display.plain(version["set_by"]),
            display.plain(version["reason"]),
        )
    changes.show()
