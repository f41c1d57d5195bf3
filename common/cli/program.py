"""Runs a program's command line: parses, carries out, and turns whatever went wrong into words and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import typer

from common.cli.connection import code_of
from common.cli.exits import Exit, exit_code_of
from common.cli.serving import is_serving, serving_app
from common.cli.session import Interrupted, Program, Run, make_console, print_json
from common.cli.words import Words, language_of
from common.errors import Awaited, Fault, QuanwangError, TemporaryFault
from common.version import SOFTWARE_VERSION

# Typer brings its own copy of Click and has never exported this base; its BadParameter has always been below it.
PARSER_ERROR: type[Exception] = typer.BadParameter.__mro__[2]


def run(program: Program, arguments: Sequence[str] | None = None) -> int:
    """Runs one command and gives back its exit code. Nothing but an exit code leaves here."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    language = language_of(given, os.environ, getattr(sys.stdout, "encoding", None) or "ascii")
    _never_fail_to_print()
    report = _Report(program, language, as_json="--json" in given)
    try:
        if given == ["--version"]:
            sys.stdout.write(f"{program.name} {SOFTWARE_VERSION}\n")
            return Exit.OK
        root = typer.main.get_command(serving_app() if is_serving(given) else program.app())
        if "--help" in given or len(given) < 2:
            from common.cli.localise import localise

            localise(root, program.name, language)
        code = root.main(given, prog_name=program.name, standalone_mode=False, obj=Run(program, language))
        return int(code) if isinstance(code, int) else Exit.OK
    except QuanwangError as error:
        return report.error(error)
    except (KeyboardInterrupt, typer.Abort):
        return report.error(Interrupted())
    except PARSER_ERROR as error:
        return report.usage(error)
    except BrokenPipeError:
        # Whoever read has seen enough. Python would complain at exit when it flushes what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except OSError as error:
        return report.system(error)
    except Exception as error:
        return report.unforeseen(error)


def _never_fail_to_print() -> None:
    """Characters that the terminal cannot show are escaped: a message with a mark in it is better than none."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


class _Report:
    """Says on standard error what went wrong: what, where, and how to mend it."""

    def __init__(self, program: Program, language: str, *, as_json: bool) -> None:
        self._program = program
        self._words = Words(language)
        self._as_json = as_json

    def error(self, error: QuanwangError) -> int:
        """An error that was raised on purpose."""
        code = code_of(error)
        where = str(error.facts.get("path") or (error.facts.get("route", "") if isinstance(error, Fault) else ""))
        language = self._words.language
        # Words of the command line name its commands, so they come before the error's own.
        own = "" if self._words.knows(f"mend.{code}") else error.remedy(language)
        if code == "INTERNAL_FAULT":
            # The node's mistake, not this program's: there are no lines to show here.
            own = self._words("mend.INTERNAL_FAULT_AT_NODE")
        return self._say(exit_code_of(error), code, error.fact(language), where, _title_of(error), own)

    def usage(self, error: Exception) -> int:
        """The arguments were not understood."""
        if type(error).__name__ == "NoArgsIsHelpError":
            return Exit.USAGE  # The help was shown already.
        from common.cli.localise import localise_usage_error

        context = getattr(error, "ctx", None)
        where = context.command_path if context is not None else self._program.name
        text = localise_usage_error(error, self._words)
        return self._say(Exit.USAGE, "USAGE", text, "", "title.usage", self._words("mend.USAGE", command=where))

    def system(self, error: OSError) -> int:
        """The operating system said no: a file that is not there, a disk that is full."""
        text = self._words("error.system", detail=error.strerror or str(error))
        return self._say(Exit.INTERNAL, "SYSTEM_ERROR", text, str(error.filename or ""), "title.fault")

    def unforeseen(self, error: Exception) -> int:
        """A mistake of ours."""
        text = self._words("error.unforeseen", detail=f"{type(error).__name__}: {error}")
        code = self._say(Exit.INTERNAL, "INTERNAL_FAULT", text, "", "title.fault", self._words("mend.INTERNAL_FAULT"))
        if not self._as_json:
            sys.stderr.write("".join(traceback.format_exception(error)))
        return code

    def _say(self, exit_code: Exit, code: str, text: str, where: str, title: str, mend: str = "") -> int:
        if not mend and self._words.knows(f"mend.{code}"):
            mend = self._words(f"mend.{code}", program=self._program.name)
        if self._as_json:
            document = {"code": code, "reason": text, "where": where, "mend": mend, "exit_code": int(exit_code)}
            print_json(document, error=True)
        else:
            self._draw(title, text, code, where, mend)
        return int(exit_code)

    def _draw(self, title: str, text: str, code: str, where: str, mend: str) -> None:
        from rich.panel import Panel
        from rich.text import Text

        console = make_console(error=True)
        heading = self._words(title)
        shown = Text(text)
        for label, value in (("error.where", where), ("error.mend", mend)):
            if value:
                shown.append(f"\n{self._words(label)}", style="dim").append(value)
        if not console.is_terminal:
            console.print(Text(f"{heading} ({code}): ").append_text(shown))
            return
        style = "yellow" if title in ("title.interrupted", "title.try_again", "title.awaits") else "red"
        panel = Panel(
            shown, title=heading, title_align="left", subtitle=code, subtitle_align="right", border_style=style
        )
        console.print(panel)


def _title_of(error: QuanwangError) -> str:
    if isinstance(error, Interrupted):
        return "title.interrupted"
    if isinstance(error, TemporaryFault):
        return "title.try_again"
    if isinstance(error, Awaited):
        return "title.awaits"
    return "title.fault" if isinstance(error, Fault) else "title.refused"


def main(program: Program) -> Any:
    """The console script's entry: runs, and ends the process with the exit code."""
    sys.exit(run(program))
