"""Buckets: adding up over time, over processes, and through the database."""

import pytest

from common.live.histogram import Histogram
from common.live.model import Bucket


def bucket(began: int = 1, queue: int = 0, is_open: int = 1, **node: int) -> Bucket:
    made = Bucket()
    flow = made.flow("hub", "44", "work_order")
    flow.began = began
    flow.ended["completed"] = began
    flow.open = {"admitted": (queue, 5)}
    made.count_link("44", sealed_entries=began)
    made.links["44"].update(open=is_open, queue_entries=queue)
    made.node.update(node)
    return made


def test_counts_add_up_and_what_was_read_last_stays() -> None:
    whole = bucket(2, queue=7, groups=3, parked=4)
    whole.merge(bucket(3, queue=1, is_open=0, groups=2, parked=0))
    flow = whole.flows["hub", "44", "work_order"]
    assert (flow.began, flow.ended, flow.open) == (5, {"completed": 5}, {"admitted": (1, 5)})
    assert whole.links["44"] == {"sealed_entries": 5, "open": 0, "queue_entries": 1}
    assert whole.node == {"groups": 5, "parked": 0}


@pytest.mark.parametrize("order", [1, -1])
def test_beside_another_process_the_one_that_has_the_link_open_tells_how_it_is(order: int) -> None:
    holder, other = bucket(2, queue=7, is_open=1), bucket(3, queue=0, is_open=0)
    first, second = (holder, other)[::order]
    first.beside(second)
    assert first.links["44"] == {"sealed_entries": 5, "open": 1, "queue_entries": 7}


def test_it_reads_back_as_it_was_stored() -> None:
    made = bucket(2, queue=7, parked=1)
    made.flow("hub", "31", "management").steps["queue"] = Histogram({3: 2}, 9)
    assert Bucket.from_bytes(made.to_bytes()) == made
