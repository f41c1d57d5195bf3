"""What people do in a run: requests of every kind, cancels, repeats. And what they were told, for the checkers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from common.directory.regions import ALL_PROVINCES
from common.errors import Refusal, StorageUnavailable
from common.gen.quanwang.customers.v1 import profile_pb2
from common.gen.quanwang.subscriptions.v1 import subscriptions_pb2
from common.ids import HQ, format_id
from common.requests.commands import ActingFor, CancelServiceRequest, SubmitServiceRequest
from common.requests.events import RequestSubmitted
from common.requests.model import IdempotencyKeyReused
from province_node.subscriptions.wire import RESUME, SUSPEND
from tests.simulation.kinds import EFFECT, LONG, NOVELTY, Plan
from tests.simulation.nodes import NodeDown

if TYPE_CHECKING:
    from tests.simulation.world import World

PROFILE = "quanwang.customers.v1.QueryCustomerProfile"
STATUS = "quanwang.nodes.v1.QueryNodeStatus"
CUSTOMERS_A_PROVINCE = 3
REGION = "neighbours"
PATIENCE_US = 8_000_000
CANARY = "CANARY-6F1D"
"""In all personal data of a run. It may be read at home, in home's own database, and nowhere else."""


def customer_number(province: str, index: int) -> str:
    return f"{province}-{index:010d}"


def subscription_id(province: str, index: int) -> str:
    return f"{province}-S{index}"


def first_status(index: int) -> str:
    """The status of a subscription before the run."""
    return ("active", "suspended", "terminated")[index % 3]


def service_number(province: str, index: int) -> str:
    """A private detail: it names the customer, so it travels encrypted."""
    return f"{CANARY}-{province}{index}"


@dataclass(slots=True)
class Submission:
    """One request as its client knows it; `told` is what the node answered, None if it never did."""

    node: str
    command: SubmitServiceRequest
    plan: Plan | None
    told: RequestSubmitted | None = None
    refused: str = ""
    tries: int = 0
    open_tries: int = 0
    """Tries to which no answer came: what became of them, only the database knows."""


class Workload:
    """Draws a run's work from its seed and does it, through the nodes' dispatchers."""

    def __init__(self, world: World, requests: int, seconds: float) -> None:
        self.world = world
        self.random = world.random
        self.submissions: list[Submission] = []
        self._busy_until_us = 0
        for number in range(requests):
            at_us = int(self.random.uniform(0, seconds) * 1e6)
            world.schedule.after(at_us, self._submit_new, number)

    def _submit_new(self, number: int) -> None:
        submission = self._draw(number)
        self.submissions.append(submission)
        self._submit(submission)
        later = self.random.random()
        if later < 0.35:
            for _ in range(self.random.choice((1, 1, 2))):
                self.world.schedule.after(self._soon(), self._cancel, submission)
        elif later < 0.5:
            self.world.schedule.after(self._soon(), self._submit, submission)
        elif later < 0.55:
            self.world.schedule.after(self._soon(), self._submit_other_content, submission)

    def _soon(self) -> int:
        delay_us = int(self.random.choice((1e4, 2e5, 2e6, 1e7)) * self.random.random())
        self._busy_until_us = max(self._busy_until_us, self.world.schedule.now_us + delay_us + 1_000_000)
        return delay_us

    def wishes_more(self) -> bool:
        """Whether a client may still come back."""
        return self.world.schedule.now_us < self._busy_until_us

    # Requests

    def _draw(self, number: int) -> Submission:
        random, provinces = self.random, self.world.provinces
        node = random.choice((HQ, *provinces)) if random.random() < 0.25 else random.choice(provinces)
        home = random.choice(provinces)
        kind = random.choices((EFFECT, LONG, SUSPEND, RESUME, PROFILE, STATUS, NOVELTY), (6, 4, 4, 4, 2, 2, 1), k=1)[0]
        if node == HQ and kind in (PROFILE, NOVELTY):
            kind = EFFECT
        if kind == STATUS:
            node = HQ
        plan = self._plan() if kind in (EFFECT, LONG, NOVELTY) else None
        body, private = self._content(kind, home, plan)
        region = random.choice((REGION, ALL_PROVINCES)) if kind == STATUS else ""
        several = kind == EFFECT and random.random() < 0.2
        destinations = tuple(random.sample(provinces, 2)) if several else (home,)
        command = SubmitServiceRequest(
            kind=kind,
            destinations=() if region else destinations,
            region=region,
            body=body,
            private=private,
            acting=ActingFor("op", "counter", "web", "NONE" if random.random() < 0.05 else "SERVICE_PASSWORD"),
            time_to_live_ms=random.choice((1, 40, 200, 1_000, 5_000, 20_000, 600_000, 600_000, 0, 0)),
            idempotency_key=f"key-{number}",
        )
        return Submission(node, command, plan)

    def _plan(self) -> Plan:
        random, faults = self.random, self.world.faults
        return Plan(
            fails_for_now=random.randint(1, 3) if faults.strikes("handler_fails_for_now") else 0,
            unexpected=faults.strikes("handler_unexpected"),
            poison_tries=random.choice((1, 2, 3, 4, 99)) if faults.strikes("handler_poison") else 0,
            refused=random.random() < 0.1,
            searches=random.random() < 0.3,
            outside=random.random() < 0.8,
            outside_refuses=random.random() < 0.25,
        )

    def _content(self, kind: str, home: str, plan: Plan | None) -> tuple[bytes, bytes]:
        random = self.random
        index = random.randrange(CUSTOMERS_A_PROVINCE + 1)  # One more than there are: some are not found.
        if plan is not None:
            return plan.to_bytes(), b""
        if kind == SUSPEND:
            named = subscription_id(home, index)
            suspend = subscriptions_pb2.SuspendSubscriptionRequest(subscription_id=named, reason="x")
            return suspend.SerializeToString(), b""
        if kind == RESUME:
            resume = subscriptions_pb2.ResumeSubscriptionRequest(subscription_id=subscription_id(home, index))
            return resume.SerializeToString(), b""
        if kind == PROFILE:
            private = profile_pb2.QueryCustomerProfilePrivateRequest(service_number=service_number(home, index))
            named = customer_number(home, index) if random.random() < 0.5 else ""
            return (
                profile_pb2.QueryCustomerProfileRequest(customer_number=named).SerializeToString(),
                private.SerializeToString(),
            )
        return b"", b""

    # Clients

    def _submit(self, submission: Submission) -> None:
        """Sends the command; a client that hears of a fault, or nothing, tries again under the same key."""
        submission.tries += 1

        def told(result: Any, error: BaseException | None) -> None:
            submission.open_tries -= 1
            if isinstance(result, RequestSubmitted):
                self._accepted(submission, result)
            elif isinstance(error, StorageUnavailable):
                self._again(submission)
            elif isinstance(error, Refusal):
                submission.refused = error.code
            else:
                self.world.find("workload", f"submission {submission.command.idempotency_key}: {error!r}")

        try:
            self.world.process_of(submission.node).execute(submission.command, told)
        except NodeDown:
            self._again(submission)
            return
        submission.open_tries += 1
        self.world.schedule.after(PATIENCE_US, self._if_unanswered, submission)

    def _if_unanswered(self, submission: Submission) -> None:
        if submission.told is None and not submission.refused and submission.open_tries:
            self._again(submission)

    def _accepted(self, submission: Submission, result: RequestSubmitted) -> None:
        world, node = self.world, submission.node
        kept = node not in world.losses.databases and node not in world.restored.former
        if kept and submission.told is not None and submission.told.request_id != result.request_id:
            self.world.find("idempotency", f"{submission.command.idempotency_key} became two requests")
        submission.told = submission.told or result
        self.world.trace(submission.node, f"accepted {submission.command.kind} {format_id(result.request_id)}")

    def _again(self, submission: Submission) -> None:
        if submission.tries < 3:
            self.world.schedule.after(self._soon() + 500_000, self._submit, submission)

    def _submit_other_content(self, submission: Submission) -> None:
        """The same key for something else must be refused, once the first is stored."""
        if submission.told is None:
            return
        other = SubmitServiceRequest(
            kind=EFFECT,
            destinations=self.world.provinces[:1],
            body=Plan(searches=True, refused=True).to_bytes(),
            time_to_live_ms=777,
            idempotency_key=submission.command.idempotency_key,
        )

        def told(result: Any, error: BaseException | None) -> None:
            forgotten = submission.node in self.world.restored.former
            if not isinstance(error, IdempotencyKeyReused | StorageUnavailable) and not forgotten:
                self.world.find("idempotency", f"{submission.command.idempotency_key} took other content: {result!r}")

        self._execute(submission.node, other, told)

    def _cancel(self, submission: Submission) -> None:
        if submission.told is None:
            return
        destination = self.random.choice(("", *submission.told.destinations))

        def told(_result: Any, error: BaseException | None) -> None:
            if error is not None and not isinstance(error, Refusal | StorageUnavailable):
                self.world.find("workload", f"cancel failed: {error!r}")

        self._execute(submission.node, CancelServiceRequest(submission.told.request_id, destination), told)

    def _execute(self, node: str, command: Any, told: Any) -> None:
        try:
            self.world.process_of(node).execute(command, told)
        except NodeDown:
            return
