"""A soak of one wave: the command works, from programs and proxies to its report."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_a_short_soak_finds_nothing_wrong_and_says_what_it_saw(tmp_path: Path) -> None:
    short = ["--minutes", "0.001", "--json", "--keep", str(tmp_path / "nodes")]
    command = [
        sys.executable,
        "-c",
        "import sys; from tests.soak.command_line import main; sys.exit(main(sys.argv[1:]))",
    ]
    done = subprocess.run([*command, *short], cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    report = json.loads(done.stdout)
    assert report["requests"] >= 600
    assert report["wrong"] == []
    assert set(report["nodes"]) == {"00", "11", "31", "44"}
    assert all(thing["most"] > 0 for things in report["nodes"].values() for thing in things.values())
