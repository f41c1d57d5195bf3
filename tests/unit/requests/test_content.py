"""What is wrong with a request's content is said before anything is asked, by field, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

import province_node.core
from common.errors import Refusal
from common.requests.content import RequestFieldMissing, RequestFieldUnfit, RequestFieldUnknown
from common.requests.registry import RequestKinds

KINDS = RequestKinds(province_node.core.KINDS)
SUSPEND, QUERY = KINDS.asked_as("suspend-subscription"), KINDS.asked_as("query-customer-profile")


@pytest.mark.parametrize(
    ("kind", "content", "error", "en", "zh"),
    [
        (
            SUSPEND,
            {"subscription": "44-1-01"},
            RequestFieldUnknown,
            "suspend-subscription has no field subscription. "
            "Its fields, the most similar first: subscription_id, reason.",
            "suspend-subscription 没有字段 subscription。可用字段（按相似程度排列）：subscription_id, reason。",
        ),
        (
            SUSPEND,
            {"reason": "lost"},
            RequestFieldMissing,
            "suspend-subscription needs the field subscription_id.",
            "suspend-subscription 缺少必填字段 subscription_id。",
        ),
        (
            QUERY,
            {},
            RequestFieldMissing,
            "query-customer-profile needs the field customer_number / service_number.",
            "query-customer-profile 缺少必填字段 customer_number / service_number。",
        ),
        (
            SUSPEND,
            {"subscription_id": ["44-1-01"]},
            RequestFieldUnfit,
            "The field subscription_id of suspend-subscription must be of the type text.",
            "suspend-subscription 的字段 subscription_id 类型应为 text。",
        ),
    ],
)
def test_unfit_content_is_refused_by_field(
    kind: Any, content: dict[str, Any], error: type[Refusal], en: str, zh: str
) -> None:
    with pytest.raises(error) as refused:
        kind.encode_request(content)
    assert refused.value.text("en") == en
    assert refused.value.text("zh") == zh


def test_each_field_goes_to_the_message_that_has_it() -> None:
    body, private = QUERY.encode_request({"service_number": "13800000000"})
    assert body == b""
    opened = QUERY.decode_request(body, private)[1]
    assert opened is not None
    assert opened.service_number == "13800000000"  # type: ignore[attr-defined]
    assert QUERY.encode_request({"customer_number": "44-1"})[1] == b""


def test_a_field_of_a_kind_that_has_none_is_refused() -> None:
    with pytest.raises(RequestFieldUnknown) as refused:
        KINDS.asked_as("query-node-status").encode_request({"x" * 100_000: 1})
    assert len(refused.value.text("en")) < 200
