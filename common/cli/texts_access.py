"""What commands print of organisations, roles and operators: English, simplified Chinese."""

from __future__ import annotations

ACCESS: dict[str, tuple[str, str]] = {
    "column.below": ("Below it", "下级数量"),
    "column.name": ("Name", "名称"),
    "column.under": ("Under", "上级"),
    "state.inactive": ("inactive", "已停用"),
    "organisation_kind.hq": ("headquarters", "总部"),
    "organisation_kind.province": ("province", "省公司"),
    "organisation_kind.city": ("city", "地市公司"),
    "organisation_kind.county": ("county", "县（区）公司"),
    "organisation_kind.branch": ("branch", "营业厅（网点）"),
    "organisation_kind.community": ("community", "社区（网格）"),
    "organisation_kind.department": ("department", "部门"),
    "organisations.none": ("No organisations.", "没有组织。"),
    "organisations.more": ("More: organisations list --after {after}", "继续查看：organisations list --after {after}"),
    "organisations.more_problems": (
        "and {count} more problems; --json lists them all",
        "另有 {count} 个问题，使用 --json 可列出全部",
    ),
    "organisations.created": (
        "{organisation} {name} now hangs under {under}.",
        "已创建 {organisation} {name}，上级为 {under}。",
    ),
    "organisations.renamed": ("{organisation} is now called {name}.", "{organisation} 已改名为 {name}。"),
    "organisations.moved": (
        "{organisation} {name} now hangs under {under}.",
        "{organisation} {name} 的上级已改为 {under}。",
    ),
    "organisations.deactivated": ("{organisation} {name} is deactivated.", "{organisation} {name} 已停用。"),
    "organisations.rows.created": ("Created", "新建"),
    "organisations.rows.updated": ("Renamed or moved", "改名或调整上级"),
    "organisations.rows.unchanged": ("Unchanged", "无变化"),
    "organisations.rows.good": ("Readable", "可读取"),
    "organisations.rows.rejected": ("Left out", "未导入"),
}
