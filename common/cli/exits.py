"""What a command's exit code says, the same in both programs."""

from __future__ import annotations

from enum import IntEnum

from common.errors import Awaited, QuanwangError, Refusal, TemporaryFault


class Exit(IntEnum):
    """The exit codes. Scripts may rely on them; docs/cli.md lists them."""

    OK = 0
    REFUSED = 1
    """A rule said no, or (check, import) something was found wrong."""
    USAGE = 2
    NO_NODE = 3
    """The node is not reachable, or what is in the data directory is no node, or not one that is ready."""
    TRY_AGAIN = 4
    INTERNAL = 5
    ENDED_OTHERWISE = 6
    """A request that was waited for ended, but not completed."""
    NOT_ENDED = 7
    """A request that was waited for has not ended yet."""
    AWAITS_APPROVAL = 8
    """It is stored, and carried out when somebody else agrees."""
    INTERRUPTED = 130


NO_NODE_CODES = frozenset(
    {
        "DATA_DIRECTORY_MISSING",
        "DATA_DIRECTORY_FOREIGN",
        "DIRECTORY_OF_HQ",
        "DIRECTORY_OF_PROVINCE",
        "KEYRING_MISSING",
        "KEYS_LOST",
        "NODE_NOT_INITIALISED",
        "NODE_UNREACHABLE",
        "NOT_ENROLLED",
        "PERMISSIONS_TOO_WIDE",
        "RESTORED_NOT_RECOVERED",
        "SCHEMA_OUT_OF_DATE",
        "SCHEMA_TOO_NEW",
        "SETTINGS_INVALID",
    }
)
"""Errors that mean: there is no node here that could answer, and trying again would not make it."""

IN_USE_CODES = frozenset({"DATA_DIRECTORY_IN_USE", "PORT_IN_USE"})
"""Somebody else is at it: a node that is starting or stopping, another command, another program on a port."""

INTERRUPTED_CODE = "INTERRUPTED"


def exit_code_of(error: QuanwangError) -> Exit:
    """The exit code of an error that was raised on purpose."""
    if error.code == INTERRUPTED_CODE:
        return Exit.INTERRUPTED
    if error.code in IN_USE_CODES:
        return Exit.TRY_AGAIN
    if error.code in NO_NODE_CODES:
        return Exit.NO_NODE
    if isinstance(error, Awaited):
        return Exit.AWAITS_APPROVAL
    if isinstance(error, Refusal):
        return Exit.REFUSED
    if isinstance(error, TemporaryFault):
        return Exit.TRY_AGAIN
    return Exit.INTERNAL
