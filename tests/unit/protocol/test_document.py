"""docs/protocol.md says what the code does: state tables, limits, domains and codes are compared with it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from common.directory import ceilings_wire, continuity, head, invitation, proof, signing, wire
from common.errors import QuanwangError
from common.journal import comparison
from common.link import effects, entries, origin
from common.link.settings import PROTOCOL_VERSION_MAX, PROTOCOL_VERSION_MIN, LinkSettings
from common.messaging import envelope, seal
from common.messaging.sealer import SealLimits
from common.node_context import RequestLimits
from common.reasons import LINK_REASONS
from common.requests.leg_states import ASKED_LEG
from common.requests.model import AnswerNotBound
from common.requests.registry import MalformedRequest
from common.security import private_bodies
from common.state_table import Row, StateTable, UnnamedTransition
from hq_node.directory import exchange
from hq_node.hub import admission
from hq_node.hub.leg_states import HUB_LEG
from province_node.message_processor import LegOfAnotherNode, UnknownMessage
from province_node.serving.handlers import PrivateRequestUnreadable, Unsupported
from province_node.serving.leg_states import SERVING_LEG

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
TERMINAL = ("completed", "rejected", "expired", "cancelled")


def table_after(heading: str) -> list[list[str]]:
    """The cells of the first table after a line that contains `heading`, without its head."""
    place = TEXT.index(heading)
    lines = TEXT[place:].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| "))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
    return rows


def written(row: Row) -> list[str]:
    """A row of the code as the document writes it."""
    states = "terminal" if row.states == TERMINAL else ", ".join(row.states)
    new_state = row.new_state if isinstance(row.new_state, str) else "as the event says"
    marks = ", ".join(f"{name} := {'yes' if value is True else value}" for name, value in row.marks.items())
    return [states, row.event, row.by, row.guard_name, new_state, marks, "; ".join(row.emits)]


@pytest.mark.parametrize("table", [HUB_LEG, ASKED_LEG, SERVING_LEG], ids=lambda table: table.name)
def test_the_state_tables_are_those_of_the_code(table: StateTable) -> None:
    assert table_after(f"### {table.name}") == [written(row) for row in table.rows]


def test_the_limits_are_those_of_the_code() -> None:
    places: list[Any] = [
        LinkSettings(),
        SealLimits(),
        RequestLimits(),
        envelope,
        private_bodies,
        wire,
        ceilings_wire,
        invitation,
    ]
    rows = table_after("## 8. Limits")
    assert len(rows) > 25
    for name, value, _ in rows:
        found = [getattr(place, name) for place in places if hasattr(place, name)]
        assert found, name
        assert set(found) == {int(value)}, name


def test_the_reasons_for_ending_a_stream_are_those_of_the_code() -> None:
    rows = {code: (text, alarm, stops) for code, text, alarm, stops in table_after("Why a stream ends")}
    codes = {
        value
        for name, value in vars(effects).items()
        if name.isupper() and isinstance(value, str) and not name.startswith("_")
    }
    assert set(rows) == codes
    for code, (text, alarm, stops) in rows.items():
        assert text == LINK_REASONS[code].en
        assert (alarm == "yes", stops == "yes") == (code in effects.ALARMING, code in effects.STOP_SEALING), code


def test_the_reasons_of_the_hub_are_those_of_the_code() -> None:
    codes = {value for name, value in vars(admission).items() if name.isupper() and value == name}
    assert {row[0] for row in table_after("Why the hub does not admit")} == codes


def test_the_faults_of_entries_are_those_of_the_code() -> None:
    codes = {
        value
        for module in (entries, origin)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str) and value == name
    } - {"HQ"}
    assert {row[0] for row in table_after("What can be wrong with an entry")} == codes


@pytest.mark.parametrize(
    "error",
    [
        UnnamedTransition,
        AnswerNotBound,
        UnknownMessage,
        LegOfAnotherNode,
        Unsupported,
        PrivateRequestUnreadable,
        MalformedRequest,
    ],
)
def test_the_codes_of_errors_are_in_the_document(error: type[QuanwangError]) -> None:
    assert re.search(rf"^\| {error.code} \|", TEXT, re.MULTILINE)


def test_the_domains_are_those_of_the_code() -> None:
    domains = {
        envelope.HEADER_DOMAIN,
        seal.STAMP_DOMAIN,
        seal.LEAF_DOMAIN,
        seal.SEAL_SIGNATURE_DOMAIN,
        seal.SEAL_HASH_DOMAIN,
        signing.DIRECTORY_SIGNATURE_DOMAIN,
        signing.ROOT_KEY_DOMAIN,
        continuity.NODE_KEY_DOMAIN,
        continuity.KEY_ROTATION_DOMAIN,
        head.DIRECTORY_HASH_DOMAIN,
        head.DIRECTORY_HEAD_DOMAIN,
        head.DIRECTORY_ENTRY_DOMAIN,
        private_bodies.PRIVATE_BODY_DOMAIN,
        comparison.DIGEST_DOMAIN,
        proof.ENROLMENT_PROOF_DOMAIN,
        exchange.DRAFT_DOMAIN,
    }
    assert {found.encode() for found in re.findall(r'"(quanwang/[a-z-]+/v1)"', TEXT)} == domains


def test_every_phase_and_version_is_that_of_the_code() -> None:
    assert PROTOCOL_VERSION_MIN == PROTOCOL_VERSION_MAX == envelope.PROTOCOL_VERSION == 1
    assert TEXT.startswith("# The federation protocol, version 1")
