"""A node's life from the command line: serve, migrate, check, status. `init` is each program's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from common.cli import display
from common.cli.exits import Exit
from common.cli.listing import Listing
from common.cli.serving import serve
from common.cli.session import Finding, Session, command
from common.cli.top import top
from common.reasons import link_reason


def add_node_commands(app: typer.Typer) -> None:
    """Adds the commands to a program."""
    app.command("serve")(command(serve))
    app.command("migrate")(command(migrate))
    app.command("check")(command(check))
    app.command("status")(command(status))
    app.command("top")(command(top))


PORT_MAX = 65_535

HttpPort = Annotated[
    int, typer.Option("--http-port", min=0, max=PORT_MAX, help="For health and metrics; 0: the system chooses.")
]
DatabaseUrl = Annotated[
    str,
    typer.Option(
        "--database-url",
        metavar="URL",
        help="A PostgreSQL database in place of the file: postgresql://user@host/database.",
    ),
]


def show_made(session: Session, node: str, next_key: str, password: str, known_before: bool) -> None:
    """What `init` has to say in the end. `password`: the first administrator's, for one sign-in; empty: there is one
    already. `known_before`: the directory had settings already, which stay as they are."""
    document: dict[str, Any] = {"node": node, "data": str(session.data_dir), "settings_kept": known_before}
    said = "node.made_before" if known_before else "node.made"
    made = session.words(said, node=display.node_name(session, node), path=session.data_dir)
    if password:
        from common.sign_in.first_administrator import FIRST

        document["administrator"], document["one_time_password"] = FIRST, password
        made += "\n" + session.words("node.administrator", operator=FIRST, password=password)
    session.result(document, lambda: session.out.print(made, markup=False))
    session.note(next_key, path=session.data_dir)


def migrate(
    session: Session,
    before_programs: Annotated[
        bool,
        typer.Option(
            "--pre", help="Only the steps that the release before can work with; its programs may be running."
        ),
    ] = False,
) -> None:
    """Bring the node's database to this release's schema. Without --pre the node must not be running."""
    session.require_node()
    applied = session.program.bootstrap().migrate(session.data_dir, before_programs)
    document = {"data": str(session.data_dir), "applied": applied}
    key = "node.migrated" if applied else "node.migrated_before"
    done = session.words(key, path=session.data_dir, revisions=", ".join(applied))
    session.result(document, lambda: session.out.print(done, markup=False))


def check(session: Session) -> None:
    """Look the node over: settings, ports, keys, database, directory, certificates. Changes nothing.

    Ends with 1 where something is wrong; a warning alone is no failure.
    """
    session.require_own_kind()
    findings = list(session.program.bootstrap().check(session.data_dir))
    document = {"data": str(session.data_dir), "findings": [_as_data(session, finding) for finding in findings]}
    session.result(document, lambda: _show_findings(session, findings))
    if any(_severity(finding) == "error" for finding in findings):
        session.end(Exit.REFUSED)


def _severity(finding: Finding) -> str:
    return str(getattr(finding.severity, "value", finding.severity)).lower()


def _as_data(session: Session, finding: Finding) -> dict[str, str]:
    return {
        "severity": _severity(finding),
        "subject": finding.subject,
        "text": finding.text(session.language),
        "mend": finding.mend(session.language),
    }


def _show_findings(session: Session, findings: list[Finding]) -> None:
    below = {"mend": session.words("error.mend"), "finding": ""}
    rows = Listing(session, "severity", "subject", "finding", "mend", stacked=below)
    for finding in findings:
        rows.add_row(
            display.state(session, _severity(finding)),
            display.plain(session.words.name("subject", finding.subject)),
            display.plain(finding.text(session.language)),
            display.plain(finding.mend(session.language)),
        )
    rows.show("node.check_nothing")


def status(session: Session) -> None:
    """Show how the node is: its links, what waits, its requests, its alarms."""
    with session.admin() as client:
        found = {"running": client.online, **client.get("/status")}
    session.result(found, lambda: show_status(session, found))


def show_status(session: Session, status: Mapping[str, Any]) -> None:
    """The node's own word on how it is."""
    words = session.words
    facts = display.facts_table()
    facts.add_row(words("column.node"), display.plain(display.node_name(session, str(status["node"]))))
    running = words("node.running_since", at=display.moment(status.get("started_at_us")))
    not_running = words("node.not_running", program=session.program.name, data=session.data_option)
    facts.add_row(words("column.state"), running if status["running"] else not_running)
    for name in ("software_version", "database", "directory_version"):
        if status.get(name) not in (None, ""):
            facts.add_row(words(f"column.{name}"), display.plain(_short(status[name])))
    if status["running"] and status.get("health_address"):
        facts.add_row(words("column.health"), display.plain(_health(status["health_address"])))
    if "rest" in status:
        facts.add_row(words("column.rest"), display.plain(_rest(session, status)))
    for name in ("requests", "legs_served", "hub_legs"):
        if name in status:
            facts.add_row(words(f"column.{name}"), _leg_counts(session, status, name))
    facts.add_row(words("column.inbox"), _counts(session, status.get("inbox")))
    if resting := [each["port"] for each in status.get("interfaces", ()) if each["state"] != "ok"]:
        facts.add_row(words("column.interfaces_resting"), display.plain(", ".join(resting)))
    if simulated := [each["port"] for each in status.get("interfaces", ()) if each.get("simulated")]:
        facts.add_row(words("column.interfaces_simulated"), display.plain(", ".join(simulated)))
    alarms = status.get("alarms") or 0
    facts.add_row(words("column.alarms"), f"[red]{alarms}[/red]" if alarms else "0")
    if status.get("storage_failing"):
        facts.add_row(words("column.storage"), f"[red]{words('node.storage_failing')}[/red]")
    session.out.print(facts)
    links = status.get("links", status.get("link")) or []
    _show_links(session, [links] if isinstance(links, dict) else links, status.get("now_us"))


def _rest(session: Session, status: Mapping[str, Any]) -> str:
    """Where the REST interface is, or why it is not."""
    off, url = status["rest"]["off"], status["rest"]["url"]
    if not off and url and status["running"]:
        return f"{url} (/docs)"
    return session.words(f"rest.{off or 'NOT_SERVED'}")


def _health(address: str) -> str:
    """Where the node is asked how it is."""
    return f"http://{address} (/healthz, /readyz, /metrics)"


def _short(value: Any) -> Any:
    """A nested value in one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {inner}" for name, inner in value.items())
    return value


def _counts(session: Session, counts: Mapping[str, int] | None) -> Any:
    from rich.text import Text

    shown = [Text(f"{count} ") + display.state(session, state) for state, count in (counts or {}).items() if count]
    return Text(", ").join(shown) if shown else Text(display.NOTHING)


def _leg_counts(session: Session, status: Mapping[str, Any], name: str) -> Any:
    counts = _counts(session, status[name])
    if name in status.get("latest_only", ()):
        counts.append(" " + session.words("node.latest_only", count=status["latest_max"]), style="dim")
    return counts


def _show_links(session: Session, links: list[Mapping[str, Any]], now_us: int | None) -> None:
    if not links:
        return
    session.out.print()
    numbers = ("waiting_entries", "oldest_waiting", "sealed", "acked", "received_sequence")
    columns = ("link_to", "state", "since", "next_attempt", *numbers, "last_cut_reason")
    rows = Listing(
        session,
        *columns,
        numbers=numbers,
        stacked={"last_cut_reason": f"{session.words('column.last_cut_reason')}: "},
        dropped=("sealed", "acked", "received_sequence"),
    )
    for link in links:
        oldest, next_attempt = link.get("oldest_waiting_at_us"), link.get("next_attempt_at_us")
        rows.add_row(
            display.node_name(session, str(link["peer"])),
            display.state(session, str(link["state"])),
            display.when(session, link.get("since_us")),
            display.span(max(0, next_attempt - now_us) if now_us and next_attempt else None),
            str(link.get("waiting_entries", 0)),
            display.span(now_us - oldest if now_us and oldest else None),
            str(link.get("sealed_sequence", display.NOTHING)),
            str(link.get("acked_sequence", display.NOTHING)),
            str(link.get("received_sequence", display.NOTHING)),
            _last_cut(session, link),
        )
    rows.show()


def _last_cut(session: Session, link: Mapping[str, Any]) -> Any:
    """Why the last stream ended; while there is none, also what to do."""
    code = str(link.get("last_cut_reason") or "")
    if not code:
        return display.plain("")
    reason = link_reason(code)
    remedy = reason.remedy(session.language) if link["state"] != "open" else ""
    return display.plain(" ".join(filter(None, (f"{reason.text(session.language)} ({code})", remedy))))
