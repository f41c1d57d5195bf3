"""The node's own keys: list, replace, encrypt."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.listing import Listing
from common.cli.session import Misused, Session, command

app = typer.Typer(help="This node's keys: list, replace, encrypt.", no_args_is_help=True)

ROTATE_TIMEOUT_S = 120.0


class Use(StrEnum):
    """What a key is for."""

    SIGNING = "signing"
    PRIVATE_BODIES = "private-bodies"
    TLS = "tls"
    ROOT = "root"


KeyId = Annotated[str, typer.Argument(metavar="KEY", help="The key's id, as `keys list` shows it, or its beginning.")]


@app.command("list")
@command
def list_keys(session: Session) -> None:
    """List this node's keys with their validity, as the directory in force has it."""
    with session.admin() as client:
        page = client.get("/keys")
    session.result(page, lambda: _show_list(session, page))


@app.command("show")
@command
def show(session: Session, key: KeyId) -> None:
    """Show one key: its validity, which key it follows, and which one signed it."""
    with session.admin() as client:
        page = client.get("/keys")
    found = [item for item in page["items"] if item["key_id"].startswith(key) or key == item["use"]]
    if not found:
        raise Misused(session.words("keys.none_such", key=key))
    session.result(found[0], lambda: _show_one(session, found[0]))


@app.command("rotate")
@command
def rotate(
    session: Session,
    uses: Annotated[
        list[Use] | None, typer.Option("--use", help="What to replace; may be repeated. Without it: all but the root.")
    ] = None,
) -> None:
    """Replace this node's keys. The next ones are signed by those in force, and both are good for a while.

    Nothing stops meanwhile. May be repeated after any failure: what was begun is then finished.
    """
    with session.admin() as client:
        answer = client.post("/keys/rotate", {"uses": [use.value for use in uses or ()]}, ROTATE_TIMEOUT_S)
    session.result(answer, lambda: _show_rotated(session, answer))


@app.command("protect")
@command
def protect(
    session: Session,
    passphrase_file: Annotated[
        Path | None,
        typer.Option("--passphrase-file", metavar="FILE", help="The file with the new passphrase; else it is asked."),
    ] = None,
    former_file: Annotated[
        Path | None,
        typer.Option("--former-file", metavar="FILE", help="The file with the passphrase until now, if there is one."),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Store the keys without a passphrase again.")] = False,
) -> None:
    """Encrypt the key files of this node under a passphrase, or another one than now. The node must not run.

    Afterwards the node needs it to start: name its file as keys.passphrase_file in node.toml, or set
    QUANWANG_KEY_PASSPHRASE.
    """
    from common.program.data_directory import DataDirectory
    from common.security.key_protection import checked, passphrase_from, passphrase_in
    from common.security.keyring import Keyring

    data = DataDirectory(session.data_dir)
    with data.locked():
        configured = _configured(data.settings_file)
        former = passphrase_from(str(former_file) if former_file else str(configured.get("passphrase_file", "")))
        place = data.path / str(configured.get("directory", ""))
        keyring = Keyring.load(place, former)
        if remove:
            passphrase = None
        elif passphrase_file is not None:
            passphrase = passphrase_in(passphrase_file)
        else:
            passphrase = checked(_asked(session).encode("utf-8"))
        protected = keyring.protected(place, passphrase).is_protected
    document = {"protected": protected}
    session.result(document, lambda: session.out.print(session.words(_PROTECTED[protected]), markup=False))


_PROTECTED = {True: "keys.protected", False: "keys.unprotected"}


def _configured(settings_file: Path) -> dict[str, Any]:
    """What the settings say of the keys; the rest of them may be wrong."""
    import tomllib

    try:
        content = tomllib.loads(settings_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    keys = content.get("keys")
    return keys if isinstance(keys, dict) else {}


def _asked(session: Session) -> str:
    if not sys.stdin.isatty():
        raise Misused(session.words("keys.passphrase_missing"))
    answer: str = typer.prompt(session.words("keys.passphrase"), hide_input=True, confirmation_prompt=True, err=True)
    return answer


def _show_list(session: Session, page: Mapping[str, Any]) -> None:
    rows = Listing(session, "use", "key_id", "state", "valid_from", "valid_until", dropped=("valid_from",))
    for item in page["items"]:
        rows.add_row(
            display.plain(session.words.name("use", item["use"])),
            display.plain(item["key_id"]),
            display.state(session, item["state"]),
            display.when(session, item["valid_from_us"]),
            display.when(session, item["valid_until_us"]),
        )
    rows.show("keys.none")
    session.note("keys.at_rest_protected" if page["protected"] else "keys.at_rest_plain")


def _show_one(session: Session, item: Mapping[str, Any]) -> None:
    facts = display.facts_table()
    for name, value in item.items():
        label = session.words.name("column", name.removesuffix("_us"))
        if name == "state":
            facts.add_row(label, display.state(session, value))
        elif name == "use":
            facts.add_row(label, display.plain(session.words.name("use", value)))
        elif name.endswith("_us"):
            facts.add_row(label, display.moment(value))
        elif name == "held":
            facts.add_row(label, display.plain(session.words.name("yes_no", "yes" if value else "no")))
        else:
            facts.add_row(label, display.plain(value))
    session.out.print(facts)


def _show_rotated(session: Session, answer: Mapping[str, Any]) -> None:
    uses = ", ".join(session.words.name("use", use) for use in answer["rotated"])
    version = answer["directory_version"]
    key = "keys.rotated" if uses else "keys.rotated_before"
    session.out.print(session.words(key, uses=uses, version=version), markup=False)
