"""Publishing parameters from HQ's command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.connection import segment
from common.cli.listing import Listing
from common.cli.moments import parse_moment_us
from common.cli.parameter_commands import From, Parameter, Reason, parameters_app, published_text, read_value
from common.cli.session import Misused, Session, command

app = parameters_app()


@app.command("publish")
@command
def publish(
    session: Session,
    parameter: Parameter,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The value: true, false, a number, or a text.")],
    reason: Reason,
    least: Annotated[
        int | None, typer.Option("--min", metavar="NUMBER", help="The least that a province may set for itself.")
    ] = None,
    most: Annotated[
        int | None, typer.Option("--max", metavar="NUMBER", help="The most that a province may set for itself.")
    ] = None,
    fixed: Annotated[bool, typer.Option("--fixed", help="Provinces have no value of their own.")] = False,
    since: From = "",
) -> None:
    """Give a parameter a value for the whole network, at once or from a moment on.

    A province's own value counts within the bounds; one that lies outside is cut back to them, and an alarm says so.
    """
    wish = {"value": read_value(value), "least": least, "most": most, "fixed": fixed, "reason": reason}
    _publish(session, parameter, wish, since, "parameters.publishing")


@app.command("unpublish")
@command
def unpublish(session: Session, parameter: Parameter, reason: Reason, since: From = "") -> None:
    """Say nothing of a parameter any more: provinces go by their own values and the default again."""
    _publish(session, parameter, {"value": None, "reason": reason}, since, "parameters.unpublished")


@app.command("withdraw-published")
@command
def withdraw_published(
    session: Session,
    parameter: Parameter,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=1, help="As `parameters show` lists it.")],
    reason: Reason,
) -> None:
    """Take back a published value that has not come into force yet."""
    with session.admin() as client:
        answer = client.post(
            f"/published-parameters/{segment(parameter)}/versions/{version}/withdrawal", {"reason": reason}
        )
    words = session.words("parameters.withdrawn", parameter=parameter, version=version)
    session.result(answer, lambda: session.out.print(words, markup=False))


@app.command("deliveries")
@command
def deliveries(session: Session) -> None:
    """List which provinces hold what is published."""
    with session.admin() as client:
        found = client.get("/published-parameters")
    session.result(found, lambda: show_deliveries(session, found))


def _publish(session: Session, parameter: str, wish: dict[str, Any], since: str, said: str) -> None:
    wish["effective_from_us"] = from_us = parse_moment_us(since) if since else 0
    if from_us is None:
        raise Misused(session.words("usage.not_a_moment", given=since))
    with session.admin() as client:
        answer = client.post(f"/published-parameters/{segment(parameter)}/versions", wish)
    at = display.when(session, answer["effective_from_us"])
    words = session.words(said, parameter=parameter, value=published_text(session, answer), at=at)
    session.result(answer, lambda: session.out.print(words, markup=False))


def show_deliveries(session: Session, found: Mapping[str, Any]) -> None:
    """Prints which provinces hold a publication."""
    words = session.words
    if not found["version"]:
        session.out.print(words("parameters.no_publication"), markup=False)
        return
    session.out.print(words("parameters.publication", version=found["version"]), style="bold", markup=False)
    rows = Listing(session, "node", "held", "held_at", "delivery", numbers=("held",))
    for each in found["items"]:
        rows.add_row(
            display.plain(display.node_name(session, each["node"])),
            str(each["held_version"]),
            display.when(session, each["held_at_us"] or None),
            display.plain(_state(session, each)),
        )
    rows.show()


def _state(session: Session, each: Mapping[str, Any]) -> str:
    if each["current"]:
        return session.words("delivery.current")
    if each["under_way"]:
        return session.words("delivery.under_way")
    if each["reason_code"]:
        return session.words("delivery.failed", reason=each["reason_code"])
    return session.words("delivery.waits")
