"""The Chinese help of the commands for interfaces to other systems, and for customers' service passwords."""

from __future__ import annotations

from collections.abc import Mapping

INTERFACE_COMMANDS: Mapping[str, str] = {
    "customers set-password": "设置客户的服务密码，供外省受理时由本省验证。\n\n"
    "密码在终端输入两次，或从标准输入读取：命令参数可被本机其他用户看到。",
    "interfaces": "对外部系统的接口：运行状态、调用与适配器。",
    "interfaces list": "列出全部接口：所用适配器、运行状态和等待的调用。",
    "interfaces show": "显示一个接口：用途、运行状态及各适配器的统计。",
    "interfaces calls": "列出接口的调用，最近的在前。个人信息已脱敏，不显示调用内容。",
    "interfaces test": "立即试探外部系统是否可用，不产生任何影响。\n\n"
    "切换适配器之前也可试探。试探成功后，熔断中的接口恢复调用。试探失败时以 1 结束。",
    "interfaces switch": "自现在起经另一适配器进行调用，无需重启；等待的调用立即进行。",
    "interfaces replay": "重新进行被拒绝或已放弃的调用。",
}

INTERFACE_OPTIONS: Mapping[str, str] = {
    "customers set-password NUMBER": "客户编号，例如 44-0000000001。",
    "customers set-password --reason": "原因；保存在审计日志中，请勿包含个人信息。",
    "INTERFACE": "接口名称，见 `interfaces list`。",
    "interfaces calls --state": "仅列出：waiting、calling、done、refused、given-up 或 expired。",
    "interfaces calls --before": "仅列出该调用之前的调用。",
    "interfaces calls --limit": "最多列出的调用数。",
    "interfaces test --adapter": "经该适配器试探；省略则经当前适配器。",
    "interfaces switch ADAPTER": "适配器名称，见 `interfaces show`。",
    "interfaces switch --reason": "原因；保存在参数变更历史和审计日志中。",
    "interfaces replay --reason": "原因；保存在审计日志中。",
    "interfaces replay --call": "仅重放该调用；省略则重放全部被拒绝或已放弃的调用。",
}
