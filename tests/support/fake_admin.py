"""A node's admin API with nothing behind it, and ways to run a command line against it."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from common.cli.offline import InProcess
from common.cli.program import run
from common.cli.session import Program

REQUEST = "0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90"
PARKED = f"31-{REQUEST}"
KEY = "ed25519:983228c7025219a2"


class Failure(Exception):
    """What the next answer says instead."""

    def __init__(self, status: int, code: str, reason: str) -> None:
        self.status, self.code, self.reason = status, code, reason


class FakeNode:
    """The node: what was posted to it, and what it will say."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, Any]] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.languages: list[str] = []
        self.failures: dict[str, Failure] = {}
        self.request_state = "completed"
        self.document_kinds = ["resident_id", "passport", "seamans_book"]
        self.unused = {"passport"}
        self.nodes: list[dict[str, Any]] = [node_row("44", "waiting")]
        self.import_problems: list[dict[str, Any]] = []
        self.interrupt_after_chunks: int | None = None
        self.app = Starlette(routes=[Route("/{path:path}", self.answer, methods=["GET", "POST"])])

    async def answer(self, request: Request) -> JSONResponse:
        """Any address of the API."""
        # As it was meant: url.path would have what was in the address quoted again.
        path = request.scope["path"]
        self.languages.append(request.headers.get("accept-language", ""))
        if path in self.failures:
            failure = self.failures[path]
            content = {"code": failure.code, "reason": failure.reason, "message": "", "status": str(failure.status)}
            return JSONResponse(content, failure.status)
        if request.method == "POST":
            body = await request.body()
            document = await request.json() if body else None
            self.posted.append((path, document))
            return JSONResponse(self._posted(path, document), 201)
        self.asked.append((path, dict(request.query_params)))
        return JSONResponse(self._asked(path))

    def _posted(self, path: str, document: Any) -> Any:
        if path == "/requests":
            return {"request_id": REQUEST, "destinations": document["destinations"] or ["11", "12"], "repeated": False}
        if path == "/customers/import":
            if self.interrupt_after_chunks is not None:
                if self.interrupt_after_chunks == 0:
                    raise KeyboardInterrupt
                self.interrupt_after_chunks -= 1
            good = len(document["rows"]) - len(self.import_problems)
            return {"imported": good, "updated": 0, "unchanged": 0, "problems": self.import_problems}
        if path == "/nodes/invitations":
            return {"node": document["node"], "expires_at_us": 1, "invitation": "quanwang-invitation:1:secret:00000000"}
        return {}

    def _asked(self, path: str) -> Any:
        match path.strip("/").split("/"):
            case ["status"]:
                return STATUS
            case ["dictionaries", "document-kind"]:
                return {"values": [{"code": kind, "usable": kind not in self.unused} for kind in self.document_kinds]}
            case ["live"]:
                return LIVE
            case ["legs"]:
                return {"items": [leg_row()], "next": f"{REQUEST}/31/44", "now_us": 1_795_404_650_000_000}
            case ["requests"]:
                return {"items": [request_row(self.request_state)], "next": REQUEST}
            case ["requests", _]:
                return request_row(self.request_state) | {"answer": None}
            case ["requests", _, "trace"]:
                return TRACE
            case ["parked"]:
                return {"items": [PARKED_ROW]}
            case ["parked", _]:
                return PARKED_ROW
            case ["alarms"]:
                return {"items": [ALARM]}
            case ["alarms", _]:
                return ALARM | {"history": [ALARM_ENTRY]}
            case ["nodes"]:
                return {"items": self.nodes}
            case ["customers"]:
                return {"items": [CUSTOMER], "next": "31-1"}
            case ["subscriptions"]:
                return {"items": [SUBSCRIPTION], "next": ""}
            case ["customers", "summary"]:
                return {"customers": 3000, "subscriptions": {"active": 3500, "suspended": 200, "terminated": 75}}
        raise LookupError(path)


@dataclass
class FakeFinding:
    """One finding of `check`."""

    severity: str
    subject: str

    def text(self, language: str) -> str:
        return "证书即将过期" if language == "zh" else "the certificate expires soon"

    def mend(self, language: str) -> str:
        return "重新入网" if language == "zh" else "enrol again"


@dataclass
class FakeBootstrap:
    """A bootstrap module around the fake node; remembers what was called."""

    node: FakeNode
    KIND: Any = None
    calls: list[tuple[str, Any]] = field(default_factory=list)
    findings: list[FakeFinding] = field(default_factory=lambda: [FakeFinding("ok", "keys")])
    error: BaseException | None = None
    one_time_password: str = "ABCD-EFGH"

    def _called(self, name: str, facts: Any) -> None:
        self.calls.append((name, facts))
        if self.error is not None:
            raise self.error

    @contextmanager
    def build_offline_app(self, data_dir: Path) -> Iterator[Starlette]:
        self._called("build_offline_app", data_dir)
        yield self.node.app

    def init(self, data_dir: Path, **options: Any) -> str:
        self._called("init", options)
        return self.one_time_password

    def serve(self, data_dir: Path, roles: Sequence[Any] = ()) -> None:
        self._called("serve", data_dir)

    def migrate(self, data_dir: Path, before_programs: bool = False) -> list[str]:
        self._called("migrate", data_dir)
        return ["common_0001", "hq_0001"]

    def check(self, data_dir: Path) -> list[FakeFinding]:
        self._called("check", data_dir)
        return self.findings


class Result(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


class CommandLine:
    """Runs a program's commands in this process, on a data directory with a fake node in it."""

    def __init__(self, program: Program, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.node = FakeNode()
        self.bootstrap = FakeBootstrap(self.node)
        self.data = data
        self.program = Program(program.name, program.app, lambda: self.bootstrap, program.kinds)
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Result:
        self._capsys.readouterr()
        code = run(self.program, list(arguments))
        captured = self._capsys.readouterr()
        return Result(code, captured.out, captured.err)


@contextmanager
def listening(app: Any, address: Path) -> Iterator[None]:
    """Serves an application on a Unix socket, as a running node does, one request at a time."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with InProcess(app) as inside:
                status, content = inside.send(self.command, self.path, dict(self.headers), body, 10)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(socketserver.UnixStreamServer):
        def get_request(self) -> Any:
            connection, _ = super().get_request()
            return connection, ("client", 0)

    with Server(str(address), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def node_row(node: str, state: str) -> dict[str, Any]:
    return {
        "node": node,
        "state": state,
        "signing_key_id": KEY,
        "software_version": "0.1.0",
        "invited_at_us": 1_795_404_600_000_000,
        "requested_at_us": 1_795_404_601_000_000,
        "approved_at_us": 0,
    }


def request_row(state: str) -> dict[str, Any]:
    leg = {
        "destination": "44",
        "state": state,
        "reason_code": "" if state == "completed" else "TIME_LIMIT",
        "submitted_at_us": 1_795_404_600_000_000,
        "ended_at_us": 1_795_404_600_017_800 if state in ("completed", "rejected") else 0,
        "answer": {"node": "44", "subscriptions": [{"status": "active [red]"}]} if state == "completed" else None,
    }
    return {
        "request_id": REQUEST,
        "kind": "query-node-status",
        "state": state,
        "created_at_us": 1_795_404_600_000_000,
        "region": "",
        "operator": "li.na",
        "channel": "counter",
        "legs": [leg],
    }


def leg_row() -> dict[str, Any]:
    return {
        "leg": f"{REQUEST}/31/44",
        "request_id": REQUEST,
        "kind": "suspend-subscription",
        "origin": "31",
        "home": "44",
        "state": "rejected",
        "reason_code": "SUBSCRIPTION_NOT_FOUND",
        "begun_at_us": 1_795_404_600_000_000,
        "ended_at_us": 1_795_404_600_017_800,
    }


def trace_step(node: str, step: str, at_us: int, since: int | None, **facts: Any) -> dict[str, Any]:
    return {
        "leg": "44",
        "node": node,
        "step": step,
        "at_us": 1_795_404_600_000_000 + at_us,
        "since_previous_us": since,
        "since_same_clock_us": since,
        "clock": node,
        "facts": facts,
    }


# HQ's clock is an hour ahead, Guangdong's a minute behind.
TRACE = {
    "request_id": REQUEST,
    "kind": "query-node-status",
    "role": "origin",
    "now_us": 1_795_404_650_000_000,
    "steps": [
        trace_step("31", "submitted", 0, None),
        trace_step("00", "admitted", 3_600_000_000, None, position=1, business_date="2026-11-23"),
        trace_step("00", "forwarded", 3_600_001_000, 1_000),
        trace_step("44", "received by home", -60_000_000, None),
        trace_step("44", "answered by home", -59_996_000, 4_000),
        trace_step("00", "answer at hub", 3_600_009_000, None),
        trace_step("31", "ended", 20_000, None, state="completed"),
    ],
}

STATUS: dict[str, Any] = {
    "node": "31",
    "name": {"zh": "上海", "en": "Shanghai"},
    "role": "province",
    "software_version": "0.1.0",
    "started_at_us": 1_795_404_600_000_000,
    "now_us": 1_795_404_660_000_000,
    "incarnation": "00" * 16,
    "database": "/data/node.db",
    "directory_version": 3,
    "links": [
        {
            "peer": "00",
            "state": "open",
            "since_us": 1_795_404_600_000_000,
            "last_cut_reason": "",
            "sealing_stopped": False,
            "sealed_sequence": 12,
            "acked_sequence": 11,
            "received_sequence": 9,
            "waiting_entries": 1,
            "waiting_bytes": 400,
            "oldest_waiting_at_us": 1_795_404_657_000_000,
        }
    ],
    "inbox": {"waiting": 0, "parked": 2},
    "requests": {"submitted": 1, "completed": 7},
    "legs_served": {"ended": 5},
    "alarms": 1,
    "storage_failing": True,
}

PARKED_ROW = {
    "id": PARKED,
    "source": "31",
    "state": "parked",
    "problem": "HANDLER_FAILED",
    "detail": "a row was missing",
    "leg": f"{REQUEST}/31/44",
    "link": "00>44",
    "seal_number": 7,
    "entry_index": 0,
    "attempts": 3,
    "next_attempt_at_us": 0,
    "received_at_us": 1_795_404_600_000_000,
    "phase": "request",
    "message_type": "quanwang.subscriptions.v1.SuspendSubscription",
}

CUSTOMER = {
    "customer_number": "31-1",
    "kind": "enterprise",
    "city_code": "310100",
    "created_at_us": 1_795_404_600_000_000,
    "updated_at_us": 1_795_404_600_000_000,
}

SUBSCRIPTION = {
    "subscription_id": "31-1-01",
    "customer_number": "31-1",
    "service_number": "02112345678",
    "offering": "fixed-line",
    "status": "suspended",
}

ALARM = {
    "kind": "BAD_ORIGIN_PROOF",
    "subject": "31",
    "detail": "the path does not lead to the root",
    "name": "BAD_ORIGIN_PROOF:31",
    "state": "acknowledged",
    "severity": "critical",
    "lasting": False,
    "times": 4,
    "first_at_us": 1_795_404_600_000_000,
    "last_at_us": 1_795_404_650_000_000,
    "acknowledged_at_us": 1_795_404_640_000_000,
    "acknowledged_by": "Li Na",
    "note": "HQ was called",
    "cleared_at_us": 0,
    "meaning": "A message is not proved.",
    "remedy": "Ask the node.",
}

ALARM_ENTRY = {
    "at_us": 1_795_404_640_000_000,
    "state": "acknowledged",
    "severity": "critical",
    "by": "Li Na",
    "note": "HQ was called",
}


def flow_row(peer: str, name: str, rate: float, p95_us: int, **ended: int) -> dict[str, Any]:
    def step(value_us: int) -> dict[str, Any]:
        return {"count": 9, "sum_us": 90, "p50_us": value_us // 2, "p95_us": value_us, "p99_us": 2 * value_us}

    return {
        "role": "hub",
        "peer": peer,
        "class": name,
        "began": 9,
        "ended": ended,
        "steps": {"whole": step(p95_us), "queue": step(900), "answer": step(p95_us - 30_000)},
        "open": {"admitted": {"legs": 3, "oldest_age_us": 5_000_000}},
        "began_a_second": rate,
        "ended_a_second": rate,
        "trend": [0, 1, 4, 9, 16, 25, 36, 49, 64, 81, 100, 90] * 5,
    }


def link_row(peer: str, state: str, waiting: int, oldest_at_us: int) -> dict[str, Any]:
    return STATUS["links"][0] | {
        "peer": peer,
        "state": state,
        "waiting_entries": waiting,
        "oldest_waiting_at_us": oldest_at_us,
        "sealed_a_second": 12.5,
        "received_a_second": 11.0,
        "sealed_bytes_a_second": 9_000,
        "received_bytes_a_second": 8_000,
        "queue_trend": [0, 1],
    }


LIVE_AT_US = 1_795_404_660_000_000

# Shanghai works, and is refused now and then; Guangdong is away.
LIVE: dict[str, Any] = {
    "node": "00",
    "name": {"zh": "总部", "en": "HQ"},
    "role": "hq",
    "software_version": "0.1.0",
    "started_at_us": 1_795_404_000_000_000,
    "now_us": LIVE_AT_US,
    "links": [link_row("31", "open", 0, 0), link_row("44", "closed", 1_200, LIVE_AT_US - 400_000_000)],
    "flows": [
        flow_row("31", "management", 7.0, 150_000, completed=7),
        flow_row("31", "work_order", 25.0, 150_000, completed=20, rejected=5),
        flow_row("44", "work_order", 0.5, 90_000, expired=1),
    ],
    "peers": [
        flow_row("31", "all", 32.0, 150_000, completed=27, rejected=5),
        flow_row("44", "all", 0.5, 90_000, expired=1),
    ],
    "classes": [
        flow_row("all", "management", 7.0, 150_000, completed=7),
        flow_row("all", "work_order", 25.5, 150_000, completed=20, rejected=5, expired=1),
    ],
    "totals": [flow_row("all", "all", 32.5, 150_000, completed=27, rejected=5, expired=1)],
    "inbox": {"waiting": 0, "parked": 2},
    "alarms": [ALARM | {"name": "LINK_AWAY:44", "state": "raised", "acknowledged_by": ""}],
    "storage_failing": False,
    "node_last_minute": {"groups": 60},
    "width_s": 10,
    "rate_span_s": 60,
}
