"""The journals after the fact: prune what is archived, erase personal data."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from common.cli.connection import segment
from common.cli.session import Session, command

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


@private_bodies_app.command("erase")
@command
def erase(session: Session, request_id: Annotated[str, typer.Argument(metavar="ID", help="The request's id.")]) -> None:
    """Erase the personal data of an ended request from this node's database and archives, for good.

    Only ciphertexts are taken out; what was signed still verifies. Each node that took part erases its own copies.
    """
    with session.admin() as client:
        done = client.post(f"/private-bodies/{segment(request_id)}/erase", timeout_s=PRUNE_TIMEOUT_S)
    session.result(done, lambda: session.out.print(session.words("private_bodies.erased", **done), markup=False))
