"""A measurement of a few requests, from processes and certificates to its JSON."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FIGURES = {"requests_per_s", "p50_ms", "p99_ms", "cpu_us_per_request", "ratio_to_naive", "share_of_floor"}


@pytest.mark.xdist_group("benchmark")
def test_relay_is_measured_beside_the_yardstick_and_the_floor(tmp_path: Path) -> None:
    few = ["--in-flight", "1,8", "--requests", "8", "--rounds", "1"]
    command = [sys.executable, "-m", "tests.benchmark", "relay", *few, "--json", "--directory", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-4000:]
    result = json.loads(done.stdout)
    assert set(result["depths"]) == {"1", "8"}
    for figures in result["depths"].values():
        assert set(figures) == FIGURES
        assert all(value > 0 for value in figures.values())
    for path in ("relay", "naive", "floor"):
        assert result[path]["8"]["requests"] >= 8
    assert {"processor", "cores", "filesystem", "commit_us", "measured_at"} <= set(result["machine"])
    assert not list(tmp_path.iterdir()), "the databases of the measurement were left behind"


@pytest.mark.xdist_group("benchmark")
def test_many_provinces_are_measured_beside_a_few(tmp_path: Path) -> None:
    few = ["--provinces", "4", "--in-flight", "2", "--seconds", "0.2", "--rounds", "1"]
    command = [sys.executable, "-m", "tests.benchmark", "fanin", *few, "--json", "--directory", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-4000:]
    result = json.loads(done.stdout)
    assert set(result["rings"]) == {"3", "4"}
    assert all(value > 0 for figures in result["rings"].values() for value in figures.values())
    assert result["throughput_ratio"] > 0
    assert result["hq_cpu_ratio"] > 0
