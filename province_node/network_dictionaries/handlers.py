"""Taking over the dictionaries that headquarters publishes."""

from __future__ import annotations

from typing import Any

from common.dictionaries.events import DictionaryChanged
from common.dictionaries.model import NETWORK
from common.dictionaries.network_wire import topic_of
from common.dictionaries.repository import DictionaryRepository
from common.parameters.network_repository import Publications
from province_node.network_dictionaries.commands import TakeNetworkDictionary
from province_node.network_dictionaries.events import NetworkDictionaryTaken


def take_network_dictionary(command: TakeNetworkDictionary, uow: Any) -> NetworkDictionaryTaken:
    """Goes by the publication, whole as it is, unless a later one came before. A dictionary that this release does not
    know is kept for the one that does."""
    publications, stored = Publications(uow, topic_of(command.dictionary)), DictionaryRepository(uow)
    held = publications.last()
    if held.version >= command.version:
        return NetworkDictionaryTaken(held.version)
    stored.take(NETWORK, command.dictionary, command.values)
    publications.put(command.version, command.published_at_us)
    uow.record(DictionaryChanged(command.dictionary, command.values, replaced=NETWORK))
    return NetworkDictionaryTaken(command.version)
