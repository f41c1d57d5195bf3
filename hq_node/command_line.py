"""All commands of `hq-node`."""

from __future__ import annotations

from pathlib import Path
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
    request_commands,
    role_commands,
    token_commands,
)
from common.cli.node_commands import add_node_commands, show_made
from common.cli.session import Session, command
from hq_node.directory import command_line as directory
from hq_node.directory import draft_command_line, root_command_line
from hq_node.hub.command_line import add_relayed_command

PORT_MAX = 65_535

app = typer.Typer(
    help="HQ's node of Quanwang CRM, from the command line.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


@app.command("init")
@command
def init(
    session: Session,
    public_host: Annotated[
        str, typer.Option("--public-host", metavar="HOST", help="The host name or address by which provinces reach HQ.")
    ] = "localhost",
    listen_host: Annotated[
        str, typer.Option("--listen-host", metavar="ADDRESS", help="What the federation and enrolment ports listen on.")
    ] = "0.0.0.0",  # noqa: S104 - provinces dial from elsewhere.
    federation_port: Annotated[
        int,
        typer.Option("--federation-port", min=0, max=PORT_MAX, help="Where provinces connect; 0: the system chooses."),
    ] = 7440,
    enrolment_port: Annotated[
        int,
        typer.Option(
            "--enrolment-port", min=0, max=PORT_MAX, help="Where new nodes ask to join; 0: the system chooses."
        ),
    ] = 7441,
    http_port: Annotated[
        int,
        typer.Option("--http-port", min=0, max=PORT_MAX, help="For health and metrics; 0: the system chooses."),
    ] = 7480,
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
    password = bootstrap.init(
        session.data_dir,
        advertised_host=public_host,
        listen_host=listen_host,
        link_port=federation_port,
        enrolment_port=enrolment_port,
        http_port=http_port,
        database_url=database_url,
    )
    show_made(session, "00", "node.next_hq", password, known_before)


@app.command("add-replica")
@command
def add_replica(
    session: Session,
    directory: Annotated[Path, typer.Argument(metavar="DIRECTORY", help="The new data directory.")],
    name: Annotated[str, typer.Option("--name", help="A name that no other replica has.")],
    federation_port: Annotated[
        int, typer.Option("--federation-port", min=0, max=PORT_MAX, help="Where provinces connect to this replica.")
    ] = 7440,
    enrolment_port: Annotated[
        int, typer.Option("--enrolment-port", min=0, max=PORT_MAX, help="Where new nodes ask this replica to join.")
    ] = 7441,
    http_port: Annotated[
        int, typer.Option("--http-port", min=0, max=PORT_MAX, help="For health and metrics of this replica.")
    ] = 7480,
    copy_keys: Annotated[
        bool,
        typer.Option(
            "--copy-keys",
            help="Copy HQ's keys, for a machine that does not share their directory; after each rotation bring them.",
        ),
    ] = False,
) -> None:
    """Make the data directory of a further replica of HQ on the same PostgreSQL database. It shares HQ's keys and
    archive where they are: both directories must be there on its machine too."""
    session.require_node()
    bootstrap: Any = session.program.bootstrap()
    bootstrap.add_replica(
        session.data_dir,
        directory,
        name,
        link_port=federation_port,
        enrolment_port=enrolment_port,
        http_port=http_port,
        copy_keys=copy_keys,
    )
    document = {"data": str(directory), "replica": name}
    made = session.words("node.replica_made", name=name, path=directory)
    session.result(document, lambda: session.out.print(made, markup=False))
    session.note("node.replica_next_copied" if copy_keys else "node.replica_next", path=directory)


add_node_commands(app)
requests = request_commands.request_app()
add_relayed_command(requests)
app.add_typer(requests, name="requests")
app.add_typer(directory.app, name="nodes")
app.add_typer(draft_command_line.app, name="directory")
app.add_typer(root_command_line.app, name="root")
app.add_typer(evidence_commands.app, name="evidence")
app.add_typer(keys_commands.app, name="keys")
app.add_typer(audit_commands.app, name="audit")
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
