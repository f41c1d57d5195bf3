"""The Chinese help of the commands for organisations, roles and operators, and for parameters."""

from __future__ import annotations

from collections.abc import Mapping

ACCESS_COMMANDS: Mapping[str, str] = {
    "parameters": "节点运行期间可更改的参数及其变更历史。",
    "parameters list": "列出全部参数及当前生效的值。",
    "parameters show": "显示一个参数：用途、取值范围及历次取值。",
    "parameters set": "更改参数，立即或自指定时间起生效，无需重启。",
    "parameters reset": "恢复参数的默认值，立即或自指定时间起生效。",
    "parameters publish": "为全网设置参数，立即或自指定时间起生效。\n\n"
    "各省自己的取值在范围内有效；超出范围的按范围截取，并产生告警。",
    "parameters unpublish": "不再统一设置参数：各省恢复使用自己的取值或默认值。",
    "parameters withdraw-published": "撤回尚未生效的下发取值。",
    "parameters deliveries": "列出各省已采用的下发版本。",
    "parameters withdraw": "撤回尚未生效的取值。",
    "organisations": "组织架构：总部、省、地市、县（区）和网点、社区。",
    "organisations list": "按编号列出组织。",
    "organisations show": "显示一个组织及其所在位置。",
    "organisations create": "创建组织。\n\n省的编号为 GB/T 2260 省份代码，地市的编号为六位 GB/T 2260 地市代码。",
    "organisations rename": "为组织改名，编号不变。",
    "organisations move": "将组织及其全部下级调整到另一上级之下。",
    "organisations deactivate": "停用组织。其下不能有启用的组织；已发生的业务仍记在其编号下。",
    "organisations import": "从 CSV 文件导入组织。\n\n"
    "有问题的行不导入，并按行号、列、原因列出；其余各行全部导入。可重复执行：已有组织按文件改名或调整上级，无差异则不变。\n\n"
    "全部导入时以 0 结束，有未导入的行时以 1 结束。",
}

ACCESS_OPTIONS: Mapping[str, str] = {
    "PARAMETER": "参数名称，见 `parameters list`。",
    "parameters set VALUE": "新的值：true、false、数字或文本。",
    "parameters publish VALUE": "取值：true、false、数字或文本。",
    "parameters publish --min": "各省自行设置的最小值。",
    "parameters publish --max": "各省自行设置的最大值。",
    "parameters publish --fixed": "各省不得自行设置。",
    "parameters publish --from": "生效时间，例如 2026-12-01 或 2026-12-01T08:00；省略为立即生效。",
    "parameters publish --reason": "原因；保存在参数变更历史和审计日志中，各省可见。",
    "parameters unpublish --from": "生效时间，例如 2026-12-01 或 2026-12-01T08:00；省略为立即生效。",
    "parameters unpublish --reason": "原因；保存在参数变更历史和审计日志中，各省可见。",
    "parameters withdraw-published VERSION": "版本号，见 `parameters show`。",
    "parameters withdraw-published --reason": "原因；保存在审计日志中。",
    "parameters set --from": "生效时间，例如 2026-12-01 或 2026-12-01T08:00；省略为立即生效。",
    "parameters reset --from": "生效时间，例如 2026-12-01 或 2026-12-01T08:00；省略为立即生效。",
    "parameters set --reason": "原因；保存在参数变更历史和审计日志中。",
    "parameters reset --reason": "原因；保存在参数变更历史和审计日志中。",
    "parameters withdraw --reason": "原因；保存在审计日志中。",
    "parameters withdraw VERSION": "版本号，见 `parameters show`。",
    "parameters show --before": "仅显示该版本之前的版本。",
    "parameters show --limit": "最多显示的版本数。",
    "ORGANISATION": "组织编号，见 `organisations list`。",
    "--under": "上级组织的编号。",
    "--below": "仅列出该组织及其全部下级。",
    "organisations create --name": "名称。",
    "organisations rename --name": "名称。",
    "organisations create --kind": "province、city、county、branch、community 或 department。",
    "organisations list --all": "包括已停用的组织。",
    "organisations list --after": "从该编号之后继续。",
    "organisations deactivate --reason": "原因；保存在审计日志中。",
    "organisations import FILE": "CSV 文件，含组织编号、类型、名称、上级编号各列（中英文表头均可）。",
    "organisations import --dry-run": "仅读取文件，节点不做更改。",
}
