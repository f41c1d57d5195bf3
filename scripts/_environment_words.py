"""What the scripts say while they make their environment, in English and simplified Chinese.

Like `_environment.py` it must run on any Python 3.
"""

import os
import sys

# key: (English, Chinese)
WORDS = {
    "windows": (
        "This system runs on Linux and macOS. On Windows, use it inside WSL:\n"
        "run `wsl --install`, open the Linux shell, and start the script again there.",
        "本系统在 Linux 和 macOS 上运行。在 Windows 上请使用 WSL：\n"
        "运行 `wsl --install`，打开 Linux 终端，再在其中启动本脚本。",
    ),
    "python_too_old": (
        "Python {version} is too old: {oldest} to {newest} will do.\n{hint}",
        "Python {version} 版本过低：需要 {oldest} 至 {newest}。\n{hint}",
    ),
    "python_too_new": (
        "Python {version} is newer than what this version was tested with: {oldest} to {newest} will do.\n{hint}",
        "Python {version} 比本版本测试过的更新：需要 {oldest} 至 {newest}。\n{hint}",
    ),
    "python_found": (
        "This machine has a suitable one. Start again with: {command} {script}",
        "本机已有合适的版本，请改用：{command} {script}",
    ),
    "python_install": (
        "Install one (for instance `apt install python3.11 python3.11-venv` or `dnf install python3.11`)\n"
        "and start the script with it.",
        "请先安装（例如 `apt install python3.11 python3.11-venv` 或 `dnf install python3.11`），\n再用它启动本脚本。",
    ),
    "no_venv": (
        "This Python cannot make virtual environments: its `{module}` module is missing.\n"
        "Debian and Ubuntu package it apart: `apt install python{version}-venv`. Then start the script again.",
        "当前 Python 无法创建虚拟环境：缺少 `{module}` 模块。\n"
        "Debian 和 Ubuntu 将其单独打包：请运行 `apt install python{version}-venv`，然后重新启动本脚本。",
    ),
    "cannot_write": (
        "Cannot write to {path}: {reason}.\n"
        "Make it writable, or name another place: QUANWANG_ENVIRONMENTS=/some/directory",
        "无法写入 {path}：{reason}。\n请使其可写，或另行指定目录：QUANWANG_ENVIRONMENTS=/some/directory",
    ),
    "disk_full": (
        "The disk is full. The environment takes about half a gigabyte in {path},\n"
        "and for a while as much again in {temporary}. Make room and start the script again.",
        "磁盘空间不足。环境约需 0.5 GB，位于 {path}，\n安装期间 {temporary} 还需同样大小。请腾出空间后重新启动本脚本。",
    ),
    "no_network": (
        "The package index does not answer. What was fetched is kept.\n"
        "Check the network; behind a proxy set HTTPS_PROXY; where a mirror is to be used set PIP_INDEX_URL.\n"
        "Then start the script again. The log: {log}",
        "软件包索引没有响应，已下载的内容会保留。\n"
        "请检查网络；如需代理请设置 HTTPS_PROXY，如需镜像请设置 PIP_INDEX_URL。\n然后重新启动本脚本。日志：{log}",
    ),
    "not_in_index": (
        "The package index lacks a package that this version needs:\n    {line}\n"
        "A mirror may lag behind: set PIP_INDEX_URL to another one. The log: {log}",
        "软件包索引中缺少本版本需要的软件包：\n    {line}\n"
        "镜像可能尚未同步：请用 PIP_INDEX_URL 指定其他镜像。日志：{log}",
    ),
    "wrong_hash": (
        "The package index delivered another file than this version was tested with; it was not installed.\n"
        "Use another mirror (PIP_INDEX_URL), or clear pip's cache with `pip cache purge`. The log: {log}",
        "软件包索引提供的文件与本版本测试过的不一致，因此没有安装。\n"
        "请更换镜像（PIP_INDEX_URL），或用 `pip cache purge` 清除缓存。日志：{log}",
    ),
    "failed": (
        "Could not finish: {title}. The last lines of {log}:\n{tail}",
        "未能完成：{title}。{log} 的最后几行：\n{tail}",
    ),
    "no_current": (
        "{link} cannot lead to this environment ({reason}). Everything else works.",
        "无法将 {link} 指向当前环境（{reason}）。其他功能不受影响。",
    ),
    "interrupted": (
        "Interrupted. What was fetched is kept; the next start goes on from there.",
        "已中断。已下载的内容会保留，下次启动将继续。",
    ),
    "first_start": (
        "First start with this Python and these packages: making an environment in {path}",
        "首次使用此 Python 和这组软件包：正在 {path} 中创建环境",
    ),
    "begin_again": (
        "An earlier start did not finish; beginning again with what it fetched.",
        "上一次启动没有完成；将利用已下载的内容重新开始。",
    ),
    "waiting": (
        "Another start is making the environment; waiting for it.",
        "另一个启动正在创建环境，请稍候。",
    ),
    "step_venv": ("making a virtual environment", "创建虚拟环境"),
    "step_packages": ("fetching and installing packages", "下载并安装软件包"),
    "step_compile": ("compiling them", "编译软件包"),
    "step_project": ("connecting this checkout", "接入本代码目录"),
    "seconds": ("{seconds:.0f} s", "{seconds:.0f} 秒"),
    "index_silent": ("the package index does not answer, trying again", "软件包索引没有响应，正在重试"),
    "unpacking": ("unpacking", "正在解包"),
    "ready": ("Ready after {seconds:.0f} s.", "就绪，用时 {seconds:.0f} 秒。"),
}


def language(environment, encoding):
    """0 for English, 1 for Chinese: the first of the locale variables that is set decides, as in the C library."""
    name = next((environment[key] for key in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(key)), "")
    if not name.lower().startswith("zh"):
        return 0
    try:
        "中".encode(encoding)
    except UnicodeEncodeError:
        return 0  # A locale that is asked for but not installed: English is better than question marks.
    return 1


def tell(key, **values):
    return WORDS[key][language(os.environ, sys.stderr.encoding or "ascii")].format(**values)


def say(text, end="\n"):
    """Print to standard error, whatever its encoding; standard output belongs to the script."""
    encoding = sys.stderr.encoding or "ascii"
    sys.stderr.write(text.encode(encoding, "replace").decode(encoding) + end)
    sys.stderr.flush()
