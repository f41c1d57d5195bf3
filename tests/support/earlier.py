"""A federation that was set up by an earlier commit's programs, and is upgraded node by node."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

from province_node.directory.enrolment import ApprovalPending
from tests.support.processes import ROOT
from tests.support.running import RunningFederation

PACKAGES = ("common", "hq_node", "province_node")
CALL_S = 120.0
PENDING = "APPROVAL_PENDING"


class NoHistory(Exception):
    """This checkout has no earlier commit: it was made from an archive, or cut off behind its last commit."""


def check_out(revision: str, place: Path) -> Path:
    """The programs of an earlier commit, unpacked below `place`. Raises NoHistory."""
    archive = subprocess.run(
        ["git", "archive", "--format=tar", revision, *PACKAGES], cwd=ROOT, capture_output=True, check=False
    )
    if archive.returncode != 0:
        raise NoHistory(archive.stderr.decode(errors="replace").strip())
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as content:
        content.extractall(place, filter="data")
    return place


class EarlierFederation(RunningFederation):
    """Everything about it was done by the earlier programs through their command line, until a node is upgraded."""

    def __init__(self, directory: Path, provinces: tuple[str, ...], earlier: Path) -> None:
        self._earlier = earlier
        super().__init__(directory, provinces)
        for node in self.nodes.values():
            node.checkout = earlier

    def init_hq(self) -> None:
        ports = [f"--{port}-port=0" for port in ("federation", "enrolment", "http")]
        self._run("hq_node", self.hq.data_dir, "init", "--public-host=localhost", "--listen-host=127.0.0.1", *ports)

    def init_province(self, code: str) -> None:
        self._run("province_node", self.provinces[code].data_dir, "init", f"--node={code}", "--http-port=0")

    def ask_to_join(self, code: str, invitation: str) -> None:
        data_dir = self.provinces[code].data_dir
        done = self._call("province_node", data_dir, "enrol", f"--invitation={invitation}", "--wait=0s")
        if done.returncode != 0:
            assert json.loads(done.stderr)["code"] == PENDING, done.stderr
            # Whatever waits is approved: nobody else asks here.
            raise ApprovalPending(node=code, signing_key_id="")

    def prepare(self, code: str) -> None:
        """Does the steps of this release's migrations that the earlier program can work with, while it serves."""
        self._migrate(code, "--pre")

    def upgrade(self, code: str) -> None:
        """Stops the node, does what is left of the migrations, and starts it as this release's program."""
        node = self.nodes[code]
        assert node.stop() == 0
        node.checkout = ROOT
        self._migrate(code)
        node.start()

    def _migrate(self, code: str, *options: str) -> None:
        node = self.nodes[code]
        command = [sys.executable, "-m", node.package, "migrate", *options, "--data", str(node.data_dir)]
        subprocess.run(command, cwd=ROOT, check=True, timeout=CALL_S, stdout=subprocess.DEVNULL)

    def _run(self, package: str, data_dir: Path, *arguments: str) -> None:
        done = self._call(package, data_dir, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr

    def _call(self, package: str, data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", package, *arguments, "--data", str(data_dir), "--json", "--lang=en"]
        return subprocess.run(command, cwd=self._earlier, capture_output=True, text=True, timeout=CALL_S)
