"""What is seen: progress on standard error, requests as rows of one long table."""

import contextlib
import os
import sys
import threading

WIDTH_WITHOUT_TERMINAL = 110
"""Where nobody says how wide a line may be: a pipe or a file."""
GAP = 2
MARK_WIDTH, TIME_WIDTH, RESULT_WIDTH = 1, 7, 31
PATH_WIDTHS = {"en": (31, 8), "zh": (25, 10)}
"""The column of paths: with the provinces' names, and where there is no room for them with codes alone."""
WHAT_WIDTHS = {"en": 25, "zh": 22}
HANGING = "      "
"""Before the further lines of a command."""
TIME_COLUMNS = ("column_to_hub", "column_at_hub", "column_to_home", "column_back")

COLOURS = {
    "completed": "green",
    "rejected": "yellow",
    "expired": "magenta",
    "cancelled": "cyan",
}


class Screen:
    """One console. With --json all of it is progress; otherwise the table is the result and goes to standard output."""

    def __init__(self, words, as_json):
        from rich.console import Console

        self.words = words
        stream = sys.stderr if as_json else sys.stdout
        encoding = getattr(stream, "encoding", None) or "ascii"
        self._plain = not encoding.lower().startswith("utf")
        for stdio in (sys.stdout, sys.stderr):
            # What a terminal cannot show is shown as something else, but never ends the demonstration.
            stdio.reconfigure(errors="replace")
        width = None if stream.isatty() or os.environ.get("COLUMNS") else WIDTH_WITHOUT_TERMINAL
        self.console = Console(file=stream, width=width, emoji=False, highlight=False)
        self.errors = Console(file=sys.stderr, emoji=False, highlight=False)
        self._lock = threading.Lock()

    def title(self, key, **facts):
        """The first line."""
        self._print(self.words(key, **facts), style="bold")

    def chapter(self, key, **facts):
        """A heading."""
        from rich.rule import Rule

        self.console.print()
        title = self.words(key, **facts)
        # A terminal that cannot draw lines gets the words alone.
        self.console.print(title if self._plain else Rule(title, align="left", style="cyan"), markup=False)

    def done(self, key, seconds, more="", **facts):
        """Something of the set-up is done, and how long it took."""
        took = self.words("seconds", seconds=seconds)
        self._print(f"  {self.mark(True)} {self.words(key, **facts)}{more} · {took}")

    def say(self, key, style=None, **facts):
        """A sentence."""
        self._print(self.words(key, **facts), style=style)

    def line(self, text, style=None):
        """A line as it is, never broken: to be copied."""
        self.console.print(text, style=style, markup=False, soft_wrap=True)

    def command(self, *words):
        """A command to be copied: broken only between its words, as a shell takes it."""
        line = " "
        for word in words:
            # Room for the mark that says that the command goes on.
            if len(line) + 1 + len(word) + len(" \\") > self.console.width and line.strip():
                self.line(line + " \\")
                line = HANGING + word
            else:
                line += " " + word
        self.line(line)

    def complain(self, text):
        """What went wrong."""
        self.errors.print(text, style="red", markup=False, soft_wrap=True)

    def note(self, key):
        """A remark on the demonstration itself."""
        # Whoever ends it by closing the terminal reads nothing any more.
        with contextlib.suppress(OSError):
            if self.errors.is_terminal:
                self.errors.print()  # The terminal has just shown ^C.
            self.errors.print(self.words(key), style="dim", markup=False)

    def mark(self, good):
        """A sign that also a plain terminal can show."""
        if self._plain:
            return "+" if good else "!"
        return "✓" if good else "✗"

    def arrow(self):
        """Between the stations of a path."""
        return " > " if self._plain else " → "

    @contextlib.contextmanager
    def working(self, key, **facts):
        """Says what goes on while it goes on, where somebody watches. Gives a function to say something else."""
        if not self.console.is_terminal:
            yield lambda key, **facts: None
            return
        with self.console.status(self.words(key, **facts)) as status:
            yield lambda key, **facts: status.update(self.words(key, **facts))

    @contextlib.contextmanager
    def progress(self, total):
        """A bar, where somebody watches. Gives a function that moves it on by one."""
        if not self.console.is_terminal:
            yield lambda: None
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self.console, transient=True) as bar:
            task = bar.add_task("", total=total)
            yield lambda: bar.advance(task)

    def table_head(self):
        """The headings of the table of requests."""
        names = ("column_path", "column_what", *TIME_COLUMNS, "column_total", "column_result")
        self._row(["", *map(self.words, names)], style="bold dim")

    def request(self, row):
        """One request as a row (see `_demo_requests.Row`)."""
        from rich.text import Text

        text = Text(self.words.named(row.state) if row.state else "", style=COLOURS.get(row.state, ""))
        if row.detail:
            text.append((" · " if row.state else "") + row.detail, style="")
        if not row.good:
            text.append(" · " + self.words("unexpected", expected=row.expected), style="red")
        times = [time_text(span) for span in (*row.steps, row.total)]
        number = Text(self.mark(row.good), style="green" if row.good else "red") if row.ended else Text(" ")
        # Without room, codes stand close together: 31→HQ→44.
        path = self.arrow().join(row.path) if self.has_room_for_names() else self.arrow().strip().join(row.short_path)
        self._row([number, path, row.what, *times, text])

    def _row(self, cells, style=None):
        """Rows are printed one by one, as they come, so each is a table of its own with the same widths."""
        from rich.table import Table

        path_width = PATH_WIDTHS[self.words.language][0 if self.has_room_for_names() else 1]
        grid = Table.grid(padding=(0, GAP, 0, 0), expand=True)
        grid.add_column(width=MARK_WIDTH)
        grid.add_column(width=path_width)
        grid.add_column(width=WHAT_WIDTHS[self.words.language])
        if self.console.width < self._width_with_names() + len(TIME_COLUMNS) * (TIME_WIDTH + GAP):
            del cells[3 : 3 + len(TIME_COLUMNS)]
        for _ in range(len(cells) - 4):
            grid.add_column(width=TIME_WIDTH, justify="right", no_wrap=True)
        grid.add_column(ratio=1)
        grid.add_row(*cells, style=style)
        self.console.print(grid)

    def has_room_for_names(self):
        """Whether a path can name its provinces, or only give their codes."""
        return self.console.width >= self._width_with_names()

    def _width_with_names(self):
        language = self.words.language
        columns = (MARK_WIDTH, PATH_WIDTHS[language][0], WHAT_WIDTHS[language], TIME_WIDTH, RESULT_WIDTH)
        return sum(columns) + GAP * (len(columns) - 1)

    def _print(self, text, style=None):
        with self._lock:
            self.console.print(text, style=style, markup=False)


def time_text(span_us):
    """A length of time in few characters; nothing where it is not known."""
    if span_us is None:
        return ""
    if span_us < 10000:
        return f"{span_us / 1000:.1f} ms"
    return f"{span_us / 1000:.0f} ms" if span_us < 1000000 else f"{span_us / 1000000:.1f} s"
