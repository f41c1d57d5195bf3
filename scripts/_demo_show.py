"""The demonstration itself: set up, ask, compare the databases, say what to do next."""

import json
import os
import sys
import time

import _demo_customers
import _demo_processes
import _environment
from _demo_admin import NodeAway, NodeRefused
from _demo_audit import Audit
from _demo_federation import HQ, Federation, StepFailed
from _demo_load import Load
from _demo_postgres import Postgres
from _demo_processes import CommandFailed, Stopped
from _demo_requests import Requests
from _demo_scenes import Scenes
from _demo_words import short

FIRST = ["44", "31", "11"]
"""With few provinces, these: home, visited, switched off. The others follow by their codes."""

QUIET_SECONDS = 60
QUIET_POLL_SECONDS = 0.1
WATCH_SECONDS = 1.0

GOOD, NOT_AS_EXPECTED, FAILED, CANNOT_USE = 0, 1, 70, 73


class Show:
    """One demonstration."""

    def __init__(self, options, place, processes, screen):
        self._options = options
        self._place = place
        self._processes = processes
        self._screen = screen
        self._words = screen.words
        self._postgres = None
        self._rows = {}
        self._seconds = {}

    def play(self, left_over):
        """From begin to end. Returns the exit code; raises Stopped where somebody ends it."""
        started = time.monotonic()
        options = self._options
        try:
            provinces = self._provinces()
            if provinces is None:
                self._screen.complain(self._words("nothing_kept", path=short(self._place.path)))
                return CANNOT_USE
            self._screen.title("title", count=len(provinces))
            if left_over:
                self._screen.say("leftovers", count=left_over, style="yellow")
            store = self._place.known_store() if options.keep else options.store
            if store == "postgres":
                self._postgres = Postgres(self._place, self._processes)
            federation = Federation(self._place, self._processes, provinces, options.lang, self._postgres)
            if not self._set_up(federation):
                return CANNOT_USE
            self._seconds["set_up"] = time.monotonic() - started
            return self._show(federation, started)
        except StepFailed as failure:
            self._tell_failure(failure)
        except CommandFailed as failure:
            self._tell_failure(StepFailed("step_postgres", HQ, failure.tail))
        except (NodeAway, NodeRefused) as failure:
            self._processes.wait(0)
            self._tell_failure(StepFailed("step_ask", HQ, str(failure)))
        return FAILED

    def _provinces(self):
        if self._options.keep:
            return self._place.known_provinces()
        others = sorted(set(_all_provinces()) - set(FIRST))
        return [*FIRST, *others][: self._options.provinces]

    def _set_up(self, federation):
        self._screen.chapter("chapter_set_up")
        if self._options.keep:
            self._place.prepare()
            self._start_postgres()
            self._start_again(federation)
            return True
        # Before anything of the last run is deleted.
        mapping = self._mapping()
        if mapping is None:
            return False
        self._place.empty()
        self._start_postgres([HQ, *federation.provinces])
        extract = self._extract(list(federation.provinces), mapping)
        count = len(federation.provinces)

        def hq_ready(seconds):
            self._screen.done("hq_ready", seconds, node=self._words.node(HQ))
            tell("working_provinces", done=0, count=count)

        def province_ready(code, seconds, rows):
            self._rows[code] = rows
            more = self._words("rows_rejected", rejected=rows["rejected"]) if rows["rejected"] else ""
            name = self._words.node(code)
            self._screen.done("province_ready", seconds, more, node=name, imported=rows["imported"])
            tell("working_provinces", done=len(self._rows), count=count)

        with self._screen.working("working_hq") as tell:
            federation.set_up(extract, hq_ready, province_ready)
        self._place.remember(list(federation.provinces), "sqlite" if self._postgres is None else "postgres")
        return True

    def _start_postgres(self, new_databases=()):
        """The server, where the nodes' databases are to be on one."""
        if self._postgres is None:
            return
        begun = time.monotonic()
        with self._screen.working("working_postgres"):
            self._postgres.start()
            self._postgres.create(new_databases)
        self._screen.done("postgres_ready", time.monotonic() - begun)

    def _start_again(self, federation):
        def start(code):
            begun = time.monotonic()
            federation.start_province(code)
            self._screen.done("node_ready", time.monotonic() - begun, node=self._words.node(code))

        begun = time.monotonic()
        federation.hq.serve()
        self._screen.done("hq_again", time.monotonic() - begun, node=self._words.node(HQ))
        federation.for_each_province(start)

    def _mapping(self):
        """How the customers' columns are read; None, with a complaint, where they cannot be."""
        given, path = self._options.customers, short(str(self._options.customers))
        if isinstance(given, int):
            return _demo_customers.OUR_MAPPING
        if self._place.holds(given):
            self._screen.complain(self._words("file_would_be_deleted", path=path, place=short(self._place.path)))
            return None
        try:
            return _demo_customers.mapping_of(given, self._options.mapping, self._processes)
        except _demo_customers.FileNotUnderstood:
            self._screen.complain(self._words("file_not_understood", path=path))
        except OSError as error:
            self._screen.complain(self._words("file_unreadable", path=path, reason=error.strerror))
        except _demo_customers.HeadingRefused as refusal:
            self._screen.complain(self._words("file_unreadable", path=path, reason=refusal))
        return None

    def _extract(self, provinces, mapping):
        given, path = self._options.customers, short(str(self._options.customers))
        if isinstance(given, int):
            extract = _demo_customers.made_up(self._place, provinces, given)
            self._screen.say("customers_made_up", style="dim", customers=given, rows=extract.rows)
            return extract
        extract = _demo_customers.from_file(self._place, given, mapping, provinces)
        self._screen.say("customers_file", style="dim", rows=extract.rows, path=path, mapping=extract.mapping)
        return extract

    def _show(self, federation, started):
        begun = time.monotonic()
        requests = Requests(federation, self._screen, self._processes, str(time.time_ns()))
        scenes = Scenes(federation, self._screen, requests)
        scenes.play()
        if self._options.requests:
            self._load(federation, requests)
        self._seconds["requests"] = time.monotonic() - begun
        self._wait_until_quiet(federation)
        if self._options.once:
            with self._screen.working("working_stop"):
                federation.stop()
        with self._screen.working("working_audit"):
            audit = Audit(self._place, list(federation.provinces), requests.submitted, self._postgres)
        self._seconds["total"] = time.monotonic() - started
        self._tell_audit(audit, requests)
        good = not (requests.unexpected or audit.lost or audit.duplicated)
        if self._options.json:
            self._print_json(audit, requests, federation)
        self._say_what_next(scenes, requests.first)
        if not self._options.once:
            self._keep_running(federation)
        return GOOD if good else NOT_AS_EXPECTED

    def _load(self, federation, requests):
        self._screen.chapter("chapter_load", count=self._options.requests)
        load = Load(federation, requests, self._processes)
        with self._screen.progress(self._options.requests) as advance:
            seconds = load.run(self._options.requests, advance)
        ended = sum(load.ended.values())
        counts = {"completed": load.ended["completed"], "rejected": load.ended["rejected"]}
        self._screen.say("load_done", requests=ended, seconds=seconds, rate=ended / max(seconds, 0.001), **counts)

    def _wait_until_quiet(self, federation):
        """Until no node has anything left to do, so that its database says the last word."""

        def quiet():
            statuses = [node.admin.get("/status") for node in federation.nodes]
            return all(
                status["inbox"]["waiting"] == 0
                and status["requests"]["submitted"] + status["requests"]["overdue"] == 0
                and not any(link["waiting_entries"] for link in status["links"])
                for status in statuses
            ) and not (statuses[0]["hub_legs"]["admitted"] + statuses[0]["hub_legs"]["forwarded"])

        deadline = time.monotonic() + QUIET_SECONDS
        # What is not quiet by then, the databases will tell.
        while not quiet() and time.monotonic() < deadline:
            self._processes.wait(QUIET_POLL_SECONDS)

    def _tell_audit(self, audit, requests):
        self._screen.chapter("chapter_audit")
        numbers = audit.numbers()
        counts = {name: numbers[name] for name in ("requests", "completed", "rejected", "expired", "cancelled")}
        self._screen.say("audit_counts", legs=numbers["legs"]["all"], **counts)
        if audit.lost or audit.duplicated:
            self._screen.say("audit_bad", style="bold red", lost=audit.lost, duplicated=audit.duplicated)
            for finding in audit.findings:
                self._screen.line("  " + finding, style="red")
        else:
            self._screen.say("audit_good", style="bold green")
        if requests.unexpected:
            self._screen.say("not_expected", style="bold red", count=len(requests.unexpected))
        else:
            self._screen.say("all_expected", style="green")
        self._screen.say("time", style="dim", **self._seconds)

    def _print_json(self, audit, requests, federation):
        document = {
            **audit.numbers(),
            "unexpected": requests.unexpected,
            "provinces": list(federation.provinces),
            "rows": {name: sum(rows[name] for rows in self._rows.values()) for name in _row_counts(self._rows)},
            "seconds": {name: round(seconds, 2) for name, seconds in self._seconds.items()},
            "data": self._place.path,
        }
        print(json.dumps(document, ensure_ascii=False, indent=2), flush=True)

    def _say_what_next(self, scenes, example):
        screen, words, roles = self._screen, self._words, scenes.roles
        programs = _environment.programs_of(sys.executable)
        hq, visited = (short(self._place.node(code)) for code in (HQ, roles.visited))
        asking = "hq-node" if roles.visited == HQ else "province-node"
        if self._options.once:
            screen.say("stopped_once")
            if self._postgres is None:
                screen.say("look_back")
                screen.command(os.path.join(short(programs), asking), "requests", "list", "--data", visited)
            screen.say("go_on")
            screen.command("python3", short(os.path.abspath(sys.argv[0])), "--keep", *self._place_option())
            return
        screen.chapter("chapter_next")
        screen.say("next_path")
        screen.command(f'export PATH="{programs}:$PATH"')
        screen.say("next_status")
        screen.command("hq-node", "status", "--data", hq)
        held = scenes.pick(roles.home, "active", with_number=True) or scenes.pick(roles.home, "active")
        if held is not None:
            number = held["service_number"]
            who = f"service_number={number}" if number else f"customer_number={held['customer_number']}"
            how = ["--authentication SERVICE_PASSWORD", "--wait 10s", f"--data {visited}"]
            submit = [asking, "requests", "submit"]
            screen.say("next_submit", visited=words.province(roles.visited), home=words.province(roles.home))
            screen.command(*submit, "query-customer-profile", f"--to {roles.home}", f"--set {who}", *how)
            screen.say("next_suspend")
            what = f"--set subscription_id={held['subscription_id']}"
            screen.command(*submit, "suspend-subscription", f"--to {roles.home}", what, *how)
        if example is not None:
            screen.say("next_trace")
            screen.command(asking, "requests", "trace", example.request_id, f"--data {visited}")
        screen.say("next_logs", path=short(os.path.dirname(self._place.log(HQ))))
        screen.say("running", style="bold")

    def _place_option(self):
        """How to name this directory, where it is not the usual one."""
        return [] if os.path.basename(self._place.path) == ".demo" else ["--data", short(self._place.path)]

    def _keep_running(self, federation):
        """Until somebody ends it; says so when a node ends by itself."""
        told = set()
        while True:
            for node in federation.nodes:
                if node.code not in told and node.has_died():
                    told.add(node.code)
                    tail = _demo_processes.tail_of_file(node.log)
                    name = self._words.node(node.code)
                    self._screen.complain(self._words("node_died", node=name, log=short(node.log), tail=tail))
            self._processes.wait(WATCH_SECONDS)

    def _tell_failure(self, failure):
        if self._processes.stopping.is_set():
            raise Stopped
        self._screen.complain(
            self._words(
                "failed",
                node=self._words.node(failure.node),
                step=self._words(failure.key),
                tail=failure.detail or self._words("said_nothing"),
                log=short(self._place.log(failure.node)),
            )
        )


def _all_provinces():
    from common.directory.regions import PROVINCES

    return PROVINCES


def _row_counts(rows):
    return next(iter(rows.values()), {})
