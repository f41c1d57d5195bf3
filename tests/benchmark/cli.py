"""The measurements as commands."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from common.directory.regions import PROVINCES
from tests.benchmark import api, broker_comparison, fanin, machine, memory, report
from tests.benchmark.comparison import STORES, Comparison, make_databases
from tests.benchmark.federation import NODES, SUBSCRIPTIONS, make_federation
from tests.benchmark.fleet import ROOT, Fleet
from tests.benchmark.profiling import THREADS
from tests.benchmark.workload import Stretch

DIRECTORY = ROOT / "build" / "benchmark"


def main(arguments: list[str]) -> int:
    """Runs one measurement and shows its result."""
    options = _parser().parse_args(arguments)
    options.directory.mkdir(parents=True, exist_ok=True)
    if machine.filesystem(options.directory) in machine.MEMORY_FILESYSTEMS:
        _tell(f"{options.directory} lies in memory: its commits cost nothing, and the figures mean nothing.")
    place = Path(tempfile.mkdtemp(prefix="run-", dir=options.directory))
    try:
        result = asyncio.run(options.measure(options, place))
    finally:
        shutil.rmtree(place, ignore_errors=True)
    if options.json:
        sys.stdout.write(json.dumps(result, indent=2) + "\n")
    else:
        options.show(result, Console())
    return 0


async def _relay(options: argparse.Namespace, place: Path) -> dict[str, Any]:
    about = machine.describe(place)
    result = await Comparison(place, _tell, options.store).run(
        options.in_flight, options.rounds, options.seconds, options.requests
    )
    settings = {"rounds": options.rounds, "seconds": options.seconds, "requests": options.requests}
    return result | {"machine": about, "settings": settings}


async def _memory(options: argparse.Namespace, place: Path) -> dict[str, Any]:
    about = machine.describe(place)
    return await memory.measure(place, options.requests, options.in_flight, _tell) | {"machine": about}


async def _fanin(options: argparse.Namespace, place: Path) -> dict[str, Any]:
    about = machine.describe(place)
    arguments = (options.provinces, options.in_flight, options.seconds, options.rounds)
    return await fanin.measure(place, *arguments, _tell) | {"machine": about}


async def _brokers(options: argparse.Namespace, place: Path) -> dict[str, Any]:
    about = machine.describe(place)
    arguments = (options.in_flight, options.seconds, options.rounds)
    return await broker_comparison.measure(place, *arguments, _tell) | {"machine": about}


async def _api(options: argparse.Namespace, place: Path) -> dict[str, Any]:
    about = machine.describe(place)
    arguments = (options.store, options.rows, options.calls, options.rounds)
    return await api.measure(place, *arguments, _tell) | {"machine": about}


async def _profile(options: argparse.Namespace, place: Path) -> dict[str, Any]:
    """By node and thread, while the same load goes on."""
    make_federation().save(place / "federation.json")
    [path] = STORES[options.store]
    server = make_databases(place / path) if options.store == "postgres" else None
    fleet = Fleet(path, place)
    profiles: dict[str, dict[str, str]] = {node: {} for node in NODES}
    await fleet.start()
    try:
        for thread in THREADS:
            _tell(f"profiling each {thread}")
            for node in NODES:
                await fleet.order(node, "profile_begin", thread=thread)
            measured = await fleet.load(options.in_flight, Stretch(0.0), Stretch(options.seconds))
            for node in NODES:
                text = await fleet.order(node, "profile_end", top=options.top)
                profiles[node][thread] = f"{measured.requests} requests\n{text}"
    finally:
        await fleet.stop()
        if server is not None:
            server.close()
    return {"in_flight": options.in_flight, "profiles": profiles}


def _show_profile(result: dict[str, Any], console: Console) -> None:
    for node, threads in result["profiles"].items():
        for thread, text in threads.items():
            console.rule(f"{report.NAMES[node]}, {thread}")
            console.print(text, markup=False, highlight=False, soft_wrap=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench.py", description="Measures the path of requests between nodes.")
    commands = parser.add_subparsers(required=True)
    relay = _command(commands, "relay", "requests a second and latency, beside the yardstick and the floor", _relay)
    relay.set_defaults(show=report.show_comparison)
    relay.add_argument("--in-flight", type=_depths, default=[1, 64, 512], help="depths, e.g. 1,64,512")
    relay.add_argument("--seconds", type=float, default=4.0, help="of each stretch")
    relay.add_argument("--requests", type=int, default=0, help="of each stretch, in place of --seconds")
    relay.add_argument("--rounds", type=int, default=5, help="stretches of each path at each depth")
    relay.add_argument("--store", choices=STORES, default="sqlite", help="what the relay's nodes keep their records in")
    flat = _command(commands, "memory", "resident memory over many requests", _memory)
    flat.set_defaults(show=report.show_memory)
    flat.add_argument("--requests", type=int, default=200_000)
    flat.add_argument("--in-flight", type=_depth, default=256)
    many = _command(commands, "fanin", "many provinces at one hub, beside a few", _fanin)
    many.set_defaults(show=report.show_fanin)
    many.add_argument("--provinces", type=_ring, default=31, help="of the large ring")
    many.add_argument("--in-flight", type=_depth, default=16, help="of each province")
    many.add_argument("--seconds", type=float, default=8.0, help="of each stretch")
    many.add_argument("--rounds", type=int, default=3, help="stretches of each ring")
    rest = _command(commands, "api", "what access control, audit and data scopes cost the REST interface", _api)
    rest.set_defaults(show=report.show_api)
    rest.add_argument("--rows", type=int, default=1_000_000, help="service requests that the lists are out of")
    rest.add_argument("--calls", type=int, default=400, help="of each kind in a round, on both sides")
    rest.add_argument("--rounds", type=int, default=5)
    rest.add_argument("--store", choices=("sqlite", "postgres", "both"), default="both")
    brokers = _command(commands, "brokers", "the same work through NATS and RabbitMQ, where installed", _brokers)
    brokers.set_defaults(show=report.show_brokers)
    brokers.add_argument("--in-flight", type=_depths, default=[64], help="depths, e.g. 1,64,512")
    brokers.add_argument("--seconds", type=float, default=4.0, help="of each stretch")
    brokers.add_argument("--rounds", type=int, default=3, help="stretches of each path at each depth")
    profile = _command(commands, "profile", "where the time goes in each process", _profile)
    profile.set_defaults(show=_show_profile)
    profile.add_argument("--in-flight", type=_depth, default=64)
    profile.add_argument("--seconds", type=float, default=5.0)
    profile.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    profile.add_argument("--top", type=int, default=30, help="how many functions are shown")
    return parser


def _command(commands: Any, name: str, help_text: str, measure: Callable[..., Any]) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=help_text)
    command.set_defaults(measure=measure)
    command.add_argument("--json", action="store_true", help="print the result as JSON")
    command.add_argument("--directory", type=Path, default=DIRECTORY, help="where the databases lie meanwhile")
    return command


def _depths(text: str) -> list[int]:
    return [_depth(part) for part in text.split(",")]


def _ring(text: str) -> int:
    count = int(text)
    if not fanin.SMALL_RING < count <= len(PROVINCES):
        raise argparse.ArgumentTypeError(f"between {fanin.SMALL_RING + 1} and {len(PROVINCES)}")
    return count


def _depth(text: str) -> int:
    depth = int(text)
    if not 1 <= depth <= SUBSCRIPTIONS // 2:
        raise argparse.ArgumentTypeError(f"between 1 and {SUBSCRIPTIONS // 2}")
    return depth


def _tell(words: str) -> None:
    sys.stderr.write(words + "\n")
