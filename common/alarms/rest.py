"""Alarms over the public REST interface: what stands, what was, and who takes care of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from pydantic import Field
from starlette.responses import Response

from common.alarms.alarm_states import ACKNOWLEDGED, CLEARED, RAISED
from common.alarms.commands import AcknowledgeAlarm
from common.alarms.kinds import AlarmKind, kind_of
from common.alarms.model import (
    KIND_CHARACTERS_MAX,
    NOTE_CHARACTERS_MAX,
    SEVERITIES,
    SUBJECT_CHARACTERS_MAX,
    format_alarm,
    parse_alarm,
)
from common.alarms.permissions import ACKNOWLEDGE, READ
from common.alarms.queries import alarm_entries
from common.alarms.repository import alarms
from common.program.node import Node
from common.rest.attributes import BOOLEAN, INTEGER, MOMENT, Attribute, Form, happened, listed, not_empty, write_moment
from common.rest.bodies import Body, Told
from common.rest.calls import Call, telling
from common.rest.resource import Resource, Task, View

NAME = alarms.c.kind + ":" + alarms.c.subject
ID_CHARACTERS_MAX = KIND_CHARACTERS_MAX + 1 + 2 * SUBJECT_CHARACTERS_MAX
ID_FORM = 'as in the list, such as LINK_AWAY:31, where "~1" is a slash and "~0" a tilde'


class Acknowledgement(Body):
    """Which alarm the caller takes care of, and how."""

    id: str = Field(min_length=1, max_length=ID_CHARACTERS_MAX)
    note: str = Field(default="", max_length=NOTE_CHARACTERS_MAX)
    """What is being done, or why nothing is."""


class Acknowledged(Told):
    """How the alarm is now, and who takes care of it."""

    id: str
    state: str
    acknowledged_by: str
    note: str


class AlarmEntry(Told):
    """What became of an alarm at one moment."""

    at: str = Field(json_schema_extra={"format": "date-time"})
    state: str
    severity: str
    by: str
    note: str


class AlarmHistory(Told):
    """What became of an alarm, the newest first."""

    entry: list[AlarmEntry]


def write_alarm_id(name: str) -> str:
    """The name of an alarm without slashes, which would part an address."""
    return name.replace("~", "~0").replace("/", "~1")


def read_alarm_id(text: str) -> str:
    """The name again."""
    return text.replace("~1", "/").replace("~0", "~")


def _words(word: Callable[[AlarmKind], str]) -> Form:
    return Form("text", "文本", {"type": "string"}, lambda kind: word(kind_of(kind)), str)


def _of_kind(path: str, word: Callable[[AlarmKind], str], en: str) -> Attribute:
    return Attribute(path, alarms.c.kind, _words(word), filterable=False, sortable=False, en=en)


def _history(connection: sa.Connection, name: str) -> Mapping[str, Any]:
    return {
        "entry": [
            {**{key: entry[key] for key in ("state", "severity", "by", "note")}, "at": write_moment(entry["at_us"])}
            for entry in alarm_entries(connection, *parse_alarm(name))
        ]
    }


ALARM = Resource(
    "alarm",
    READ,
    alarms,
    Attribute("id", NAME, Form(ID_FORM, ID_FORM, {"type": "string"}, write_alarm_id, read_alarm_id)),
    (
        Attribute("kind", alarms.c.kind),
        Attribute("subject", alarms.c.subject, en="What it is about."),
        Attribute("state", alarms.c.state, listed((RAISED, ACKNOWLEDGED, CLEARED))),
        Attribute("severity", alarms.c.severity, listed(SEVERITIES)),
        Attribute("lasting", alarms.c.lasting, BOOLEAN, en="Whether it is a condition, which ends by itself."),
        Attribute("detail", alarms.c.detail, filterable=False, sortable=False),
        Attribute("times", alarms.c.times, INTEGER, en="How often it was raised in this episode."),
        Attribute("firstDate", alarms.c.first_at_us, MOMENT),
        Attribute("lastDate", alarms.c.last_at_us, MOMENT),
        Attribute("acknowledgedDate", happened(alarms.c.acknowledged_at_us), MOMENT),
        Attribute("acknowledgedBy", not_empty(alarms.c.acknowledged_by)),
        Attribute("note", not_empty(alarms.c.note), filterable=False, sortable=False),
        Attribute("clearedDate", happened(alarms.c.cleared_at_us), MOMENT),
        _of_kind("meaning", lambda kind: kind.meaning("en"), "What it means."),
        _of_kind("meaningZh", lambda kind: kind.meaning("zh-CN"), "The same in Chinese."),
        _of_kind("remedy", lambda kind: kind.remedy("en"), "What to do."),
        _of_kind("remedyZh", lambda kind: kind.remedy("zh-CN"), "The same in Chinese."),
    ),
    default_sort="-lastDate",
    views=(View("history", AlarmHistory, _history, "What became of it."),),
    en="What an operator must see, of one kind and about one subject. Those that have cleared stay for a while.",
)


def alarm_tasks(node: Node) -> tuple[Task, ...]:
    """What is done about alarms at one node."""

    async def acknowledge(call: Call, given: Acknowledgement) -> Response:
        kind, subject = parse_alarm(read_alarm_id(given.id))
        wish = AcknowledgeAlarm(kind, subject, call.actor.name, given.note)
        state = await node.writer.execute(wish, actor=call.actor)
        identity = write_alarm_id(format_alarm(kind, subject))
        return telling(Acknowledged(id=identity, state=state, acknowledged_by=call.actor.name, note=given.note))

    return (
        Task(
            "acknowledgeAlarm",
            "POST",
            ACKNOWLEDGE,
            acknowledge,
            Acknowledgement,
            Acknowledged,
            "Say that one takes care of an alarm.",
        ),
    )
