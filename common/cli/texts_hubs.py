"""What commands print of subscriptions to events: English, simplified Chinese."""

from __future__ import annotations

HUBS: dict[str, tuple[str, str]] = {
    "column.event_subscription": ("Subscription", "事件订阅"),
    "column.api": ("API", "API"),
    "column.owner": ("Owner", "所有者"),
    "column.callback": ("Callback", "回调地址"),
    "column.query": ("Query", "筛选"),
    "column.given_up": ("Given up", "已放弃"),
    "column.failing_since": ("Failing since", "失败起始时间"),
    "column.event": ("Event", "事件"),
    "column.event_type": ("Event type", "事件类型"),
    "state.on": ("on", "启用"),
    "state.off": ("off", "停用"),
    "hubs.none": ("No subscriptions.", "没有事件订阅。"),
    "hubs.more": ("More: hubs list --after {after}", "继续查看：hubs list --after {after}"),
    "hubs.added": (
        "Events are told from now on. Their signatures' secret (base64, shown this once): {secret}\nSubscription: {id}",
        "自现在起发送事件。签名密钥（base64，仅显示这一次）：{secret}\n订阅编号：{id}",
    ),
    "hubs.removed": ("The subscription {id} has ended.", "订阅 {id} 已结束。"),
    "hubs.replayed": (
        "{count} events that were given up are delivered again; the subscription {id} is on.",
        "{count} 个已放弃的事件将重新发送；订阅 {id} 已启用。",
    ),
}
