"""What is published, by topic: parameters all together, each dictionary by itself. A topic's publications count up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from common.dictionaries.model import NETWORK
from common.dictionaries.network_wire import PUBLISH as PUBLISH_DICTIONARY
from common.dictionaries.network_wire import encode_publication as encode_dictionary
from common.dictionaries.network_wire import held_version as held_dictionary
from common.dictionaries.network_wire import topic_of
from common.dictionaries.repository import DictionaryRepository
from common.messaging.envelope import BODY_BYTES_MAX
from common.parameters.network_repository import TOPIC, NetworkParameters, Publications
from common.parameters.network_wire import PUBLISH, encode_publication, held_version
from hq_node.publications.model import PublicationTooLarge


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic in one group. `body(version)`: all that is said of it; `held(answer)`: the version that a province says
    it holds."""

    name: str
    kind: str
    publications: Publications
    body: Callable[[int], bytes]
    held: Callable[[bytes], int]

    def publish(self) -> int:
        """The next version, of what is staged. Raises PublicationTooLarge."""
        version = self.publications.last().version + 1
        size = len(self.body(version))
        if size > BODY_BYTES_MAX:
            raise PublicationTooLarge(size=size, most=BODY_BYTES_MAX)
        self.publications.put(version, self.publications.now_us)
        return version


def parameter_topic(uow: Any) -> Topic:
    """Parameters."""

    def body(version: int) -> bytes:
        return encode_publication(version, uow.now_us, NetworkParameters(uow).counting())

    return Topic(TOPIC, PUBLISH, Publications(uow, TOPIC), body, held_version)


def dictionary_topic(dictionary: str, uow: Any) -> Topic:
    """One dictionary."""
    name = topic_of(dictionary)

    def body(version: int) -> bytes:
        latest = DictionaryRepository(uow).latest(NETWORK, dictionary)
        return encode_dictionary(dictionary, version, uow.now_us, [latest[code] for code in sorted(latest)])

    return Topic(name, PUBLISH_DICTIONARY, Publications(uow, name), body, held_dictionary)


def topics(uow: Any) -> Sequence[Topic]:
    """All of them."""
    return [parameter_topic(uow), *(dictionary_topic(name, uow) for name in sorted(uow.node.dictionaries.declared))]
