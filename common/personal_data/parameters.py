"""What may be changed about looking at personal data while a province runs; headquarters can publish it."""

from __future__ import annotations

from common.parameters.model import Parameter
from common.parameters.value_types import Switch, Whole

REVEALS_AN_HOUR_MAX = Parameter(
    "customers.reveals_an_hour_max",
    Whole(1, 10_000),
    60,
    "Of so many customers somebody may have masked data shown in full within an hour.",
    "每人每小时可查看完整信息的客户数上限。",
)
ERASING_APPROVAL = Parameter(
    "approvals.erase_customer",
    Switch(),
    True,
    "Whether a second person must agree before a customer's personal data is erased.",
    "删除客户个人信息是否须经第二人审批。",
)

PARAMETERS = (REVEALS_AN_HOUR_MAX, ERASING_APPROVAL)
