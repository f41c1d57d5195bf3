"""Subscriptions to events from the command line, on a real core."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from common.event_hub.model import DEAD, OFF
from common.event_hub.repository import DeliveryRow, hub_deliveries, hub_subscriptions
from common.event_hub.routes import hub_routes
from common.ids import format_id, parse_id
from common.parameters.commands import SetParameter
from common.web import build_app
from tests.support.access import AccessNode
from tests.support.fake_admin import CommandLine
from tests.support.stores import SQLITE, Databases

CALLBACK = "https://crm.example.com/events"
ID = "0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90"


class Place:
    """A command line, and the node behind it."""

    def __init__(self, line: CommandLine, node: AccessNode) -> None:
        self.line = line
        self.node = node

    def json(self, *arguments: str) -> Any:
        done = self.line(*arguments, "--json")
        assert done.code == 0, done.err
        return json.loads(done.out)

    def give_up(self, subscription: str, letters: int) -> None:
        """What was told to this subscription has failed for too long."""
        identity, connection = parse_id(subscription), self.node.core.connection
        for position in range(1, letters + 1):
            row = DeliveryRow(identity, position, bytes(15) + bytes([position]), "T", DEAD, 5, 0, "refused", b"{}")
            connection.execute(sa.insert(hub_deliveries).values(row._asdict()))
        of_it = hub_subscriptions.c.subscription_id == identity
        off = {"state": OFF, "last_error": "refused", "failing_since_us": 1}
        connection.execute(sa.update(hub_subscriptions).where(of_it).values(off))
        connection.commit()


@pytest.fixture
def place(tmp_path: Path, province: CommandLine) -> Iterator[Place]:
    databases = Databases(SQLITE, tmp_path)
    node = AccessNode(databases, tmp_path / "room")
    province.node.app = build_app([hub_routes(node.node, node.apis)], 1 << 20)
    yield Place(province, node)
    node.close()
    databases.close()


def test_a_system_is_subscribed_with_a_secret_that_is_shown_once(place: Place) -> None:
    made = place.json("hubs", "add", CALLBACK, "--query", "serviceRequest.state=rejected")
    assert len(base64.b64decode(made["secret"])) == 32
    said = place.line("hubs", "add", f"{CALLBACK}/2")
    assert "shown this once" in said.out
    listed = place.json("hubs", "list")
    assert [item["callback"] for item in listed["items"]] == [CALLBACK, f"{CALLBACK}/2"]
    assert made["secret"] not in json.dumps(listed)
    assert listed["items"][0]["owner"].startswith("local:")
    shown = place.line("hubs", "show", made["subscription_id"])
    assert "serviceRequest.state=rejected" in shown.out
    assert made["secret"] not in shown.out
    assert "--after" in place.line("hubs", "list", "--limit", "1").err
    assert "没有事件订阅" in place.line("hubs", "list", "--api", "other", "--lang", "zh").out
    entries = place.node.log(resource="event-subscription", action="create")
    assert [(entry["actor_kind"], entry["outcome"]) for entry in entries] == [("local", "DONE")] * 2
    assert made["secret"] not in json.dumps(entries)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((CALLBACK, "--api", "billing"), "EVENT_API_NOT_FOUND"),
        ((CALLBACK, "--query", "eventType=Unknown"), "UNKNOWN_PARAMETER"),
        (("http://crm.example.com/events",), "MALFORMED_CALLBACK"),
    ],
)
def test_what_cannot_be_subscribed_is_refused(place: Place, arguments: tuple[str, ...], code: str) -> None:
    done = place.line("hubs", "add", *arguments, "--json")
    assert done.code == 1
    assert json.loads(done.err)["code"] == code
    assert place.json("hubs", "list")["items"] == []


def test_what_was_given_up_is_shown_and_told_again(place: Place) -> None:
    made = place.json("hubs", "add", CALLBACK)["subscription_id"]
    place.give_up(made, 3)
    found = place.json("hubs", "show", made)
    assert (found["state"], found["dead"], found["waiting"]) == ("off", 3, 0)
    assert [letter["error"] for letter in found["dead_letters"]] == ["refused"] * 3
    assert format_id(bytes(15) + bytes([1])) in place.line("hubs", "show", made).out
    assert place.json("hubs", "replay", made)["replayed"] == 3
    found = place.json("hubs", "show", made)
    assert (found["state"], found["dead"], found["waiting"]) == ("on", 0, 3)


def test_a_subscription_ends_with_what_waits_for_it(place: Place) -> None:
    made = place.json("hubs", "add", CALLBACK)["subscription_id"]
    place.give_up(made, 1)
    assert "has ended" in place.line("hubs", "remove", made).out
    assert place.json("hubs", "list")["items"] == []
    count = sa.select(sa.func.count()).select_from(hub_deliveries)
    assert place.node.core.connection.execute(count).scalar_one() == 0
    for command in ("show", "remove", "replay"):
        done = place.line("hubs", command, ID, "--json")
        assert (done.code, json.loads(done.err)["code"]) == (1, "EVENT_SUBSCRIPTION_NOT_FOUND")


def test_a_private_callback_is_taken_only_where_a_parameter_says_so(place: Place) -> None:
    assert place.line("hubs", "add", "https://127.0.0.1/x").code == 1
    place.node.run(SetParameter("events.private_callbacks", True, "receivers here"))
    assert place.line("hubs", "add", "https://127.0.0.1/x").code == 0
