"""Service passwords from the command line. Part of `customers`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from common.cli.connection import segment
from common.cli.session import Misused, Session, command


def add_password_command(customers: typer.Typer) -> None:
    """Adds `customers set-password`."""
    customers.command("set-password")(set_password)


@command
def set_password(
    session: Session,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The customer's number, such as 44-0000000001.")],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the audit log. No personal data.")
    ],
) -> None:
    """Give a customer another service password, by which other provinces can have them authenticated here.

    It is asked twice, or read from standard input: arguments of commands can be seen by other users of the machine.
    """
    if sys.stdin.isatty():
        asked = session.words("customers.new_password")
        password: str = typer.prompt(asked, hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise Misused(session.words("customers.no_password"))
    with session.admin() as client:
        answer = client.post(f"/service-passwords/{segment(number)}", {"password": password, "reason": reason})
    words = session.words("customers.password_set", number=answer["customer_number"])
    session.result(answer, lambda: session.out.print(words, markup=False))
