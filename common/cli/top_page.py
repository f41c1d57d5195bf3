"""What `top` shows: a head, a table of nodes, a table of message classes, the alarms that stand.

People look before they read: what is well is quiet, what is not has a word of its own and its colour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from common.cli import display
from common.cli.session import Session
from common.cli.sparkline import sparkline
from common.errors import QuanwangError

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

SORTS = ("node", "queue", "oldest", "rate", "delay", "rejected", "expired")
CLASSES = ("", "work_order", "customer_data", "management")

MEDIUM_COLUMNS, WIDE_COLUMNS = 110, 170
"""From these widths on there are more columns."""

LINES_OF_FRAME = 16
"""Lines that are no rows of the nodes' table: head, headings, classes, keys."""

ALARMS_MAX = 6

OLD_US, VERY_OLD_US = 60_000_000, 300_000_000


@dataclass(frozen=True, slots=True)
class View:
    """How the page is looked at. `rows_max`: the height of the terminal; 0: as long as it needs to be."""

    sort: str = "node"
    message_class: str = ""
    problems_only: bool = False
    rows_max: int = 0
    problem: QuanwangError | None = None


@dataclass(frozen=True, slots=True)
class _Node:
    """A row: the link with a node, and what goes to it."""

    peer: str
    link: Mapping[str, Any] | None
    flow: Mapping[str, Any] | None
    now_us: int

    @property
    def queue(self) -> int:
        return int(self.link["waiting_entries"]) if self.link else 0

    @property
    def oldest_us(self) -> int:
        oldest_us = self.link["oldest_waiting_at_us"] if self.link else 0
        return max(0, self.now_us - oldest_us) if oldest_us else 0

    @property
    def open_legs(self) -> int:
        return sum(state["legs"] for state in self.flow["open"].values()) if self.flow else 0

    @property
    def rejected(self) -> float:
        return share_of(self.flow, "rejected")

    @property
    def expired(self) -> float:
        return share_of(self.flow, "expired", "cancelled")

    @property
    def wants_an_operator(self) -> bool:
        away = self.link is not None and self.link["state"] != "open"
        return away or self.oldest_us >= OLD_US or self.expired > 0

    def sort_key(self, sort: str) -> tuple[float, str]:
        """The most of something first, then by name."""
        value = {
            "queue": self.queue,
            "oldest": self.oldest_us,
            "rate": self.flow["ended_a_second"] if self.flow else 0,
            "delay": _step(self.flow, "whole", "p95_us") or 0,
            "rejected": self.rejected,
            "expired": self.expired,
        }.get(sort, 0)
        return -float(value), self.peer


def page(session: Session, found: Mapping[str, Any], view: View) -> RenderableType:
    """The whole page."""
    from rich.console import Group
    from rich.text import Text

    alarms = _alarms(session, found["alarms"])
    parts: list[RenderableType] = [_head(session, found, view), Text()]
    room = view.rows_max - LINES_OF_FRAME - len(alarms) - len(found["classes"]) if view.rows_max else 0
    nodes = _nodes(found, view)
    parts.append(_node_table(session, nodes[: max(room, 3)] if room else nodes, found["role"]))
    if room and len(nodes) > max(room, 3):
        parts.append(Text(session.words("top.more", count=len(nodes) - max(room, 3)), style="dim"))
    if not nodes:
        parts.append(Text(session.words("top.no_nodes"), style="dim"))
    if found["classes"]:
        parts += [Text(), _class_table(session, found["classes"])]
    if alarms:
        parts += [Text(), *alarms]
    if view.rows_max:
        parts += [Text(), _keys(session, view)]
    return Group(*parts)


def _head(session: Session, found: Mapping[str, Any], view: View) -> RenderableType:
    from rich.text import Text

    words = session.words
    head = Text(no_wrap=True, overflow="ellipsis")
    head.append(display.node_name(session, str(found["node"])), style="bold")
    head.append(f"  {display.moment(found['now_us'])}", style="dim")
    up = display.span(found["now_us"] - found["started_at_us"])
    head.append(f"  {words('top.up', span=up)}\n", style="dim")
    open_links = sum(link["state"] == "open" for link in found["links"])
    links = words("top.links", open=open_links, all=len(found["links"]))
    head.append(links, style="green" if open_links == len(found["links"]) else "bold red")
    parked, retrying = found["inbox"]["parked"], found["inbox"]["waiting"]
    head.append("   ")
    head.append(words("top.parked", count=parked), style="bold red" if parked else "dim")
    head.append("   ")
    head.append(words("top.retrying", count=retrying), style="yellow" if retrying else "dim")
    head.append("   ")
    raised = sum(alarm["state"] == "raised" for alarm in found["alarms"])
    style = "bold red" if raised else "yellow" if found["alarms"] else "dim"
    head.append(words("top.alarms", count=len(found["alarms"]), raised=raised), style=style)
    if found["storage_failing"]:
        head.append(f"\n{words('node.storage_failing')}", style="bold red")
    if view.problem is not None:
        head.append(f"\n{view.problem.text(session.language)}", style="bold red")
    return head


def _nodes(found: Mapping[str, Any], view: View) -> list[_Node]:
    """A row for each node that there is a link with, or that something goes to."""
    role = "hub" if found["role"] == "hq" else "origin"
    if view.message_class:
        flows = [flow for flow in found["flows"] if flow["class"] == view.message_class]
    else:
        flows = found["peers"]
    by_peer = {flow["peer"]: flow for flow in flows if flow["role"] == role}
    links = {link["peer"]: link for link in found["links"]}
    peers = sorted({*links, *by_peer})
    rows = [_Node(peer, links.get(peer), by_peer.get(peer), found["now_us"]) for peer in peers]
    chosen = [row for row in rows if row.wants_an_operator or not view.problems_only]
    return sorted(chosen, key=lambda row: row.sort_key(view.sort))


def _node_table(session: Session, nodes: Sequence[_Node], role: str) -> Table:
    from rich.text import Text

    columns, numbers = _columns(session)
    rows = _table(session, columns, numbers)
    trend = _trend_columns(session)
    plain = _plain(session)
    for node in nodes:
        link, flow = node.link, node.flow
        cells: dict[str, Any] = {
            "node": Text(display.node_name(session, node.peer), no_wrap=True),
            "link": display.state(session, str(link["state"])) if link else Text(display.NOTHING, style="dim"),
            "queue": _count(node.queue),
            "oldest": _age(node.oldest_us),
            "in_flight": _count(link["sealed_sequence"] - link["acked_sequence"] if link else 0),
            "sent_rate": _rate(link["sealed_a_second"] if link else 0),
            "received_rate": _rate(link["received_a_second"] if link else 0),
            "legs_rate": _rate(flow["ended_a_second"] if flow else 0),
            "open": _count(node.open_legs),
            "p50": _delay(_step(flow, "whole", "p50_us")),
            "p95": _delay(_step(flow, "whole", "p95_us")),
            "p99": _delay(_step(flow, "whole", "p99_us")),
            "queue_p95": _delay(_step(flow, "queue", "p95_us")),
            "answer_p95": _delay(_step(flow, "answer", "p95_us")),
            "rejected": _share(node.rejected),
            "expired": _share(node.expired, "bold red"),
            "trend": Text(sparkline(flow["trend"] if flow else [], trend, plain=plain), style="cyan", no_wrap=True),
        }
        rows.add_row(*(cells[name] for name in columns))
    return rows


def _class_table(session: Session, classes: Sequence[Mapping[str, Any]]) -> Table:
    from rich.text import Text

    columns = ["role", "class", "legs_rate", "open", "p50", "p95", "rejected", "expired", "trend"]
    if session.out.width >= MEDIUM_COLUMNS:
        columns.insert(6, "p99")
    rows = _table(session, columns, set(columns) - {"role", "class", "trend"})
    for flow in classes:
        cells: dict[str, Any] = {
            "role": Text(session.words.name("role", flow["role"])),
            "class": Text(session.words.name("class", flow["class"])),
            "legs_rate": _rate(flow["ended_a_second"]),
            "open": _count(sum(state["legs"] for state in flow["open"].values())),
            "p50": _delay(_step(flow, "whole", "p50_us")),
            "p95": _delay(_step(flow, "whole", "p95_us")),
            "p99": _delay(_step(flow, "whole", "p99_us")),
            "rejected": _share(share_of(flow, "rejected")),
            "expired": _share(share_of(flow, "expired", "cancelled"), "bold red"),
            "trend": Text(
                sparkline(flow["trend"], _trend_columns(session), plain=_plain(session)), style="cyan", no_wrap=True
            ),
        }
        rows.add_row(*(cells[name] for name in columns))
    return rows


def _alarms(session: Session, alarms: Sequence[Mapping[str, Any]]) -> list[Text]:
    """The gravest first, one line each."""
    from rich.text import Text

    order = {"critical": 0, "warning": 1, "info": 2}
    shown = sorted(alarms, key=lambda alarm: (alarm["state"] != "raised", order.get(alarm["severity"], 3)))
    lines = []
    for alarm in shown[:ALARMS_MAX]:
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append_text(display.state(session, alarm["severity"]))
        line.append(" ")
        line.append_text(display.plain(alarm["name"]))
        line.append(" ")
        line.append_text(display.state(session, alarm["state"]))
        if alarm["acknowledged_by"]:
            line.append_text(display.plain(f" ({alarm['acknowledged_by']})"))
        line.append("  ")
        line.append(alarm["meaning"], style="dim")
        lines.append(line)
    if len(alarms) > ALARMS_MAX:
        lines.append(Text(session.words("top.more_alarms", count=len(alarms) - ALARMS_MAX), style="dim"))
    return lines


def _keys(session: Session, view: View) -> Text:
    from rich.text import Text

    words = session.words
    chosen = words.name("class", view.message_class) if view.message_class else words("top.all_classes")
    shown = words("top.problems") if view.problems_only else words("top.everything")
    said = words("top.keys", sort=words(f"top.sort.{view.sort}"), chosen=chosen, shown=shown)
    return Text(said, style="dim", no_wrap=True, overflow="ellipsis")


def _columns(session: Session) -> tuple[list[str], set[str]]:
    """Which columns there is room for, and which of them are numbers."""
    width = session.out.width
    if width >= WIDE_COLUMNS:
        columns = ["node", "link", "queue", "oldest", "in_flight", "sent_rate", "received_rate", "legs_rate", "open"]
        columns += ["p50", "p95", "p99", "queue_p95", "answer_p95", "rejected", "expired", "trend"]
    elif width >= MEDIUM_COLUMNS:
        columns = ["node", "link", "queue", "oldest", "in_flight", "legs_rate", "open", "p50", "p95"]
        columns += ["rejected", "expired", "trend"]
    else:
        columns = ["node", "link", "queue", "oldest", "legs_rate", "p95", "rejected", "expired", "trend"]
    return columns, set(columns) - {"node", "link", "trend"}


def _table(session: Session, columns: Sequence[str], numbers: set[str]) -> Table:
    from rich import box
    from rich.table import Table

    edges = box.SIMPLE_HEAD if session.out.is_terminal else None
    table = Table(box=edges, pad_edge=False, padding=(0, 1), collapse_padding=True, header_style="bold")
    for column in columns:
        justify: Any = "right" if column in numbers else "left"
        table.add_column(session.words(f"top.column.{column}"), justify=justify, no_wrap=True)
    return table


def _trend_columns(session: Session) -> int:
    width = session.out.width
    if width >= WIDE_COLUMNS:
        return min(60, 20 + width - WIDE_COLUMNS)
    return 20 if width >= MEDIUM_COLUMNS else 8


def _plain(session: Session) -> bool:
    return not session.out.encoding.lower().startswith("utf")


def _step(flow: Mapping[str, Any] | None, step: str, value: str) -> int | None:
    found = flow["steps"].get(step) if flow else None
    return found[value] if found else None


def _count(count: int) -> Text:
    from rich.text import Text

    return Text(f"{count:,}") if count else Text("0", style="dim")


def _rate(rate: float) -> Text:
    from rich.text import Text

    return Text(f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}") if rate else Text("0", style="dim")


def _age(age_us: int) -> Text:
    from rich.text import Text

    if not age_us:
        return Text(display.NOTHING, style="dim")
    style = "bold red" if age_us >= VERY_OLD_US else "yellow" if age_us >= OLD_US else ""
    return Text(display.span(age_us), style=style)


def _delay(delay_us: int | None) -> Text:
    from rich.text import Text

    if delay_us is not None and 10_000 <= delay_us < 999_500:
        # A tenth of a millisecond says nothing here, and costs room.
        return Text(f"{round(delay_us / 1_000)} ms")
    return Text(display.span(delay_us), style="" if delay_us is not None else "dim")


def _share(share: float, style: str = "") -> Text:
    from rich.text import Text

    return Text(f"{share:.0%}" if share >= 0.1 or not share else f"{share:.1%}", style=style if share else "dim")


def share_of(flow: Mapping[str, Any] | None, *outcomes: str) -> float:
    """How many of the legs that ended in the last minute ended so, from 0 to 1."""
    ended = flow["ended"] if flow else {}
    return sum(ended.get(outcome, 0) for outcome in outcomes) / (sum(ended.values()) or 1)
