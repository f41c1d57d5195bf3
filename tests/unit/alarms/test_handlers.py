"""Alarms on a real core: raised once, acknowledged by name, cleared by themselves, with a history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from common.alarms.commands import AcknowledgeAlarm, EvaluateAlarms, RaiseAlarm, Reading
from common.alarms.events import AlarmTold
from common.alarms.handlers import DAY_US, evaluation
from common.alarms.model import AlarmHasCleared, AlarmNotFound
from common.alarms.queries import list_alarms, show_alarm, standing_alarm_count
from common.alarms.repository import alarm_history
from common.alarms.rules import AlarmWatch
from common.db.engine import open_reader
from common.errors import Refusal
from common.ids import HQ
from common.messaging.inbox import INBOX, PARKED, WAITING, InboxRow
from common.messaging.links import LINKS, new_link
from common.messaging.outbox import OUTBOX, OutboxRow
from common.program.inline_writer import InlineWriter
from common.replicas.commands import ReportReplica
from common.replicas.repository import SILENT_US
from common.settings import AlarmSettings
from hq_node.hub.model import HubLeg
from hq_node.hub.queries import overdue_readings
from hq_node.hub.repository import HUB_LEGS, HubLegRow
from tests.support.federation import Federation, Plant
from tests.support.stores import Databases

SETTINGS = AlarmSettings()
AWAY = Reading("LINK_AWAY", "31", 61, "STREAM_ENDED")


class Node:
    """HQ's core, the rules, and what was told to the world."""

    def __init__(self, databases: Databases) -> None:
        self.federation = Federation(databases, {EvaluateAlarms: evaluation(AlarmWatch(SETTINGS), overdue_readings)})
        self.core = self.federation.cores[HQ]
        self.told: list[tuple[str, str, str]] = []
        self.core.dispatcher.subscribe(
            AlarmTold, lambda event: self.told.append((event.kind, event.state, event.severity))
        )

    def run(self, command: Any) -> Any:
        return InlineWriter(self.core.dispatcher).run(command)

    def evaluate(self, *readings: Reading) -> int:
        return int(self.run(EvaluateAlarms(readings, self.federation.clock.monotonic_us())))

    def read(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        engine = open_reader(self.federation.urls[HQ], 1)
        try:
            with engine.connect() as connection:
                return query(connection, *args, **kwargs)
        finally:
            engine.dispose()

    def pass_time(self, microseconds: int) -> None:
        self.federation.clock.at_us += microseconds

    def listed(self, *, cleared: bool = False) -> list[tuple[str, str]]:
        return [(alarm["name"], alarm["state"]) for alarm in self.read(list_alarms, "en", 100, cleared=cleared)]


@pytest.fixture
def node(databases: Databases) -> Iterator[Node]:
    made = Node(databases)
    yield made
    made.federation.close()


def test_a_condition_is_raised_once_and_clears_when_it_ends(node: Node) -> None:
    for _ in range(3):
        assert node.evaluate(AWAY) == 1
        node.pass_time(5_000_000)
    assert node.listed() == [("LINK_AWAY:31", "raised")]
    assert node.evaluate() == 0
    assert node.listed() == []
    assert node.listed(cleared=True) == [("LINK_AWAY:31", "cleared")]
    assert node.told == [("LINK_AWAY", "raised", "critical"), ("LINK_AWAY", "cleared", "critical")]


def test_evaluating_without_change_leaves_the_alarm_as_it_was(node: Node) -> None:
    node.evaluate(AWAY)
    before = node.read(show_alarm, "LINK_AWAY", "31", "en")
    node.pass_time(5_000_000)
    node.evaluate(AWAY)
    assert node.read(show_alarm, "LINK_AWAY", "31", "en") == before


def test_who_acknowledged_what_is_kept_with_every_note(node: Node) -> None:
    node.evaluate(AWAY)
    for by, note in (("Li Na", "carrier called"), ("Wang Wei", "ticket 4711")):
        node.pass_time(1_000_000)
        assert node.run(AcknowledgeAlarm("LINK_AWAY", "31", by, note)) == "acknowledged"
    node.evaluate(AWAY)
    node.pass_time(1_000_000)
    node.evaluate()
    shown = node.read(show_alarm, "LINK_AWAY", "31", "zh-cn")
    assert [(entry["state"], entry["by"]) for entry in shown["history"]] == [
        ("cleared", ""),
        ("acknowledged", "Wang Wei"),
        ("acknowledged", "Li Na"),
        ("raised", ""),
    ]
    assert [entry["note"] for entry in shown["history"]][1:3] == ["ticket 4711", "carrier called"]
    assert shown["acknowledged_by"] == "Wang Wei"
    assert "链路" in shown["meaning"]
    assert shown["remedy"]


def test_something_that_happened_stands_until_it_was_acknowledged_and_stayed_quiet(node: Node) -> None:
    node.run(RaiseAlarm("BAD_SIGNATURE", "31", "seal 7"))
    node.pass_time(400 * DAY_US)
    node.evaluate()
    assert node.listed() == [("BAD_SIGNATURE:31", "raised")]
    node.run(AcknowledgeAlarm("BAD_SIGNATURE", "31", "Li Na", "asked Shanghai"))
    node.pass_time(DAY_US - 1)
    node.evaluate()
    assert node.listed() == [("BAD_SIGNATURE:31", "acknowledged")]
    node.run(RaiseAlarm("BAD_SIGNATURE", "31", "seal 8"))
    node.pass_time(2)
    node.evaluate()
    assert node.listed() == [("BAD_SIGNATURE:31", "acknowledged")]
    node.pass_time(DAY_US)
    node.evaluate()
    assert node.listed() == []
    assert node.told[-1] == ("BAD_SIGNATURE", "cleared", "critical")


def test_repeats_are_counted_and_told_once(node: Node) -> None:
    for seal in range(3):
        node.run(RaiseAlarm("BAD_SIGNATURE", "31", f"seal {seal}"))
    (alarm,) = node.read(list_alarms, "en", 10, cleared=False)
    assert (alarm["times"], alarm["detail"], alarm["severity"]) == (3, "seal 2", "critical")
    assert len(node.told) == 1
    assert node.read(standing_alarm_count) == 1


@pytest.mark.parametrize(
    ("kind", "refusal"), [("LINK_AWAY", AlarmHasCleared), ("QUEUE_OLD", AlarmNotFound)], ids=["cleared", "unknown"]
)
def test_there_is_nothing_to_acknowledge_where_none_stands(node: Node, kind: str, refusal: type[Refusal]) -> None:
    node.evaluate(AWAY)
    node.evaluate()
    with pytest.raises(refusal):
        node.run(AcknowledgeAlarm(kind, "31", "Li Na", ""))


def test_old_history_and_old_cleared_alarms_are_forgotten(node: Node) -> None:
    node.evaluate(AWAY)
    node.evaluate()
    node.pass_time(SETTINGS.history_days * DAY_US + 1)
    node.run(RaiseAlarm("BAD_SIGNATURE", "31", "seal 7"))
    node.evaluate()
    assert node.listed(cleared=True) == [("BAD_SIGNATURE:31", "raised")]
    with pytest.raises(AlarmNotFound):
        node.read(show_alarm, "LINK_AWAY", "31", "en")
    assert node.read(lambda connection: connection.execute(sa.select(alarm_history.c.kind)).scalars().all()) == [
        "BAD_SIGNATURE"
    ]


def test_an_old_queue_is_read_from_the_database(node: Node) -> None:
    now_us = node.federation.clock.now_us()
    waiting = OutboxRow(9, "31", b"l" * 20, b"d" * 32, False, 10, now_us, b"e", b"", True, False)
    node.federation.execute(HQ, Plant(OUTBOX, (waiting,)))
    node.federation.execute(HQ, Plant(LINKS, (new_link("31", b"i" * 16),)))
    node.pass_time(300_000_000)
    node.evaluate()
    assert node.listed() == []
    node.pass_time(1)
    node.evaluate()
    assert node.listed() == [("QUEUE_OLD:31", "raised")]


def test_parked_messages_and_messages_tried_again_are_read_from_the_database(node: Node) -> None:
    now_us = node.federation.clock.now_us()
    for number, state in enumerate((PARKED, WAITING)):
        place = ("31>00", 1, number)
        row = InboxRow("31", b"m" * 15 + bytes([number]), b"d" * 32, *place, b"l" * 20, state, 1, 0, now_us, "", "")
        node.federation.execute(HQ, Plant(INBOX, (row,)))
    node.pass_time(300_000_001)
    node.evaluate()
    assert sorted(node.listed()) == [("PARKED:inbox", "raised"), ("RETRYING:inbox", "raised")]


def test_legs_that_a_province_owes_an_answer_are_counted_for_it(node: Node) -> None:
    leg = HubLeg(b"l" * 20, "31", "44", "forwarded", overdue=True, admitted_at_us=1, due_at_us=0)
    row = HubLegRow(*(getattr(leg, name) for name in HubLegRow._fields))
    node.federation.execute(HQ, Plant(HUB_LEGS, (row,)))
    node.evaluate()
    node.pass_time(60_000_000)
    node.evaluate()
    assert node.listed() == [("OVERDUE:44", "raised")]


def test_a_replica_that_lacks_keys_is_an_alarm_for_as_long_as_it_says_so(node: Node) -> None:
    def reports(missing: str) -> None:
        node.run(ReportReplica("b", ("worker",), "1.0", node.federation.clock.at_us, missing_keys=missing))
        node.evaluate()

    reports("0a1b: the passphrase is wrong")
    assert node.listed() == [("OWN_KEYS_MISSING:b", "raised")]
    assert node.read(show_alarm, "OWN_KEYS_MISSING", "b", "en")["detail"] == "0a1b: the passphrase is wrong"
    reports("0a1b")
    assert node.told == [("OWN_KEYS_MISSING", "raised", "critical")]
    reports("")
    assert node.listed() == []


def test_a_replica_that_lacked_keys_when_it_died_is_no_alarm_any_longer(node: Node) -> None:
    node.run(ReportReplica("b", ("worker",), "1.0", node.federation.clock.at_us, missing_keys="0a1b"))
    assert node.evaluate() == 1
    node.pass_time(SILENT_US + 1)
    assert node.evaluate() == 0
