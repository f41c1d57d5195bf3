"""Comparing journals: with the other end of a link while it runs, or with its digest file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.cli import display
from common.cli.connection import AdminClient, AnswerUnreadable
from common.cli.listing import Listing
from common.cli.progress import Bar, progress_bar
from common.cli.session import Misused, Session

if TYPE_CHECKING:
    from common.journal.comparison import Question, Ranges

STEP_TIMEOUT_S = 300.0


def compare_with_node(
    session: Session, client: AdminClient, node: str, link: str | None, after: int
) -> list[dict[str, Any]]:
    """Asks the node at the other end, link by link; how each relates."""
    journals = [item for item in client.get("/journal")["items"] if item["peer"] == node]
    journals = [item for item in journals if link in (None, item["link"].replace(">", "-"))]
    if not journals:
        raise Misused(session.words("journal.no_link", link=link or node))
    with progress_bar(session) as bar:
        return [_compare_link(session, client, item, after if link else 0, bar) for item in journals]


def _compare_link(session: Session, client: AdminClient, item: dict[str, Any], after: int, bar: Bar) -> dict[str, Any]:
    from common.journal.comparison import Comparison

    name = item["link"].replace(">", "-")
    comparison = Comparison(item["link"], item["peer"], known=item["known_of_peer"], own=item["own"], after=after)
    try:
        while question := comparison.question():
            # The other end first: what it has by then, this one has had to say or hear before.
            theirs = _ranges(client, f"/journal/{name}/peer-ranges", question)
            comparison.take(_ranges(client, f"/journal/{name}/ranges", question), theirs)
            bar.show(name, comparison.agreed, comparison.both)
    except KeyboardInterrupt:
        session.note("journal.compare_on", link=name, node=item["peer"], seal=comparison.agreed)
        raise
    return comparison.result().to_dict()


def _ranges(client: AdminClient, path: str, question: Question) -> Ranges:
    from common.journal.comparison import Ranges

    answer = client.get(path, STEP_TIMEOUT_S, first=question.first, last=question.last, every=question.every)
    try:
        return Ranges(int(answer["last_seal"]), tuple(bytes.fromhex(digest) for digest in answer["digests"]))
    except (KeyError, TypeError, ValueError) as error:
        raise AnswerUnreadable(route=path, detail=type(error).__name__) from error


def compare_with_file(session: Session, client: AdminClient, file: Path) -> list[dict[str, Any]]:
    """Compares with the digest file of another node; how each link that both have relates."""
    from common.journal.audit import compare as compare_hashes

    try:
        theirs = {str(link): bytes.fromhex(hashes) for link, hashes in json.loads(file.read_bytes())["links"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Misused(session.words("usage.file_unreadable", file=file, detail=type(error).__name__)) from error
    compared = []
    journals = {item["link"]: item["last_seal"] for item in client.get("/journal")["items"]}
    with progress_bar(session) as bar:
        for link in sorted(journals.keys() & theirs.keys()):
            hashes = bytes.fromhex("".join(digests(client, link, journals[link], bar)))
            compared.append(compare_hashes(link, hashes, theirs[link]).to_dict())
    if not compared:
        raise Misused(session.words("journal.nothing_in_common", file=file))
    return compared


def digests(client: AdminClient, link: str, last_seal: int, bar: Bar) -> Iterator[str]:
    """The short hashes of a link's seals, slice by slice."""
    name = link.replace(">", "-")
    for found in slices(client, f"/journal/{name}/digest", 0):
        yield found["hashes"]
        bar.show(name, found["next"] or last_seal, last_seal)


def slices(client: AdminClient, path: str, after: int) -> Iterator[Any]:
    """The answers of a route that is asked slice by slice, the last one included."""
    place: int | None = after
    while place is not None:
        found = client.get(path, STEP_TIMEOUT_S, after=place)
        yield found
        place = found["next"]


def show_compared(session: Session, compared: list[dict[str, Any]]) -> None:
    """A row for each link."""
    listing = Listing(session, "link", "ours", "theirs", "result", numbers=("ours", "theirs"), stacked=("result",))
    for each in compared:
        key = f"lost_{each['lost']}" if each["lost"] else "parts" if each["parts_at"] else "agrees"
        result = session.words(f"journal.{key}", **each)
        listing.add_row(each["link"], f"{each['ours']:,}", f"{each['theirs']:,}", display.plain(result))
    listing.show()
