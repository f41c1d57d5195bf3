"""Results for people."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmark.fleet import POSTGRES_PATH

NAMES = {"00": "HQ", "31": "origin", "44": "home"}


def show_comparison(result: dict[str, Any], console: Console) -> None:
    """The relay's figures beside the yardstick's and the floor's."""
    table = Table(title="Suspend and resume across provinces: origin, HQ, home, and back; durable on all three")
    table.add_column("in flight", justify="right")
    table.add_column("path")
    for heading in ("requests/s", "spread", "p50 ms", "p99 ms", "CPU µs", "× naive", "of floor"):
        table.add_column(heading, justify="right")
    for depth, figures in result["depths"].items():
        for path in [name for name in ("relay", POSTGRES_PATH, "naive", "floor") if name in result]:
            details, is_relay = result[path][depth], path == "relay"
            table.add_row(
                depth if is_relay else "",
                path,
                f"{details['requests_per_s']:,.0f}",
                f"{details['requests_per_s_min']:,.0f}-{details['requests_per_s_max']:,.0f}",
                f"{details['p50_ms']:.2f}",
                f"{details['p99_ms']:.2f}",
                f"{details['cpu_us_per_request']:,.0f}",
                f"{figures['ratio_to_naive']:.2f}" if is_relay else "",
                f"{figures['share_of_floor']:.2f}" if is_relay else "",
                end_section=path == "floor",
            )
    console.print(table)
    for depth, figures in result.get(POSTGRES_PATH, {}).items():
        spread = f"{figures['ratio_to_sqlite_min']:.2f}-{figures['ratio_to_sqlite_max']:.2f}"
        console.print(f"PostgreSQL × {figures['ratio_to_sqlite']:.2f} of SQLite ({spread}) at {depth} in flight")
    show_machine(result["machine"], console)


def show_fanin(result: dict[str, Any], console: Console) -> None:
    """Both rings, and how they compare."""
    table = Table(title=f"Provinces in a ring, each asks the next, {result['in_flight_each']} requests in flight each")
    for heading in ("provinces", "requests/s", "HQ's CPU µs a request"):
        table.add_column(heading, justify="right")
    for count, figures in result["rings"].items():
        table.add_row(count, f"{figures['requests_per_s']:,.0f}", f"{figures['hq_cpu_us_per_request']:,.0f}")
    console.print(table)
    console.print(f"Throughput × {result['throughput_ratio']:.2f}, HQ's CPU × {result['hq_cpu_ratio']:.2f}")
    show_machine(result["machine"], console)


def show_brokers(result: dict[str, Any], console: Console) -> None:
    """Each path's figures, and how many times as fast the relay is."""
    table = Table(title="The same work through message brokers; durable at all three nodes and at the broker")
    table.add_column("path", no_wrap=True)
    for heading in ("in flight", "requests/s", "p50 ms", "p99 ms", "CPU µs", "relay ×"):
        table.add_column(heading, justify="right")
    for path, depths in result["paths"].items():
        for depth, figures in depths.items():
            table.add_row(
                path,
                depth,
                f"{figures['requests_per_s']:,.0f}",
                f"{figures['p50_ms']:.2f}",
                f"{figures['p99_ms']:.2f}",
                f"{figures['cpu_us_per_request']:,.0f}",
                f"{figures['relay_is_times']:.2f}",
            )
    console.print(table)
    console.print("The processor time is that of the three nodes, without the broker's.")
    show_machine(result["machine"], console)


def show_api(result: dict[str, Any], console: Console) -> None:
    """What calls and lists cost, on each store."""
    for store, figures in result["stores"].items():
        table = Table(title=f"REST interface, {store}: with access control and audit, and without")
        for heading in ("call", "with, µs", "without, µs", "ratio", "spread"):
            table.add_column(heading, justify="right")
        for kind, of in figures["calls"].items():
            spread = f"{of['ratio_min']:.2f}-{of['ratio_max']:.2f}"
            table.add_row(kind, f"{of['guarded_us']:,.0f}", f"{of['open_us']:,.0f}", f"{of['ratio']:.2f}", spread)
        console.print(table)
        lists = figures["lists"]
        table = Table(title=f"50 of {lists['rows']:,} with their count: bare {lists['bare_ms']:.1f} ms of SQL")
        for heading in ("scope", "rows in it", "ms", "ratio"):
            table.add_column(heading, justify="right")
        for name, of in lists["scopes"].items():
            table.add_row(name, f"{of['rows']:,}", f"{of['ms']:.1f}", f"{of['ratio']:.2f}")
        console.print(table)
    show_machine(result["machine"], console)


def show_machine(machine: dict[str, Any], console: Console) -> None:
    """What figures mean nothing without."""
    console.print(
        f"{machine['processor']}, {machine['cores']} cores, load {machine['load_average'][0]}, "
        f"{machine['filesystem']}, a commit {machine['commit_us']:.0f} µs, "
        f"Python {machine['python']}, SQLite {machine['sqlite']}, {machine['measured_at']}"
    )


def show_memory(result: dict[str, Any], console: Console) -> None:
    """Resident memory by number of requests."""
    nodes = list(result["growth_mib"])
    table = Table(title=f"Resident memory, MiB, {result['in_flight']} requests in flight")
    table.add_column("requests", justify="right")
    for node in nodes:
        table.add_column(NAMES[node], justify="right")
    for sample in result["samples"]:
        table.add_row(f"{sample['requests']:,}", *(f"{sample['rss_mib'][node]:.1f}" for node in nodes))
    console.print(table)
    grown = ", ".join(f"{NAMES[node]} {result['growth_mib'][node]:+.1f} MiB" for node in nodes)
    console.print(f"Growth after the first tenth: {grown}")
