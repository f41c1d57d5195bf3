"""Settings that every test shares: steady random data, and no silent skips where the result counts."""

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]

# Hypothesis draws the same examples in every run, so that no test fails by chance on a change that has nothing to do
# with it. To look for new failures: scripts/test.py tests/unit --hypothesis-profile=explore
settings.register_profile("steady", derandomize=True, database=None, deadline=None)
settings.register_profile("explore", max_examples=2000, deadline=None)
settings.load_profile("steady")

SKIPS_FAIL = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


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
