"""What HQ publishes of parameters in a run, and what must have become of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import TYPE_CHECKING

from common.authentication.parameters import TRIES_MAX
from common.ids import HQ
from hq_node.publications import model, timers
from hq_node.publications.commands import PublishParameter
from tests.simulation import databases
from tests.simulation.schedule import SECOND_US

if TYPE_CHECKING:
    from common.core import NodeCore
    from tests.simulation.checkers import Ended
    from tests.simulation.key_storms import KeyStorms
    from tests.simulation.world import World

TOPIC = "parameters"
AGAIN_US = 2_000_000
"""So soon what a province refused is sent again, and one replica looks for what another has published."""


class Publishing:
    """Operators of HQ publish a parameter now and then, each time with another value."""

    def __init__(self, world: World, storms: KeyStorms, seconds: float) -> None:
        self.world, self.storms, self.random = world, storms, Random(f"{world.seed}/publications")
        rate = world.faults.rates.parameter_published_per_s
        at_s = self.random.expovariate(rate) if rate else seconds
        while at_s < seconds:
            world.schedule.after(int(at_s * SECOND_US), self._publish)
            at_s += self.random.expovariate(rate)

    def _publish(self) -> None:
        if not self.world.faults.over:
            self.world.faults.happened("parameter_published")
            self.storms.order(PublishParameter(TRIES_MAX.name, self.random.randint(3, 10), "simulated"))


def published(core: NodeCore | None) -> int:
    """Which publication a node goes by, or has published; 0: none."""
    if core is None:
        return 0
    run = databases.driver_connection(core.connection).execute
    row = run("SELECT version FROM publications WHERE topic = ?", (TOPIC,)).fetchone()
    return int(row[0]) if row else 0


def publications_applied(ended: Ended) -> Iterator[str]:
    """Every province goes by what HQ has published last, value by value."""
    hub = ended.nodes[HQ]
    newest = hub.publications.get(TOPIC, {"version": 0})["version"]
    said = _newest(hub.parameters)
    for node, snapshot in ended.nodes.items():
        held = snapshot.publications.get(TOPIC, {"version": 0})["version"]
        if held != newest:
            yield f"{node} goes by publication {held}, HQ has published {newest}"
        if _newest(snapshot.parameters) != said:
            yield f"{node} has {_newest(snapshot.parameters)}, HQ says {said}"


def _newest(rows: list[tuple[str, int, str]]) -> dict[str, tuple[int, str]]:
    """What counts of each parameter: what is to count since last, by HQ's clock, which may have been set back."""
    return {name: (version, value) for name, version, value in rows}


@contextmanager
def soon_sent_again() -> Iterator[None]:
    """While it lasts, a publication that failed is sent again before the run is over."""
    before = model.AGAIN_US, timers.LOOK_EVERY_US
    model.AGAIN_US = timers.LOOK_EVERY_US = AGAIN_US
    try:
        yield
    finally:
        model.AGAIN_US, timers.LOOK_EVERY_US = before
