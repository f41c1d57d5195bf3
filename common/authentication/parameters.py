"""What may be changed about authenticating customers while a province runs; headquarters can publish it."""

from __future__ import annotations

from common.parameters.model import Parameter
from common.parameters.value_types import Whole

TRIES_MAX = Parameter(
    "authentication.tries_max",
    Whole(1, 100),
    5,
    "So often in a row a customer's authentication may fail over one channel (three times as often over all together); "
    "then it fails for a while whatever is given.",
    "客户在同一渠道连续验证失败的次数上限（所有渠道合计为其三倍）；达到后一段时间内一律验证失败。",
)
LOCK_MINUTES = Parameter(
    "authentication.lock_minutes",
    Whole(1, 1_440, "min"),
    30,
    "So long it fails then.",
    "验证失败次数达到上限后的锁定时长。",
)
CODE_MINUTES = Parameter(
    "authentication.code_minutes",
    Whole(1, 30, "min"),
    5,
    "So long a one-time code is good.",
    "一次性验证码的有效时长。",
)
VALID_MINUTES = Parameter(
    "authentication.valid_minutes",
    Whole(1, 240, "min"),
    30,
    "So long an authentication counts, within its interaction alone.",
    "验证结果在本次交互内的有效时长。",
)
KEPT_DAYS = Parameter(
    "authentication.kept_days",
    Whole(1, 3_650, "d"),
    730,
    "So long it is kept who was authenticated how, by whom, and when.",
    "客户验证记录（何人、何时、以何种方式验证）的保留天数。",
)

PARAMETERS = (TRIES_MAX, LOCK_MINUTES, CODE_MINUTES, VALID_MINUTES, KEPT_DAYS)
