"""A node with encrypted keys is started at a terminal: it asks, shows nothing of what is typed, and serves."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from common.security.keyring import Keyring
from hq_node import bootstrap as hq
from tests.support.processes import ROOT, WAIT_S

SECRET = "correct horse battery staple"


def _read_until(terminal: int, words: str, said: str = "") -> str:
    until = time.monotonic() + WAIT_S
    while words not in said:
        assert time.monotonic() < until, said
        ready, _, _ = select.select([terminal], [], [], 0.2)
        if ready:
            said += os.read(terminal, 65_536).decode("utf-8", "replace")
    return said


def test_serve_asks_at_a_terminal_until_it_is_right_and_shows_nothing_of_it(tmp_path: Path) -> None:
    hq.init(tmp_path / "hq", link_port=0, enrolment_port=0, http_port=0)
    Keyring.load(tmp_path / "hq").protected(tmp_path / "hq", SECRET.encode())
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QUANWANG_")}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "hq_node", "serve", "--data", str(tmp_path / "hq")],
        cwd=ROOT,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        first = _read_until(ours, "密钥口令: ")
        os.write(ours, b"not the one\n")
        second = _read_until(ours, "That is not it")
        second = _read_until(ours, "密钥口令: ", second.partition("That is not it")[2])
        os.write(ours, SECRET.encode() + b"\n")
        served = _read_until(ours, "node serves")
        for said in (first, second, served):
            assert SECRET not in said
            assert "not the one" not in said
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_S) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
