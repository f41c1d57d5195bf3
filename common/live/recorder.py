"""Counts what happens, in memory, on the writer's thread; hands it over span by span."""

from __future__ import annotations

from common.live.classes import OTHER, class_name
from common.live.events import LegBegan, LegFinished
from common.live.histogram import Histogram
from common.live.model import Bucket, Flow
from common.messaging.dispatcher import GroupOutcome

FLOWS_MAX = 1_000


class Recorder:
    """The bucket of the span that is not over yet."""

    def __init__(self) -> None:
        self._bucket = Bucket()

    def leg_began(self, event: LegBegan) -> None:
        """After the commit."""
        self._flow(event).began += 1

    def leg_finished(self, event: LegFinished) -> None:
        """After the commit."""
        flow = self._flow(event)
        flow.ended[event.outcome] = flow.ended.get(event.outcome, 0) + 1
        for step, begin_us, end_us in event.steps:
            if begin_us and end_us:
                flow.steps.setdefault(step, Histogram()).add(end_us - begin_us)

    def group_ran(self, outcome: GroupOutcome) -> None:
        """A group was run."""
        bucket = self._bucket
        if outcome.storage_failed:
            bucket.count_node(storage_failures=1)
        if not outcome.items and not outcome.received and not outcome.sealed:
            return
        bucket.count_node(
            groups=1,
            items=outcome.items,
            messages=outcome.messages,
            work_us=outcome.work_us,
            commit_us=outcome.commit_us,
        )
        for received in outcome.receipts:
            bucket.count_link(
                received.peer,
                received_batches=1,
                received_entries=received.seal.count,
                received_bytes=len(received.batch_bytes),
            )
        for sealed in outcome.sealed:
            bucket.count_link(
                sealed.peer, sealed_batches=1, sealed_entries=sealed.entries, sealed_bytes=len(sealed.batch_bytes)
            )

    def _flow(self, event: LegBegan | LegFinished) -> Flow:
        key = (event.role, event.peer, class_name(event.message_class))
        # A dishonest node can make names up; what it is counted under stays in bounds.
        if key not in self._bucket.flows and len(self._bucket.flows) >= FLOWS_MAX:
            key = (event.role, OTHER, OTHER)
        return self._bucket.flow(*key)

    def take(self) -> Bucket:
        """What has been counted since this was asked last."""
        bucket, self._bucket = self._bucket, Bucket()
        return bucket
