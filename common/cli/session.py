"""What every command is given: where the node's data is, how to speak, and where to print.

A command is a function of a `Session` and of its own options; `command` puts the options that all have (--data,
--json, --lang) behind its own. The result goes to standard output, once: as a table, or with --json as one JSON
document. Whatever else is to be said (notes, progress, errors) goes to standard error.
"""

from __future__ import annotations

import functools
import inspect
import json
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, get_type_hints

import typer

from common.cli.connection import SETTINGS_FILE, AdminClient, admin, require_node, require_own_kind
from common.cli.exits import Exit
from common.cli.words import Words
from common.errors import Fault

if TYPE_CHECKING:
    from rich.console import Console

DATA_VARIABLE = "QUANWANG_DATA"
PIPE_COLUMNS = 1_000
"""Where no terminal says how wide it is, lines are as long as they need to be: a pipe is read by programs."""


class Finding(Protocol):
    """One thing that `check` looked at."""

    @property
    def severity(self) -> str: ...
    @property
    def subject(self) -> str: ...
    def text(self, language: str) -> str: ...
    def mend(self, language: str) -> str: ...


class Bootstrap(Protocol):
    """What a node's bootstrap module offers to its command line; `init` is each program's own."""

    KIND: Any
    """Which nodes it makes: `common.backup.restoring.Kind`."""

    def build_offline_app(self, data_dir: Path) -> AbstractContextManager[Any]: ...
    def serve(self, data_dir: Path, roles: Sequence[Any] = ()) -> None: ...
    def migrate(self, data_dir: Path, before_programs: bool = False) -> list[str]: ...
    def check(self, data_dir: Path) -> Iterable[Finding]: ...


@dataclass(frozen=True, slots=True)
class Program:
    """What makes a node's command line its own. The callables import what they give, so that --help need not."""

    name: str
    app: Callable[[], typer.Typer]
    """All its commands."""
    bootstrap: Callable[[], Bootstrap]
    kinds: Callable[[], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Run:
    """What is known before the arguments are parsed."""

    program: Program
    language: str


Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar=DATA_VARIABLE,
        metavar="DIR",
        help="The node's data directory.",
        rich_help_panel="Common options",
    ),
]
AsJson = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print one JSON document on standard output; errors are JSON on standard error.",
        rich_help_panel="Common options",
    ),
]
Language = Annotated[
    str | None,
    typer.Option(
        "--lang",
        metavar="en|zh",
        help="Language of the output; else QUANWANG_LANG, LC_ALL, LC_MESSAGES or LANG decides.",
        rich_help_panel="Common options",
    ),
]


class Interrupted(Fault):
    """Somebody pressed Ctrl-C."""

    en = "The command was interrupted."
    zh = "命令已被中断。"


class Misused(typer.BadParameter):
    """The arguments cannot be used, said in full by the message."""

    def format_message(self) -> str:
        return self.message


class Session:
    """One run of one command."""

    def __init__(self, program: Program, data_dir: Path | None, language: str, *, as_json: bool) -> None:
        self.program = program
        self.language = language
        self.as_json = as_json
        self.words = Words(language)
        self._data_dir = data_dir

    @property
    def data_dir(self) -> Path:
        """The data directory. Whoever needs one and was not given any is told how to give it."""
        if self._data_dir is None:
            raise Misused(self.words("usage.data_missing", variable=DATA_VARIABLE))
        return self._data_dir.expanduser().absolute()

    @property
    def data_option(self) -> str:
        """What a further command on this node needs behind it: " --data DIR", or nothing where the environment names
        the directory."""
        if self._data_dir is None or os.environ.get(DATA_VARIABLE) == str(self._data_dir):
            return ""
        return f" --data {shlex.quote(str(self.data_dir))}"

    def admin(self) -> AbstractContextManager[AdminClient]:
        """The node's admin API: the running node, or this process in its place."""
        return admin(self.data_dir, self._offline_app, self.language, self.program.name)

    def require_node(self) -> None:
        """Raises unless this program's node was initialised in the data directory (see `connection.require_node`)."""
        require_node(self.data_dir, self.program.name)

    def has_settings(self) -> bool:
        """Whether there is a node in the data directory, as far as its settings tell."""
        return (self.data_dir / SETTINGS_FILE).exists()

    def require_own_kind(self) -> None:
        """Raises where the data directory holds a node that is not of this program's kind."""
        require_own_kind(self.data_dir, self.program.name)

    def _offline_app(self, data_dir: Path) -> AbstractContextManager[Any]:
        return self.program.bootstrap().build_offline_app(data_dir)

    @cached_property
    def out(self) -> Console:
        """Standard output, for results."""
        return make_console(error=False)

    @cached_property
    def err(self) -> Console:
        """Standard error, for notes."""
        return make_console(error=True)

    def result(self, document: Any, show: Callable[[], None]) -> None:
        """The result of the command: the document as JSON where --json was given, else what `show` prints."""
        if self.as_json:
            print_json(document)
        else:
            show()

    def note(self, key: str, /, **facts: Any) -> None:
        """Something worth knowing that is not the result. Not said with --json.

        `{program}` and `{data}` in it make a command that can be copied.
        """
        if not self.as_json:
            said = self.words(key, program=self.program.name, data=self.data_option, **facts)
            self.err.print(said, style="dim", markup=False, highlight=False, soft_wrap=True)

    def end(self, code: Exit) -> None:
        """Ends the command with an exit code that is not 0."""
        if code is not Exit.OK:
            raise typer.Exit(int(code))


def make_console(*, error: bool) -> Console:
    """A Rich console on one of the standard streams: plain and wide where that is no terminal."""
    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    # An explicit width is for whoever sets COLUMNS, as everywhere.
    width = None if stream.isatty() or os.environ.get("COLUMNS") else PIPE_COLUMNS
    return Console(file=stream, width=width, emoji=False, highlight=False, soft_wrap=False)


def print_json(document: Any, *, error: bool = False) -> None:
    """One JSON document on a standard stream."""
    stream = sys.stderr if error else sys.stdout
    print(json.dumps(document, ensure_ascii=False, indent=2, default=str), file=stream)


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Makes a Typer command of a function whose first parameter is the `Session`."""
    hints = get_type_hints(function, include_extras=True)
    own = [
        parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in list(inspect.signature(function).parameters.values())[1:]
    ]
    shared: list[tuple[str, Any, Any]] = [("data", Data, None), ("as_json", AsJson, False), ("lang", Language, None)]
    house = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, annotation, default in shared
    ]
    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)

    @functools.wraps(function)
    def run(*, context: typer.Context, data: Path | None, as_json: bool, lang: str | None, **given: Any) -> None:
        # --lang was looked for among all arguments before they were parsed; here it only had to be a known option.
        this: Run = context.find_root().obj
        try:
            function(Session(this.program, data, this.language, as_json=as_json), **given)
        except KeyboardInterrupt as interruption:
            # The parser would end with the same code, but without a word.
            raise Interrupted from interruption

    parameters = [context, *own, *house]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del run.__dict__["__wrapped__"]
    return run
