"""The Chinese help of the commands for approvals and substitutes."""

from __future__ import annotations

from collections.abc import Mapping

APPROVAL_COMMANDS: Mapping[str, str] = {
    "approvals": "须经第二人审批的操作：查看、批准或拒绝。",
    "approvals list": "列出审批单，最新的在前。",
    "approvals show": "显示一个审批单：变更内容、提出人及原因、审批结果、审批人及其所代理的人。",
    "approvals approve": "批准他人提出的操作，随即以其名义执行。\n\n已批准但当前规则不允许执行时，以 1 结束。",
    "approvals refuse": "拒绝他人提出的操作，该操作不会执行。",
    "approvals withdraw": "撤回在本机提出的操作。",
    "approvals break-glass": "紧急情况下未经审批直接执行，并产生告警。\n\n规则不允许执行时，以 1 结束。",
    "operators substitutes": "操作员不在岗期间，可代其审批的人员。",
    "operators substitutes list": "列出生效中和待生效的代理。",
    "operators substitutes name": "指定操作员不在岗期间可代其审批的人员。",
    "operators substitutes end": "结束代理。",
    "access conflicts": "列出兼任了不得兼任职责的操作员。\n\n有这样的操作员时以 1 结束。",
}

APPROVAL_OPTIONS: Mapping[str, str] = {
    "APPROVAL": "审批单编号，见 `approvals list`。",
    "approvals list --state": "仅列出该状态：pending、carried-out、failed、refused、withdrawn 或 expired。",
    "approvals list --asker": "仅列出此人提出的审批单。",
    "approvals list --before": "仅列出该审批单之前的审批单。",
    **{
        f"approvals {action} --reason": "原因；保存在审批单和审计日志中。"
        for action in ("approve", "refuse", "withdraw", "break-glass")
    },
    "operators substitutes list --operator": "仅列出该操作员的代理。",
    "operators substitutes list --all": "包括已结束的代理。",
    "operators substitutes name SUBSTITUTE": "代理人的登录名。",
    "operators substitutes name --until": "结束时间，例如 2026-12-24 或 2026-12-24T18:00。",
    "operators substitutes name --from": "开始时间，例如 2026-12-01；省略为立即开始。",
    "operators substitutes name --reason": "原因；保存在审计日志中。",
    "operators substitutes end --reason": "原因；保存在审计日志中。",
    "operators substitutes end SUBSTITUTION": "代理编号，见 `operators substitutes list`。",
}
