"""All commands of `province-node`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from common.cli import (
    alarm_commands,
    audit_commands,
    backup_commands,
    evidence_commands,
    journal_commands,
    keys_commands,
    operator_commands,
    organisation_commands,
    parameter_commands,
    parked_commands,
    personal_data_commands,
    request_commands,
    role_commands,
    token_commands,
)
from common.cli.node_commands import add_node_commands, show_made
from common.cli.session import Session, command
from province_node.customers import command_line as customers
from province_node.directory.command_line import add_enrolment_commands
from province_node.recovery.command_line import add_recovery_commands
from province_node.serving.command_line import add_served_command

PORT_MAX = 65_535

app = typer.Typer(
    help="A province's node of Quanwang CRM, from the command line.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


@app.command("init")
@command
def init(
    session: Session,
    node: Annotated[str, typer.Option("--node", metavar="CODE", help="The province's code (GB/T 2260), such as 31.")],
    http_port: Annotated[
        int,
        typer.Option("--http-port", min=0, max=PORT_MAX, help="For health and metrics; 0: the system chooses."),
    ] = 0,
    database_url: Annotated[
        str,
        typer.Option(
            "--database-url",
            metavar="URL",
            help="A PostgreSQL database in place of the file: postgresql://user@host/database.",
        ),
    ] = "",
) -> None:
    """Make a node in the data directory: settings, keys, database."""
    session.require_own_kind()
    bootstrap: Any = session.program.bootstrap()
    known_before = session.has_settings()
    password = bootstrap.init(session.data_dir, node=node, http_port=http_port, database_url=database_url)
    show_made(session, node, "node.next_province", password, known_before)


add_enrolment_commands(app)
add_recovery_commands(app)
add_node_commands(app)
requests = request_commands.request_app()
add_served_command(requests)
app.add_typer(requests, name="requests")
app.add_typer(customers.app, name="customers")
app.add_typer(evidence_commands.app, name="evidence")
app.add_typer(keys_commands.app, name="keys")
app.add_typer(audit_commands.app, name="audit")
app.add_typer(personal_data_commands.app, name="personal-data")
app.add_typer(organisation_commands.app, name="organisations")
app.add_typer(operator_commands.app, name="operators")
app.add_typer(role_commands.app, name="roles")
app.add_typer(role_commands.teams_app, name="teams")
app.add_typer(role_commands.access_app, name="access")
app.add_typer(token_commands.app, name="tokens")
app.add_typer(token_commands.sessions_app, name="sessions")
app.add_typer(parameter_commands.app, name="parameters")
app.add_typer(journal_commands.app, name="journal")
app.add_typer(journal_commands.private_bodies_app, name="private-bodies")
app.add_typer(parked_commands.app, name="parked")
app.add_typer(alarm_commands.app, name="alarms")
app.add_typer(backup_commands.app, name="backup")
