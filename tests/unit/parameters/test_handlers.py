"""Parameters on a real core: set at once or for later, withdrawn, with their history, in force without a restart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from common.access_control.actor import Actor, ActorKind, local_actor
from common.access_control.rights import NotPermitted
from common.audit.queries import Sought, search
from common.event_hub.parameters import DEAD_LETTER_DAYS, OFF_AFTER_HOURS, PRIVATE_CALLBACKS
from common.parameters.commands import SetParameter, WithdrawParameter
from common.parameters.model import (
    SCHEDULED_MAX,
    Parameter,
    ParameterInForce,
    ParameterReasonMissing,
    ParameterTooManyScheduled,
    ParameterUnknown,
    ParameterVersionUnknown,
)
from common.parameters.queries import load_book, show_parameter
from common.parameters.value_types import ParameterValueUnfit, Whole
from common.program.inline_writer import InlineWriter
from tests.support.federation import Federation
from tests.support.stores import Databases

OWNER = local_actor("root")
DAYS = DEAD_LETTER_DAYS.name
HOUR_US = 3_600_000_000


class Kept:
    """A province's core and its parameters."""

    def __init__(self, databases: Databases) -> None:
        self.federation = Federation(databases)
        self.clock = self.federation.clock
        self.core = self.federation.cores["31"]

    def run(self, command: Any, actor: Actor = OWNER) -> Any:
        return InlineWriter(self.core.dispatcher).run(command, actor)

    def days(self) -> int:
        return self.core.context.parameters.value(DEAD_LETTER_DAYS, self.clock.now_us())

    def read(self, query: Any, *arguments: Any, **more: Any) -> Any:
        try:
            return query(self.core.connection, *arguments, **more)
        finally:
            self.core.connection.rollback()

    def start_again(self) -> None:
        """What is in memory is taken up from the database."""
        self.core.dispatcher.load()
        self.core.connection.rollback()


@pytest.fixture
def kept(databases: Databases) -> Iterator[Kept]:
    kept = Kept(databases)
    yield kept
    kept.federation.close()


def test_a_value_counts_at_once_and_after_a_restart(kept: Kept) -> None:
    assert kept.days() == DEAD_LETTER_DAYS.default
    kept.run(SetParameter(DAYS, 60, "asked for"))
    assert kept.days() == 60
    kept.start_again()
    assert kept.days() == 60
    kept.run(SetParameter(DAYS, None, "as before"))
    assert kept.days() == DEAD_LETTER_DAYS.default
    kept.start_again()
    assert kept.days() == DEAD_LETTER_DAYS.default


@pytest.mark.parametrize("restarted", [False, True])
def test_a_value_for_later_counts_from_its_moment_on(kept: Kept, restarted: bool) -> None:
    kept.run(SetParameter(DAYS, 60, "for now"))
    kept.run(SetParameter(DAYS, 90, "from then on", kept.clock.now_us() + HOUR_US))
    if restarted:
        kept.start_again()
    kept.clock.at_us += HOUR_US - 1
    assert kept.days() == 60
    kept.clock.at_us += 1
    assert kept.days() == 90


def test_what_was_withdrawn_never_counts(kept: Kept) -> None:
    version = kept.run(SetParameter(DAYS, 90, "from then on", kept.clock.now_us() + HOUR_US)).version
    kept.run(WithdrawParameter(DAYS, version, "not needed"))
    kept.clock.at_us += 2 * HOUR_US
    assert kept.days() == DEAD_LETTER_DAYS.default
    kept.start_again()
    assert kept.days() == DEAD_LETTER_DAYS.default
    with pytest.raises(ParameterVersionUnknown):
        kept.run(WithdrawParameter(DAYS, version, "again"))


def test_what_counts_is_not_withdrawn(kept: Kept) -> None:
    kept.run(SetParameter(DAYS, 60, "for now"))
    with pytest.raises(ParameterInForce):
        kept.run(WithdrawParameter(DAYS, 1, "a mistake"))
    assert kept.days() == 60


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (SetParameter("no.such", 1, "why not"), ParameterUnknown),
        (SetParameter(DAYS, 0, "too few"), ParameterValueUnfit),
        (SetParameter(DAYS, 366, "too many"), ParameterValueUnfit),
        (SetParameter(DAYS, "60", "a text"), ParameterValueUnfit),
        (SetParameter(DAYS, True, "a switch"), ParameterValueUnfit),
        (SetParameter(PRIVATE_CALLBACKS.name, 1, "a number"), ParameterValueUnfit),
        (SetParameter(DAYS, 60, " "), ParameterReasonMissing),
        (SetParameter(DAYS, 60, "x" * 513), ParameterReasonMissing),
        (WithdrawParameter(DAYS, 7, "never set"), ParameterVersionUnknown),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(kept: Kept, command: Any, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        kept.run(command)
    kept.start_again()
    assert kept.core.context.parameters.timelines == {}


def test_only_so_many_values_wait(kept: Kept) -> None:
    for hour in range(SCHEDULED_MAX):
        kept.run(SetParameter(DAYS, 40 + hour, "later", kept.clock.now_us() + (hour + 1) * HOUR_US))
    with pytest.raises(ParameterTooManyScheduled):
        kept.run(SetParameter(DAYS, 30, "later", kept.clock.now_us() + 99 * HOUR_US))
    kept.run(SetParameter(DAYS, 30, "now"))
    assert kept.days() == 30


def test_the_history_says_who_when_and_why_and_what_counts(kept: Kept) -> None:
    kept.run(SetParameter(DAYS, 60, "first"))
    kept.run(SetParameter(DAYS, 70, "second"))
    kept.run(SetParameter(DAYS, 80, "third", kept.clock.now_us() + HOUR_US))
    book, now_us = kept.core.context.parameters, kept.clock.now_us()
    page = kept.read(show_parameter, book, DAYS, now_us, limit=2)
    assert [(one["version"], one["in_force"], one["waits"]) for one in page["versions"]] == [
        (3, False, True),
        (2, True, False),
    ]
    assert (page["value"], page["scheduled"], page["next_value"], page["next"]) == (70, 1, 80, 2)
    rest = kept.read(show_parameter, book, DAYS, now_us, before=page["next"])
    assert [(one["reason"], one["set_by"], one["value"]) for one in rest["versions"]] == [("first", "root", 60)]
    with pytest.raises(ParameterUnknown):
        kept.read(show_parameter, book, "no.such", now_us)


def test_a_change_stands_in_the_audit_log_with_before_and_after(kept: Kept) -> None:
    kept.run(SetParameter(DAYS, 60, "asked for by the ombudsman"))
    entry = kept.read(search, Sought(resource="parameter", action="set"))["items"][0]
    assert '"value": 30' in str(entry)
    assert '"value": 60' in str(entry)
    assert "ombudsman" in str(entry)


def test_who_has_no_right_to_set_parameters_sets_none(kept: Kept) -> None:
    with pytest.raises(NotPermitted):
        kept.run(SetParameter(DAYS, 60, "because"), Actor(ActorKind.OPERATOR, "somebody"))
    assert kept.days() == DEAD_LETTER_DAYS.default


def test_a_value_that_a_later_release_does_not_allow_gives_way_to_the_default(kept: Kept) -> None:
    kept.run(SetParameter(OFF_AFTER_HOURS.name, 100, "patience"))
    narrower = Parameter(OFF_AFTER_HOURS.name, Whole(1, 50, "h"), 24, "less", "更短")
    book = replace(kept.core.context.parameters, declared={narrower.name: narrower})
    assert book.value(narrower, kept.clock.now_us()) == 24


def test_another_process_of_the_node_sees_the_change_when_it_looks(kept: Kept) -> None:
    before = kept.core.context.parameters
    kept.run(SetParameter(DAYS, 60, "asked for"))
    book = kept.read(load_book, before.declared, kept.clock.now_us())
    assert book.value(DEAD_LETTER_DAYS, kept.clock.now_us()) == 60
    assert before.value(DEAD_LETTER_DAYS, kept.clock.now_us()) == DEAD_LETTER_DAYS.default
