"""What an operator may change about messages to people while the node runs."""

from __future__ import annotations

from common.interfaces.model import SIMULATOR
from common.interfaces.simulator import Faults
from common.parameters.model import Parameter, ParameterBook
from common.parameters.value_types import Choice, Text, Whole

FILE, REST = "file", "rest"

ADAPTER = Parameter(
    "communication.adapter",
    Choice((SIMULATOR, FILE, REST)),
    SIMULATOR,
    "How messages to people are sent: to a simulated gateway, into files, or to a gateway with the interface TMF681.",
    "消息的发送方式：simulator（模拟网关）、file（写入文件）或 rest（TMF681 接口的网关）。",
)
GATEWAY = Parameter(
    "communication.gateway",
    Text(),
    "",
    "The address of the gateway's interface, such as https://gateway.example/tmf-api/communicationManagement/v4.",
    "网关接口地址，例如 https://gateway.example/tmf-api/communicationManagement/v4。",
)
SENDER = Parameter(
    "communication.sender",
    Text(64),
    "Quanwang",
    "As whom messages are sent: what the gateway knows the sender by.",
    "发送方标识，由网关识别。",
)


def _fault(name: str, en: str, zh: str) -> Parameter[int]:
    return Parameter(f"communication.simulator_{name}", Whole(0, 100, "%"), 0, en, zh)


LATE = _fault("late", "How many messages the simulated gateway answers late.", "模拟网关延迟应答的比例。")
TWICE = _fault("twice", "How many messages the simulated gateway answers twice.", "模拟网关重复应答的比例。")
NEVER = _fault("never", "How many messages the simulated gateway never answers.", "模拟网关不应答的比例。")
FAILING = _fault("failing", "How many messages the simulated gateway fails to take.", "模拟网关应答失败的比例。")

PARAMETERS = (ADAPTER, GATEWAY, SENDER, LATE, TWICE, NEVER, FAILING)


def simulated_faults(book: ParameterBook, now_us: int) -> Faults:
    """How the simulated gateway behaves at present."""
    late, twice, never, failing = (book.value(one, now_us) for one in (LATE, TWICE, NEVER, FAILING))
    return Faults(late, twice, never, failing)
