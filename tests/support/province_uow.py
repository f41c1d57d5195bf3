"""A province's unit of work on an SQLite file of its own, with customers and subscriptions and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import sqlalchemy as sa

from common.db.engine import open_writer, store_of
from common.db.unit_of_work import UnitOfWork
from common.ids import IdSource
from common.parameters.model import ParameterBook
from common.personal_data.commands import OpenPersonalData
from common.personal_data.events import GenerationsChanged
from common.personal_data.handlers import handlers as personal_data_handlers
from common.personal_data.repository import PersonalData, stored_generations
from common.personal_data.vault import Vault
from province_node.authentication.repository import AuthenticationRepository
from province_node.customers.handlers import CustomerRecords
from province_node.customers.repository import CustomerRepository
from province_node.subscriptions.repository import SubscriptionRepository
from tests.support.personal_data import make_vault
from tests.support.stores import Databases

PERSONAL_DATA_HANDLERS = personal_data_handlers((CustomerRecords(),))

C = TypeVar("C")
E = TypeVar("E")


class FixedClock:
    """A clock that is moved by hand."""

    def __init__(self, now_us: int = 1_790_000_000_000_000) -> None:
        self.at_us = now_us

    def now_us(self) -> int:
        return self.at_us

    def monotonic_us(self) -> int:
        return self.at_us


@dataclass
class RulesAlone:
    """A node of which nothing is known but its parameters."""

    parameters: ParameterBook = field(default_factory=ParameterBook)


class ProvinceWork(UnitOfWork):
    """What handlers of a province see, as far as these two features go."""

    def __init__(self, connection: sa.Connection, ids: IdSource, now_us: int, vault: Vault) -> None:
        super().__init__(connection, ids, now_us)
        self.node = RulesAlone()
        self.personal_data = PersonalData(self, vault)
        self.customers = CustomerRepository(self, self.personal_data)
        self.subscriptions = SubscriptionRepository(self)
        self.authentications = AuthenticationRepository(self)


class ProvinceDatabase:
    """One province's tables, and a small stand-in for the dispatcher: one group for each command."""

    def __init__(self, databases: Databases, url: str = "") -> None:
        self.clock = FixedClock()
        self._ids = IdSource(self.clock, bytes)
        self.url = url or databases.with_tables("province")
        self._engine = open_writer(self.url)
        self.connection = self._engine.connect()
        self.vault = make_vault()
        self.groups = 0
        """How many were begun."""
        self.read_generations()
        self.execute(PERSONAL_DATA_HANDLERS[OpenPersonalData], OpenPersonalData())

    def read_generations(self) -> None:
        """The vault has the keys that the database has."""
        self.vault.use(row.stored for row in stored_generations(self.connection.execute))

    @contextmanager
    def group(self) -> Iterator[ProvinceWork]:
        """One group with one item: committed at the end, undone by an exception."""
        store = store_of(self.connection)
        store.begin(self.connection)
        self.groups += 1
        uow = ProvinceWork(self.connection, self._ids, self.clock.now_us(), self.vault)
        uow.alone = True
        uow.begin_item()
        try:
            yield uow
            uow.keep_item()
            uow.flush()
        except BaseException:
            uow.drop_item()
            store.roll_back(self.connection)
            raise
        store.commit(self.connection)
        if GenerationsChanged() in uow.events:
            self.read_generations()

    def execute(self, handler: Callable[[C, ProvinceWork], E], command: C) -> E:
        """Runs one command in a group of its own and gives back what the handler said."""
        with self.group() as uow:
            return handler(command, uow)

    def watch(self, statements: list[str]) -> None:
        """Collects every statement from now on."""
        sa.event.listen(
            self.connection,
            "before_cursor_execute",
            lambda _connection, _cursor, statement, *_rest: statements.append(statement),
        )

    def close(self) -> None:
        self.connection.close()
        self._engine.dispose()
