"""Asks for something at one node, waits for its end, and reads where the time went."""

import time

from _demo_federation import HQ, StepFailed

PASSWORD = "SERVICE_PASSWORD"  # noqa: S105 - the name of a way to authenticate.
WAIT_MS = 10000
END_SECONDS = 60
ENDED = ("completed", "rejected", "expired", "cancelled", "partly completed")


class Row:
    """A request as the table shows it. Times are microseconds, None where a step did not happen."""

    def __init__(self, path, short_path, what):
        self.path = path
        self.short_path = short_path
        self.what = what
        self.steps = [None] * 4
        self.total = None
        self.state = ""
        self.detail = ""
        self.expected = ""
        self.good = True
        self.ended = True


class Asked:
    """A request that was submitted."""

    def __init__(self, request_id, origin, destinations, what, expected, reason):
        self.request_id = request_id
        self.origin = origin
        self.destinations = destinations
        self.what = what
        self.expected = expected
        self.reason = reason
        self.repeated = False
        """The node had taken the very same request before, and gave its first answer again."""


class Requests:
    """The requests of the demonstration, and how each should end."""

    def __init__(self, federation, screen, processes, run_id):
        self.run_id = run_id
        """Tells the idempotency keys of this run from those of others on the same data."""
        self._federation = federation
        self._screen = screen
        self._words = screen.words
        self._processes = processes
        self.submitted = set()
        """(node, request id) of everything that a node has taken from us."""
        self.unexpected = []
        self.first = None
        """The first of all: an example for whoever wants to follow one."""

    def submit(self, what, origin, kind, content, expected="completed", reason="", **more):
        """Submits and returns at once. `more`: to (destinations), region, authentication, ttl_ms, key."""
        document = {
            "kind": kind,
            "destinations": more.get("to", []),
            "region": more.get("region", ""),
            "content": content,
            "acting": {
                "operator": "demo",
                "organisation": "demo",
                "channel": "counter",
                "customer_authentication": more.get("authentication", PASSWORD),
            },
            "time_to_live_ms": more.get("ttl_ms", 0),
            "idempotency_key": more.get("key", ""),
        }
        answer = self._federation.node(origin).admin.post("/requests", document)
        asked = Asked(answer["request_id"], origin, answer["destinations"], what, expected, reason)
        asked.repeated = answer["repeated"]
        self.submitted.add((origin, asked.request_id))
        self.first = self.first or asked
        return asked

    def end_of(self, asked, seconds_max=END_SECONDS):
        """The request when all its legs have ended. Raises StepFailed where they do not in time."""
        admin = self._federation.node(asked.origin).admin
        deadline = time.monotonic() + seconds_max
        while True:
            self._processes.wait(0)
            shown = admin.get("/requests/" + asked.request_id, WAIT_MS / 1000 + 20, wait_ms=WAIT_MS)
            if shown["state"] in ENDED:
                return shown
            if time.monotonic() > deadline:
                raise StepFailed("step_end", asked.origin, asked.request_id + " " + shown["state"])

    def judge(self, asked, shown):
        """Whether it ended as it should; what did not is remembered."""
        reason = reason_of(shown)
        good = shown["state"] == asked.expected and reason == asked.reason
        if not good:
            self.unexpected.append(
                {
                    "request_id": asked.request_id,
                    "origin": asked.origin,
                    "expected": " ".join([asked.expected, asked.reason]).strip(),
                    "ended": " ".join([shown["state"], reason]).strip(),
                }
            )
        return good

    def ask(self, what, origin, kind, content, expected="completed", reason="", **more):
        """Submits, waits for the end, shows the row. Returns what was asked."""
        asked = self.submit(what, origin, kind, content, expected, reason, **more)
        self.finish(asked)
        return asked

    def finish(self, asked):
        """Waits for the end and shows the row."""
        shown = self.end_of(asked)
        row = self._row(asked)
        row.state = shown["state"]
        row.good = self.judge(asked, shown)
        row.expected = " ".join(self._words.named(word) for word in (asked.expected, asked.reason) if word)
        row.detail = self._detail(asked, shown)
        trace = self._federation.node(asked.origin).admin.get("/requests/" + asked.request_id + "/trace")
        row.steps, row.total = times_of(trace["steps"])
        self._screen.request(row)

    def show_waiting(self, asked):
        """A row for a request that cannot end yet."""
        row = self._row(asked)
        row.ended, row.detail = False, self._words("waits")
        self._screen.request(row)

    def repeat(self, what, first, kind, content, **more):
        """Submits the same again: the node must give the first answer, and nothing may be done twice."""
        again = self.submit(what, first.origin, kind, content, **more)
        row = self._row(again)
        row.detail = self._words("first_answer")
        row.good = again.repeated and again.request_id == first.request_id
        row.expected = row.detail
        if not row.good:
            self.unexpected.append({"request_id": again.request_id, "origin": again.origin, "ended": "not repeated"})
        self._screen.request(row)

    def cancel(self, asked):
        """Asks for the request to be cancelled."""
        self._federation.node(asked.origin).admin.post("/requests/" + asked.request_id + "/cancel", {})

    def _row(self, asked):
        # HQ is the hub: what it asks itself passes no other station.
        stations = [asked.origin] if asked.origin == HQ else [asked.origin, HQ]
        if len(asked.destinations) > 1:
            count = len(asked.destinations)
            names, codes = [self._words("all_provinces", count=count)], [f"×{count}"]
        else:
            stations += asked.destinations
            names, codes = [], []
        path = [self._words.node(node) for node in stations] + names
        short_path = [self._words.province(node) if node == HQ else node for node in stations] + codes
        return Row(path, short_path, asked.what)

    def _detail(self, asked, shown):
        if shown["state"] != "completed":
            reason = reason_of(shown)
            return self._words.named(reason) if reason else ""
        if len(shown["legs"]) > 1:
            answered = sum(leg["answer"] is not None for leg in shown["legs"])
            return self._words("answered_legs", count=answered, legs=len(shown["legs"]))
        answer = shown["legs"][0]["answer"] or {}
        return answer.get("customer_number") or answer.get("subscription_id", "")


def reason_of(shown):
    """The reason of an end that was not completion; empty where it says no more than the end itself."""
    reasons = sorted({leg["reason_code"] for leg in shown["legs"] if leg["reason_code"]})
    return " ".join(reason for reason in reasons if reason != shown["state"].upper())


def times_of(steps):
    """Microseconds to HQ, at HQ, to home, back, and in all: of the leg that took longest.

    The nodes run on one machine and so read one clock; between machines these differences would be no durations.
    """
    legs = {}
    for step in steps:
        # HQ tells the steps of its own requests twice: as origin and as hub.
        legs.setdefault(step["leg"], {}).setdefault(step["step"], step["at_us"])
    at = max(legs.values(), key=lambda leg: leg.get("ended", 0) - leg.get("submitted", 0))
    stations = ("submitted", "admitted", "forwarded", "received by home", "ended")
    spans = [at[b] - at[a] if a in at and b in at else None for a, b in zip(stations, stations[1:])]
    return spans, at["ended"] - at["submitted"] if "ended" in at else None
