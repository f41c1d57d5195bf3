"""Dictionaries on a real core: values added and changed, in force without a restart, asked where a request is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from common.access_control.actor import Actor, ActorKind, local_actor
from common.access_control.rights import NotPermitted
from common.audit.queries import Sought, search
from common.cli.texts import TEXTS
from common.dictionaries.commands import SetDictionaryValues
from common.dictionaries.declared import CHANNEL, DOCUMENT_KIND
from common.dictionaries.model import (
    CODE_CHARACTERS_MAX,
    LOCAL,
    VALUES_MAX,
    Dictionary,
    DictionaryClosed,
    DictionaryCodeUnknown,
    DictionaryReasonMissing,
    DictionaryUnknown,
    DictionaryValue,
    DictionaryValueOfHeadquarters,
    DictionaryValueUnfit,
    book_of,
    in_order,
)
from common.dictionaries.queries import show_dictionary
from common.program.inline_writer import InlineWriter
from common.requests.commands import ActingFor, SubmitServiceRequest
from province_node.customers.model import DOCUMENT_KINDS
from tests.support.federation import GUANGDONG, SHANGHAI, Federation
from tests.support.stores import Databases

OWNER = local_actor("root")
KIOSK = DictionaryValue("kiosk", "社区服务点", "community kiosk", 25)
NODE_STATUS = "quanwang.nodes.v1.QueryNodeStatus"


class Kept:
    """A province's core and its dictionaries."""

    def __init__(self, databases: Databases) -> None:
        self.federation = Federation(databases)
        self.clock = self.federation.clock
        self.core = self.federation.cores[SHANGHAI]

    def run(self, command: Any, actor: Actor = OWNER) -> Any:
        return InlineWriter(self.core.dispatcher).run(command, actor)

    def set(self, *values: DictionaryValue, reason: str = "ticket 7") -> list[tuple[str, int]]:
        versions = self.run(SetDictionaryValues(CHANNEL.name, values, reason))
        return [(version.value.code, version.version) for version in versions]

    def usable(self) -> tuple[str, ...]:
        return self.core.context.dictionaries.usable(CHANNEL.name, self.clock.now_us())

    def ask(self, channel: str) -> None:
        self.run(SubmitServiceRequest(NODE_STATUS, (GUANGDONG,), acting=ActingFor("li.na", "31", channel)))

    def read(self, query: Any, *arguments: Any) -> Any:
        try:
            return query(self.core.connection, *arguments)
        finally:
            self.core.connection.rollback()

    def shown(self) -> dict[str, Any]:
        return dict(self.read(show_dictionary, self.core.context.dictionaries, CHANNEL.name, self.clock.now_us()))

    def start_again(self) -> None:
        """What is in memory is taken up from the database."""
        self.core.dispatcher.load()
        self.core.connection.rollback()


@pytest.fixture
def kept(databases: Databases) -> Iterator[Kept]:
    kept = Kept(databases)
    yield kept
    kept.federation.close()


def test_a_value_of_the_nodes_own_counts_at_once_in_its_place_and_after_a_restart(kept: Kept) -> None:
    built_in = kept.usable()
    assert built_in[:3] == ("counter", "hotline", "app")
    assert kept.set(KIOSK) == [("kiosk", 1)]
    for _ in range(2):
        assert kept.usable() == (*built_in[:2], "kiosk", *built_in[2:])
        kept.start_again()


def test_a_service_request_names_a_channel_that_is_in_use_or_none(kept: Kept) -> None:
    kept.ask("counter")
    kept.ask("")
    with pytest.raises(DictionaryCodeUnknown, match="counter, hotline") as refused:
        kept.ask("kiosk")
    assert "有效值" in refused.value.text("zh-CN")
    kept.set(KIOSK)
    kept.ask("kiosk")
    kept.set(replace(KIOSK, active=False))
    with pytest.raises(DictionaryCodeUnknown):
        kept.ask("kiosk")


def test_a_value_may_be_used_from_and_until_its_moments(kept: Kept) -> None:
    now_us = kept.clock.now_us()
    kept.set(replace(KIOSK, from_us=now_us + 10, until_us=now_us + 20))
    for after_us, usable in ((0, False), (10, True), (19, True), (20, False)):
        kept.clock.at_us = now_us + after_us
        assert ("kiosk" in kept.usable()) is usable, after_us


def test_a_value_whose_parent_is_out_of_use_is_out_of_use_too(kept: Kept) -> None:
    kept.set(KIOSK, DictionaryValue("kiosk-metro", "地铁站", "metro station", 26, parent="kiosk"))
    assert kept.usable()[2:4] == ("kiosk", "kiosk-metro")
    kept.set(replace(KIOSK, active=False))
    assert "kiosk-metro" not in kept.usable()
    with pytest.raises(DictionaryValueUnfit, match="under itself"):
        kept.set(replace(KIOSK, parent="kiosk-metro"))


def test_what_is_as_given_already_gets_no_version_and_history_says_who_and_why(kept: Kept) -> None:
    kept.set(KIOSK)
    assert kept.set(KIOSK, reason="once more") == []
    assert kept.set(replace(KIOSK, en="kiosk"), reason="shorter") == [("kiosk", 2)]
    shown = kept.shown()
    told = [(each["version"], each["en"], each["set_by"], each["reason"]) for each in shown["history"]]
    assert sorted(told) == [(1, "community kiosk", "root", "ticket 7"), (2, "kiosk", "root", "shorter")]
    (value,) = [each for each in shown["values"] if each["code"] == "kiosk"]
    assert (value["origin"], value["usable"], value["en"]) == (LOCAL, True, "kiosk")
    entries = kept.read(search, Sought(resource="dictionary"), 0, 10)["items"]
    assert [(entry["record"], entry["reason"]) for entry in entries] == [
        (CHANNEL.name, "shorter"),
        (CHANNEL.name, "once more"),
        (CHANNEL.name, "ticket 7"),
    ]


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ((DictionaryValue("counter", "柜台", "desk"),), DictionaryValueOfHeadquarters),
        ((DictionaryValue("", "空", "empty"),), DictionaryValueUnfit),
        ((DictionaryValue("a b", "空", "empty"),), DictionaryValueUnfit),
        ((DictionaryValue("x" * (CODE_CHARACTERS_MAX + 1), "长", "long"),), DictionaryValueUnfit),
        ((DictionaryValue("x", "", "no Chinese"),), DictionaryValueUnfit),
        ((DictionaryValue("x", "无", " spaced"),), DictionaryValueUnfit),
        ((DictionaryValue("x", "无", "a\nb"),), DictionaryValueUnfit),
        ((DictionaryValue("x", "负", "negative", -1),), DictionaryValueUnfit),
        ((DictionaryValue("x", "倒", "backwards", from_us=2, until_us=2),), DictionaryValueUnfit),
        ((DictionaryValue("x", "孤", "orphan", parent="nobody"),), DictionaryValueUnfit),
        ((KIOSK, replace(KIOSK, en="twice")), DictionaryValueUnfit),
        (tuple(DictionaryValue(f"c{n}", "多", "many") for n in range(VALUES_MAX)), DictionaryValueUnfit),
    ],
)
def test_values_that_cannot_be_are_refused_whole(
    kept: Kept, values: tuple[DictionaryValue, ...], refusal: type[Exception]
) -> None:
    before = kept.usable()
    with pytest.raises(refusal):
        kept.set(DictionaryValue("good", "好", "good"), *values)
    assert kept.usable() == before


def test_a_change_needs_a_reason_a_dictionary_and_the_right(kept: Kept) -> None:
    with pytest.raises(DictionaryReasonMissing):
        kept.set(KIOSK, reason=" ")
    with pytest.raises(DictionaryUnknown):
        kept.run(SetDictionaryValues("no.such", (KIOSK,), "x"))
    with pytest.raises(NotPermitted):
        kept.run(SetDictionaryValues(CHANNEL.name, (KIOSK,), "x"), Actor(ActorKind.OPERATOR, "li.na"))


def test_nothing_is_added_to_a_closed_dictionary(kept: Kept) -> None:
    closed = Dictionary("closed", "Closed.", "封闭。", in_order(("a", "甲", "a")))
    kept.core.context.dictionaries = book_of({"closed": closed}, ())
    with pytest.raises(DictionaryClosed):
        kept.run(SetDictionaryValues("closed", (KIOSK,), "x"))


def test_the_kinds_of_documents_that_the_program_checks_are_those_it_came_with() -> None:
    assert tuple(value.code for value in DOCUMENT_KIND.values) == DOCUMENT_KINDS
    for value in DOCUMENT_KIND.values:
        assert (value.en, value.zh) == TEXTS[f"document_kind.{value.code}"]
