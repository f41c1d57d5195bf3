"""Operators: who they are, their posts, their passwords, and whether they may act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from common.cli import display, substitute_commands
from common.cli.connection import segment
from common.cli.listing import Listing
from common.cli.session import Misused, Session, command

app = typer.Typer(help="Operators: people who act at this node.", no_args_is_help=True)
posts_app = typer.Typer(help="An operator's posts: roles, each in an organisation.", no_args_is_help=True)
app.add_typer(posts_app, name="posts")
app.add_typer(substitute_commands.app, name="substitutes")

Operator = Annotated[str, typer.Argument(metavar="OPERATOR", help="The operator's sign-in name.")]
Role = Annotated[str, typer.Argument(metavar="ROLE", help="The role's id, as `roles list` shows it.")]
In = Annotated[str, typer.Option("--in", metavar="ORGANISATION", help="The id of the organisation.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the audit log.")]


@app.command("list")
@command
def list_operators(
    session: Session,
    below: Annotated[
        str, typer.Option("--below", metavar="ORGANISATION", help="Only this organisation and all below it.")
    ] = "",
    state: Annotated[str, typer.Option("--state", metavar="STATE", help="Only these: active or locked.")] = "",
    after: Annotated[str, typer.Option("--after", metavar="OPERATOR", help="Go on behind this name.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many at most.")] = 50,
) -> None:
    """List operators by sign-in name."""
    with session.admin() as client:
        page = client.get("/operators", below=below, state=state, after=after, limit=limit)
    session.result(page, lambda: _show_list(session, page))


@app.command("show")
@command
def show(session: Session, operator: Operator) -> None:
    """Show an operator: where they belong, their posts and teams."""
    with session.admin() as client:
        found = client.get(f"/operators/{segment(operator)}")
    session.result(found, lambda: _show_one(session, found))


@app.command("create")
@command
def create(
    session: Session,
    operator: Operator,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What they are called.")],
    organisation: In,
    posts: Annotated[
        list[str] | None,
        typer.Option("--post", metavar="ROLE[@ORGANISATION]", help="A post; it may name another organisation."),
    ] = None,
) -> None:
    """Create an operator, with a one-time password that is shown once."""
    written = [_post(session, post, organisation) for post in posts or ()]
    wish = {"name": name, "organisation_id": organisation, "posts": written}
    with session.admin() as client:
        made = client.post(f"/operators/{segment(operator)}", wish)
        password = client.post(f"/operators/{segment(operator)}/one-time-password", {})
    _say_password(session, {**made, **password}, "operators.created")


@app.command("disable")
@command
def disable(session: Session, operator: Operator, reason: Reason = "") -> None:
    """Lock an operator: their sessions end, and they may do nothing until they are enabled again."""
    _change(session, f"/operators/{segment(operator)}/lock", {"reason": reason}, "operators.locked")


@app.command("enable")
@command
def enable(session: Session, operator: Operator, reason: Reason = "") -> None:
    """Unlock an operator, who may again do what their posts give them."""
    _change(session, f"/operators/{segment(operator)}/unlock", {"reason": reason}, "operators.unlocked")


@app.command("reset-password")
@command
def reset_password(session: Session, operator: Operator) -> None:
    """Give an operator a one-time password, shown once. Their sessions and their second factor end."""
    with session.admin() as client:
        made = client.post(f"/operators/{segment(operator)}/one-time-password", {})
    _say_password(session, made, "operators.password")


@posts_app.command("add")
@command
def add_post(session: Session, operator: Operator, role: Role, organisation: In) -> None:
    """Give an operator a role in an organisation."""
    wish = {"organisation_id": organisation, "role": role}
    _change(session, f"/operators/{segment(operator)}/posts", wish, "operators.posts")


@posts_app.command("remove")
@command
def remove_post(session: Session, operator: Operator, role: Role, organisation: In) -> None:
    """Take a role in an organisation from an operator."""
    wish = {"organisation_id": organisation, "role": role}
    _change(session, f"/operators/{segment(operator)}/posts/removal", wish, "operators.posts")


def _post(session: Session, text: str, home: str) -> dict[str, str]:
    role, at, organisation = text.partition("@")
    if not role or (at and not organisation):
        raise Misused(session.words("usage.not_a_post", given=text))
    return {"role": role, "organisation_id": organisation or home}


def _change(session: Session, address: str, wish: Mapping[str, Any], said: str) -> None:
    with session.admin() as client:
        found = client.post(address, wish)
    words = session.words(said, operator=found["operator"], posts=_posts(found["posts"]) or display.NOTHING)
    session.result(found, lambda: session.out.print(words, markup=False))


def _say_password(session: Session, made: Mapping[str, Any], said: str) -> None:
    facts = {"operator": made["operator"], "password": made["one_time_password"]}
    words = session.words(said, **facts, until=display.when(session, made["expires_at_us"]))
    session.result(made, lambda: session.out.print(words, markup=False))


def _posts(posts: list[Mapping[str, Any]]) -> str:
    return ", ".join(f"{post['role']}@{post['organisation_id']}" for post in posts)


def _show_list(session: Session, page: Mapping[str, Any]) -> None:
    rows = Listing(session, "operator", "name", "organisation", "posts", "state", stacked=("posts",), dropped=("name",))
    for item in page["items"]:
        rows.add_row(
            display.plain(item["operator"]),
            display.plain(item["name"]),
            display.plain(item["organisation_id"]),
            display.plain(_posts(item["posts"])),
            display.state(session, item["state"]),
        )
    rows.show("operators.none")
    if page["next"]:
        session.note("operators.more", after=page["next"])


def _show_one(session: Session, found: Mapping[str, Any]) -> None:
    words, facts = session.words, display.facts_table()
    facts.add_row(words("column.operator"), display.plain(found["operator"]))
    facts.add_row(words("column.name"), display.plain(found["name"]))
    facts.add_row(words("column.organisation"), display.plain(found["organisation_id"]))
    facts.add_row(words("column.posts"), display.plain("\n".join(_posts([post]) for post in found["posts"])))
    facts.add_row(words("column.teams"), display.plain(", ".join(found["teams"])))
    facts.add_row(words("column.state"), display.state(session, found["state"]))
    facts.add_row(words("column.created"), display.when(session, found["created_at_us"]))
    facts.add_row(words("column.updated"), display.when(session, found["updated_at_us"]))
    session.out.print(facts)
