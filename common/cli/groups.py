"""The groups of commands that every node has."""

from __future__ import annotations

import typer

from common.cli import (
    alarm_commands,
    approval_commands,
    audit_commands,
    backup_commands,
    dictionary_commands,
    evidence_commands,
    hub_commands,
    interface_commands,
    journal_commands,
    keys_commands,
    operator_commands,
    organisation_commands,
    parameter_commands,
    parked_commands,
    role_commands,
    token_commands,
)
from common.cli.ceiling_commands import ceilings_app


def add_groups(
    app: typer.Typer,
    ceilings: typer.Typer | None = None,
    parameters: typer.Typer | None = None,
    dictionaries: typer.Typer | None = None,
) -> None:
    """Adds them to a node's command line, behind what is its own. The others: the commands for
    ceilings, parameters and dictionaries, where the node has more of them than every other."""
    for name, group in (
        ("evidence", evidence_commands.app),
        ("keys", keys_commands.app),
        ("audit", audit_commands.app),
        ("organisations", organisation_commands.app),
        ("operators", operator_commands.app),
        ("roles", role_commands.app),
        ("teams", role_commands.teams_app),
        ("access", role_commands.access_app(ceilings or ceilings_app())),
        ("tokens", token_commands.app),
        ("hubs", hub_commands.app),
        ("sessions", token_commands.sessions_app),
        ("approvals", approval_commands.app),
        ("parameters", parameters or parameter_commands.parameters_app()),
        ("dictionaries", dictionaries or dictionary_commands.dictionaries_app()),
        ("interfaces", interface_commands.app),
        ("journal", journal_commands.app),
        ("private-bodies", journal_commands.private_bodies_app),
        ("parked", parked_commands.app),
        ("alarms", alarm_commands.app),
        ("backup", backup_commands.app),
    ):
        app.add_typer(group, name=name)
