"""What a command does by itself, beside the node, stands in the node's audit log as well."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from common.cli.connection import code_of
from common.cli.session import Session
from common.errors import QuanwangError


@dataclass(slots=True)
class Deed:
    """What is done; `record` names what it is about, once that is known."""

    name: str
    record: str = ""


@contextmanager
def noted(session: Session, name: str) -> Iterator[Deed]:
    """What is done inside is noted when it is done, and when it fails, with the code of its error.

    Raises what is raised inside; where it went well, what noting raises.
    """
    deed = Deed(name)
    try:
        yield deed
    except (QuanwangError, OSError) as error:
        outcome = code_of(error) if isinstance(error, QuanwangError) else "SYSTEM_ERROR"
        try:
            _note(session, deed, outcome)
        except QuanwangError as unnoted:
            # What broke the deed may well keep the node from noting it; what is told is what broke it.
            session.note("audit.not_noted", detail=unnoted.text(session.language))
        raise
    _note(session, deed, "DONE")


def _note(session: Session, deed: Deed, outcome: str) -> None:
    with session.admin() as client:
        client.post("/audit/deeds", {"deed": deed.name, "record": deed.record, "outcome": outcome})
