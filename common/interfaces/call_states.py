"""The lives of a call and of a circuit breaker, as data.

A call is claimed by whoever makes it, and a claim lapses: then the call is claimed again, with the same key, by which
the other side knows that it is the same. An answer may come late, twice or never, and in any state; the first that
decides counts.
"""

from __future__ import annotations

from typing import Any

from common.state_table import UNCHANGED, Row, StateTable

WAITING, CALLING = "waiting", "calling"
DONE, REFUSED, GIVEN_UP, EXPIRED = "done", "refused", "given-up", "expired"
STATES = (WAITING, CALLING, DONE, REFUSED, GIVEN_UP, EXPIRED)
OPEN = (WAITING, CALLING)
REPLAYABLE = (REFUSED, GIVEN_UP)

NODE, OTHER_SIDE, OPERATOR = "node", "other side", "operator"

CLAIM, EXPIRE, LOSE, REPLAY = "claim", "expire", "lose", "replay"
ANSWERED_DONE, ANSWERED_REFUSED, ANSWERED_FAILED = "done", "refused", "failed"

ENDS = "ends"
"""What a transition asks for: no more tries."""


def _tries_left(call: Any, tries_max: Any) -> bool:
    return bool(call.tries < tries_max)


def _no_tries_left(call: Any, tries_max: Any) -> bool:
    return not _tries_left(call, tries_max)


CALL = StateTable(
    "interface call",
    STATES,
    (
        Row(OPEN, CLAIM, NODE, CALLING),
        Row(OPEN, EXPIRE, NODE, EXPIRED, (ENDS,)),
        # Its content cannot be read any more: the customer whose it was has been erased.
        Row(OPEN, LOSE, NODE, GIVEN_UP, (ENDS,)),
        # The truth, though it comes late.
        Row((*OPEN, GIVEN_UP, EXPIRED), ANSWERED_DONE, OTHER_SIDE, DONE, (ENDS,)),
        Row(OPEN, ANSWERED_REFUSED, OTHER_SIDE, REFUSED, (ENDS,)),
        Row((CALLING,), ANSWERED_FAILED, OTHER_SIDE, WAITING, (), _tries_left, "tries left"),
        Row((CALLING,), ANSWERED_FAILED, OTHER_SIDE, GIVEN_UP, (ENDS,), _no_tries_left, "no tries left"),
        # An earlier try's, which was taken for failed already.
        Row((WAITING,), ANSWERED_FAILED, OTHER_SIDE, UNCHANGED),
        Row((DONE, REFUSED), ANSWERED_DONE, OTHER_SIDE, UNCHANGED),
        Row((DONE, REFUSED, GIVEN_UP, EXPIRED), ANSWERED_REFUSED, OTHER_SIDE, UNCHANGED),
        Row((DONE, REFUSED, GIVEN_UP, EXPIRED), ANSWERED_FAILED, OTHER_SIDE, UNCHANGED),
        Row(REPLAYABLE, REPLAY, OPERATOR, WAITING),
    ),
)

OK, RESTING, TRYING = "ok", "resting", "trying"
BREAKER_STATES = (OK, RESTING, TRYING)

TRY = "try"

RESTS, MENDED = "rests", "mended"


def _too_many(breaker: Any, failures_max: Any) -> bool:
    return bool(breaker.failures + 1 >= failures_max)


def _not_too_many(breaker: Any, failures_max: Any) -> bool:
    return not _too_many(breaker, failures_max)


BREAKER = StateTable(
    "interface breaker",
    BREAKER_STATES,
    (
        Row((OK,), ANSWERED_FAILED, OTHER_SIDE, RESTING, (RESTS,), _too_many, "too many"),
        Row((OK,), ANSWERED_FAILED, OTHER_SIDE, UNCHANGED, (), _not_too_many, "not too many"),
        # Of calls that were on their way when it began to rest.
        Row((RESTING,), ANSWERED_FAILED, OTHER_SIDE, UNCHANGED),
        Row((TRYING,), ANSWERED_FAILED, OTHER_SIDE, RESTING, (RESTS,)),
        Row((OK,), ANSWERED_DONE, OTHER_SIDE, UNCHANGED),
        Row((RESTING, TRYING), ANSWERED_DONE, OTHER_SIDE, OK, (MENDED,)),
        # One call, to see; again where whoever tried did not come back.
        Row((RESTING, TRYING), TRY, NODE, TRYING),
    ),
)
"""A refusal is an answer: for the breaker the other side works."""
