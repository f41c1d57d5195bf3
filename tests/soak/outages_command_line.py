"""The outages for people: a line for each, and a report as text or JSON."""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.soak.outages import long_plan, run
from tests.support.replicas import NAMES


def main(arguments: Sequence[str]) -> int:
    """0: nothing was lost or done twice; 1 otherwise."""
    parser = argparse.ArgumentParser(prog="scripts/outages.py", description=__doc__)
    parser.add_argument("--requests", type=int, default=2_000, metavar="N", help="how many requests (2000)")
    parser.add_argument("--replicas", type=int, default=3, choices=range(2, len(NAMES) + 1), help="of HQ (3)")
    parser.add_argument("--seed", type=int, default=0, help="of the work and of the order of outages (0)")
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the nodes' directories there")
    options = parser.parse_args(arguments)
    console = Console(stderr=options.json)

    def tell(requests: int, seconds: float, outage: str) -> None:
        what = f"replica {outage} killed" if outage in NAMES else outage
        console.print(f"{seconds:7.1f} s {requests:8,} requests  {what}", highlight=False)

    place = options.keep or Path(tempfile.mkdtemp(prefix="quanwang-outages-"))
    place.mkdir(parents=True, exist_ok=True)
    try:
        report = run(place, long_plan(options.requests, options.replicas, options.seed), tell)
    finally:
        if options.keep is None:
            shutil.rmtree(place, ignore_errors=True)
    if options.json:
        print(json.dumps(report))
    else:
        _show(report, console)
    return 0 if report["stopped_in_order"] and not report["wrong"] else 1


def _show(report: dict[str, Any], console: Console) -> None:
    console.print(
        f"{report['requests']:,} requests in {report['seconds']} s; {report['asked_again']} calls made again."
    )
    console.print("Outages: " + ", ".join(f"{kind} {count}" for kind, count in report["outages"].items()))
    console.print("Claims of each link: " + ", ".join(f"{peer} {count}" for peer, count in report["claims"].items()))
    for line in report["wrong"] or ["Nothing was lost, nothing was done twice, no chain was forked."]:
        console.print(line, markup=False)
