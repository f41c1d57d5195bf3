"""What may be changed about the directory while HQ runs."""

from __future__ import annotations

from common.parameters.model import Parameter
from common.parameters.value_types import Switch

REVOKING_APPROVAL = Parameter(
    "approvals.revoke_node",
    Switch(),
    True,
    "Whether a second person must agree before a node is revoked.",
    "吊销节点是否须经第二人审批。",
)

PARAMETERS = (REVOKING_APPROVAL,)
