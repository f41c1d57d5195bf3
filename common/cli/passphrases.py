"""Passphrases on the command line: from a file, or asked at the terminal; never on the command line itself."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from common.cli.session import Misused, Session


def given_passphrase(session: Session, file: Path | None, words: str, *, new: bool = False) -> bytes:
    """The passphrase in `file`, else asked (`words`: the text's key), twice where it is a new one.

    Raises PassphraseUnusable, PermissionsTooWide; Misused where there is neither a file nor anybody to ask.
    """
    from common.security.key_protection import checked, passphrase_in

    if file is not None:
        return passphrase_in(file)
    if not sys.stdin.isatty():
        raise Misused(session.words("keys.passphrase_missing"))
    answer: str = typer.prompt(session.words(words), hide_input=True, confirmation_prompt=new, err=True)
    return checked(answer.encode("utf-8"))
