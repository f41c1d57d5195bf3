"""Parameters that headquarters publishes: over real handlers, links and requests to every province (SYS-02)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from common.access_control.actor import Actor, local_actor
from common.alarms.queries import list_alarms
from common.directory.model import NodeStatus
from common.event_hub.parameters import DEAD_LETTER_DAYS, PLAIN_HTTP_CALLBACKS
from common.ids import HQ
from common.parameters.commands import SetParameter
from common.parameters.model import (
    ParameterBook,
    ParameterInForce,
    ParameterReasonMissing,
    ParameterUnknown,
    ParameterVersionUnknown,
)
from common.parameters.network import (
    NetworkBoundsUnfit,
    NetworkValue,
    ParameterBeyondBounds,
    ParameterFixed,
)
from common.parameters.network_wire import PUBLISH, encode_publication
from common.parameters.queries import publication_of, show_parameter
from common.parameters.value_types import ParameterValueUnfit
from common.personal_data.parameters import REVEALS_AN_HOUR_MAX
from common.program.inline_writer import InlineWriter
from common.requests.commands import SubmitServiceRequest
from common.requests.registry import UnknownRequestKind
from hq_node.publications.commands import DeliverPublications, PublishParameter, WithdrawPublished
from hq_node.publications.model import AGAIN_US, CONFIRMED_FOR_US, PublicationTooLarge
from hq_node.publications.queries import list_deliveries
from hq_node.publications.timers import LOOK_EVERY_US, PublicationTimers
from tests.support.federation import GUANGDONG, PROVINCES, SHANGHAI, ZHEJIANG, Federation
from tests.support.stores import Databases

OWNER = local_actor("root")
DAYS, PLAIN = DEAD_LETTER_DAYS.name, PLAIN_HTTP_CALLBACKS.name
HOUR_US = 3_600_000_000
WHY = "directive 9"


class Network:
    """A federation in which HQ publishes."""

    def __init__(self, databases: Databases) -> None:
        self.federation = Federation(databases)
        self.federation.connect()
        self.clock = self.federation.clock

    def run(self, command: Any, node: str = HQ, actor: Actor = OWNER) -> Any:
        return InlineWriter(self.federation.cores[node].dispatcher).run(command, actor)

    def publish(self, name: str, value: Any, **more: Any) -> NetworkValue:
        published: NetworkValue = self.run(PublishParameter(name, value, WHY, **more))
        return published

    def deliver(self) -> int:
        """What HQ's timer does, and what becomes of it; how many provinces were sent something."""
        sent = self.federation.execute(HQ, DeliverPublications())
        self.federation.run()
        self.federation.execute(HQ, DeliverPublications())
        return int(sent)

    def days(self, node: str = SHANGHAI) -> int:
        return self.federation.cores[node].context.parameters.value(DEAD_LETTER_DAYS, self.clock.now_us())

    def read(self, node: str, query: Any, *arguments: Any) -> Any:
        connection = self.federation.cores[node].connection
        try:
            return query(connection, *arguments)
        finally:
            connection.rollback()

    def shown(self, name: str, node: str = SHANGHAI) -> dict[str, Any]:
        book = self.federation.cores[node].context.parameters
        return dict(self.read(node, show_parameter, book, name, self.clock.now_us()))

    def held(self) -> dict[str, tuple[int, bool, str]]:
        provinces = self.federation.cores[HQ].context.directory.active_provinces()
        found = self.read(HQ, list_deliveries, provinces)["items"]
        return {each["node"]: (each["held_version"], each["current"], each["reason_code"]) for each in found}

    def start_again(self, node: str) -> None:
        """What is in memory is taken up from the database."""
        core = self.federation.cores[node]
        core.dispatcher.load()
        core.connection.rollback()


@pytest.fixture
def network(databases: Databases) -> Iterator[Network]:
    network = Network(databases)
    yield network
    network.federation.close()


def test_what_is_published_counts_at_headquarters_and_at_every_province_also_after_a_restart(network: Network) -> None:
    assert network.deliver() == 0
    network.publish(DAYS, 60)
    assert network.days(HQ) == 60
    assert [network.days(node) for node in PROVINCES] == [DEAD_LETTER_DAYS.default] * 3
    assert network.deliver() == 3
    assert [network.days(node) for node in PROVINCES] == [60] * 3
    assert network.held() == dict.fromkeys(PROVINCES, (1, True, ""))
    assert network.deliver() == 0
    for node in network.federation.nodes:
        network.start_again(node)
        assert network.days(node) == 60
    shown = network.shown(DAYS)
    assert (shown["layer"], shown["network_value"], shown["is_default"]) == ("network", 60, True)
    (published,) = shown["network"]
    assert (published["set_by"], published["reason"], published["in_force"]) == ("root", WHY, True)


def test_a_province_has_its_own_within_the_bounds_and_none_beyond(network: Network) -> None:
    network.publish(DAYS, 60, least=30, most=90)
    network.publish(PLAIN, value=True, fixed=True)
    network.deliver()
    network.run(SetParameter(DAYS, 90, "ours"), SHANGHAI)
    assert (network.days(), network.days(GUANGDONG)) == (90, 60)
    for beyond in (29, 91):
        with pytest.raises(ParameterBeyondBounds, match="from 30 to 90"):
            network.run(SetParameter(DAYS, beyond, "ours"), SHANGHAI)
    with pytest.raises(ParameterFixed):
        network.run(SetParameter(PLAIN, False, "ours"), SHANGHAI)
    network.run(SetParameter(PLAIN, True, "the same"), SHANGHAI)
    network.run(SetParameter(DAYS, None, "as published"), SHANGHAI)
    assert network.days() == 60
    assert network.shown(PLAIN)["fixed"] is True


def test_an_own_value_outside_of_new_bounds_is_cut_back_told_and_comes_back_with_them(network: Network) -> None:
    network.run(SetParameter(DAYS, 200, "ours"), SHANGHAI)
    network.publish(DAYS, 60, most=90)
    network.deliver()
    assert network.days() == 90
    shown = network.shown(DAYS)
    assert (shown["value"], shown["cut_from"], shown["most"]) == (90, 200, 90)
    alarms = network.read(SHANGHAI, partial(list_alarms, cleared=False), "en", 50)
    told = [alarm for alarm in alarms if alarm["kind"] == "PARAMETER_CUT_BACK"]
    assert [alarm["subject"] for alarm in told] == [DAYS]
    assert "200, set by root, counts as 90" in told[0]["detail"]
    network.publish(DAYS, 60, fixed=True)
    network.deliver()
    assert network.days() == 60
    network.publish(DAYS, None)
    network.deliver()
    assert network.days() == 200
    assert network.days(GUANGDONG) == DEAD_LETTER_DAYS.default


def test_a_value_of_a_later_day_counts_from_then_on_unless_it_is_withdrawn(network: Network) -> None:
    later = network.clock.now_us() + HOUR_US
    network.publish(DAYS, 60)
    second = network.publish(DAYS, 70, effective_from_us=later)
    third = network.publish(DAYS, 80, effective_from_us=later + HOUR_US)
    network.deliver()
    assert network.days() == 60
    with pytest.raises(ParameterInForce):
        network.run(WithdrawPublished(DAYS, 1, WHY))
    network.run(WithdrawPublished(DAYS, third.version, WHY))
    with pytest.raises(ParameterVersionUnknown):
        network.run(WithdrawPublished(DAYS, third.version, WHY))
    network.deliver()
    network.clock.at_us = later
    assert network.days() == 70
    network.clock.at_us = later + HOUR_US
    assert network.days() == 70
    states = {one["version"]: bool(one["withdrawn_at_us"]) for one in network.shown(DAYS)["network"]}
    assert states == {1: False, second.version: False, third.version: True}


def test_a_province_that_was_away_takes_only_the_last_publication(network: Network) -> None:
    federation = network.federation
    federation.sessions.pop((GUANGDONG, HQ))
    federation.sessions.pop((HQ, GUANGDONG))
    federation.cores[HQ].dispatcher.port(GUANGDONG).open = False
    federation.cores[GUANGDONG].dispatcher.port(HQ).open = False
    network.publish(DAYS, 60)
    network.deliver()
    network.publish(DAYS, 70)
    network.deliver()
    assert [network.days(node) for node in PROVINCES] == [70, 70, DEAD_LETTER_DAYS.default]
    assert network.held()[GUANGDONG] == (0, False, "")
    federation.connect(GUANGDONG)
    network.deliver()
    assert network.days(GUANGDONG) == 70
    assert network.held()[GUANGDONG] == (2, True, "")


def test_a_province_that_is_let_in_later_is_sent_what_is_published(network: Network) -> None:
    federation = network.federation
    suspended = replace(federation.entry(ZHEJIANG), status=NodeStatus.SUSPENDED)
    others = [federation.entry(node) for node in federation.nodes if node != ZHEJIANG]
    federation.publish(federation.sign_directory(federation.directory, [*others, suspended]), (SHANGHAI, GUANGDONG))
    network.publish(DAYS, 60)
    assert network.deliver() == 2
    federation.publish(federation.sign_directory(federation.directory))
    federation.reconnect(ZHEJIANG)
    assert network.deliver() == 1
    assert network.days(ZHEJIANG) == 60


def test_each_province_is_asked_once_a_day_whether_it_still_holds_it(network: Network) -> None:
    network.publish(DAYS, 60)
    network.deliver()
    # As if the province had been restored from a backup of the day before.
    core = network.federation.cores[SHANGHAI]
    core.connection.exec_driver_sql("DELETE FROM network_parameters")
    core.connection.exec_driver_sql("DELETE FROM publications")
    core.connection.commit()
    network.start_again(SHANGHAI)
    assert network.days() == DEAD_LETTER_DAYS.default
    network.clock.at_us += CONFIRMED_FOR_US
    assert network.deliver() == 3
    assert network.days() == 60


def test_headquarters_that_was_restored_publishes_above_what_a_province_holds(network: Network) -> None:
    for value in (60, 61, 62):
        network.publish(DAYS, value)
    network.deliver()
    connection = network.federation.cores[HQ].connection
    connection.exec_driver_sql("DELETE FROM network_parameters WHERE version > 1")
    connection.exec_driver_sql("UPDATE publications SET version = 1")
    connection.exec_driver_sql("DELETE FROM publication_deliveries")
    connection.commit()
    network.start_again(HQ)
    assert network.days(HQ) == 60
    network.deliver()
    assert network.days() == 62
    # The answers said that version 3 is held; what HQ says now is said anew, as version 4.
    network.federation.run()
    network.deliver()
    assert [network.days(node) for node in PROVINCES] == [60] * 3
    assert network.read(SHANGHAI, publication_of)["version"] == 4


def test_a_province_of_an_earlier_release_is_sent_it_again_later(network: Network) -> None:
    kinds = network.federation.cores[SHANGHAI].context.kinds
    known = kinds._by_name.pop(PUBLISH)
    network.publish(DAYS, 60)
    network.deliver()
    assert network.held()[SHANGHAI] == (0, False, "UNSUPPORTED")
    assert network.deliver() == 0
    kinds._by_name[PUBLISH] = known
    network.clock.at_us += 2 * AGAIN_US
    assert network.deliver() == 1
    assert network.days() == 60


def test_only_headquarters_publishes_and_only_by_its_own_command(network: Network) -> None:
    later = NetworkValue(DAYS, 9, 365, 0, 0, "thief", "none")
    body = encode_publication(9, 1, [later])
    wish = SubmitServiceRequest(PUBLISH, (GUANGDONG,), body=body)
    for node in (HQ, SHANGHAI):
        with pytest.raises(UnknownRequestKind):
            network.run(wish, node)
    # A province whose program was changed asks all the same.
    submitted = network.federation.execute(SHANGHAI, wish)
    network.federation.run()
    leg = network.federation.asked(SHANGHAI, _leg(submitted.request_id))
    assert (leg.state, leg.reason_code) == ("rejected", "PUBLICATION_NOT_PERMITTED")
    assert network.days(GUANGDONG) == DEAD_LETTER_DAYS.default


def _leg(request_id: bytes) -> bytes:
    return request_id + SHANGHAI.encode() + GUANGDONG.encode()


def test_an_older_publication_changes_nothing(network: Network) -> None:
    network.publish(DAYS, 60)
    network.publish(DAYS, 70)
    network.deliver()
    old = SubmitServiceRequest(PUBLISH, (SHANGHAI,), body=encode_publication(1, 1, []))
    network.federation.execute(HQ, old)
    network.federation.run()
    assert network.days() == 70


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        (PublishParameter("no.such", 1, WHY), ParameterUnknown),
        (PublishParameter(DAYS, 0, WHY), ParameterValueUnfit),
        (PublishParameter(DAYS, 60, " "), ParameterReasonMissing),
        (PublishParameter(DAYS, 60, WHY, least=0), NetworkBoundsUnfit),
        (PublishParameter(DAYS, 60, WHY, least=61), NetworkBoundsUnfit),
        (PublishParameter(DAYS, 60, WHY, most=59), NetworkBoundsUnfit),
        (PublishParameter(DAYS, 60, WHY, most=90, fixed=True), NetworkBoundsUnfit),
        (PublishParameter(PLAIN, True, WHY, least=1), NetworkBoundsUnfit),
        (WithdrawPublished(DAYS, 1, WHY), ParameterVersionUnknown),
    ],
)
def test_what_cannot_be_published_is_refused(network: Network, wish: Any, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        network.run(wish)
    assert network.deliver() == 0


def test_what_only_provinces_have_is_published_too(network: Network) -> None:
    network.publish(REVEALS_AN_HOUR_MAX.name, 10, most=20)
    network.deliver()
    book = network.federation.cores[SHANGHAI].context.parameters
    assert book.value(REVEALS_AN_HOUR_MAX, network.clock.now_us()) == 10
    with pytest.raises(ParameterUnknown):
        network.run(SetParameter(REVEALS_AN_HOUR_MAX.name, 10, WHY))


def test_a_publication_that_fits_into_no_message_is_refused_whole(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hq_node.publications.topics.BODY_BYTES_MAX", 20)
    with pytest.raises(PublicationTooLarge):
        network.publish(DAYS, 60)
    assert network.days(HQ) == DEAD_LETTER_DAYS.default
    assert network.read(HQ, publication_of)["version"] == 0


def test_it_is_looked_after_every_minute_and_at_once_when_something_happens(network: Network) -> None:
    timers = PublicationTimers(network.clock)
    assert timers.due() == [DeliverPublications()]
    assert timers.due() == []
    timers.wake()
    assert timers.due() == [DeliverPublications()]
    network.clock.at_us += LOOK_EVERY_US
    assert timers.due() == [DeliverPublications()]


def test_a_value_that_this_release_cannot_go_by_counts_as_none(network: Network) -> None:
    later = NetworkValue(DAYS, 1, 10**6, 0, 0, "", "")
    book = ParameterBook(network={DAYS: [later]})
    assert book.value(DEAD_LETTER_DAYS, 1) == DEAD_LETTER_DAYS.default


def test_headquarters_can_publish_every_parameter_that_a_province_has(network: Network) -> None:
    at_hq = network.federation.cores[HQ].context.parameters
    for name, parameter in network.federation.cores[SHANGHAI].context.parameters.declared.items():
        assert at_hq.publishable(name).value_type == parameter.value_type
