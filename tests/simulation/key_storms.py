"""What happens to keys and to the directory in a run: replaced, published anew, nodes suspended and let in again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from common.errors import Refusal
from common.ids import HQ
from common.security.keyring import KeyringUse
from hq_node.directory.commands import PublishDirectory, ResumeNode, SuspendNode
from tests.simulation.losses import Loss
from tests.simulation.nodes import NodeDown
from tests.simulation.schedule import SECOND_US

if TYPE_CHECKING:
    from tests.simulation.nodes import SimulatedNode
    from tests.simulation.world import World

NODE_USES = (KeyringUse.SIGNING, KeyringUse.PRIVATE_BODIES, KeyringUse.TLS)
AGAIN_US = 700_000
SUSPENDED_S_MAX = 5.0


class KeyStorms:
    """Arranges a run's faults of this kind."""

    def __init__(self, world: World, seconds: float) -> None:
        self.world, self.random = world, world.key_random
        self.out_of_order: set[str] = set()
        """Nodes that are shut out, lost, or being put back: nothing else of that kind happens to them meanwhile."""
        arranged: tuple[tuple[str, Callable[[], None]], ...] = (
            ("keys_replaced_per_s", self._replace_keys),
            ("root_replaced_per_s", self._replace_root),
            ("directory_published_per_s", self._publish),
            ("node_suspended_per_s", self._suspend),
            ("node_lost_per_s", self._lose),
        )
        for name, storm in arranged:
            rate = getattr(world.faults.rates, name)
            at_s = self.random.expovariate(rate) if rate else seconds
            while at_s < seconds:
                world.schedule.after(int(at_s * SECOND_US), self._strike, name.removesuffix("_per_s"), storm)
                at_s += self.random.expovariate(rate)

    def _strike(self, name: str, storm: Callable[[], None]) -> None:
        if not self.world.faults.over:
            self.world.faults.happened(name)
            storm()

    # Keys

    def _replace_keys(self) -> None:
        node = self.world.process_of(self.random.choice((HQ, *self.world.provinces)))
        uses = tuple(use for use in NODE_USES if self.random.random() < 0.6) or (KeyringUse.SIGNING,)
        if node.is_up:
            node.program.replace_keys(uses)
            if self.random.random() < 0.3:
                self.world.schedule.after(self.random.randrange(100_000), node.crash, "while its keys are replaced")

    def _replace_root(self) -> None:
        hub = self.world.process_of(HQ)
        if hub.is_up:
            hub.program.replace_keys((KeyringUse.ROOT,))

    # The directory

    def _publish(self) -> None:
        self.order(PublishDirectory())

    def _suspend(self) -> None:
        node = self.random.choice(self.world.provinces)
        if node in self.out_of_order:
            return
        self.out_of_order.add(node)
        lasting_us = int(self.random.random() * SUSPENDED_S_MAX * SECOND_US)
        self.order(
            SuspendNode(node, "simulated", "operator"),
            lambda _result: self.world.schedule.after(lasting_us, self._resume, node),
        )

    def _resume(self, node: str) -> None:
        self.order(ResumeNode(node, "simulated", "operator"), lambda _result: self.out_of_order.discard(node))

    def _lose(self) -> None:
        node = self.world.nodes[self.random.choice(self.world.provinces)]
        if node.node in self.out_of_order or not node.is_up:
            return
        self.out_of_order.add(node.node)
        Loss(self, node, lambda: self.out_of_order.discard(node.node)).begin()

    def order(self, command: Any, then: Callable[[Any], object] = lambda _result: None) -> None:
        """An operator of HQ has something done, and tries until it is, or is refused (`then` hears of None)."""
        ordered = _Order(self.world, command, then)
        ordered.attempt()


class _Order:
    def __init__(self, world: World, command: Any, then: Callable[[Any], object]) -> None:
        self._world, self._command, self._then = world, command, then
        self._done = False

    def attempt(self) -> None:
        if self._done:
            return
        self._world.schedule.after(AGAIN_US, self.attempt)
        hub: SimulatedNode = self._world.process_of(HQ)
        try:
            hub.execute(self._command, self._told)
        except NodeDown:
            return

    def _told(self, result: Any, error: BaseException | None) -> None:
        if self._done or not (error is None or isinstance(error, Refusal)):
            return
        self._done = True
        self._world.trace(HQ, f"{type(self._command).__name__}: {error.code if error is not None else 'done'}")
        self._then(result)
