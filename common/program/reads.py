"""Queries: on connections that cannot write, each with one snapshot, beside the writer and never behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from common.db.engine import is_storage_fault, store_of
from common.errors import StorageUnavailable

P = ParamSpec("P")
T = TypeVar("T")


class Reads:
    """Runs query functions, `query(connection, ...)`, in a few threads."""

    def __init__(self, engine: sa.Engine, threads_max: int) -> None:
        self.engine = engine
        self.executor = ThreadPoolExecutor(threads_max, thread_name_prefix="reads")

    async def run(self, query: Callable[Concatenate[sa.Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """What the query finds. Raises StorageUnavailable, and what the query raises."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, lambda: self.now(query, *args, **kwargs))

    def now(self, query: Callable[Concatenate[sa.Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The same in the calling thread."""
        try:
            with self.engine.connect() as connection:
                # Several statements of one query see one moment.
                store_of(connection).begin_read(connection)
                return query(connection, *args, **kwargs)
        except DBAPIError as error:
            if is_storage_fault(error):
                raise StorageUnavailable(detail=type(error.orig).__name__) from error
            raise

    def close(self) -> None:
        """Ends the threads and gives the connections back."""
        self.executor.shutdown(wait=True, cancel_futures=True)
        self.engine.dispose()
