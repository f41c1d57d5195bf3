"""Many more requests between all nodes: the same ones every time, each with the end that it must have."""

import collections
import queue
import random
import threading
import time

from _demo_admin import NodeAway, NodeRefused
from _demo_federation import HQ
from _demo_processes import Stopped
from _demo_scenes import PROFILE, RESUME, SUSPEND

WORKERS = 8
SUBSCRIPTIONS_PER_PROVINCE = 200
SEED = 20
TRIES = 50


class Load:
    """Sends random requests and counts how they ended."""

    def __init__(self, federation, requests, processes):
        self._federation = federation
        self._requests = requests
        self._processes = processes
        self.ended = collections.Counter()

    def run(self, count, advance):
        """Sends so many requests, a few at a time; `advance()` is called for each that has ended. Returns the seconds.

        Raises Stopped, and what a worker failed with.
        """
        queues = [queue.SimpleQueue() for _ in range(WORKERS)]
        for number, step in enumerate(self._plan(count)):
            # What touches one subscription is done by one worker, in order, so that each end is known beforehand.
            queues[step[0] % WORKERS].put((number, step))
        errors = queue.SimpleQueue()
        failed = threading.Event()
        lock = threading.Lock()

        def work(own):
            try:
                while not own.empty() and not failed.is_set():
                    number, step = own.get()
                    state = self._ask(number, step)
                    with lock:
                        self.ended[state] += 1
                        advance()
            except BaseException as error:
                failed.set()
                errors.put(error)

        started = time.monotonic()
        workers = [threading.Thread(target=work, args=(own,), daemon=True) for own in queues]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        if not errors.empty():
            raise errors.get()
        return time.monotonic() - started

    def _plan(self, count):
        """For each request: the subscription's number, origin, home, kind, content, expected end and reason."""
        dice = random.Random(SEED)  # noqa: S311 - to be repeated.
        pool = []
        for code, node in self._federation.provinces.items():
            found = node.admin.get("/subscriptions", limit=SUBSCRIPTIONS_PER_PROVINCE)["items"]
            pool += [[code, held, held["status"]] for held in found]
        origins = [HQ, *self._federation.provinces]
        for _ in range(count if pool else 0):
            place = int(dice.random() * len(pool))
            home, held, status = pool[place]
            others = [origin for origin in origins if origin != home]
            origin = others[int(dice.random() * len(others))]
            # HQ is no counter: it looks into no customer's profile.
            kinds = (SUSPEND, RESUME) if origin == HQ else (PROFILE, SUSPEND, RESUME)
            kind = kinds[int(dice.random() * len(kinds))]
            if kind == PROFILE:
                content = {"customer_number": held["customer_number"]}
                yield place, origin, home, kind, content, "completed", ""
                continue
            content = {"subscription_id": held["subscription_id"]}
            expected, reason = outcome(kind, status)
            if expected == "completed":
                pool[place][2] = "suspended" if kind == SUSPEND else "active"
            yield place, origin, home, kind, content, expected, reason

    def _ask(self, number, step):
        _, origin, home, kind, content, expected, reason = step
        # The key makes it safe to ask again where an answer got lost.
        key = f"demo-load-{self._requests.run_id}-{number}"
        asked = self._again(
            lambda: self._requests.submit("", origin, kind, content, expected, reason, to=[home], key=key)
        )
        shown = self._requests.end_of(asked)
        self._requests.judge(asked, shown)
        return shown["state"]

    def _again(self, work):
        for left in range(TRIES, -1, -1):
            try:
                return work()
            except NodeAway:
                if not left:
                    raise
            except NodeRefused as refusal:
                if refusal.status != 503 or not left:
                    raise
            self._processes.wait(0.1)
        raise Stopped


def outcome(kind, status):
    """How a suspension or resumption ends that meets a subscription in this status."""
    if status == "terminated":
        return "rejected", "SUBSCRIPTION_TERMINATED"
    if kind == SUSPEND:
        return ("completed", "") if status == "active" else ("rejected", "SUBSCRIPTION_ALREADY_SUSPENDED")
    return ("completed", "") if status == "suspended" else ("rejected", "SUBSCRIPTION_NOT_SUSPENDED")
