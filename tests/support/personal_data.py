"""A vault for tests, whose master key is known."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from common.personal_data.master_key import KEY_BYTES, MasterKey, MasterKeys
from common.personal_data.vault import Vault
from province_node.customers import repository as customers
from province_node.customers.model import Customer


def make_vault(entropy: Callable[[int], bytes] = os.urandom, *secrets: bytes) -> Vault:
    """A vault that knows no keys of a database yet. `secrets`: other master keys, the one in use first."""
    return Vault(MasterKeys(tuple(map(MasterKey, secrets or (bytes(KEY_BYTES),))), "the test"), entropy)


def sealed_rows(vault: Vault, who: Iterable[Customer], now_us: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Rows of a database that has these customers and nothing else that is sealed: each with its table."""
    generation = vault.make_generation(1)
    vault.use([generation])
    yield "personal_data_generations", (*generation, now_us, 0)
    for customer in who:
        number = customer.customer_number
        wrapped, cipher = vault.make_data_key(number)
        yield "personal_data_keys", (1, number, wrapped)
        yield customers.TABLE, customers.sealed(customer, cipher, vault)
        for token in dict.fromkeys(customers.address_tokens(vault, customer.city_code, customer.address, 1)):
            yield "customer_address_tokens", (token, number)
