"""Joining the federation from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.cli import display
from common.cli.request_commands import duration_option
from common.cli.session import Misused, Session, command

if TYPE_CHECKING:
    from province_node.directory.membership import Membership

INVITATION_CHARACTERS_MAX = 65_536


NEW_KEYS_HELP = "Make new keys for this invitation: those that there are were revoked, or may have been stolen."


def add_enrolment_commands(app: typer.Typer) -> None:
    """Adds the command to the province's program."""
    app.command("enrol")(command(enrol))


def enrol(
    session: Session,
    invitation: Annotated[
        str,
        typer.Option("--invitation", metavar="TEXT|@FILE", help="The invitation from HQ, or @ and the file it is in."),
    ],
    wait: Annotated[
        str, typer.Option("--wait", metavar="TIME", help="How long to wait for HQ's operator to approve (10m).")
    ] = "",
    new_keys: Annotated[bool, typer.Option("--new-keys", help=NEW_KEYS_HELP)] = False,
) -> None:
    """Join the federation with an invitation from HQ. May be repeated after any failure."""
    text = _invitation(session, invitation)
    wait_ms = duration_option(session, wait, "--wait")
    session.require_node()
    membership = _enrol(session, text, wait_ms, new_keys)
    document = {
        "node": membership.node,
        "link_address": membership.link_address,
        "directory_version": membership.directory().version,
    }
    session.result(document, lambda: _show(session, document))


def _enrol(session: Session, invitation: str, wait_ms: int, new_keys: bool) -> Membership:
    import asyncio
    from functools import partial

    from common.clock import SystemClock
    from common.program.data_directory import DataDirectory
    from common.program.initialising import resume_link_of
    from common.security.key_protection import passphrase_from
    from common.security.token import open_token
    from common.version import SOFTWARE_VERSION
    from province_node.directory.enrolment import EnrolmentOptions
    from province_node.directory.enrolment import enrol as join
    from province_node.settings import ProvinceSettings

    def on_waiting(signing_key_id: str) -> None:
        session.note("enrol.waiting", key=signing_key_id)

    data = DataDirectory(session.data_dir)
    # Held so that the node cannot start on half a membership.
    with data.locked():
        settings = data.load_settings(ProvinceSettings)
        options = EnrolmentOptions(
            wait_us_max=wait_ms * 1_000,
            language=session.language,
            on_waiting=on_waiting,
            passphrase=passphrase_from(settings.keys.passphrase_file),
            token=open_token(settings.keys.token, settings.keys.token_file),
            new_keys=new_keys,
            resume=partial(resume_link_of, data, settings.node, SystemClock().now_us()),
        )
        return asyncio.run(join(invitation, settings.node, data.path, SOFTWARE_VERSION, SystemClock(), options))


def _invitation(session: Session, given: str) -> str:
    """The invitation itself, or what is in the file that is named."""
    if not given.startswith("@"):
        if _is_file(given):
            raise Misused(session.words("usage.invitation_is_a_file", given=given))
        return given
    try:
        with Path(given[1:]).expanduser().open(encoding="utf-8") as file:
            return file.read(INVITATION_CHARACTERS_MAX)
    except (OSError, UnicodeDecodeError) as error:
        detail = error.strerror if isinstance(error, OSError) else "UTF-8"
        raise Misused(session.words("usage.file_unreadable", file=given[1:], detail=detail)) from error


def _is_file(text: str) -> bool:
    """Whether the text is the name of a file: an invitation is not, and may be longer than any name."""
    try:
        return Path(text).expanduser().is_file()
    except (OSError, ValueError, RuntimeError):
        return False


def _show(session: Session, document: dict[str, Any]) -> None:
    node = display.node_name(session, document["node"])
    session.out.print(session.words("enrol.done", node=node, version=document["directory_version"]), markup=False)
    session.note("enrol.next")
