"""The root key kept away from a running HQ: by the programs themselves, through a crash, nothing lost and nothing
double."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from common.security.keyring import Keyring
from tests.integration.processes.test_keys import in_force
from tests.support.processes import WAIT_S, run_command
from tests.support.running import SETTINGS, RunningFederation, eventually

PROVINCES = ("31", "44")
PASSPHRASE = "correct horse battery staple"
OFTEN = "[keys]\nlook_ms = 200\n"


class Vault:
    """The commands, as people type them. What is signed is signed in a directory without any node."""

    def __init__(self, hq: Path, room: Path) -> None:
        room.mkdir(mode=0o700)
        self.hq, self.room = hq, room
        self.passphrase = room / "passphrase"
        self.passphrase.write_text(PASSPHRASE + "\n")
        self.passphrase.chmod(0o600)
        self.secret = ("--passphrase-file", str(self.passphrase))

    def at_hq(self, *arguments: str) -> Any:
        return self._run(*arguments, "--data", str(self.hq))

    def take_root_away(self) -> None:
        self.at_hq("root", "export", "--out", "root.key", *self.secret)
        self.at_hq("root", "forget", "--exported", "root.key", "--yes", *self.secret)

    def publish(self) -> Any:
        """Export, sign, import."""
        self.at_hq("directory", "export", "--out", "next.json")
        signed = self._run(
            "root", "sign", "next.json", "--key", "root.key", "--out", "signed.json", "--yes", *self.secret
        )
        assert signed["changes"]
        return self.at_hq("directory", "import-signed", "signed.json")

    def _run(self, *arguments: str) -> Any:
        done = run_command("hq_node", *arguments, "--json", directory=self.room)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return json.loads(done.stdout)


def test_hq_works_without_its_root_key_and_a_revocation_counts_at_once_through_a_crash(tmp_path: Path) -> None:
    with RunningFederation(tmp_path, PROVINCES, SETTINGS + OFTEN) as federation:
        hq, lost, kept = federation.nodes["00"], federation["44"], federation["31"]
        vault = Vault(hq.data_dir, tmp_path / "vault")
        vault.take_root_away()
        assert Keyring.load(hq.data_dir).root_signers == ()
        version = vault.at_hq("directory", "show")["version"]

        said, began = len(hq.log), time.monotonic()
        revoked = hq.post("/nodes/44/revoke", {"reason": "stolen", "by": "li.na"})
        assert (revoked["state"], revoked["waits_for_root"]) == ("revoked", True)
        assert hq.wait_for("link ended", after=said, peer="44")["reason"] == "CERTIFICATE_UNKNOWN"
        assert time.monotonic() - began < 1.0
        hq.kill()
        said = hq.launch()
        hq.wait_for("node serves", after=said)
        hq.wait_for("link refused", after=said, peer="44")
        assert vault.at_hq("directory", "show")["version"] == version

        # Keys of another node join the same draft, and take effect by themselves once it is signed.
        before = in_force(kept)
        hq.wait_for("link open", after=said, peer="31")
        with kept.admin() as client:
            answer = client.post("/keys/rotate", json={"uses": []}, timeout=WAIT_S)
        assert answer.json()["code"] == "KEY_ROTATION_WAITS_FOR_ROOT", answer.text
        replaced = len(kept.log)
        published = vault.publish()
        assert (published["directory_version"], published["draft_version"]) == (version + 1, 0)
        kept.wait_for("keys replaced", after=replaced)
        assert not set(in_force(kept).values()) & set(before.values())
        eventually(lambda: kept.get("/status")["directory_version"] == version + 1, "31 has the directory")
        assert lost.running
        assert vault.at_hq("directory", "show")["draft"] is None
        states = {row["node"]: row["state"] for row in hq.get("/nodes")["items"]}
        assert states == {"00": "active", "31": "active", "44": "revoked"}

        # Brought back, the root signs what waits by itself, and everything from then on.
        hq.post("/nodes/31/suspend", {"reason": "a drill", "by": "li.na"})
        assert vault.at_hq("directory", "show")["draft"] is not None
        vault.at_hq("root", "import", "root.key", *vault.secret)
        eventually(lambda: vault.at_hq("directory", "show")["draft"] is None, "HQ signs what has waited")
        assert hq.post("/nodes/31/resume", {"reason": "over", "by": "li.na"})["waits_for_root"] is False
        assert vault.at_hq("directory", "show")["version"] == version + 3
        assert set(federation.stop_all().values()) == {0}
