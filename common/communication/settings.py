"""Where this machine keeps what messages to people need."""

from __future__ import annotations

from common.settings import Section


class CommunicationSettings(Section):
    """Messages to people (docs/interfaces.md)."""

    directory: str = "messages"
    """The directory, below the data directory or absolute, into which the adapter `file` writes messages."""
    token_file: str = ""
    """The file with the bearer token for the gateway of the adapter `rest`; empty: it wants none."""
