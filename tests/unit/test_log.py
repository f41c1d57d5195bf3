"""The log: what a line holds, which are said, and where they go."""

import json
import logging
import subprocess
import sys
from datetime import datetime
from io import StringIO

from common.log import Line, bound, configure, get_logger, redirected, to_stream
from common.program.logs import LibraryLines

log = get_logger()


def test_a_line_holds_the_event_its_facts_and_when_it_was_said() -> None:
    lines: list[Line] = []
    with redirected(lines.append), bound(call="a1", peer="00"):
        log.info("link open", peer="31")
    (line,) = lines
    assert datetime.fromisoformat(str(line.pop("timestamp"))).utcoffset() is not None
    assert line == {"event": "link open", "peer": "31", "call": "a1", "level": "info"}


def test_facts_bound_within_end_with_it() -> None:
    lines: list[Line] = []
    with redirected(lines.append):
        with bound(call="a1"), bound(step=2):
            log.info("within")
        log.info("after")
    assert [("call" in line, "step" in line) for line in lines] == [(True, True), (False, False)]


def test_lines_below_the_level_are_not_said() -> None:
    lines: list[Line] = []
    with redirected(lines.append, "warning"):
        log.debug("looked")
        log.info("went well")
        log.warning("mends itself")
        log.error("failed")
    assert [line["event"] for line in lines] == ["mends itself", "failed"]


def test_an_exception_is_shown_with_where_it_came_from_and_without_local_variables() -> None:
    lines: list[Line] = []
    with redirected(lines.append):
        try:
            secret = "陈大文"
            raise ValueError(len(secret))
        except ValueError as error:
            log.exception("handled")
            log.error("told", exc_info=error)
    assert [line["level"] for line in lines] == ["error", "error"]
    for line in lines:
        assert "test_log.py" in line["exception"]
        assert line["exception"].endswith("ValueError: 3")
        assert "陈大文" not in line["exception"]


def test_a_line_is_one_json_object_whatever_its_facts_are() -> None:
    stream, lines = StringIO(), []
    with redirected(lines.append):
        configure("info", {"node": "31"}, to_stream(stream))
        log.info("两行\n", key=b"\x01", of={1, 2})
    (line,) = stream.getvalue().splitlines()
    document = json.loads(line)
    assert (document["event"], document["node"], document["key"]) == ("两行\n", "31", "b'\\x01'")
    assert "两行" in line


def test_what_libraries_say_has_the_same_form() -> None:
    record = logging.LogRecord("grpc._cython", logging.WARNING, "x.py", 1, "%s failed", ("handshake",), None)
    with redirected(lambda _line: None):
        document = json.loads(LibraryLines().format(record))
    said = (document["event"], document["level"], document["logger"])
    assert said == ("handshake failed", "warning", "grpc._cython")


def test_a_serving_process_loads_nothing_that_draws_on_terminals() -> None:
    program = "import sys, hq_node.__main__, hq_node.bootstrap, province_node.bootstrap; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert "hq_node.bootstrap" in loaded
    assert {"rich", "pygments", "structlog"} & set(loaded) == set()
