"""What the demonstration shows, scene by scene. The same rows are chosen every time."""

from _demo_federation import HQ

PROFILE = "query-customer-profile"
SUSPEND = "suspend-subscription"
RESUME = "resume-subscription"
STATUS = "query-node-status"

EXPIRES_MS = 1500
CANDIDATES = 100
UNKNOWN_NUMBER = "10000000000"
"""No mobile number begins with 10."""


class Roles:
    """Who plays whom: the counter where the customer stands, the customer's own province, one that is switched off."""

    def __init__(self, provinces):
        # `home` is the first; with few provinces one plays several parts, and with one alone HQ asks.
        self.home = provinces[0]
        self.visited = provinces[1] if len(provinces) > 1 else HQ
        self.away = provinces[2] if len(provinces) > 2 else self.home


class Scenes:
    """Plays all scenes on a federation."""

    def __init__(self, federation, screen, requests):
        self._federation = federation
        self._screen = screen
        self._words = screen.words
        self._requests = requests
        self._taken = set()
        self.roles = Roles(list(federation.provinces))

    def play(self):
        """All of them, in order."""
        roles, province = self.roles, self._words.province
        self._screen.chapter("chapter_business", home=province(roles.home), visited=province(roles.visited))
        self._screen.table_head()
        self._business()
        self._screen.chapter("chapter_refusals", home=province(roles.home))
        self._refusals()
        self._screen.chapter("chapter_others")
        self._others()
        self._away()

    def pick(self, province, status, with_number=False):
        """The first subscription of a province in this status that no scene has used; None where there is none."""
        found = self._federation.node(province).admin.get("/subscriptions", status=status, limit=CANDIDATES)["items"]
        for subscription in found:
            key = subscription["subscription_id"]
            if key not in self._taken and (subscription["service_number"] or not with_number):
                self._taken.add(key)
                return subscription
        return None

    def _business(self):
        home, visited, words = self.roles.home, self.roles.visited, self._words
        held = self.pick(home, "active", with_number=True) or self.pick(home, "active")
        if held is None:
            self._leave_out("profile")
            return
        # HQ is no counter: it looks into no customer's profile.
        if visited != HQ:
            if held["service_number"]:
                content, what = {"service_number": held["service_number"]}, words("profile")
            else:
                content, what = {"customer_number": held["customer_number"]}, words("profile_by_customer")
            self._requests.ask(what, visited, PROFILE, content, to=[home])
        wish = {"subscription_id": held["subscription_id"], "reason": "demo"}
        self._requests.ask(words("suspend"), visited, SUSPEND, wish, to=[home])
        already = "SUBSCRIPTION_ALREADY_SUSPENDED"
        self._requests.ask(words("suspend_again"), visited, SUSPEND, wish, "rejected", already, to=[home])
        wish, key = {"subscription_id": held["subscription_id"]}, "demo-" + self._requests.run_id
        first = self._requests.ask(words("resume"), visited, RESUME, wish, to=[home], key=key)
        self._requests.repeat(words("double_click"), first, RESUME, wish, to=[home], key=key)
        not_suspended = "SUBSCRIPTION_NOT_SUSPENDED"
        self._requests.ask(words("resume_again"), visited, RESUME, wish, "rejected", not_suspended, to=[home])

    def _refusals(self):
        home, visited, words = self.roles.home, self.roles.visited, self._words
        if visited != HQ:
            unknown = {"service_number": UNKNOWN_NUMBER}
            self._requests.ask(
                words("profile_unknown"), visited, PROFILE, unknown, "rejected", "CUSTOMER_NOT_FOUND", to=[home]
            )
        unknown = {"subscription_id": home + "-no-such-subscription", "reason": "demo"}
        self._requests.ask(
            words("suspend_unknown"), visited, SUSPEND, unknown, "rejected", "SUBSCRIPTION_NOT_FOUND", to=[home]
        )
        self._refused_suspension("suspend_terminated", "terminated", "SUBSCRIPTION_TERMINATED")
        self._refused_suspension(
            "suspend_unauthenticated", "active", "CUSTOMER_NOT_AUTHENTICATED", authentication="NONE"
        )

    def _refused_suspension(self, what, status, reason, **more):
        held = self.pick(self.roles.home, status)
        if held is None:
            self._leave_out(what)
            return
        wish = {"subscription_id": held["subscription_id"], "reason": "demo"}
        self._requests.ask(
            self._words(what), self.roles.visited, SUSPEND, wish, "rejected", reason, to=[self.roles.home], **more
        )

    def _others(self):
        if self.roles.visited != HQ:
            self._suspend("suspend", self.roles.home, self.roles.visited)
        self._requests.ask(self._words("status_all"), HQ, STATUS, {}, region="all-provinces")

    def _away(self):
        """What a province is asked while it is off waits at HQ, expires, is cancelled, or is carried out later."""
        roles, words = self.roles, self._words
        asks_too = roles.home if roles.home != roles.away else roles.visited
        self._screen.chapter("chapter_away", away=words.province(roles.away))
        wishes = [self._wish("suspend_waits"), self._wish("suspend_expires"), self._wish("suspend_cancelled")]
        self._federation.node(roles.away).stop()
        self._federation.hq.wait_until("step_link", 30, lambda: not self._federation.hq.has_link_to(roles.away))
        waiting = self._submit(words("suspend_waits"), wishes[0], asks_too)
        if waiting is not None:
            self._requests.show_waiting(waiting)
        what = words("suspend_expires", seconds=EXPIRES_MS / 1000)
        self._finish(self._submit(what, wishes[1], roles.visited, "expired", ttl_ms=EXPIRES_MS))
        cancelled = self._submit(words("suspend_cancelled"), wishes[2], roles.visited, "cancelled")
        if cancelled is not None:
            self._requests.cancel(cancelled)
        self._finish(cancelled)
        self._screen.chapter("chapter_back", away=words.province(roles.away))
        with self._screen.working("node_starts", node=words.node(roles.away)):
            self._federation.start_province(roles.away)
            self._finish(waiting)
        self._suspend("suspend", roles.visited, roles.away)

    def _wish(self, what):
        held = self.pick(self.roles.away, "active")
        if held is None:
            self._leave_out(what)
        return held

    def _suspend(self, what, origin, home):
        held = self.pick(home, "active")
        if held is None:
            self._leave_out(what)
            return
        wish = {"subscription_id": held["subscription_id"], "reason": "demo"}
        self._requests.ask(self._words(what), origin, SUSPEND, wish, to=[home])

    def _submit(self, what, held, origin, expected="completed", **more):
        if held is None:
            return None
        wish = {"subscription_id": held["subscription_id"], "reason": "demo"}
        return self._requests.submit(what, origin, SUSPEND, wish, expected, to=[self.roles.away], **more)

    def _finish(self, asked):
        if asked is not None:
            self._requests.finish(asked)

    def _leave_out(self, what):
        self._screen.say("left_out", style="dim", what=self._words(what, seconds=EXPIRES_MS / 1000))
