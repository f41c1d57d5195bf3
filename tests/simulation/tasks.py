"""Coroutines of the product on simulated time: each step runs at once, and what it waits for comes when it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from typing import Any, cast

Told = Callable[[Any, BaseException | None], None]


class Awaited:
    """What a coroutine waits for: `ask` arranges that `told` is called, once, or never."""

    def __init__(self, ask: Callable[[Told], None]) -> None:
        self.ask = ask

    def __await__(self) -> Generator[Awaited, Any, Any]:
        return (yield self)


def drive(coroutine: Coroutine[Awaited, Any, Any], done: Told) -> None:
    """Runs a coroutine to its end. Where an answer never comes, it is never run on."""

    def step(result: Any, error: BaseException | None) -> None:
        try:
            awaited = coroutine.send(result) if error is None else coroutine.throw(error)
        except StopIteration as stop:
            done(stop.value, None)
        except Exception as failure:
            done(None, failure)
        else:
            awaited.ask(step)

    step(None, None)


async def _here(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)


@contextmanager
def no_threads() -> Iterator[None]:
    """While it lasts, what the product would run in a thread runs where it stands: a run has one thread."""
    before = asyncio.to_thread
    asyncio.to_thread = cast(Any, _here)
    try:
        yield
    finally:
        asyncio.to_thread = before
