"""What stands against erasing, and against pruning."""

from __future__ import annotations

from common.errors import Refusal


class RequestStillOpen(Refusal):
    """Personal data is still needed: the request has not ended."""

    en = "Request {request_id} has not ended at this node; its personal data is erased when it has."
    zh = "请求 {request_id} 在本节点尚未结束，结束后方可删除其个人信息。"


class BatchNotDelivered(Refusal):
    """The peer has not acknowledged the batch yet: it must get it as it was signed."""

    en = "Batch {seal_number} of link {link} is not acknowledged by the peer yet. Try again when the link is open."
    zh = "链路 {link} 的第 {seal_number} 号批次尚未被对端确认，请在链路恢复后重试。"
