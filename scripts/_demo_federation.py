"""Sets up the federation through the nodes' own commands: initialise, invite, enrol, approve, serve, import."""

import concurrent.futures
import json
import os
import sys
import threading
import time

import _demo_admin
import _demo_processes
from _demo_processes import CommandFailed, Stopped

HQ = "00"
AT_A_TIME = 2
"""Provinces that are set up at the same time. More would only make each of them slower."""

COMMAND_SECONDS = 90
SERVE_SECONDS = 60
LINK_SECONDS = 60
ENROL_SECONDS = 90
IMPORT_SECONDS = 1800
POLL_SECONDS = 0.05

EXPIRY_GRACE_MS = 1000
"""After its start HQ gives links time to resume before anything expires; here all nodes are near."""


class StepFailed(Exception):
    """A step did not succeed. `key` names it, `node` is where, `detail` is what the program said last."""

    def __init__(self, key, node, detail):
        super().__init__(f"{key} {node}: {detail}")
        self.key = key
        self.node = node
        self.detail = detail


class Node:
    """One node: its directory, its process, its admin API."""

    def __init__(self, code, place, processes, language):
        self.code = code
        self.data = place.node(code)
        self.log = place.log(code)
        self.program = "hq-node" if code == HQ else "province-node"
        self.admin = _demo_admin.Admin(self.data, language)
        self._processes = processes
        self._process = None

    def command(self, *arguments):
        """A command of this node's program."""
        return [os.path.join(os.path.dirname(sys.executable), self.program), *arguments, "--data", self.data]

    def run(self, key, *arguments, **options):
        """Runs a command and gives back its JSON. Raises StepFailed, Stopped."""
        try:
            output = self._processes.run([*self.command(*arguments), "--json"], options.get("seconds", COMMAND_SECONDS))
            return json.loads(output) if output.strip() else {}
        except CommandFailed as failure:
            raise StepFailed(key, self.code, failure.tail) from failure

    def serve(self):
        """Starts the node and waits until it answers. Raises StepFailed, Stopped."""
        with open(self.log, "ab") as log:
            self._process = self._processes.start(self.command("serve"), log)
        self.wait_until("step_serve", SERVE_SECONDS, self._answers)

    def wait_until(self, key, seconds_max, happened):
        """Waits until `happened()`. Raises StepFailed where it does not come about in time or the node has died."""
        deadline = time.monotonic() + seconds_max
        while not happened():
            if self.has_died() or time.monotonic() > deadline:
                raise StepFailed(key, self.code, _demo_processes.tail_of_file(self.log))
            self._processes.wait(POLL_SECONDS)

    def has_died(self):
        """Whether the node was started and has ended."""
        return self._process is not None and self._processes.has_ended(self._process)

    def stop(self):
        """Stops the node in good order and waits for its end."""
        if self._process is not None:
            self._processes.end([self._process])
            self._process = None

    def _answers(self):
        try:
            return bool(self.admin.get("/status", seconds=5))
        except _demo_admin.NodeAway:
            return False

    def has_link_to(self, peer):
        """Whether the link to `peer` is open."""
        links = self.admin.get("/status")["links"]
        return any(link["peer"] == peer and link["state"] == "open" for link in links)


class Federation:
    """HQ and its provinces."""

    def __init__(self, place, processes, provinces, language, postgres=None):
        self._processes = processes
        self._place = place
        self._postgres = postgres
        self.hq = Node(HQ, place, processes, language)
        self.provinces = {code: Node(code, place, processes, language) for code in provinces}

    def node(self, code):
        """A node by its code."""
        return self.hq if code == HQ else self.provinces[code]

    @property
    def nodes(self):
        """All nodes, HQ first."""
        return [self.hq, *self.provinces.values()]

    def set_up(self, extract, hq_ready, province_ready):
        """HQ and all provinces. Calls `hq_ready(seconds)` and `province_ready(code, seconds, rows)`, when it is so.

        Raises StepFailed, Stopped.
        """
        with concurrent.futures.ThreadPoolExecutor(1) as first:
            founding = first.submit(_timed, self._set_up_hq)
            founding.add_done_callback(lambda done: done.exception() or hq_ready(done.result()[0]))

            def join(code):
                seconds, rows = _timed(self._set_up_province, code, extract, founding)
                province_ready(code, seconds, rows)

            self.for_each_province(join)

    def _set_up_hq(self):
        """HQ, founded and serving. The system chooses its ports, so that nothing else is in the way."""
        ports = ["--federation-port", "0", "--enrolment-port", "0", "--http-port", "0", "--public-host", "127.0.0.1"]
        self.hq.run("step_init", "init", *ports, *self._database(HQ))
        with open(os.path.join(self.hq.data, "node.toml"), "a", encoding="utf-8") as settings:
            settings.write(f"\n[hub]\nexpiry_grace_ms = {EXPIRY_GRACE_MS}\n")
        self.hq.serve()

    def _set_up_province(self, code, extract, founding):
        """One province: enrolled, approved, linked, with its customers. Returns what became of the rows."""
        node = self.provinces[code]
        node.run("step_init", "init", "--node", code, "--http-port", "0", *self._database(code))
        founding.result()
        self._enrol(node)
        node.serve()
        rows = self._import(node, extract)
        node.wait_until("step_link", LINK_SECONDS, lambda: node.has_link_to(HQ))
        return rows

    def _database(self, code):
        """Where a node keeps its records, as `init` is told."""
        return [] if self._postgres is None else ["--database-url", self._postgres.url(code)]

    def start_province(self, code):
        """A province that was set up before: serving and linked."""
        node = self.provinces[code]
        node.serve()
        node.wait_until("step_link", LINK_SECONDS, lambda: node.has_link_to(HQ))

    def for_each_province(self, work):
        """Runs `work(code)` for every province, a few at a time. Raises the first failure, when all have ended."""
        failed = threading.Event()

        def one(code):
            if not failed.is_set():
                try:
                    return work(code)
                except BaseException:
                    failed.set()
                    raise
            raise Stopped

        with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
            futures = [pool.submit(one, code) for code in self.provinces]
        errors = [future.exception() for future in futures if future.exception() is not None]
        errors.sort(key=lambda error: isinstance(error, Stopped))
        if errors:
            raise errors[0]
        return {code: future.result() for code, future in zip(self.provinces, futures)}

    def stop(self):
        """Stops all nodes in good order."""
        running = [node._process for node in self.nodes if node._process is not None]
        self._processes.end(running)
        for node in self.nodes:
            node._process = None

    def _enrol(self, node):
        """HQ invites, the province asks to join, HQ approves the very key that asked."""
        path = self._place.file(f"invitation-{node.code}.txt")
        invited = self.hq.admin.post("/nodes/invitations", {"node": node.code, "valid_hours": 1})
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(invited["invitation"] + "\n")
        done = threading.Event()

        def approve():
            deadline = time.monotonic() + ENROL_SECONDS
            while not done.is_set() and time.monotonic() < deadline:
                for waiting in self.hq.admin.get("/nodes")["items"]:
                    if waiting["node"] == node.code and waiting["state"] == "waiting":
                        key = waiting["signing_key_id"]
                        self.hq.admin.post(f"/nodes/{node.code}/approve", {"signing_key_id": key})
                        return
                self._processes.wait(POLL_SECONDS)

        with concurrent.futures.ThreadPoolExecutor(1) as operator:
            approving = operator.submit(approve)
            try:
                node.run(
                    "step_enrol",
                    "enrol",
                    "--invitation",
                    "@" + path,
                    "--wait",
                    f"{ENROL_SECONDS}s",
                    seconds=ENROL_SECONDS + COMMAND_SECONDS,
                )
            finally:
                done.set()
        approving.result()

    def _import(self, node, extract):
        command = node.command("customers", "import", extract.files[node.code], "--mapping", extract.mapping, "--json")
        try:
            return json.loads(self._processes.run(command, IMPORT_SECONDS))["rows"]
        except CommandFailed as failure:
            # 1: some rows were left out. The demonstration says how many and goes on.
            if failure.code == 1:
                return json.loads(failure.output)["rows"]
            raise StepFailed("step_import", node.code, failure.tail) from failure


def _timed(work, *arguments):
    """The seconds that the work took, and its result."""
    begun = time.monotonic()
    result = work(*arguments)
    return time.monotonic() - begun, result
