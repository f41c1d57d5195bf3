"""Dictionaries that headquarters publishes: over real handlers, links and requests to every province (SYS-02)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from common.access_control.actor import local_actor
from common.dictionaries.commands import SetDictionaryValues
from common.dictionaries.declared import CHANNEL
from common.dictionaries.model import DictionaryValue, DictionaryValueOfHeadquarters
from common.dictionaries.network_wire import PUBLISH, MalformedDictionary, decode_values, encode_publication, topic_of
from common.dictionaries.repository import dictionary_values
from common.gen.quanwang.dictionaries.v1 import dictionaries_pb2 as pb
from common.ids import HQ
from common.parameters.queries import publication_of
from common.program.inline_writer import InlineWriter
from common.requests.commands import SubmitServiceRequest
from hq_node.publications.commands import DeliverPublications, PublishDictionaryValues
from hq_node.publications.model import PublicationTooLarge
from hq_node.publications.queries import list_deliveries
from tests.support.federation import GUANGDONG, PROVINCES, SHANGHAI, Federation
from tests.support.stores import Databases

OWNER = local_actor("root")
NAME, WHY = CHANNEL.name, "directive 9"
KIOSK = DictionaryValue("kiosk", "社区服务点", "community kiosk", 25)
DESK = DictionaryValue("counter", "服务厅", "service hall", 10)


class Network:
    """A federation in which HQ publishes."""

    def __init__(self, databases: Databases) -> None:
        self.federation = Federation(databases)
        self.federation.connect()

    def run(self, command: Any, node: str = HQ) -> Any:
        return InlineWriter(self.federation.cores[node].dispatcher).run(command, OWNER)

    def publish(self, *values: DictionaryValue) -> None:
        self.run(PublishDictionaryValues(NAME, values, WHY))

    def deliver(self) -> int:
        """What HQ's timer does, and what becomes of it; how many provinces were sent something."""
        sent = self.federation.execute(HQ, DeliverPublications())
        self.federation.run()
        self.federation.execute(HQ, DeliverPublications())
        return int(sent)

    def entry(self, code: str, node: str = SHANGHAI) -> tuple[str, str, bool]:
        """A value's English name, who says it, and whether it may be used."""
        book = self.federation.cores[node].context.dictionaries
        found = book.of(NAME)[code]
        return found.value.en, found.origin, book.is_usable(NAME, code, self.federation.clock.now_us())

    def known(self, node: str = SHANGHAI) -> set[str]:
        return set(self.federation.cores[node].context.dictionaries.of(NAME))

    def read(self, node: str, query: Any, *arguments: Any) -> Any:
        connection = self.federation.cores[node].connection
        try:
            return query(connection, *arguments)
        finally:
            connection.rollback()

    def start_again(self, node: str) -> None:
        core = self.federation.cores[node]
        core.dispatcher.load()
        core.connection.rollback()


@pytest.fixture
def network(databases: Databases) -> Iterator[Network]:
    network = Network(databases)
    yield network
    network.federation.close()


def test_what_is_published_counts_everywhere_also_after_a_restart(network: Network) -> None:
    assert network.deliver() == 0
    network.publish(KIOSK, DESK)
    assert network.entry("counter", HQ) == ("service hall", "network", True)
    assert "kiosk" not in network.known()
    assert network.deliver() == 3
    assert network.deliver() == 0
    for node in network.federation.nodes:
        for _ in range(2):
            assert network.entry("kiosk", node) == ("community kiosk", "network", True)
            assert network.entry("counter", node) == ("service hall", "network", True)
            network.start_again(node)
    found = network.read(HQ, list_deliveries, PROVINCES, topic_of(NAME))["items"]
    assert [(each["held_version"], each["current"]) for each in found] == [(1, True)] * 3


def test_only_what_is_changed_is_published_anew_and_goes_out_of_use_everywhere(network: Network) -> None:
    network.publish(KIOSK)
    network.publish(KIOSK)
    assert network.read(HQ, publication_of, topic_of(NAME))["version"] == 1
    network.deliver()
    network.publish(replace(KIOSK, active=False))
    assert network.deliver() == 3
    assert [network.entry("kiosk", node)[2] for node in PROVINCES] == [False] * 3


def test_a_province_adds_its_own_and_changes_none_of_headquarters(network: Network) -> None:
    network.publish(KIOSK)
    network.deliver()
    network.run(SetDictionaryValues(NAME, (DictionaryValue("bus", "流动车", "bus"),), "ours"), SHANGHAI)
    assert network.entry("bus") == ("bus", "local", True)
    assert "bus" not in network.known(GUANGDONG) | network.known(HQ)
    for of_headquarters in (KIOSK, DESK):
        with pytest.raises(DictionaryValueOfHeadquarters):
            network.run(SetDictionaryValues(NAME, (of_headquarters,), "ours"), SHANGHAI)
    network.publish(DictionaryValue("bus", "大巴", "coach"))
    network.deliver()
    assert network.entry("bus") == ("coach", "network", True)


def test_what_headquarters_has_forgotten_after_a_restore_goes_from_provinces_too(network: Network) -> None:
    network.publish(KIOSK)
    network.publish(replace(KIOSK, en="kiosk"), DESK)
    network.deliver()
    connection = network.federation.cores[HQ].connection
    connection.exec_driver_sql("DELETE FROM dictionary_values WHERE version > 1 OR code = 'counter'")
    connection.exec_driver_sql("UPDATE publications SET version = 1")
    connection.exec_driver_sql("DELETE FROM publication_deliveries")
    connection.commit()
    network.start_again(HQ)
    network.deliver()
    network.federation.run()
    network.deliver()
    for _ in range(2):
        assert network.entry("kiosk") == ("community kiosk", "network", True)
        assert network.entry("counter") == ("counter", "built-in", True)
        network.start_again(SHANGHAI)


def test_only_headquarters_publishes(network: Network) -> None:
    body = encode_publication(NAME, 9, 1, [])
    wish = SubmitServiceRequest(PUBLISH, (GUANGDONG,), body=body)
    submitted = network.federation.execute(SHANGHAI, wish)
    network.federation.run()
    leg = network.federation.asked(SHANGHAI, submitted.request_id + SHANGHAI.encode() + GUANGDONG.encode())
    assert (leg.state, leg.reason_code) == ("rejected", "PUBLICATION_NOT_PERMITTED")


def test_an_older_publication_changes_nothing(network: Network) -> None:
    network.publish(KIOSK)
    network.publish(DESK)
    network.deliver()
    network.federation.execute(HQ, SubmitServiceRequest(PUBLISH, (SHANGHAI,), body=encode_publication(NAME, 1, 1, [])))
    network.federation.run()
    assert network.entry("kiosk")[1] == "network"


def test_a_dictionary_of_a_later_release_is_kept_for_the_one_that_knows_it(network: Network) -> None:
    request = pb.PublishDictionaryRequest(dictionary="later", version=1, published_at_us=1)
    request.values.add(code="a", version=1, zh="甲", en="a", active=True)
    wish = SubmitServiceRequest(PUBLISH, (SHANGHAI,), body=request.SerializeToString())
    network.federation.execute(HQ, wish)
    network.federation.run()
    rows = network.read(SHANGHAI, lambda connection: connection.execute(dictionary_values.select()).all())
    assert [(row.dictionary, row.code) for row in rows] == [("later", "a")]


def test_a_publication_that_fits_into_no_message_is_refused_whole(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hq_node.publications.topics.BODY_BYTES_MAX", 20)
    with pytest.raises(PublicationTooLarge):
        network.publish(KIOSK)
    assert "kiosk" not in network.known(HQ)


@pytest.mark.parametrize(
    "wrong",
    [
        {"dictionary": ""},
        {"dictionary": "x" * 65},
        {"version": 0},
        {"values": [{"code": ""}]},
        {"values": [{"code": "a", "version": 1}, {"code": "a", "version": 2}]},
        {"values": [{"code": "a", "version": 1, "en": "x" * 101}]},
        {"values": [{"code": "a", "version": 1, "place": 2**40}]},
        {"values": [{"code": "a", "version": 1, "until_us": -1}]},
        {"values": [{"code": "a", "version": 2**63}]},
    ],
)
def test_what_is_no_publication_is_refused(wrong: dict[str, Any]) -> None:
    good: dict[str, Any] = {"dictionary": NAME, "version": 1, "values": [{"code": "a", "version": 1}]}
    assert [each.value.code for each in decode_values(pb.PublishDictionaryRequest(**good))] == ["a"]
    with pytest.raises(MalformedDictionary):
        decode_values(pb.PublishDictionaryRequest(**{**good, **wrong}))
