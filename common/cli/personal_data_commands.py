"""The keys that personal data is encrypted under: how far they are, rotate, replace the master key."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.listing import Listing
from common.cli.session import Session, command

app = typer.Typer(help="Encryption of personal data: status, rotation, master key.", no_args_is_help=True)

SLICES_A_CALL = 20
RENEW_TIMEOUT_S = 300.0


@app.command("status")
@command
def status(session: Session) -> None:
    """Say which keys are in use, and how many records are still to be encrypted under the newest."""
    with session.admin() as client:
        found = client.get("/personal-data")
    session.result(found, lambda: _show(session, found))


@app.command("rotate")
@command
def rotate(
    session: Session,
    wait: Annotated[bool, typer.Option("--wait", help="Help with it, and end when it is done.")] = False,
) -> None:
    """Make new keys and encrypt every record anew under them, in the background; then destroy the former keys.

    It survives a crash at any point and goes on by itself while the node serves; `status` shows how far it is. With
    --wait on a rotation that is under way it helps with that one.
    """
    with session.admin() as client:
        found = client.get("/personal-data")
        if not (wait and found["rotating"]):
            client.post("/personal-data/rotate")
            found = client.get("/personal-data")
        more = wait
        while more:
            found = client.post(f"/personal-data/renew?slices={SLICES_A_CALL}", timeout_s=RENEW_TIMEOUT_S)
            more = found["more"]
            if more:
                session.note("personal_data.left", left=found["records_left"], total=found["records"])
    session.result(found, lambda: _show(session, found))


@app.command("replace-master-key")
@command
def replace_master_key(session: Session) -> None:
    """Put a new master key into its file, before the former one, and wrap all keys by it. Takes a moment.

    Copy the file again to where its copy is kept. The former key stays in it, since backups from before need it.
    """
    with session.admin() as client:
        done = client.post("/personal-data/master-key")
    session.result(done, lambda: session.out.print(session.words("personal_data.replaced", **done), markup=False))


@app.command("forget-former-master-keys")
@command
def forget_former_master_keys(session: Session) -> None:
    """Take the former master keys out of the file. Backups that were made under them can then no longer be read."""
    with session.admin() as client:
        done = client.post("/personal-data/master-key/forget-former")
    session.result(done, lambda: session.out.print(session.words("personal_data.forgotten", **done), markup=False))


def _show(session: Session, found: Any) -> None:
    words = session.words
    facts = display.facts_table()
    facts.add_row(words("personal_data.records"), f"{found['records']:,}")
    facts.add_row(words("personal_data.records_left"), f"{found['records_left']:,}")
    session.out.print(facts)
    rows = Listing(session, "generation", "master_key", "made", "destroyed")
    for each in found["generations"]:
        rows.add_row(
            str(each["generation"]),
            display.plain(each["master_key"]),
            display.when(session, each["made_at_us"]),
            display.when(session, each["destroyed_at_us"] or None),
        )
    rows.show()
