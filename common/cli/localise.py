"""Puts Chinese over a command line that is written in English, and the examples under every command.

Typer builds its commands from the functions' docstrings and option texts. Where help may be wanted, they are walked
once before the arguments are parsed: each text is replaced by the one in `help_zh.py`, and each command gets its
examples from `examples.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from common.cli.examples import EXAMPLES
from common.cli.help_zh import COMMANDS, COMMANDS_OF, OPTIONS, PANELS, PARSER_MESSAGES, PROGRAMS
from common.cli.words import CHINESE, Words

HEADINGS = {
    "ARGUMENTS_PANEL_TITLE": ("Arguments", "参数"),
    "OPTIONS_PANEL_TITLE": ("Options", "选项"),
    "COMMANDS_PANEL_TITLE": ("Commands", "命令"),
    "DEFAULT_STRING": ("[default: {}]", "[默认：{}]"),
    "ENVVAR_STRING": ("[env var: {}]", "[环境变量：{}]"),
    "REQUIRED_LONG_STRING": ("[required]", "[必填]"),
}
"""What Typer itself writes into the help."""


def localise(root: Any, program: str, language: str) -> None:
    """Makes the help of a whole command line speak `language` and show how each command of `program` is used."""
    words = Words(language)
    chinese = language == CHINESE
    _set_headings(1 if chinese else 0)
    for path, command in walk(root):
        if chinese:
            known = COMMANDS_OF.get((program, path)) or COMMANDS.get(path, command.help)
            command.help = known if path else PROGRAMS.get(program, command.help)
            panel = getattr(command, "rich_help_panel", None)
            command.rich_help_panel = PANELS.get(panel, panel)
            for parameter in command.params:
                _localise_parameter(path, parameter)
        command.epilog = epilog(path, program, words)


def walk(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The command and all below it, each with its path: "", "requests", "requests submit"."""
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from walk(below, f"{path} {name}".strip())


def parameter_name(parameter: Any) -> str:
    """How people know a parameter: "--wait" or "FILE"."""
    options = [option for option in parameter.opts if option.startswith("--")]
    return options[0] if options else str(parameter.metavar or parameter.name).upper()


def parameter_help(path: str, name: str) -> str | None:
    """The Chinese help of a parameter: the command's own, else the one that all share."""
    return OPTIONS.get(f"{path} {name}".strip(), OPTIONS.get(name))


def epilog(path: str, program: str, words: Words) -> str:
    """What stands below the help of a command: examples, and at the top what the exit codes mean."""
    lines = [words("help.examples")]
    # A backslash keeps Rich from taking "[" for markup.
    lines += [
        f"  {program} {example}".replace("[", r"\[")
        for example in EXAMPLES.get((program, path)) or EXAMPLES.get(path, ())
    ]
    if not path:
        lines += ["", words("help.exit_codes"), *(f"  {line}" for line in words("help.exit_code_list").splitlines())]
    return "\n".join(lines) if len(lines) > 1 else ""


def localise_usage_error(error: Any, words: Words) -> str:
    """What the parser complains about. It knows English only, so its few sentences are recognised."""
    message = str(error.format_message()).replace("Value error, ", "")
    if words.language != CHINESE:
        return message
    for pattern, chinese in PARSER_MESSAGES:
        message = re.sub(pattern, chinese, message)
    return message


def _set_headings(place: int) -> None:
    from typer import rich_utils

    # Typer's own way to set these; assigned by name, so that a release which renames one does not break the program.
    for name, texts in HEADINGS.items():
        setattr(rich_utils, name, texts[place])


def _localise_parameter(path: str, parameter: Any) -> None:
    parameter.help = parameter_help(path, parameter_name(parameter)) or getattr(parameter, "help", None)
    panel = getattr(parameter, "rich_help_panel", None)
    parameter.rich_help_panel = PANELS.get(panel, panel)
