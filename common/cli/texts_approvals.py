"""What commands print of approvals, substitutes and separated duties: English, simplified Chinese."""

from __future__ import annotations

APPROVALS: dict[str, tuple[str, str]] = {
    "column.action": ("Action", "操作"),
    "column.after": ("After", "变更后"),
    "column.approval": ("Approval", "审批单"),
    "column.asked": ("Asked", "提出时间"),
    "column.asker": ("Asked by", "提出人"),
    "column.before": ("Before", "变更前"),
    "column.conflict": ("Must be apart", "不得兼任"),
    "column.decided": ("Decided", "审批时间"),
    "column.decider": ("Decided by", "审批人"),
    "column.decision_reason": ("Because", "审批意见"),
    "column.expires": ("Until", "有效期至"),
    "column.failure": ("Could not be carried out", "未能执行的原因"),
    "column.field": ("Field", "字段"),
    "column.roles": ("Roles", "角色"),
    "column.substitute": ("Substitute", "代理人"),
    "column.substitution": ("Substitution", "代理编号"),
    "column.until": ("Until", "结束时间"),
    "state.carried-out": ("carried out", "已执行"),
    "state.failed": ("failed", "未能执行"),
    "state.pending": ("pending", "待审批"),
    "state.refused": ("refused", "已拒绝"),
    "title.awaits": ("Waits for approval", "等待审批"),
    "mend.APPROVAL_AWAITED": (
        "`approvals show` says how it stands; an operator who may approves it over the REST interface.",
        "用 `approvals show` 查看进展；由有权限的操作员通过 REST 接口审批。",
    ),
    "approvals.none": ("No requests for approval.", "没有审批单。"),
    "approvals.more": ("More: approvals list --before {before}", "继续查看：approvals list --before {before}"),
    "approvals.decided_for": ("{decider}, for {absent}", "{decider}（代理 {absent}）"),
    "approvals.carried-out": (
        "{approval} is carried out for {asker}: {action}, {record}.",
        "{approval} 已按 {asker} 的请求执行：{action}，{record}。",
    ),
    "approvals.failed": (
        "{approval} is agreed to, but could not be carried out for {asker} ({action}, {record}): {code}. "
        "It has to be asked for again.",
        "{approval} 已批准，但未能按 {asker} 的请求执行（{action}，{record}）：{code}。需重新提出。",
    ),
    "approvals.refused": (
        "{approval} of {asker} is refused: {action}, {record}.",
        "已拒绝 {asker} 的审批单 {approval}：{action}，{record}。",
    ),
    "approvals.withdrawn": (
        "{approval} of {asker} is withdrawn: {action}, {record}.",
        "{asker} 的审批单 {approval} 已撤回：{action}，{record}。",
    ),
    "substitutes.none": ("Nobody stands in for anybody.", "没有代理。"),
    "substitutes.named": (
        "{substitute} stands in for {operator} until {until}.",
        "{substitute} 代理 {operator}，至 {until}。",
    ),
    "substitutes.ended": (
        "{substitute} stands in for {operator} no longer (it was until {until}).",
        "{substitute} 不再代理 {operator}（原定至 {until}）。",
    ),
    "conflict.administering-auditing": (
        "administering who may do what, and reading the audit log",
        "权限管理与审计",
    ),
    "conflict.auditing-serving": (
        "reading the audit log, and dealing with customers' personal data",
        "审计与处理客户个人信息",
    ),
    "access.no_conflicts": ("Nobody has duties that must be apart.", "没有人兼任不得兼任的职责。"),
}
