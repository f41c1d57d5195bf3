"""One federation of processes for all tests here: starting one takes longer than all they do with it."""

from collections.abc import Iterator

import pytest

from tests.support.processes import ProcessFederation

# Where a node that was killed is back after seconds, half a minute between two attempts is long.
DIAL_OFTEN = "\n[link]\nbackoff_first_s = 0.05\nbackoff_most_s = 0.5\n"
# What is looked at and stored is seen soon.
LOOK_OFTEN = "\n[live]\nfine_s = 1\n\n[alarms]\nevery_ms = 200\n\n[alarms.link_away]\nvalue = 0.5\n"


@pytest.fixture(scope="session")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessFederation]:
    made = ProcessFederation(tmp_path_factory.mktemp("federation"), ("31", "44"), DIAL_OFTEN + LOOK_OFTEN)
    # These are also measured.
    for node in (made.hq, *made.provinces.values()):
        node.from_scratch = True
    with made as running:
        yield running
