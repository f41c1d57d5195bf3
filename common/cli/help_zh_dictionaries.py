"""The Chinese help of the commands for dictionaries."""

from __future__ import annotations

from collections.abc import Mapping

DICTIONARY_COMMANDS: Mapping[str, str] = {
    "dictionaries": "带中英文名称的编码值及其变更历史。",
    "dictionaries list": "列出全部字典。",
    "dictionaries show": "显示一个字典：按顺序列出各值，以及最近的变更。",
    "dictionaries set": "新增或更改本节点自己的值。总部确定的值不能在此更改。",
    "dictionaries import": "从 CSV 文件新增或更改本节点自己的值：全部导入，或全部不导入。"
    "文件中没有的值保持不变。可重复执行。",
    "dictionaries export": "将字典的值写为 CSV，可由 `import` 读取。",
    "dictionaries publish": "为全网新增或更改一个值。各省连通后即采用。",
    "dictionaries publish-file": "从 CSV 文件为全网新增或更改值：全部下发，或全部不下发。",
    "dictionaries deliveries": "列出各省已采用的字典下发版本。",
}

_VALUE: Mapping[str, str] = {
    "DICTIONARY": "字典名称，见 `dictionaries list`。",
    "CODE": "值的代码：字母、数字、点、连字符。",
    "FILE": "CSV 文件，列为 code、zh、en、place、active、from、until、parent。",
    "--zh": "中文名称。",
    "--en": "英文名称。",
    "--place": "排序。",
    "--inactive": "不再可用。",
    "--from": "自此时起可用，例如 2026-12-01。",
    "--until": "至此时止可用，例如 2026-12-31。",
    "--under": "所属的上级值。",
    "--reason": "原因；保存在变更历史和审计日志中。",
}

_OF_A_VALUE = ("CODE", "--zh", "--en", "--place", "--inactive", "--from", "--until", "--under", "--reason")
_OF_COMMANDS: Mapping[str, tuple[str, ...]] = {
    "show": (),
    "set": _OF_A_VALUE,
    "import": ("FILE", "--reason"),
    "export": (),
    "publish": _OF_A_VALUE,
    "publish-file": ("FILE", "--reason"),
    "deliveries": (),
}

DICTIONARY_OPTIONS: Mapping[str, str] = {
    **{
        f"dictionaries {name} {option}": _VALUE[option]
        for name, options in _OF_COMMANDS.items()
        for option in ("DICTIONARY", *options)
    },
    "dictionaries export --out": "写入的文件；省略则直接输出。",
    "dictionaries export --local": "仅限本节点新增的值。",
}
