"""The node's log: one JSON object a line on standard error, for whoever collects it. Never personal data: statements
are logged without their parameters, exceptions without local variables."""

from __future__ import annotations

import logging
import sys

from common.log import LEVELS, as_json, configure, line_of, to_stream


class LibraryLines(logging.Formatter):
    """What libraries say, in the same form as the node's own lines."""

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        return as_json(line_of(record.levelname.lower(), record.getMessage(), {"logger": record.name}, error))


def configure_logs(level: str, node: str) -> None:
    """Sends this program's log, and that of the libraries, to standard error; each line names the node."""
    configure(level, {"node": node}, to_stream(sys.stderr))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LibraryLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # What libraries say in passing is not the node's log.
    root.setLevel(max(LEVELS[level], logging.WARNING))
