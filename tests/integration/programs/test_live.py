"""The live view, alarms and meters of real programs; and that dashboard and alert rules speak of meters that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from common.live.model import LINK_GAUGES
from tests.support.processes import ProcessFederation
from tests.support.running import eventually

DOCS = Path(__file__).parents[3] / "docs"
DASHBOARD = DOCS / "grafana" / "quanwang-federation.json"
RULES = DOCS / "prometheus" / "quanwang-alerts.yaml"

NAME = re.compile(r"\bquanwang_[a-z_]+\b(\{[^}]*\})?")
LABEL = re.compile(r"(\w+)(?:=~|!~|!=|=)\"")


def exposed(text: str) -> dict[str, set[str]]:
    """Every series by its name, with the labels that it has."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        found.setdefault(family.name, set())
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            endings = {"counter": ("",), "histogram": ("_bucket", "_sum", "_count")}.get(kind, ("",))
            for ending in endings:
                found.setdefault(name + ending, set())
    return found


def named(text: str) -> set[tuple[str, frozenset[str]]]:
    """Every meter that an expression names, with the labels that it asks for."""
    return {
        (match[0].partition("{")[0], frozenset(LABEL.findall(match[1] or "")) - {"instance"})
        for match in NAME.finditer(text)
    }


def expressions_of_dashboard() -> list[str]:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


def expressions_of_rules() -> list[str]:
    """The text of each rule up to its labels: what stands in `expr`, on one line or several."""
    return re.findall(r"expr: (.*?)\n +(?:for|labels):", RULES.read_text(encoding="utf-8"), re.DOTALL)


def test_dashboard_and_rules_name_only_meters_and_labels_that_a_node_has(federation: ProcessFederation) -> None:
    asked = federation["31"].post("/requests", {"kind": "query-node-status", "destinations": ["44"], "content": {}})
    federation["31"].get(f"/requests/{asked['request_id']}", wait_ms=20_000)
    meters = exposed(federation.hq.http("/metrics").text)
    dashboard, rules = expressions_of_dashboard(), expressions_of_rules()
    assert len(dashboard) > 25
    assert len(rules) == RULES.read_text(encoding="utf-8").count("- alert:") > 10
    for expression in (*dashboard, *rules):
        for name, labels in named(expression):
            assert name in meters, expression
            # A family without a sample yet shows no labels; those with samples must have what is asked for.
            assert not meters[name] or labels <= meters[name], expression


def test_the_flows_of_a_request_are_told_at_all_its_places(federation: ProcessFederation) -> None:
    asked = federation["31"].post("/requests", {"kind": "query-node-status", "destinations": ["44"], "content": {}})
    federation["31"].get(f"/requests/{asked['request_id']}", wait_ms=20_000)
    for node, role in ((federation["31"], "origin"), (federation.hq, "hub"), (federation["44"], "home")):

        def counted(node: object = node, role: str = role) -> bool:
            points = node.get("/live/history", by="total", role=role, width_s=1, span_s=60)["points"]  # type: ignore[attr-defined]
            return any(flow["ended"].get("completed") for point in points for flow in point["flows"])

        eventually(counted, f"the {role} has stored what it counted")
    live = federation.hq.get("/live")
    assert {link["peer"]: link["state"] for link in live["links"]} == {"31": "open", "44": "open"}
    (point, *_) = federation.hq.get("/live/history", width_s=1, span_s=60)["points"][::-1]
    assert set(LINK_GAUGES) <= set(point["links"]["44"])


@pytest.mark.parametrize("query", ["width_s=7", "span_s=9000000&width_s=10", "by=colour"])
def test_what_the_history_cannot_tell_is_refused(federation: ProcessFederation, query: str) -> None:
    with federation.hq.admin() as admin:
        answer = admin.get(f"/live/history?{query}")
    assert answer.status_code in (409, 422)
    assert answer.json()["reason"]


def test_a_link_that_is_away_is_alarmed_acknowledged_and_cleared(federation: ProcessFederation) -> None:
    federation["44"].kill()
    (alarm,) = eventually(
        lambda: [found for found in federation.hq.get("/alarms")["items"] if found["name"] == "LINK_AWAY:44"],
        "the alarm is raised",
    )
    assert (alarm["state"], alarm["severity"]) == ("raised", "critical")
    federation.hq.post("/alarms/LINK_AWAY:44/acknowledgement", {"by": "Li Na", "note": "called"})
    federation["44"].start()
    eventually(lambda: not federation.hq.get("/alarms")["items"], "the alarm clears by itself")
    shown = federation.hq.get("/alarms/LINK_AWAY:44")
    assert [entry["state"] for entry in shown["history"][:3]] == ["cleared", "acknowledged", "raised"]
