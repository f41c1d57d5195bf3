"""The soak for people: a table that grows, and a report as text or JSON."""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.soak.run import soak
from tests.soak.samples import Sample

NAMES = {"rss_mib": "memory, MiB", "open_files": "open files", "connections": "connections", "threads": "threads"} | {
    "tasks": "tasks of the event loop"
}


def main(arguments: Sequence[str]) -> int:
    """0: all is flat and nothing is wrong; 1 otherwise."""
    parser = argparse.ArgumentParser(prog="scripts/soak.py", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, metavar="N", help="how long (30)")
    parser.add_argument("--seed", type=int, default=0, help="of the work and of the breaks (0)")
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the nodes' directories there")
    options = parser.parse_args(arguments)
    console = Console(stderr=options.json)

    def tell(requests: int, seconds: float, samples: dict[str, Sample]) -> None:
        held = ", ".join(f"{code} {look.rss_mib:.0f} MiB/{look.open_files} files" for code, look in samples.items())
        console.print(f"{seconds / 60:6.1f} min {requests:8,} requests  {held}", highlight=False)

    place = options.keep or Path(tempfile.mkdtemp(prefix="quanwang-soak-"))
    place.mkdir(parents=True, exist_ok=True)
    try:
        report = soak(place, options.minutes, options.seed, tell)
    finally:
        if options.keep is None:
            shutil.rmtree(place, ignore_errors=True)
    if options.json:
        print(json.dumps(report))
    else:
        _show(report, console)
    return 0 if report["flat"] and report["stopped_in_order"] and not report["wrong"] else 1


def _show(report: dict[str, Any], console: Console) -> None:
    table = Table(title=f"{report['requests']:,} requests in {report['minutes']} minutes")
    table.add_column("node")
    table.add_column("what it holds")
    for heading in ("early", "late", "most"):
        table.add_column(heading, justify="right")
    table.add_column("flat")
    for node, things in report["nodes"].items():
        for place, (name, thing) in enumerate(things.items()):
            figures = (f"{thing[when]:g}" for when in ("early", "late", "most"))
            verdict = "yes" if thing["flat"] else "[bold red]no[/]"
            table.add_row("" if place else node, NAMES[name], *figures, verdict, end_section=place == len(things) - 1)
    console.print(table)
    console.print(f"{report['connections_broken']} connections were broken on purpose.")
    for line in report["wrong"] or ["Nothing was lost, nothing was done twice."]:
        console.print(line, markup=False)
