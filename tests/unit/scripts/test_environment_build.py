"""What the builder makes of pip's output and of errors, and what it cleans away."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import _environment
import _environment_build as builder
import pytest

CURRENT = "cpython-311-00000000000000aa"
OLD = "cpython-311-00000000000000bb"
OF_ANOTHER_PYTHON = "cpython-312-00000000000000cc"


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.mark.parametrize(
    ("output", "code", "said"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device: '/x'", 74, "The disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", 69, "tested with"),
        ("WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError('", 69, "does not answer"),
        ("ERROR: No matching distribution found for duckdb==9.9", 69, "found for duckdb==9.9"),
        ("Traceback\nsomething new", 70, "something new"),
    ],
)
def test_a_failure_is_told_by_its_cause(output: str, code: int, said: str) -> None:
    refusal = builder.refusal_after(output, "fetching", "/checkout/.venv/x.log")
    assert refusal.exit_code == code
    assert said in str(refusal)


def test_an_early_retry_does_not_hide_what_came_after_it() -> None:
    output = "WARNING: Retrying (Retry(total=4)) after ReadTimeoutError\nERROR: THESE PACKAGES DO NOT MATCH THE HASHES"
    assert "tested with" in str(builder.refusal_after(output, "fetching", "/x.log"))


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(errno.EROFS, 73, "QUANWANG_ENVIRONMENTS"), (errno.EACCES, 73, "Permission denied"), (errno.ENOSPC, 74, "full")],
)
def test_a_place_that_cannot_be_written_is_told_by_its_cause(number: int, code: int, said: str) -> None:
    refusal = builder.refusal_for(OSError(number, "x"), "/checkout/.venv")
    assert isinstance(refusal, _environment.Refusal)
    assert refusal.exit_code == code
    assert said in str(refusal)


def test_an_error_that_nobody_foresaw_is_not_explained_away() -> None:
    error = OSError(errno.EIO, "x")
    assert builder.refusal_for(error, "/checkout/.venv") is error


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_python_without_venv_is_refused_with_the_package_to_install(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == missing else object())
    version = _environment.dotted(sys.version_info[:2])
    with pytest.raises(_environment.Refusal, match=f"apt install python{version}-venv") as refusal:
        builder.refuse_without_venv()
    assert refusal.value.exit_code == 78


def test_progress_counts_packages_and_says_what_pip_waits_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.write_text("alembic==1 \\\n    --hash=sha256:00\n    # via x\ncolorama==2 ; sys_platform == 'win32' \\\n")
    monkeypatch.setattr(_environment, "LOCK", str(lock))
    progress = builder.PipProgress()
    assert progress("Collecting alembic==1 (from -r lock (line 1))\n") == "1/2 alembic"
    assert progress("  Downloading alembic-1-py3-none-any.whl (2 kB)\n") == ""
    assert progress("Ignoring colorama: markers 'sys_platform' don't match your environment\n") == "2/2 colorama"
    assert "trying again" in progress("WARNING: Retrying (Retry(total=4, ...\n")
    assert progress("Installing collected packages: alembic\n") == "unpacking"


def test_a_line_of_progress_is_cut_to_the_terminal() -> None:
    assert builder.cut("[1/4] abc", 100) == "[1/4] abc"
    assert builder.cut("[1/4] abc", 7) == "[1/4] a"
    assert builder.cut("下载软件包 1 s", 5) == "下载"


def test_a_replaced_environment_is_cleaned_away(tmp_path: Path) -> None:
    for name in (CURRENT, OLD, OF_ANOTHER_PYTHON, "lib"):
        environment(tmp_path / name)
    (tmp_path / f"{OLD}.log").touch()
    builder.remove_outdated(str(tmp_path), CURRENT)
    assert sorted(os.listdir(tmp_path)) == [CURRENT, OF_ANOTHER_PYTHON, "lib"]


def test_what_an_interrupted_build_left_is_cleaned_away(tmp_path: Path) -> None:
    environment(tmp_path / OLD)
    (tmp_path / OLD / "ready").unlink()
    builder.remove_outdated(str(tmp_path), CURRENT)
    assert os.listdir(tmp_path) == []


def test_an_environment_in_use_is_left_until_its_process_ends(tmp_path: Path) -> None:
    home = tmp_path / OLD
    environment(home)
    hold = "import sys, _environment; _environment.hold(sys.argv[1]); print(); input()"
    scripts = os.path.dirname(_environment.__file__)
    with subprocess.Popen(
        [sys.executable, "-c", hold, home], cwd=scripts, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as user:
        assert user.stdout is not None
        user.stdout.readline()
        builder.remove_outdated(str(tmp_path), CURRENT)
        assert (home / "ready").exists()
        user.communicate("\n")
    builder.remove_outdated(str(tmp_path), CURRENT)
    assert not home.exists()


def environment(home: Path) -> None:
    home.mkdir()
    (home / "ready").touch()
