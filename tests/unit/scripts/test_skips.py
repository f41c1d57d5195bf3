"""Where the result counts (CI=true), a skipped test is a failed one, unless it says that it is an extra."""

from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[2] / "conftest.py"
MARKERS = "[tool.pytest]\nmarkers = ['extra(reason): declared']\nasyncio_default_fixture_loop_scope = 'function'\n"
SKIPS = {
    "plain": "import pytest\ndef test_it(): pytest.skip('no browser')\n",
    "marked": "import pytest\n@pytest.mark.skip(reason='no browser')\ndef test_it(): pass\n",
    "module": "import pytest\npytest.skip('no browser', allow_module_level=True)\ndef test_it(): pass\n",
    "fixture": "import pytest\n@pytest.fixture\ndef it(): pytest.skip('no browser')\ndef test_it(it): pass\n",
}
FINE = {
    "extra": "import pytest\n@pytest.mark.extra('wants a browser')\ndef test_it(): pytest.skip('no browser')\n",
    "expected": "import pytest\n@pytest.mark.xfail(reason='known')\ndef test_it(): assert False\n",
}


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(CONFTEST.read_text())
    pytester.makepyprojecttoml(MARKERS)
    return pytester


@pytest.mark.parametrize("kind", SKIPS)
def test_a_skip_fails_the_run_in_ci(kind: str, suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    suite.makepyfile(test_it=SKIPS[kind])
    result = suite.runpytest("-p", "no:cacheprovider")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*no browser*", "*Skipped where skipping fails the run*"])


@pytest.mark.parametrize("kind", SKIPS)
def test_a_skip_is_only_reported_elsewhere(kind: str, suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    suite.makepyfile(test_it=SKIPS[kind], test_other="def test_other(): pass\n")
    result = suite.runpytest()
    assert result.ret == 0
    result.assert_outcomes(skipped=1, passed=1)


@pytest.mark.parametrize("kind", FINE)
def test_an_extra_or_an_expected_failure_does_not_fail_the_run(
    kind: str, suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    suite.makepyfile(test_it=FINE[kind])
    assert suite.runpytest().ret == 0


def test_a_skip_on_a_worker_fails_the_run_too(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    suite.makepyfile(test_it=SKIPS["plain"])
    assert suite.runpytest("-n", "1").ret == 1
