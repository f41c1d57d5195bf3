"""Nothing lost, nothing twice: what became of planned jobs, judged from the databases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from common.ids import ID_BYTES, leg_id, parse_id
from tests.support.books import Books, Wish, replay
from tests.support.request_load import Job
from tests.support.running import Held, RunningFederation


def verdict(
    federation: RunningFederation,
    jobs: Sequence[Job],
    request_ids: Mapping[str, str],
    held: Mapping[str, Iterable[Held]],
    alarms: frozenset[str] = frozenset(),
) -> list[str]:
    """Everything that is wrong, a line each. All nodes must have stopped. `alarms`: kinds that the test gave cause for.

    `request_ids`: what the nodes answered to the jobs, by key. `held`: what each province held at first.
    """
    books = Books(federation)
    faults = [*_requests(books, jobs, request_ids), *books.faults(alarms)]
    return faults or list(replay(books, held, _wishes(books, jobs)))


def _requests(books: Books, jobs: Sequence[Job], request_ids: Mapping[str, str]) -> Iterable[str]:
    """Each job is one request at its origin, under the id that was answered, with the legs that it asked for."""
    legs_of: dict[tuple[str, bytes], set[bytes]] = {}
    for origin, leg in books.asked:
        legs_of.setdefault((origin, leg[:ID_BYTES]), set()).add(leg)
    for province in books.provinces:
        stored = books.nodes[province].rows("requests")
        rows = {row["idempotency_key"]: row for row in stored}
        mine = {job.key: job for job in jobs if job.origin == province}
        if rows.keys() != mine.keys() or len(stored) != len(mine):
            yield f"{province}: {len(mine)} jobs, {len(stored)} requests"
            continue
        for key, job in mine.items():
            identity = rows[key]["request_id"]
            if parse_id(request_ids[key]) != identity:
                yield f"{key}: answered as {request_ids[key]}, stored as {identity.hex()}"
            legs = legs_of.get((province, identity), set())
            if legs != {leg_id(identity, province, destination) for destination in job.destinations}:
                yield f"{key}: legs {legs}"


def _wishes(books: Books, jobs: Sequence[Job]) -> dict[bytes, Wish]:
    """What was asked, by leg."""
    by_key = {job.key: job for job in jobs}
    return {
        leg_id(row["request_id"], province, destination): Wish(
            job.kind, next(iter(job.content.values())), job.authentication != "NONE"
        )
        for province in books.provinces
        for row in books.nodes[province].rows("requests")
        for job in (by_key[row["idempotency_key"]],)
        for destination in job.destinations
    }
