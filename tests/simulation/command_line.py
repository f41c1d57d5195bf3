"""The simulator for people: seeds on several processes, a progress bar, a report as text or JSON."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.simulation import databases
from tests.simulation.runs import Result, run_seed

SEEDS_DEFAULT = 100
POLL_S = 0.2
AHEAD_A_JOB = 4
"""Seeds handed out before their turn; few, so that the end of the time is the end of the work."""


def main(arguments: Sequence[str]) -> int:
    """Runs what the arguments wish.

    0: all seeds passed; 1: some failed; 128 and the number of the signal that ended it before any had.
    """
    options = _options(arguments)
    with databases.make_room() as room:
        if options.trace is not None:
            return _trace(options.trace, Path(room))
        return _run_many(options, Path(room))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/simulate.py", description=__doc__)
    parser.add_argument("--seeds", type=_at_least_one, help=f"how many seeds to run ({SEEDS_DEFAULT})")
    parser.add_argument("--first-seed", type=int, default=0, metavar="S", help="the first seed (0)")
    parser.add_argument("--minutes", type=float, metavar="M", help="run seeds until the time is over")
    parser.add_argument("--jobs", type=_at_least_one, default=1, help="processes (1)")
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    parser.add_argument("--verbose", action="store_true", help="a line for each seed")
    parser.add_argument("--trace", type=int, metavar="SEED", help="run one seed and print what happens in it")
    return parser.parse_args(arguments)


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _trace(seed: int, room: Path) -> int:
    result = run_seed(seed, room, listener=print)
    print(f"seed {seed}: trace {result.digest}")
    for finding in result.findings:
        print(f"  {finding.checker}: {finding.detail}")
    return int(result.failed)


class Report:
    """What many seeds came to."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.results = 0
        self.failed: dict[int, Result] = {}
        self.messages = 0
        self.faults: Counter[str] = Counter()
        self.legs: Counter[str] = Counter()

    def add(self, result: Result) -> None:
        """Takes in one seed."""
        self.results += 1
        self.messages += result.messages
        self.faults += result.faults
        self.legs += result.legs
        if result.failed:
            self.failed[result.seed] = result

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "seeds": self.results,
            "failed": sorted(self.failed),
            "messages": self.messages,
            "faults": dict(sorted(self.faults.items())),
            "seconds": round(time.monotonic() - self.started, 1),
            "legs": dict(sorted(self.legs.items())),
        }

    def print(self, console: Console) -> None:
        """The report for people."""
        seconds = max(time.monotonic() - self.started, 0.001)
        console.print(
            f"{self.results} seeds in {seconds:.1f} s ({self.results / seconds:.1f} a second), {self.messages} messages"
        )
        console.print("legs: " + (_listed(self.legs) or "none"))
        console.print("faults: " + (_listed(self.faults) or "none"))
        for seed, result in sorted(self.failed.items()):
            console.print(f"[red]seed {seed} failed[/red]; step by step: python3 scripts/simulate.py --trace {seed}")
            for finding in result.findings:
                console.print(f"  {finding.checker}: {finding.detail}", markup=False)
        if not self.failed:
            console.print("[green]every seed passed[/green]")


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counts.items()))


def _run_many(options: argparse.Namespace, room: Path) -> int:
    total = options.seeds or (None if options.minutes else SEEDS_DEFAULT)
    seeds = islice(count(options.first_seed), total)
    deadline = time.monotonic() + options.minutes * 60 if options.minutes else None
    report, console = Report(), Console(stderr=options.json)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        _Interruption() as interruption,
        Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress,
    ):
        task = progress.add_task("seeds", total=total)
        for result in _results(_in_time(seeds, deadline, interruption), options.jobs, interruption, room):
            report.add(result)
            progress.update(task, advance=1, description=f"seeds, {len(report.failed)} failed")
            if options.verbose:
                outcome = "failed" if result.failed else "passed"
                console.print(f"seed {result.seed} {outcome}: {result.messages} messages, {result.seconds:.2f} s")
    if interruption.signal:
        console.print("interrupted; this is what was done so far:")
    if options.json:
        print(json.dumps(report.as_json()))
    else:
        report.print(console)
    return 1 if report.failed else 128 + interruption.signal if interruption.signal else 0


class _Interruption:
    """Ctrl-C, or a wish to end: noted, and heeded between two seeds. An exception out of nowhere, in the middle of a
    transaction, would look like a finding. The second one ends at once."""

    def __init__(self) -> None:
        self.signal = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> _Interruption:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _note(self, number: int, _frame: object) -> None:
        self.__exit__()
        self.signal = number


def _in_time(seeds: Iterator[int], deadline: float | None, interruption: _Interruption) -> Iterator[int]:
    """The seeds that are still to be begun: none after the deadline."""
    for seed in seeds:
        if interruption.signal or (deadline is not None and time.monotonic() >= deadline):
            return
        yield seed


def _results(seeds: Iterator[int], jobs: int, interruption: _Interruption, room: Path) -> Iterator[Result]:
    """The results of seeds, in their order."""
    if jobs == 1:
        yield from (run_seed(seed, room) for seed in seeds)
        return
    # Processes are started anew rather than forked: a fork would share what the parent has opened.
    with multiprocessing.get_context("spawn").Pool(jobs, _ignore_interrupts) as pool:
        waiting = [pool.apply_async(run_seed, (seed, room)) for seed in islice(seeds, jobs * AHEAD_A_JOB)]
        while waiting and not interruption.signal:
            waiting[0].wait(POLL_S)
            if waiting[0].ready():
                yield waiting.pop(0).get()
                waiting += [pool.apply_async(run_seed, (seed, room)) for seed in islice(seeds, 1)]


def _ignore_interrupts() -> None:
    """Ctrl-C reaches every process of the terminal; it is the parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
