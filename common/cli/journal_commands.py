"""The journals after the fact: prune what is archived, erase personal data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from common.cli.connection import segment
from common.cli.exits import Exit
from common.cli.journal_compare import (
    STEP_TIMEOUT_S,
    compare_with_file,
    compare_with_node,
    digests,
    show_compared,
    slices,
)
from common.cli.progress import progress_bar
from common.cli.session import Misused, Session, command

app = typer.Typer(help="Journals: prune, verify, compare.", no_args_is_help=True)
private_bodies_app = typer.Typer(help="Personal data of requests: erase.", no_args_is_help=True)

SLICES_A_CALL = 16

LinkOption = Annotated[
    str | None, typer.Option("--link", metavar="LINK", help="Only this directed link, such as 31-00.")
]
After = Annotated[int, typer.Option("--after", min=0, help="Go on behind this seal of that link.")]


@app.command("prune")
@command
def prune(session: Session) -> None:
    """Archive and delete what is older than the retention settings say, slice by slice, now.

    The node does the same by schedule. It can be interrupted at any time; nothing is deleted before it is archived.
    """
    total = {"archived": 0, "batches": 0, "messages": 0}
    with session.admin() as client, progress_bar(session) as bar:
        old = client.get("/journal/old", STEP_TIMEOUT_S)
        more = True
        try:
            while more:
                done = client.post(f"/journal/prune?slices={SLICES_A_CALL}", timeout_s=STEP_TIMEOUT_S)
                total = {name: count + done[name] for name, count in total.items()}
                more = done["more"]
                for name in ("batches", "messages"):
                    if old[name]:
                        bar.show(session.words(f"journal.old_{name}"), total[name], old[name])
        except KeyboardInterrupt:
            session.note("journal.pruned_so_far", **total)
            raise
    session.result(total, lambda: session.out.print(session.words("journal.pruned", **total), markup=False))


@app.command("verify")
@command
def verify(
    session: Session,
    link: LinkOption = None,
    after: After = 0,
) -> None:
    """Check every batch of every link, archived or not: chain, roots, signatures, watermarks, gaps.

    Ends with 0 when all is well, with 1 when something is wrong. Interrupted, it says how to go on.
    """
    faults: list[Any] = []
    checked: dict[str, int] = {}
    with session.admin() as client, progress_bar(session) as bar:
        journals = [item for item in client.get("/journal")["items"] if link in (None, item["link"].replace(">", "-"))]
        if not journals:
            raise Misused(session.words("journal.no_link", link=link or ""))
        for item in journals:
            name, place = item["link"].replace(">", "-"), after if link else 0
            try:
                for found in slices(client, f"/journal/{name}/verify", place):
                    faults += found["faults"]
                    checked[name] = checked.get(name, 0) + found["batches"]
                    place = found["next"] or place
                    bar.show(name, place, item["last_seal"])
            except KeyboardInterrupt:
                session.note("journal.go_on", link=name, seal=place)
                raise
    document = {"batches": checked, "faults": faults}
    session.result(document, lambda: _show_audit(session, document))
    if faults:
        session.end(Exit.REFUSED)


@app.command("digest")
@command
def digest(
    session: Session,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", dir_okay=False, help="Where to write it.")],
) -> None:
    """Write the hashes of all seals into a file, for the other end of a link to compare with."""
    with session.admin() as client, progress_bar(session) as bar:
        links = {
            item["link"]: "".join(digests(client, item["link"], item["last_seal"], bar))
            for item in client.get("/journal")["items"]
        }
    out.write_text(json.dumps({"format": 1, "links": links}) + "\n", encoding="utf-8")
    document = {"file": str(out), "links": sorted(links)}
    session.result(document, lambda: session.out.print(session.words("journal.digest", file=out), markup=False))


@app.command("compare")
@command
def compare(
    session: Session,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The other node's digest.", dir_okay=False)
    ] = None,
    node: Annotated[
        str | None, typer.Option("--node", metavar="NODE", help="Ask the node at the other end, by its code; HQ is 00.")
    ] = None,
    link: LinkOption = None,
    after: After = 0,
) -> None:
    """Compare this node's journals with those of the node at the other end; name the first seal where they part.

    With --node it is asked while it runs; where it cannot be, its digest file does. Ends with 0 when both agree as far
    as both go, with 1 when they part, with 4 when the node is away.
    """
    if (file is None) == (node is None):
        raise Misused(session.words("journal.file_or_node"))
    with session.admin() as client:
        if node is not None:
            compared = compare_with_node(session, client, node, link, after)
        else:
            assert file is not None, "one of the two was given"
            compared = compare_with_file(session, client, file)
    session.result({"links": compared}, lambda: show_compared(session, compared))
    if any(each["parts_at"] for each in compared):
        session.end(Exit.REFUSED)


def _show_audit(session: Session, document: dict[str, Any]) -> None:
    for link, batches in document["batches"].items():
        session.out.print(session.words("journal.checked", link=link, batches=batches), markup=False)
    for fault in document["faults"]:
        session.out.print(f"{fault['link']} {fault['seal_number']}: {fault['code']}: {fault['text']}", markup=False)
    if not document["faults"]:
        session.out.print(session.words("journal.good"), markup=False)


@private_bodies_app.command("erase")
@command
def erase(session: Session, request_id: Annotated[str, typer.Argument(metavar="ID", help="The request's id.")]) -> None:
    """Erase the personal data of an ended request from this node's database and archives, for good.

    Only ciphertexts are taken out; what was signed still verifies. Each node that took part erases its own copies. It
    can be interrupted at any time; the same command again goes on.
    """
    route = f"/private-bodies/{segment(request_id)}/erase?files=1"
    total = {"stored": 0, "archived": 0}
    with session.admin() as client, progress_bar(session) as bar:
        try:
            after: str | None = ""
            while after is not None:
                done = client.post(f"{route}&after={after}", timeout_s=STEP_TIMEOUT_S)
                total = {name: count + done[name] for name, count in total.items()}
                after = done["next"]
                bar.show(session.words("private_bodies.archives"), done["files_done"], done["files"])
        except KeyboardInterrupt:
            session.note("private_bodies.erased_so_far", request_id=request_id, **total)
            raise
    document = {"request_id": done["request_id"], **total}
    said = session.words("private_bodies.erased", **document)
    session.result(document, lambda: session.out.print(said, markup=False))
