"""Loading a program's modules without looking through them for garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loaded_for_good() -> Iterator[None]:
    """What is imported meanwhile lives as long as the process: no search for garbage looks at it, now or later.

    Searches are an eighth of a node's start otherwise, and each full one of a running node would look at some hundred
    thousand objects of which none ever goes.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
