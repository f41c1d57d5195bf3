"""The options of the demonstration. Like `_environment.py`, any Python 3 must be able to run this."""

import argparse
import os
import sys

import _environment
import _environment_words

CUSTOMERS_DEFAULT = 3000
CUSTOMERS_MAX = 500000
REQUESTS_MAX = 1000000
PROVINCES_MAX = 31
DIRECTORY = ".demo"

TEXTS = {
    "description": (
        "Starts headquarters and some provinces on this machine, loads customers, and sends requests from one province "
        "to another.",
        "在本机启动总部和若干省节点，导入客户，并演示跨省业务请求。",
    ),
    "data": (
        "where the nodes keep their data (default: .demo in the checkout)",
        "节点数据目录（默认：代码目录下的 .demo）",
    ),
    "provinces": (
        "how many provinces, 1 to {most} (default 3: Beijing, Shanghai, Guangdong)",
        "省节点数量，1 至 {most}（默认 3：北京、上海、广东）",
    ),
    "customers": (
        "a CSV file of customers, or how many to make up (default {default})",
        "客户 CSV 文件，或自动生成的客户数（默认 {default}）",
    ),
    "mapping": (
        "what the columns of the file mean (default: told from its heading)",
        "文件的列映射（默认：根据表头判断）",
    ),
    "requests": ("so many more requests, at random but the same ones each time", "额外发送的随机请求数（每次相同）"),
    "once": (
        "stop everything at the end; exit code 0 only if all went as it should",
        "演示结束后停止全部节点；全部符合预期时退出码为 0",
    ),
    "json": (
        "one JSON document on standard output, made from the nodes' databases",
        "在标准输出给出一份由各节点数据库统计的 JSON",
    ),
    "store": (
        "what the nodes keep their records in: a file each (default), or a PostgreSQL that comes with this checkout",
        "节点数据库：各节点一个本地文件（默认），或随本代码提供的 PostgreSQL",
    ),
    "fresh": ("begin with empty nodes (this is the default)", "清空演示目录重新开始（默认）"),
    "keep": ("go on with the nodes of the last run", "沿用上一次运行的节点数据"),
    "lang": ("language of the output (default: that of the system)", "输出语言（默认：系统语言）"),
    "help": ("show this and end", "显示本帮助并退出"),
    "number": ("must be a number from {least} to {most}", "必须是 {least} 至 {most} 之间的数字"),
    "no_file": ("no such file: {path}", "没有此文件：{path}"),
}


def parse(arguments):
    """The options. Ends the program with a message where they cannot be understood."""
    language = language_of(arguments)

    def text(key, **values):
        return TEXTS[key][language].format(**values)

    def number(least, most):
        def read(given):
            if given.isdigit() and least <= int(given) <= most:
                return int(given)
            raise argparse.ArgumentTypeError(text("number", least=least, most=most))

        return read

    def customers(given):
        if given.isdigit() and not os.path.exists(given):
            return number(1, CUSTOMERS_MAX)(given)
        if not os.path.isfile(given):
            raise argparse.ArgumentTypeError(text("no_file", path=given))
        return os.path.abspath(given)

    if language:
        speak_chinese()
    parser = argparse.ArgumentParser(prog="demo.py", description=text("description"), add_help=False)
    add = parser.add_argument
    add("--once", action="store_true", help=text("once"))
    add(
        "--provinces", type=number(1, PROVINCES_MAX), default=3, metavar="N", help=text("provinces", most=PROVINCES_MAX)
    )
    add(
        "--customers",
        type=customers,
        default=CUSTOMERS_DEFAULT,
        metavar="FILE|N",
        help=text("customers", default=CUSTOMERS_DEFAULT),
    )
    add("--mapping", choices=("quanwang", "telco"), help=text("mapping"))
    add("--requests", type=number(0, REQUESTS_MAX), default=0, metavar="N", help=text("requests"))
    add("--data", default=os.path.join(_environment.ROOT, DIRECTORY), metavar="DIR", help=text("data"))
    add("--store", choices=("sqlite", "postgres"), default="sqlite", help=text("store"))
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument("--fresh", action="store_true", help=text("fresh"))
    begin.add_argument("--keep", action="store_true", help=text("keep"))
    add("--json", action="store_true", help=text("json"))
    add("--lang", choices=("zh", "en"), help=text("lang"))
    add("-h", "--help", action="help", help=text("help"))
    options = parser.parse_args(arguments)
    options.lang = ("en", "zh")[language]
    options.data = os.path.abspath(options.data)
    return options


def speak_chinese():
    """The parser's own words: it looks each up where translations of the standard library would be."""
    argparse._ = lambda word: PARSER_WORDS.get(word, word)


PARSER_WORDS = {
    "usage: ": "用法：",
    "options": "选项",
    "optional arguments": "选项",
    "positional arguments": "位置参数",
    "%(prog)s: error: %(message)s\n": "%(prog)s：错误：%(message)s\n",
    "argument %(argument_name)s: %(message)s": "参数 %(argument_name)s：%(message)s",
    "unrecognized arguments: %s": "无法识别的参数：%s",
    "expected one argument": "需要一个值",
    "not allowed with argument %s": "不能与 %s 同时使用",
    "invalid choice: %(value)r (choose from %(choices)s)": "无效的取值 %(value)r（可选：%(choices)s）",
    "invalid %(type)s value: %(value)r": "无效的取值 %(value)r",
    "ambiguous option: %(option)s could match %(matches)s": "选项 %(option)s 不明确，可能是 %(matches)s",
    "ignored explicit argument %r": "该选项不接受取值 %r",
}


def language_of(arguments):
    """0 for English, 1 for Chinese. Needed before the options are read: help and complaints are in it too."""
    for place, argument in enumerate(arguments):
        given = argument[len("--lang=") :] if argument.startswith("--lang=") else ""
        if argument == "--lang" and place + 1 < len(arguments):
            given = arguments[place + 1]
        if given:
            return int(given.startswith("zh"))
    return _environment_words.language(os.environ, sys.stderr.encoding or "ascii")
