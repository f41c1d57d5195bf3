"""The adapters of a node for messages to people."""

from __future__ import annotations

import random

from common.communication.file_adapter import FileAdapter
from common.communication.model import PORT
from common.communication.parameters import FILE, GATEWAY, REST, SENDER, simulated_faults
from common.communication.rest_adapter import RestAdapter
from common.communication.settings import CommunicationSettings
from common.communication.simulated_gateway import SimulatedGateway
from common.interfaces.desk import InterfaceDesk
from common.interfaces.model import SIMULATOR, Adapter, Answer
from common.interfaces.parameters import ANSWER_SECONDS, address_rules
from common.interfaces.simulator import Simulator
from common.outbound.calling import OutboundCaller
from common.parameters.model import ParameterBook
from common.program.node import Node

SECONDS_MAX = ANSWER_SECONDS.value_type.document()["most"]
"""The wait for an answer is the interface's; this only bounds it."""


def add_communication(node: Node, settings: CommunicationSettings) -> None:
    """Gives a node the port and its adapters."""

    def book() -> ParameterBook:
        return node.context.parameters

    async def tell(call_id: bytes, answer: Answer) -> None:
        await node.interfaces.tells(call_id, answer, SIMULATOR)

    now_us, room = node.clock.now_us, node.data.path
    caller = OutboundCaller(lambda: address_rules(book(), now_us()), seconds_max=SECONDS_MAX)
    # What is drawn decides about simulated faults alone.
    chance = random.Random().random  # noqa: S311
    adapters: dict[str, Adapter] = {
        SIMULATOR: Simulator(SimulatedGateway(), lambda: simulated_faults(book(), now_us()), chance, tell),
        FILE: FileAdapter(room / settings.directory),
        REST: RestAdapter(
            caller,
            lambda: book().value(GATEWAY, now_us()),
            lambda: book().value(SENDER, now_us()),
            room / settings.token_file if settings.token_file else None,
        ),
    }
    node.interfaces = InterfaceDesk(node, {PORT.name: adapters})
