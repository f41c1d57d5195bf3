"""All commands of `hq-node`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from common.cli import request_commands
from common.cli.groups import add_groups
from common.cli.node_commands import PORT_MAX, DatabaseUrl, HttpPort, add_node_commands, show_made
from common.cli.session import Session, command
from hq_node.directory import ceiling_command_line, draft_command_line, root_command_line
from hq_node.directory import command_line as directory
from hq_node.hub.command_line import add_relayed_command
from hq_node.publications import command_line as publications
from hq_node.publications import dictionary_command_line
from hq_node.recovery.command_line import add_recovery_commands

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
    http_port: HttpPort = 7480,
    database_url: DatabaseUrl = "",
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
add_recovery_commands(app)
app.add_typer(requests, name="requests")
app.add_typer(directory.app, name="nodes")
app.add_typer(draft_command_line.app, name="directory")
app.add_typer(root_command_line.app, name="root")
add_groups(app, ceiling_command_line.app, publications.app, dictionary_command_line.app)
