"""When a publication is due at a province: by what it was sent, what it holds, and since when it is the node it is."""

from __future__ import annotations

from hq_node.publications.model import Delivery

SENT_AT_US, HEARD_AT_US = 1_000, 5_000


def held() -> Delivery:
    """A province that was sent publication 3, and was heard to hold it."""
    return Delivery("parameters", "44").sent(3, b"r" * 16, SENT_AT_US).taken(3, HEARD_AT_US)


def test_it_is_not_due_when_it_is_held() -> None:
    assert not held().is_due(3, 0, HEARD_AT_US)
    assert not held().is_due(3, SENT_AT_US, HEARD_AT_US)


def test_it_is_due_when_there_is_a_newer_one() -> None:
    assert held().is_due(4, 0, HEARD_AT_US)


def test_it_is_due_when_the_node_was_enrolled_anew_after_it_was_heard() -> None:
    assert held().is_due(3, HEARD_AT_US + 1, HEARD_AT_US + 2)


def test_it_is_due_when_the_node_was_enrolled_anew_between_its_answer_and_its_being_heard() -> None:
    """The answer was another database's, which is gone."""
    assert held().is_due(3, SENT_AT_US + 1, HEARD_AT_US)
