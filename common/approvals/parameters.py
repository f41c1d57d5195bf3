"""What may be changed about approvals while the node runs. Changing any of them needs approval itself (`switching`)."""

from __future__ import annotations

from common.parameters.model import Parameter
from common.parameters.value_types import Switch, Whole

VALID_HOURS = Parameter(
    "approvals.valid_hours",
    Whole(1, 24 * 30, "h"),
    72,
    "So long a request for approval waits before it expires.",
    "审批单的有效时长。",
)
MACHINE_OWNER_ASKS = Parameter(
    "approvals.machine_owner_asks",
    Switch(),
    False,
    "Whether the owner of the data directory needs the agreement of a second person like everybody else.",
    "数据目录的所有者是否也须经第二人审批。",
)

PARAMETERS = (VALID_HOURS, MACHINE_OWNER_ASKS)
