"""Counters at work: they submit, cancel and wait over the admin sockets, and repeat what a dying node left open."""

from __future__ import annotations

import http.client
import json
import random
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from tests.support.running import Held, RunningFederation, RunningNode

SUSPEND, RESUME, QUERY = "suspend-subscription", "resume-subscription", "query-customer-profile"
ENDED = {"completed", "rejected", "expired", "cancelled"}
LONG_POLL_MS = 10_000
CALL_S = 20.0
BUSY_S = 0.05
PAUSE = threading.Event()


@dataclass(frozen=True, slots=True)
class Job:
    """One service request that a counter is to bring to its end."""

    key: str
    origin: str
    kind: str
    destinations: tuple[str, ...]
    content: dict[str, str]
    authentication: str = "SERVICE_PASSWORD"
    cancel: bool = False
    time_to_live_ms: int = 0

    def document(self) -> dict[str, Any]:
        """As the admin API takes it."""
        return {
            "kind": self.kind,
            "destinations": list(self.destinations),
            "content": self.content,
            "acting": {"operator": "op-1", "channel": "counter", "customer_authentication": self.authentication},
            "time_to_live_ms": self.time_to_live_ms,
            "idempotency_key": self.key,
        }


def plan_jobs(seed: int, count: int, origins: Sequence[str], held: Mapping[str, Sequence[Held]]) -> list[Job]:
    """Jobs of all sorts on a few subscriptions, so that many meet: about half change nothing, by some rule."""
    rng = random.Random(seed)
    return [_job(rng, f"job-{seed}-{number}", origins[number % len(origins)], held) for number in range(count)]


def _job(rng: random.Random, key: str, origin: str, held: Mapping[str, Sequence[Held]]) -> Job:
    others = [province for province in held if province != origin]
    target = rng.choice(held[rng.choice(others)])
    destinations: tuple[str, ...] = (target.province,)
    if rng.random() < 0.06 and len(others) > 1:
        destinations = tuple(others)
    cancel, authentication = rng.random() < 0.08, "NONE" if rng.random() < 0.05 else "SERVICE_PASSWORD"
    kind = rng.choices((SUSPEND, RESUME, QUERY), (45, 35, 20))[0]
    content = {"subscription_id": target.subscription_id}
    if kind == SUSPEND:
        content["reason"] = f"停机 {key}"
    elif kind == QUERY:
        content = {"service_number": target.service_number}
        if rng.random() < 0.5:
            content = {"customer_number": target.customer_number}
    return Job(key, origin, kind, destinations, content, authentication, cancel)


class UnixConnection(http.client.HTTPConnection):
    """HTTP on a Unix socket, which is closed too when nobody listens there."""

    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("node", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(self._path)
        except BaseException:
            self.close()
            raise


class Counter:
    """A client of one node that does not give up: what broke, or was put off with 503, is said again."""

    def __init__(self, node: RunningNode, until: float) -> None:
        self._node = node
        self._until = until
        self._connection: UnixConnection | None = None
        self.broken = 0
        """Calls that were sent and never answered."""
        self.put_off = 0
        """Calls that were answered with 503."""

    def call(self, method: str, path: str, document: Any = None) -> tuple[int, Any]:
        """The node's answer: status and document."""
        body = json.dumps(document) if document is not None else None
        while True:
            self._node.wait_until_up(self._left_s())
            sent = False
            try:
                connection = self._connection = self._connection or self._connect()
                connection.request(method, path, body, {"Content-Type": "application/json"})
                sent = True
                response = connection.getresponse()
                status, content = response.status, response.read()
            except (http.client.HTTPException, OSError):
                self.close()
                # Who never got through to the node has said nothing that could be lost.
                self.broken += sent
                PAUSE.wait(BUSY_S)
                continue
            if status != 503:
                return status, json.loads(content)
            self.put_off += 1
            PAUSE.wait(BUSY_S)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _connect(self) -> UnixConnection:
        path = (self._node.data_dir / "admin.address").read_text(encoding="utf-8").strip()
        connection = UnixConnection(path, CALL_S)
        connection.connect()
        return connection

    def _left_s(self) -> float:
        left = self._until - time.monotonic()
        assert left > 0, f"{self._node.data_dir.name}: not done in time\n{self._node.said()}"
        return left


@dataclass(slots=True)
class Results:
    """What the counters saw. `request_ids` and `ends` by the job's key."""

    request_ids: dict[str, str] = field(default_factory=dict)
    ends: dict[str, dict[str, Any]] = field(default_factory=dict)
    broken_submits: int = 0
    put_off: int = 0


class Load:
    """Jobs under way: some counters at each origin, each with a few requests open at a time."""

    def __init__(
        self,
        federation: RunningFederation,
        jobs: Sequence[Job],
        *,
        counters_a_node: int = 5,
        open_a_counter: int = 8,
        within_s: float = 240.0,
    ) -> None:
        self._federation = federation
        self._waiting = {
            origin: deque(job for job in jobs if job.origin == origin) for origin in {j.origin for j in jobs}
        }
        self._open_max = open_a_counter
        self._until = time.monotonic() + within_s
        self._changed = threading.Condition()
        self._errors: list[BaseException] = []
        self.results = Results()
        self._threads = [
            threading.Thread(target=self._run, args=(origin,), name=f"counter {origin}/{number}", daemon=True)
            for origin in self._waiting
            for number in range(counters_a_node)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._stop(AssertionError("the test has failed elsewhere"))
        for thread in self._threads:
            thread.join()
        if error is None and self._errors:
            raise self._errors[0]

    @property
    def ended(self) -> int:
        """How many requests have come to their end."""
        return len(self.results.ends)

    def wait_until_ended(self, count: int) -> None:
        """Returns when so many have ended, or all have; raises what a counter met."""
        with self._changed:
            while self.ended < count and not self._errors and any(thread.is_alive() for thread in self._threads):
                assert time.monotonic() < self._until, f"{self.ended} of {count} ended in time"
                self._changed.wait(0.5)
        if self._errors:
            raise self._errors[0]

    def _run(self, origin: str) -> None:
        counter = Counter(self._federation.nodes[origin], self._until)
        try:
            self._work(counter, self._waiting[origin])
        except BaseException as error:
            self._stop(error)
        finally:
            counter.close()
            with self._changed:
                self.results.put_off += counter.put_off

    def _work(self, counter: Counter, waiting: deque[Job]) -> None:
        mine: deque[Job] = deque()
        while not self._errors:
            job = self._next(waiting)
            if job is not None:
                self._submit(counter, job)
                mine.append(job)
            if mine and (job is None or len(mine) >= self._open_max):
                self._wait_for_end(counter, mine.popleft())
            elif not mine and job is None:
                return

    def _next(self, waiting: deque[Job]) -> Job | None:
        with self._changed:
            return waiting.popleft() if waiting else None

    def _submit(self, counter: Counter, job: Job) -> None:
        broken_before = counter.broken
        status, answer = counter.call("POST", "/requests", job.document())
        assert status == 201, answer
        request_id = answer["request_id"]
        with self._changed:
            self.results.request_ids[job.key] = request_id
            self.results.broken_submits += counter.broken - broken_before
        if job.cancel:
            status, answer = counter.call("POST", f"/requests/{request_id}/cancel")
            # Too late is an answer too.
            assert status in (202, 409), answer

    def _wait_for_end(self, counter: Counter, job: Job) -> None:
        path = f"/requests/{self.results.request_ids[job.key]}?wait_ms={LONG_POLL_MS}"
        while not self._errors:
            status, shown = counter.call("GET", path)
            assert status == 200, shown
            if all(leg["state"] in ENDED for leg in shown["legs"]):
                with self._changed:
                    self.results.ends[job.key] = shown
                    self._changed.notify_all()
                return

    def _stop(self, error: BaseException) -> None:
        with self._changed:
            self._errors.append(error)
            self._changed.notify_all()
