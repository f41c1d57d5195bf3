"""`top`: the node as it lives, on one page that keeps itself up to date."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.cli.keyboard import Keyboard, keyboard
from common.cli.session import Session
from common.cli.top_page import CLASSES, SORTS, View, page
from common.errors import QuanwangError

if TYPE_CHECKING:
    from common.cli.connection import AdminClient

ANSWER_TIMEOUT_S = 10.0


class Sort(StrEnum):
    """By what the nodes are put in order."""

    NODE = "node"
    QUEUE = "queue"
    OLDEST = "oldest"
    RATE = "rate"
    DELAY = "delay"
    REJECTED = "rejected"
    EXPIRED = "expired"


def top(
    session: Session,
    once: Annotated[bool, typer.Option("--once", help="Print one page and end.")] = False,
    every: Annotated[
        float, typer.Option("--every", metavar="SECONDS", min=0.2, max=60, help="How often to look again.")
    ] = 2.0,
    sort: Annotated[
        Sort, typer.Option("--sort", help="What comes first: by name, or the most of something.")
    ] = Sort.NODE,
) -> None:
    """Watch links, queues, rates, delays, errors and alarms live. Keys: q quit, s sort, c class, p problems only.

    Rates and delays are those of the last minute. Where standard output is no terminal, one page is printed.
    """
    view = View(sort=sort.value)
    with session.admin() as client:
        found = client.get("/live", timeout_s=ANSWER_TIMEOUT_S)
        if session.as_json or once or not client.online or not session.out.is_terminal:
            session.result(found, lambda: session.out.print(page(session, found, view)))
            if not client.online:
                session.note("top.not_running")
            return
        with keyboard() as keys:
            _watch(session, client, keys, found, view, every)


def _watch(session: Session, client: AdminClient, keys: Keyboard, found: Any, view: View, every: float) -> None:
    from rich.live import Live

    height = session.out.height
    try:
        with Live(console=session.out, screen=True, auto_refresh=False) as live:
            while True:
                live.update(page(session, found, replace(view, rows_max=height)), refresh=True)
                key = keys.wait(every)
                if key == "q":
                    return
                view = after_key(view, key)
                height = session.out.height
                found, view = _look_again(client, found, view)
    except KeyboardInterrupt:
        # Whoever watches ends it so; the terminal is as it was.
        return


def _look_again(client: AdminClient, found: Any, view: View) -> tuple[Any, View]:
    """The node's latest word; while it does not answer, its last one and why."""
    try:
        return client.get("/live", timeout_s=ANSWER_TIMEOUT_S), replace(view, problem=None)
    except QuanwangError as error:
        return found, replace(view, problem=error)


def after_key(view: View, key: str) -> View:
    """The view after a key was pressed; of other keys nothing comes."""
    if key == "s":
        return replace(view, sort=_next(SORTS, view.sort))
    if key == "c":
        return replace(view, message_class=_next(CLASSES, view.message_class))
    if key == "p":
        return replace(view, problems_only=not view.problems_only)
    return view


def _next(values: tuple[str, ...], value: str) -> str:
    return values[(values.index(value) + 1) % len(values)]
