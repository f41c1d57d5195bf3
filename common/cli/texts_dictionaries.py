"""What commands print of dictionaries: English, simplified Chinese."""

from __future__ import annotations

DICTIONARIES: dict[str, tuple[str, str]] = {
    "column.code": ("Code", "代码"),
    "column.changed_at": ("Changed", "变更时间"),
    "column.dictionary": ("Dictionary", "字典"),
    "column.usable": ("In use", "启用数"),
    "column.open": ("Nodes add values", "可否自行增加"),
    "column.zh": ("Chinese", "中文名称"),
    "column.en": ("English", "英文名称"),
    "column.origin": ("Said by", "来源"),
    "state.in-use": ("in use", "可用"),
    "state.out-of-use": ("out of use", "停用"),
    "dictionary_origin.built-in": ("the program", "系统内置"),
    "dictionary_origin.network": ("headquarters", "总部"),
    "dictionary_origin.local": ("this node", "本节点"),
    "dictionaries.none": ("No dictionaries.", "没有字典。"),
    "dictionaries.open": ("yes", "可以"),
    "dictionaries.closed": ("no", "不可以"),
    "dictionaries.changed": ("Added or changed: {codes}.", "已新增或更改：{codes}。"),
    "dictionaries.unchanged": ("All of it was so already.", "内容均无变化。"),
    "dictionaries.exported": ("{count} values were written to {file}.", "已将 {count} 个值写入 {file}。"),
}
