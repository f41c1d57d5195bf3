"""Roles, teams, and what somebody may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.connection import segment
from common.cli.exits import Exit
from common.cli.listing import Listing
from common.cli.session import Misused, Session, command

app = typer.Typer(help="Roles: what somebody in a post may do, and what they see.", no_args_is_help=True)
teams_app = typer.Typer(help="Teams: operators who see each other's records.", no_args_is_help=True)

Role = Annotated[str, typer.Argument(metavar="ROLE", help="The role's id, as `roles list` shows it.")]
Permissions = Annotated[
    list[str] | None,
    typer.Option("--permission", metavar="PERMISSION=SCOPE", help="A permission in a scope, as customer:read=BELOW."),
]
Fields = Annotated[
    list[str] | None,
    typer.Option("--field", metavar="KIND.FIELD=RIGHT", help="What is seen of a field, as customer.address=MASKED."),
]


@app.command("list")
@command
def list_roles(session: Session) -> None:
    """List the built-in roles and the node's own."""
    with session.admin() as client:
        found = client.get("/roles")
    session.result(found, lambda: _show_list(session, found["items"]))


@app.command("show")
@command
def show(session: Session, role: Role) -> None:
    """Show a role: its permissions, each with its scope, and what is seen of fields."""
    with session.admin() as client:
        found = client.get(f"/roles/{segment(role)}")
    session.result(found, lambda: _show_one(session, found))


@app.command("permissions")
@command
def permissions(session: Session) -> None:
    """List every permission that anything at this node needs."""
    with session.admin() as client:
        found = client.get("/permissions")
    session.result(found, lambda: session.out.print("\n".join(found["items"]), markup=False))


@app.command("create")
@command
def create(
    session: Session,
    role: Role,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What it is called.")],
    given: Permissions = None,
    fields: Fields = None,
) -> None:
    """Create a role of the node's own."""
    wish = {"name": name, "permissions": _permissions(session, given), "fields": _fields(session, fields)}
    with session.admin() as client:
        made = client.post(f"/roles/{segment(role)}", wish)
    _say(session, made, "roles.created")


@app.command("change")
@command
def change(
    session: Session,
    role: Role,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What it is called from now on.")] = "",
    given: Permissions = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="PERMISSION", help="A permission that it no longer gives.")
    ] = None,
    fields: Fields = None,
    without_fields: Annotated[
        list[str] | None,
        typer.Option("--without-field", metavar="KIND.FIELD", help="A field of which it no longer says anything."),
    ] = None,
) -> None:
    """Change a role of the node's own. What is not named stays."""
    with session.admin() as client:
        known = client.get(f"/roles/{segment(role)}")
        held: dict[str, str] = {**known["permissions"], **_permissions(session, given)}
        seen: dict[str, dict[str, str]] = {kind: dict(names) for kind, names in known["fields"].items()}
        for permission in without or ():
            if held.pop(permission, None) is None:
                raise Misused(session.words("usage.not_in_role", given=permission))
        for kind, names in _fields(session, fields).items():
            seen.setdefault(kind, {}).update(names)
        for text in without_fields or ():
            kind, _, field = text.partition(".")
            if seen.get(kind, {}).pop(field, None) is None:
                raise Misused(session.words("usage.not_in_role", given=text))
        wish = {"name": name or known["zh"], "permissions": held, "fields": seen}
        made = client.post(f"/roles/{segment(role)}/change", wish)
    _say(session, made, "roles.changed")


@teams_app.command("list")
@command
def list_teams(session: Session) -> None:
    """List teams with their members."""
    with session.admin() as client:
        found = client.get("/teams")
    session.result(found, lambda: _show_teams(session, found["items"]))


@teams_app.command("set")
@command
def set_team(
    session: Session,
    team: Annotated[str, typer.Argument(metavar="TEAM", help="The team's id.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What it is called.")],
    organisation: Annotated[str, typer.Option("--in", metavar="ORGANISATION", help="The id of the organisation.")],
    members: Annotated[
        list[str] | None, typer.Option("--member", metavar="OPERATOR", help="Who is in it; give all of them.")
    ] = None,
) -> None:
    """Say what a team is from now on, new or known."""
    wish = {"name": name, "organisation_id": organisation, "members": members or []}
    with session.admin() as client:
        made = client.post(f"/teams/{segment(team)}", wish)
    words = session.words("teams.set", team=made["team"], members=", ".join(made["members"]) or display.NOTHING)
    session.result(made, lambda: session.out.print(words, markup=False))


def access_app(ceilings: typer.Typer) -> typer.Typer:
    """Who may do what. `ceilings`: the node's commands for those."""
    app = typer.Typer(help="Who may do what, and why.", no_args_is_help=True)
    app.command("explain")(command(explain))
    app.command("conflicts")(command(conflicts))
    app.add_typer(ceilings, name="ceilings")
    return app


def explain(
    session: Session,
    operator: Annotated[str, typer.Argument(metavar="OPERATOR", help="The operator's sign-in name.")],
    permission: Annotated[str, typer.Argument(metavar="PERMISSION", help="Only this one, such as customer:read.")] = "",
) -> None:
    """Say what an operator may do, and which post and role give it.

    With a permission it ends with 0 where they hold it, with 1 where they do not.
    """
    with session.admin() as client:
        found = client.get(f"/access/{segment(operator)}", permission=permission)
    session.result(found, lambda: _show_explained(session, found))
    if permission and not found["permitted"]:
        session.end(Exit.REFUSED)


def conflicts(session: Session) -> None:
    """List who has duties that nobody has both of.

    Ends with 1 where there is anybody.
    """
    with session.admin() as client:
        found = client.get("/duties-conflicts")
    session.result(found, lambda: _show_conflicts(session, found["items"]))
    if found["items"]:
        session.end(Exit.REFUSED)


def _permissions(session: Session, given: list[str] | None) -> dict[str, str]:
    found = {}
    for text in given or ():
        permission, equals, scope = text.partition("=")
        if not (permission and equals and scope):
            raise Misused(session.words("usage.not_a_permission", given=text))
        found[permission] = scope
    return found


def _fields(session: Session, given: list[str] | None) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for text in given or ():
        path, _, right = text.partition("=")
        kind, _, field = path.partition(".")
        if not (kind and field and right):
            raise Misused(session.words("usage.not_a_field_right", given=text))
        found.setdefault(kind, {})[field] = right
    return found


def _say(session: Session, made: Mapping[str, Any], said: str) -> None:
    words = session.words(said, role=made["role"], count=len(made["permissions"]))
    session.result(made, lambda: session.out.print(words, markup=False))


def _name(session: Session, role: Mapping[str, Any]) -> str:
    return str(role["zh"] if session.language == "zh" else role["en"])


def _show_list(session: Session, roles: list[Mapping[str, Any]]) -> None:
    rows = Listing(session, "role", "name", "permissions", "built_in", numbers=("permissions",), dropped=("built_in",))
    for role in roles:
        built_in = session.words("roles.built_in") if role["built_in"] else ""
        rows.add_row(
            display.plain(role["role"]),
            display.plain(_name(session, role)),
            str(len(role["permissions"])),
            display.plain(built_in),
        )
    rows.show()


def _show_one(session: Session, role: Mapping[str, Any]) -> None:
    words, facts = session.words, display.facts_table()
    facts.add_row(words("column.role"), display.plain(role["role"]))
    facts.add_row(words("column.name"), display.plain(_name(session, role)))
    facts.add_row(words("column.built_in"), words("roles.built_in" if role["built_in"] else "roles.own"))
    facts.add_row(words("column.posts"), str(role["posts"]))
    session.out.print(facts)
    session.out.print()
    ceilings = role["ceilings"]
    rows = Listing(session, "permission", "scope", "ceiling", stacked=("ceiling",))
    for permission, scope in role["permissions"].items():
        rows.add_row(
            display.plain(permission),
            display.plain(words.name("scope", scope)),
            display.plain(_ceiling(session, ceilings["permissions"].get(permission), "scope")),
        )
    rows.show()
    if role["fields"]:
        session.out.print()
        _show_fields(session, role["fields"], ceilings["fields"])


def _ceiling(session: Session, ceiling: Mapping[str, Any] | None, words: str) -> str:
    """Where headquarters cuts what a role gives: how far it lets it be, and why."""
    if ceiling is None:
        return ""
    most = session.words.name(words, ceiling["most"])
    return session.words("access.ceiling", most=most, reason=ceiling["reason"])


def _show_fields(
    session: Session,
    fields: Mapping[str, Mapping[str, str]],
    ceilings: Mapping[str, Mapping[str, Mapping[str, Any]]],
) -> None:
    rows = Listing(session, "fields", "right", "ceiling", stacked=("ceiling",))
    for kind, names in fields.items():
        for name, right in names.items():
            rows.add_row(
                display.plain(f"{kind}.{name}"),
                display.plain(session.words.name("field_right", right)),
                display.plain(_ceiling(session, ceilings.get(kind, {}).get(name), "field_right")),
            )
    rows.show()


def _show_teams(session: Session, teams: list[Mapping[str, Any]]) -> None:
    rows = Listing(session, "team", "name", "organisation", "members", stacked=("members",))
    for team in teams:
        rows.add_row(
            display.plain(team["team"]),
            display.plain(team["name"]),
            display.plain(team["organisation_id"]),
            display.plain(", ".join(team["members"])),
        )
    rows.show("teams.none")


def _show_conflicts(session: Session, items: list[Mapping[str, Any]]) -> None:
    rows = Listing(session, "operator", "conflict", "permissions", "roles", stacked=("permissions",))
    for item in items:
        rows.add_row(
            display.plain(item["operator"]),
            display.plain(session.words.name("conflict", item["conflict"])),
            display.plain(", ".join(item["permissions"])),
            display.plain(", ".join(item["roles"])),
        )
    rows.show("access.no_conflicts")


def _show_explained(session: Session, found: Mapping[str, Any]) -> None:
    words, facts = session.words, display.facts_table()
    facts.add_row(words("column.operator"), display.plain(found["operator"]))
    facts.add_row(words("column.organisation"), display.plain(found["organisation_id"]))
    facts.add_row(words("column.state"), display.state(session, found["state"]))
    if found["permission"]:
        verdict = words("access.yes" if found["permitted"] else "access.no", permission=found["permission"])
        facts.add_row(words("column.result"), display.plain(verdict))
    session.out.print(facts)
    session.out.print()
    columns = ("permission", "scope", "role", "organisation", "ceiling", "why_not")
    rows = Listing(session, *columns, stacked=("ceiling", "why_not"))
    for way in found["ways"]:
        rows.add_row(
            display.plain(way["permission"]),
            display.plain(words.name("scope", way["scope"])),
            display.plain(way["role"]),
            display.plain(way["organisation_id"]),
            display.plain(_ceiling(session, way["ceiling"], "scope")),
            display.plain(words.name("why_not", way["why_not"]) if way["why_not"] else ""),
        )
    rows.show("access.nothing")
    for role in found["fields"]:
        session.out.print()
        session.out.print(f"{role['role']}@{role['organisation_id']}", style="bold", markup=False)
        _show_fields(session, role["fields"], role["ceilings"])
