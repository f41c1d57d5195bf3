"""The event hub of a node, as its settings say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.event_hub.callbacks import Callbacks
from common.event_hub.delivering import Deliverer
from common.event_hub.handlers import HubRules, handlers
from common.event_hub.model import CallbackRules
from common.program.node import Node
from common.settings import EventSettings

HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000


def callback_rules(settings: EventSettings) -> CallbackRules:
    """Where events may be sent."""
    return CallbackRules(settings.private_callbacks, settings.plain_http_callbacks)


def event_hub_handlers(settings: EventSettings) -> Mapping[type, Any]:
    """The handlers of the hub's commands."""
    return handlers(HubRules(callback_rules(settings), settings.off_after_hours * HOUR_US))


def make_deliverer(node: Node) -> Deliverer:
    """Who delivers, not running yet."""
    settings = node.settings.events
    return Deliverer(node, Callbacks(callback_rules(settings)), settings.dead_letter_days * DAY_US)
