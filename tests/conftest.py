"""Settings that every test shares: steady random data, and no silent skips where the result counts."""

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import settings

from tests.support.stores import SQLITE, STORES, Databases, databases_of

pytest_plugins = ["pytester"]

# Hypothesis draws the same examples in every run, so that no test fails by chance on a change that has nothing to do
# with it. To look for new failures: scripts/test.py tests/unit --hypothesis-profile=explore
settings.register_profile("steady", derandomize=True, database=None, deadline=None)
settings.register_profile("explore", max_examples=2000, deadline=None)
settings.load_profile("steady")

SKIPS_FAIL = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


# Where most of a run's time goes, the longest first. Workers take file after file, so what is long must not come last:
# all others would have ended, and waited for it.
LONG_FIRST = (
    "tests/simulation/test_mutants.py",
    "tests/e2e",
    "tests/simulation",
    "tests/integration/processes",
    "tests/integration",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts long files first; within a file, and among the others, the order stays."""
    items.sort(key=_rank)


def pytest_collection_finish() -> None:
    """All tests and their imports stay to the end: no search for garbage looks at them again."""
    gc.collect()
    gc.freeze()


def _rank(item: pytest.Item) -> int:
    return next((rank for rank, place in enumerate(LONG_FIRST) if item.nodeid.startswith(place)), len(LONG_FIRST))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that touch a database run on every store, save where a module says why one is enough."""
    scopes: tuple[tuple[str, Literal["function", "module"]], ...]
    scopes = (("databases", "function"), ("lasting_databases", "module"))
    for name, scope in scopes:
        if name in metafunc.fixturenames:
            one_is_enough = metafunc.definition.get_closest_marker("one_store") is not None
            metafunc.parametrize(name, [SQLITE] if one_is_enough else STORES, indirect=True, scope=scope)


@pytest.fixture
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Databases]:
    """Databases for one test, which so runs on every store."""
    with databases_of(request.param, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def lasting_databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """The same for what all tests of a module share."""
    with databases_of(request.param, tmp_path_factory.mktemp("databases")) as made:
        yield made


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    # An expected failure is reported as skipped too; it did run.
    if not hasattr(report, "wasxfail") and item.get_closest_marker("extra") is None:
        fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    fail_if_skipped(report)
    return report


def fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Where CI=true a skip is a failure: what was not run there was run nowhere."""
    if not SKIPS_FAIL or report.outcome != "skipped":
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = (
        f"{reason}\nSkipped where skipping fails the run (CI=true), and not marked @pytest.mark.extra(reason)."
    )
