"""Reads the nodes' databases and compares them: was anything lost, was anything done twice?

Nothing that the demonstration remembers counts here but the numbers of the requests that nodes took from it: these
must all be found. Everything else is what the databases say of each other:

    origin   requests, asked_legs     each leg has ended, in one way
    HQ       hub_legs                 knows every leg, and the same end
    home     serving_legs             has carried out each leg that HQ forwarded, once, and no other
             inbox                    has taken each request in once
             subscriptions            are as the last leg that touched them says
"""

import collections
import contextlib
import os
import sqlite3
import uuid

from _demo_federation import HQ

ENDS = ("completed", "rejected", "expired", "cancelled")
HUB_COLUMNS = ("state", "origin", "home", "forwarded_at_us", "hub_position")
BUSY_SECONDS = 10
FINDINGS_MAX = 50
STATUS_AFTER = {"SuspendSubscription": "suspended", "ResumeSubscription": "active"}


class Audit:
    """What the databases say. `lost` and `duplicated` are counts, `findings` sentences."""

    def __init__(self, place, provinces, submitted, postgres=None):
        self.requests = collections.Counter()
        """Requests by the end of all their legs together."""
        self.legs = collections.Counter()
        self.customers = 0
        self.subscriptions = collections.Counter()
        self.lost = 0
        self.duplicated = 0
        self.findings = []
        self._nodes = {}
        for code in [HQ, *provinces]:
            file = os.path.join(place.node(code), "node.db")
            self._nodes[code] = Rows(opened(file) if postgres is None else postgres.opened(code), code)
        self._compare(submitted)

    def numbers(self):
        """Everything as plain data."""
        counts = {"requests": sum(self.requests.values()), **{end: self.requests[end] for end in ENDS}}
        others = {"partly_completed": self.requests["partly completed"], "open": self.requests["open"]}
        return {
            **counts,
            **others,
            "lost": self.lost,
            "duplicated": self.duplicated,
            "legs": {"all": sum(self.legs.values()), **{end: self.legs[end] for end in ENDS}},
            "customers": self.customers,
            "subscriptions": dict(sorted(self.subscriptions.items())),
            "findings": self.findings,
        }

    def _compare(self, submitted):
        hub = self._nodes[HQ].hub_legs
        asked = {}
        for node in self._nodes.values():
            asked.update(node.asked_legs)
            self._compare_requests(node)
            self._check_submitted(node, {number for code, number in submitted if code == node.code})
        for leg in sorted({*asked, *hub}):
            self._compare_leg(leg, asked.get(leg), hub.get(leg))
        for node in self._nodes.values():
            if node.code != HQ:
                self._compare_served(node, hub)
                self._compare_subscriptions(node, hub)
                self.customers += node.customers
                self.subscriptions.update(status for status, _ in node.subscriptions.values())

    def _compare_requests(self, node):
        for number, legs in node.requests.items():
            states = [leg["state"] for key, leg in node.asked_legs.items() if key[:16] == number]
            if len(states) != legs:
                self._lose(f"{node.code}: request {_text(number)} has {len(states)} of {legs} legs")
            self.requests[state_of(states)] += 1

    def _check_submitted(self, node, numbers):
        missing = {number for number in numbers if uuid.UUID(number).bytes not in node.requests}
        for number in sorted(missing):
            self._lose(f"{node.code}: took request {number} and does not know it any more")

    def _compare_leg(self, leg, asked, hub):
        name = f"leg {_text(leg[:16])}/{leg[16:18].decode()}/{leg[18:].decode()}"
        if asked is None:
            self._lose(f"{name}: HQ knows it, its origin {hub['origin']} does not")
            return
        self.legs[asked["state"]] += 1
        if asked["state"] not in ENDS:
            self._lose(f"{name}: has not ended at its origin ({asked['state']})")
        elif hub is None:
            self._lose(f"{name}: HQ does not know it")
        elif hub["state"] != asked["state"]:
            self._repeat(f"{name}: {asked['state']} at its origin, {hub['state']} at HQ")
        if hub is None:
            return
        home = self._nodes.get(hub["home"])
        served = home.serving_legs.get(leg) if home is not None else None
        if served is None and (hub["state"] == "completed" or hub["forwarded_at_us"]):
            self._lose(f"{name}: HQ forwarded it, {hub['home']} does not know it")
        elif served is not None and served["state"] != hub["state"]:
            self._repeat(f"{name}: {hub['state']} at HQ, {served['state']} at {hub['home']}")

    def _compare_served(self, node, hub):
        for leg, served in node.serving_legs.items():
            name = f"leg {_text(leg[:16])}/{leg[16:18].decode()}/{leg[18:].decode()}"
            if leg[18:].decode() != node.code:
                self._repeat(f"{name}: carried out by {node.code}, which was not asked")
            elif leg not in hub or not hub[leg]["forwarded_at_us"]:
                self._repeat(f"{name}: carried out by {node.code}, but never forwarded by HQ")
            taken = node.inbox[served["message_id"]]
            if taken != 1:
                self._repeat(f"{name}: taken in {taken} times by {node.code}")

    def _compare_subscriptions(self, node, hub):
        last = {}
        for served in node.effects(hub):
            subscription, status = served["subscription_id"], STATUS_AFTER[served["kind"]]
            before = last.get(subscription)
            if before is not None and before[0] == status:
                self._repeat(f"{node.code}: {subscription} was made {status} twice in a row")
            last[subscription] = (status, served["request_id"])
        for subscription, effect in last.items():
            found = node.subscriptions.get(subscription)
            if found is None or found[1] != effect[1]:
                self._lose(f"{node.code}: {subscription} does not show what request {_text(effect[1])} did")
            elif found[0] != effect[0]:
                self._repeat(f"{node.code}: {subscription} is {found[0]}, its last request made it {effect[0]}")
        for subscription, (_, request) in node.subscriptions.items():
            if request and subscription not in last:
                self._repeat(f"{node.code}: {subscription} was changed by {_text(request)}, which did not complete")

    def _lose(self, finding):
        self.lost += 1
        self._note(finding)

    def _repeat(self, finding):
        self.duplicated += 1
        self._note(finding)

    def _note(self, finding):
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(finding)


class Rows:
    """The rows of one node's database, read with one snapshot."""

    def __init__(self, opened_database, code):
        self.code = code
        with contextlib.closing(opened_database) as database:
            database.execute("BEGIN")
            self.requests = dict(database.execute("SELECT request_id, legs FROM requests"))
            self.asked_legs = self._legs(database, "asked_legs", "state")
            if code == HQ:
                self.hub_legs = self._legs(database, "hub_legs", *HUB_COLUMNS)
                self.serving_legs = {}
                return
            columns = ("state", "message_id", "kind", "ended_at_us", "answer")
            self.serving_legs = self._legs(database, "serving_legs", *columns)
            self.inbox = collections.Counter(row[0] for row in database.execute("SELECT message_id FROM inbox"))
            self.customers = database.execute("SELECT count(*) FROM customer_records").fetchone()[0]
            self.subscriptions = {
                key: (status, request)
                for key, status, request in database.execute(
                    "SELECT subscription_id, status, status_request_id FROM subscriptions"
                )
            }

    def _legs(self, database, table, *columns):
        # Names of tables and columns are ours, not anybody's input.
        rows = database.execute(f"SELECT leg_id, {', '.join(columns)} FROM {table}")  # noqa: S608
        return {row[0]: dict(zip(columns, row[1:])) for row in rows}

    def effects(self, hub):
        """What completed legs did to subscriptions, in the order in which it was done."""
        # The protocol is public; how an answer is to be read stands in proto/.
        from common.gen.quanwang.federation.v1 import seal_pb2
        from common.gen.quanwang.subscriptions.v1 import subscriptions_pb2

        done = []
        for leg, served in self.serving_legs.items():
            kind = served["kind"].rpartition(".")[2]
            if kind in STATUS_AFTER and served["state"] == "completed" and leg in hub:
                response = getattr(subscriptions_pb2, kind + "Response")
                answer = response.FromString(seal_pb2.Entry.FromString(served["answer"]).body)
                # What was done in one transaction has one time; it came in the order in which HQ admitted it.
                order = (served["ended_at_us"], hub[leg]["hub_position"])
                done.append((order, {"subscription_id": answer.subscription_id, "kind": kind, "request_id": leg[:16]}))
        return [effect for _, effect in sorted(done, key=lambda pair: pair[0])]


def opened(path):
    """A database for reading only, also while its node runs."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        # A node that stopped has folded its log away, and a reader that may not write cannot make a new one. Nobody
        # writes now.
        database.close()
        database = sqlite3.connect(f"file:{path}?immutable=1", uri=True, isolation_level=None)
    return database


def state_of(states):
    """The end of a request from those of its legs."""
    distinct = set(states)
    if not distinct or not distinct <= set(ENDS):
        return "open"
    if len(distinct) == 1:
        return distinct.pop()
    if "completed" in distinct:
        return "partly completed"
    return next(end for end in ("rejected", "expired", "cancelled") if end in distinct)


def _text(number):
    return str(uuid.UUID(bytes=bytes(number)))
