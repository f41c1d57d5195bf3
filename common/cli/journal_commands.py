"""The journals after the fact: prune what is archived, erase personal data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from common.cli.connection import AdminClient, segment
from common.cli.exits import Exit
from common.cli.session import Misused, Session, command

app = typer.Typer(help="Journals: prune, verify, compare.", no_args_is_help=True)
private_bodies_app = typer.Typer(help="Personal data of requests: erase.", no_args_is_help=True)

SLICES_A_CALL = 16
PRUNE_TIMEOUT_S = 300.0


@app.command("prune")
@command
def prune(session: Session) -> None:
    """Archive and delete what is older than the retention settings say, slice by slice, now.

    The node does the same by schedule. It can be interrupted at any time; nothing is deleted before it is archived.
    """
    total: dict[str, Any] = {"archived": 0, "batches": 0, "messages": 0}
    with session.admin() as client:
        more = True
        while more:
            done = client.post(f"/journal/prune?slices={SLICES_A_CALL}", timeout_s=PRUNE_TIMEOUT_S)
            total = {name: count + done[name] for name, count in total.items()}
            more = done["more"]
            if more:
                session.note("journal.pruning", **total)
    session.result(total, lambda: session.out.print(session.words("journal.pruned", **total), markup=False))


@app.command("verify")
@command
def verify(
    session: Session,
    link: Annotated[
        str | None, typer.Option("--link", metavar="LINK", help="Only this directed link, such as 31-00.")
    ] = None,
    after: Annotated[int, typer.Option("--after", min=0, help="Go on behind this seal of that link.")] = 0,
) -> None:
    """Check every batch of every link, archived or not: chain, roots, signatures, watermarks, gaps.

    Ends with 0 when all is well, with 1 when something is wrong. Interrupted, it says how to go on.
    """
    faults: list[Any] = []
    checked: dict[str, int] = {}
    with session.admin() as client:
        journals = [item for item in client.get("/journal")["items"] if link in (None, item["link"].replace(">", "-"))]
        if not journals:
            raise Misused(session.words("journal.no_link", link=link or ""))
        for item in journals:
            name, place = item["link"].replace(">", "-"), after if link else 0
            try:
                for found in _slices(client, f"/journal/{name}/verify", place):
                    faults += found["faults"]
                    checked[name] = checked.get(name, 0) + found["batches"]
                    place = found["next"] or place
                    if found["next"]:
                        session.note("journal.checking", link=name, seal=place, last=item["last_seal"])
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
    with session.admin() as client:
        links = {
            item["link"]: "".join(found["hashes"] for found in _slices(client, _digest_of(item["link"]), 0))
            for item in client.get("/journal")["items"]
        }
    out.write_text(json.dumps({"format": 1, "links": links}) + "\n", encoding="utf-8")
    document = {"file": str(out), "links": sorted(links)}
    session.result(document, lambda: session.out.print(session.words("journal.digest", file=out), markup=False))


@app.command("compare")
@command
def compare(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The other node's digest.", dir_okay=False)],
) -> None:
    """Compare this node's journals with another node's, from its digest file; name the first seal where they part.

    Seals are chained: where two journals agree on a seal, they agree on all before it. Ends with 0 when they agree as
    far as both go, with 1 when they part.
    """
    from common.journal.audit import compare as compare_hashes

    try:
        theirs = {str(link): bytes.fromhex(hashes) for link, hashes in json.loads(file.read_bytes())["links"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Misused(session.words("usage.file_unreadable", file=file, detail=type(error).__name__)) from error
    compared = []
    with session.admin() as client:
        ours = {item["link"] for item in client.get("/journal")["items"]}
        for link in sorted(ours & theirs.keys()):
            found = list(_slices(client, _digest_of(link), 0))
            hashes = bytes.fromhex("".join(slice_["hashes"] for slice_ in found))
            compared.append(compare_hashes(link, hashes, theirs[link]).to_dict())
    if not compared:
        raise Misused(session.words("journal.nothing_in_common", file=file))
    session.result({"links": compared}, lambda: _show_compared(session, compared))
    if any(each["parts_at"] for each in compared):
        session.end(Exit.REFUSED)


def _digest_of(link: str) -> str:
    return f"/journal/{link.replace('>', '-')}/digest"


def _slices(client: AdminClient, path: str, after: int) -> Iterator[Any]:
    """The answers of a route that is asked slice by slice, the last one included."""
    place: int | None = after
    while place is not None:
        found = client.get(path, PRUNE_TIMEOUT_S, after=place)
        yield found
        place = found["next"]


def _show_audit(session: Session, document: dict[str, Any]) -> None:
    for link, batches in document["batches"].items():
        session.out.print(session.words("journal.checked", link=link, batches=batches), markup=False)
    for fault in document["faults"]:
        session.out.print(f"{fault['link']} {fault['seal_number']}: {fault['code']}: {fault['text']}", markup=False)
    if not document["faults"]:
        session.out.print(session.words("journal.good"), markup=False)


def _show_compared(session: Session, compared: list[dict[str, Any]]) -> None:
    for each in compared:
        key = "journal.parts" if each["parts_at"] else "journal.agrees"
        session.out.print(session.words(key, **each), markup=False)


@private_bodies_app.command("erase")
@command
def erase(session: Session, request_id: Annotated[str, typer.Argument(metavar="ID", help="The request's id.")]) -> None:
    """Erase the personal data of an ended request from this node's database and archives, for good.

    Only ciphertexts are taken out; what was signed still verifies. Each node that took part erases its own copies.
    """
    with session.admin() as client:
        done = client.post(f"/private-bodies/{segment(request_id)}/erase", timeout_s=PRUNE_TIMEOUT_S)
    session.result(done, lambda: session.out.print(session.words("private_bodies.erased", **done), markup=False))
