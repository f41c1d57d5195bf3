"""Running seeds: one, and many; what came of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from common.directory.model import NodeStatus
from common.ids import HQ
from common.log import Line, redirected
from tests.simulation import databases
from tests.simulation.checkers import CHECKERS, Ended
from tests.simulation.enrolments import simulated_enrolment
from tests.simulation.evidence import journals_prove
from tests.simulation.first_keys import drawn_keys
from tests.simulation.key_checkers import KEY_CHECKERS
from tests.simulation.key_storms import KeyStorms
from tests.simulation.key_watcher import KeyWatcher
from tests.simulation.loss_checkers import LOSS_CHECKERS
from tests.simulation.publishing import Publishing, publications_applied, published, soon_sent_again
from tests.simulation.restore_checkers import RESTORE_CHECKERS
from tests.simulation.restores import Restores
from tests.simulation.schedule import SECOND_US
from tests.simulation.snapshots import Snapshot
from tests.simulation.storms import Storms
from tests.simulation.tasks import no_threads
from tests.simulation.watchers import AckWatcher, OwnerWatcher, StateWatcher
from tests.simulation.workload import Workload
from tests.simulation.world import Finding, Size, World

# Those of keys first: what is wrong with a key soon shows everywhere, and only so many findings are told.
ALL_CHECKERS = (*KEY_CHECKERS, *LOSS_CHECKERS, *RESTORE_CHECKERS, publications_applied, *CHECKERS, journals_prove)
FINDINGS_MAX = 12


@dataclass(slots=True)
class Result:
    """What came of one seed."""

    seed: int
    findings: list[Finding]
    digest: str
    messages: int = 0
    legs: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    cuts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    simulated_seconds: float = 0.0

    @property
    def failed(self) -> bool:
        return bool(self.findings)


def run_seed(
    seed: int,
    room: Path,
    size: Size | None = None,
    listener: Callable[[str], None] | None = None,
    emphasis: Mapping[str, float] | None = None,
) -> Result:
    """Runs one seed to its end and checks it. Files lie below `room` while it runs."""
    started = time.perf_counter()
    directory = room / f"seed-{seed}"
    directory.mkdir()
    world = World(seed, directory, size or Size(), listener, emphasis or {})
    ended: Ended | None = None
    try:
        keys = drawn_keys(Random(f"{seed}/new keys"))
        with (
            _silent_log(),
            databases.shared_engines(),
            no_threads(),
            keys,
            simulated_enrolment(world),
            soon_sent_again(),
        ):
            ended = _run(world)
    except Exception as error:
        world.find("no-crash", f"{type(error).__name__}: {error}")
        if listener is not None:
            raise
    finally:
        with _silent_log():
            world.stop()
        databases.remove(directory)
    legs: Counter[str] = Counter()
    if ended is not None:
        legs.update(leg["state"] for _, leg in ended.asked())
    return Result(
        seed,
        world.findings[:FINDINGS_MAX],
        world.trace_digest,
        world.messages,
        legs,
        world.faults.counts,
        world.cuts,
        time.perf_counter() - started,
        world.schedule.now_us / SECOND_US,
    )


def _run(world: World) -> Ended:
    workload = world.begin()
    seconds = world.size.seconds
    storms = Storms(world, seconds)
    operators = KeyStorms(world, seconds)
    Restores(world, operators, seconds)
    Publishing(world, operators, seconds)
    states = StateWatcher(world)
    world.watchers += [AckWatcher(world), OwnerWatcher(world), KeyWatcher(world), states]
    world.schedule.run_until(int(seconds * SECOND_US))
    storms.end()
    world.trace("--", "faults are over")
    for second in range(world.size.quiet_seconds_max):
        world.schedule.run_until(world.schedule.now_us + SECOND_US)
        if second >= 2 and _quiet(world, workload):
            break
    else:
        world.find("comes-to-rest", f"still busy {world.size.quiet_seconds_max} s after the last fault")
    states.look()
    world.trace("--", "quiet")
    return check(world, workload)


def check(world: World, workload: Workload) -> Ended:
    """Stops all nodes and runs every checker over what they stored."""
    world.stop()
    ended = Ended(world, workload, {node: Snapshot(node, it.path) for node, it in world.nodes.items()})
    for node, lost in world.losses.databases.items():
        for former in reversed(lost):
            ended.nodes[node].continue_from(former)
    for checker in ALL_CHECKERS:
        for detail in checker(ended):
            world.find(checker.__name__.replace("_", "-"), detail)
    return ended


def _quiet(world: World, workload: Workload) -> bool:
    """Whether nothing is left to happen, by what the nodes store."""
    sealed: Counter[tuple[str, str]] = Counter()
    received: Counter[tuple[str, str]] = Counter()
    if not all(process.is_up for process in world.processes):
        return False
    hub = world.nodes[HQ].core
    assert hub is not None
    directory = world.newest_directory(hub)
    newest = directory.version
    if not all(entry.status is NodeStatus.ACTIVE for entry in directory.nodes if entry.node in world.nodes):
        return False
    if any(process.core.context.directory.version != newest for process in world.processes if process.core):
        return False
    if not all(node.program.is_finished() for node in world.nodes.values()):
        return False
    if len({published(node.core) for node in world.nodes.values() if node.core is not None}) > 1:
        return False
    for node in world.nodes.values():
        assert node.core is not None
        run = databases.driver_connection(node.core.connection).execute
        if any(run(statement).fetchone()[0] for statement in _OPEN):
            return False
        if run("SELECT max(version) FROM directories").fetchone()[0] != newest:
            return False
        for peer, own, other in run("SELECT peer, sealed_seal_number, received_seal_number FROM links"):
            sealed[node.node, peer] = own
            received[peer, node.node] = other
    return +sealed == +received and not workload.wishes_more()


_OPEN = (
    "SELECT count(*) FROM outbox",
    "SELECT count(*) FROM inbox WHERE state = 'waiting'",
    "SELECT count(*) FROM asked_legs WHERE ended_at_us = 0",
    "SELECT count(*) FROM serving_legs WHERE ended_at_us = 0",
)


@contextmanager
def _silent_log() -> Iterator[None]:
    """The product's log would be thousands of lines about faults that were meant."""
    with redirected(_drop):
        yield


def _drop(_line: Line) -> None:
    pass
