"""The tables that the code runs are those of the design, row for row, but for the additions that are named here.

The design stands beside the checkout of whoever develops; where it is not at hand the comparison is skipped. The tables
in docs/protocol.md are compared with the code everywhere (tests/unit/protocol).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from common.requests.leg_states import ASKED_LEG
from common.state_table import StateTable
from hq_node.hub.leg_states import HUB_LEG
from province_node.serving.leg_states import SERVING_LEG

ROOT = Path(__file__).resolve().parents[3]
DESIGN = Path(os.environ.get("QUANWANG_STATE_TABLES", ROOT.parent / "shared" / "state-tables.md"))
TERMINAL = ("completed", "rejected", "expired", "cancelled")

Triple = tuple[str, str, str]
"""State, event, party."""

# What the design calls an event, as the code names it.
EVENTS = {
    "sealer": ("seal",),
    "command": ("submit",),
    "cancel command": ("cancel",),
    "last step before an effect outside": ("begin outside effect",),
    "outside system: done": ("done",),
    "outside system: certainly not done": ("refused",),
    "crash": ("no answer",),
}
# Events that the design leaves to the same party as the row before, or says without a party.
PARTIES = {
    ("A3 home", "begin outside effect"): "handler",
    ("A3 home", "refused", "working"): "handler",
    ("A3 home", "done"): "outside system",
    ("A3 home", "refused"): "outside system",
    ("A3 home", "no answer"): "outside system",
}
# Rows of the design that are no transition of a leg.
NOT_A_TRANSITION = {
    # A failure for now changes no leg: the inbox tries the message again.
    ("A3 home", "none", "Request", "fails for now"),
}
# What we added; ARCHITECTURE.md says why.
ADDITIONS: dict[str, set[Triple]] = {
    "A1 hub": {
        ("forwarded", "Interim", "home"),
        ("forwarded", "forced end", "operator"),
        *((end, "Interim", "home") for end in TERMINAL),
    },
    "A2 origin": {
        *((state, "Interim", "hub") for state in ("submitted", "overdue", *TERMINAL)),
        # Stamps may come after the end, and in any open state; they only note times.
        *((state, "Stamp", "hub") for state in ("overdue", *TERMINAL)),
    },
    "A3 home": {("working", "done", "handler")},
}


@pytest.fixture(scope="module")
def design() -> str:
    if not DESIGN.is_file():
        pytest.skip("the design's state tables are not beside this checkout")
    return DESIGN.read_text(encoding="utf-8")


@pytest.mark.extra("the design's tables are not part of the repository")  # noqa: S610 - a mark of ours
@pytest.mark.parametrize("table", [HUB_LEG, ASKED_LEG, SERVING_LEG], ids=lambda table: table.name)
def test_the_code_has_the_rows_of_the_design_and_the_named_additions(design: str, table: StateTable) -> None:
    code = {(state, row.event, row.by) for row in table.rows for state in row.states}
    named = set(designed(design, table.name))
    assert named - code == set()
    assert code - named == ADDITIONS[table.name]


def designed(text: str, table: str) -> list[Triple]:
    """The rows of a table in the design, spread over states and events."""
    number = table.split()[0]
    section = re.search(rf"^### {number}\. .*?(?=^##)", text, re.MULTILINE | re.DOTALL)
    assert section is not None, f"no table {number}"
    triples: list[Triple] = []
    for line in section[0].splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if not line.startswith("|") or cells[0] in ("state", "---") or cells[0].startswith("---"):
            continue
        states = TERMINAL if cells[0] == "terminal" else tuple(re.split(r", ", cells[0]))
        for state in states:
            if (table, state, "Request", cells[2]) in NOT_A_TRANSITION or (
                table == "A3 home" and "fails for now" in line
            ):
                continue
            triples += [(state, event, party) for event, party in events_of(table, state, cells[1])]
    return triples


def events_of(table: str, state: str, cell: str) -> list[tuple[str, str]]:
    """The events of one cell, each with its party."""
    words, _, party = cell.partition(", ")
    words = re.sub(r"\([^)]*\)", "", words).strip()
    if words == "Withdraw or Request again":
        names: tuple[str, ...] = ("Withdraw", "Request")
    else:
        names = EVENTS.get(words) or tuple(words.removesuffix(" again").split(" or "))
    if table == "A2 origin" and words == "Overdue":
        # "Overdue, Final(same), hub": two events in one cell.
        names = ("Overdue", "Final") if "Final" in cell else ("Overdue",)
    found = []
    for name in names:
        by = PARTIES.get((table, name, state)) or PARTIES.get((table, name)) or party.rpartition(", ")[2]
        found.append((name, by))
    return found
