"""The event hub of a node."""

from __future__ import annotations

from common.event_hub.callbacks import Callbacks
from common.event_hub.delivering import Deliverer
from common.event_hub.parameters import callback_rules
from common.program.node import Node


def make_deliverer(node: Node) -> Deliverer:
    """Who delivers, not running yet."""
    return Deliverer(node, Callbacks(lambda: callback_rules(node.context.parameters, node.clock.now_us())))
