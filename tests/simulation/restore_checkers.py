"""What must hold when provinces were put back from backups."""

from __future__ import annotations

from collections.abc import Iterator

from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import HQ, format_leg, link_name
from common.messaging.envelope import header_digest
from tests.simulation.checkers import Ended
from tests.simulation.kinds import LONG
from tests.simulation.said import Answers, answers_in, asked_in
from tests.simulation.snapshots import TERMINAL, Snapshot

NOT_REPRODUCED = "EFFECT_NOT_REPRODUCED"
"""The product's alarm."""


def witnessed_is_taken_back(ended: Ended) -> Iterator[str]:
    """What a database that is gone had, and HQ had heard of, is there again: what was asked, with the end that it had,
    and what was answered, with the very answer."""
    for node, databases in ended.world.restored.former.items():
        if ended.lost_database(node):
            continue
        heard, now = ended.nodes[HQ].journal.get(link_name(node, HQ), []), ended.nodes[node]
        _, legs = asked_in(heard)
        answers = answers_in(heard)
        for former in databases:
            yield from _asked_again(former, now, legs)
            yield from _answered_again(former, now, answers)


def _asked_again(former: Snapshot, now: Snapshot, heard: set[bytes]) -> Iterator[str]:
    for key, before in former.asked.items():
        name, leg = f"{format_leg(key)} of {former.node}", now.asked.get(key)
        if leg is None:
            if key in heard:
                yield f"{name} was known to HQ, and is forgotten"
        elif before["state"] in TERMINAL and (leg["state"], leg["answer"]) != (before["state"], before["answer"]):
            yield f"{name} was {before['state']}, and is {leg['state']}, or has another answer"


def _answered_again(former: Snapshot, now: Snapshot, heard: Answers) -> Iterator[str]:
    for key, before in former.serving.items():
        if before["state"] not in TERMINAL or _digest_of(before["answer"]) not in heard.get(key, []):
            continue
        leg = now.serving.get(key)
        if leg is None or (leg["state"], leg["answer"]) != (before["state"], before["answer"]):
            state = "unknown" if leg is None else leg["state"]
            yield f"{format_leg(key)} was {before['state']} at {former.node}, and is {state}, or has another answer"


def answered_once(ended: Ended) -> Iterator[str]:
    """A node that was put back never gives a second answer where HQ has its first."""
    for node in ended.world.restored.former:
        if ended.lost_database(node):
            continue
        for key, digests in answers_in(ended.nodes[HQ].journal.get(link_name(node, HQ), [])).items():
            if len(set(digests)) > 1:
                yield f"{node} answered {format_leg(key)} {len(set(digests))} times, each time something else"


def effects_reproduced(ended: Ended) -> Iterator[str]:
    """What was answered has its effect again, but where long work went on in steps of the node's own, or where the
    request could be read with a key that is gone."""
    restored = ended.world.restored
    for node, snapshot in ended.nodes.items():
        kinds = {format_leg(key): leg["kind"] for key, leg in snapshot.serving.items()}
        for alarm in snapshot.alarms:
            if (
                alarm["kind"] == NOT_REPRODUCED
                and kinds.get(alarm["subject"]) != LONG
                and node not in restored.keys_lost
            ):
                yield f"{node}: {alarm['subject']}: {alarm['detail']}"


def everybody_recovers(ended: Ended) -> Iterator[str]:
    """Whoever had forgotten something took it back; nobody goes on as if nothing had been."""
    for node, times in ended.world.restored.must_recover.items():
        if ended.world.restored.recovered[node] < times:
            yield f"{node} was put back {times} times, and recovered {ended.world.restored.recovered[node]} times"


def _digest_of(answer: bytes) -> bytes:
    return header_digest(seal_pb2.Entry.FromString(answer).header)


RESTORE_CHECKERS = (witnessed_is_taken_back, answered_once, effects_reproduced, everybody_recovers)
