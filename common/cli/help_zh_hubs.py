"""The Chinese help of the commands for subscriptions to events."""

from __future__ import annotations

from collections.abc import Mapping

HUB_COMMANDS: Mapping[str, str] = {
    "hubs": "接收事件的其他系统（带签名，按顺序）。",
    "hubs list": "列出所有者的全部订阅：回调地址、等待的和已放弃的事件数。",
    "hubs show": "显示一个订阅，以及最早被放弃的事件及其原因。",
    "hubs add": "自现在起向一个系统发送事件。签名密钥仅显示一次。",
    "hubs remove": "结束订阅；等待发送的事件不再保留。",
    "hubs replay": "重新发送已放弃的事件；订阅停用时重新启用。",
}

HUB_OPTIONS: Mapping[str, str] = {
    "SUBSCRIPTION": "订阅编号，见 `hubs list`。",
    "hubs list --api": "仅列出该 API 的订阅，例如 serviceRequest。",
    "hubs list --after": "从该编号之后继续。",
    "hubs list --limit": "最多列出的数量。",
    "hubs add CALLBACK": "以 POST 接收事件的 https 地址。",
    "hubs add --api": "所订阅的 API。",
    "hubs add --query": "所需的事件，写法与列表过滤相同；省略则为全部。",
}
