"""All commands of `province-node`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from common.cli import personal_data_commands, request_commands
from common.cli.groups import add_groups
from common.cli.node_commands import DatabaseUrl, HttpPort, add_node_commands, show_made
from common.cli.session import Session, command
from province_node.authentication.command_line import add_password_command
from province_node.customers import command_line as customers
from province_node.customers.answer_commands import add_reveal_command
from province_node.directory.command_line import add_enrolment_commands
from province_node.recovery.command_line import add_recovery_commands
from province_node.serving.command_line import add_served_command

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
    http_port: HttpPort = 0,
    database_url: DatabaseUrl = "",
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
add_reveal_command(requests)
app.add_typer(requests, name="requests")
add_password_command(customers.app)
app.add_typer(customers.app, name="customers")
app.add_typer(personal_data_commands.app, name="personal-data")
add_groups(app)
