"""What may be changed about operators while the node runs."""

from __future__ import annotations

from common.parameters.model import Parameter
from common.parameters.value_types import Switch

GRANT_APPROVAL = Parameter(
    "approvals.grant_rights",
    Switch(),
    True,
    "Whether a second person must agree before weighty rights are given to an operator or put into a role.",
    "授予操作员重要权限或在角色中加入重要权限时，是否须经第二人审批。",
)

PARAMETERS = (GRANT_APPROVAL,)
