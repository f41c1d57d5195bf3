"""A token in software: a process of its own that holds the keys, and a plug-in that asks it over a socket.

The node that uses it never has a private key in its memory. What can befall a token can befall this one: it is not
there, it is taken away in the middle, it is locked, it is another one.
"""

from __future__ import annotations

import json
import os
import select
import socket
import socketserver
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from common.security.token import KeyTokenLocked, KeyTokenUnavailable

NAME = "soft"
ANSWER_S_MAX = 5.0
START_S_MAX = 60.0
READY = b"ready\n"
ROOT = Path(__file__).resolve().parents[2]


class SoftToken:
    """The plug-in: as `common.security.token.KeyToken`."""

    def __init__(self, address: str) -> None:
        self._address = address

    def generate_ed25519(self) -> bytes:
        return self._ask("generate_ed25519")

    def generate_x25519(self) -> bytes:
        return self._ask("generate_x25519")

    def sign(self, public_key: bytes, data: bytes) -> bytes:
        return self._ask("sign", public_key, data)

    def agree(self, public_key: bytes, peer_public_key: bytes) -> bytes:
        return self._ask("agree", public_key, peer_public_key)

    def destroy(self, public_key: bytes) -> None:
        self._ask("destroy", public_key)

    def _ask(self, wish: str, *given: bytes) -> bytes:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(ANSWER_S_MAX)
                connection.connect(self._address)
                connection.sendall(json.dumps([wish, *(part.hex() for part in given)]).encode() + b"\n")
                with connection.makefile("rb") as answers:
                    answer = json.loads(answers.readline() or b'{"error": "away"}')
        except OSError as error:
            raise KeyTokenUnavailable(detail=str(error)) from error
        match answer.get("error"):
            case None:
                return bytes.fromhex(answer["value"])
            case "locked":
                raise KeyTokenLocked(detail="soft token")
            case "unknown":
                raise KeyError(given[0].hex())
            case other:
                raise KeyTokenUnavailable(detail=str(other))


def open_token(file: Path | None) -> SoftToken:
    """The entry point: the file holds the socket's address."""
    assert file is not None
    return SoftToken(file.read_text(encoding="utf-8").strip())


class TokenProcess:
    """The token as a test has it: plugged in, pulled out, locked, unlocked. `file`: what keys.token_file names."""

    def __init__(self, room: Path) -> None:
        self.room = room
        room.mkdir(mode=0o700, exist_ok=True)
        self._sockets = tempfile.TemporaryDirectory(prefix="token-")
        self.address = str(Path(self._sockets.name) / "s")
        self.file, self.store = room / "token.address", room / "store.json"
        self.file.write_text(self.address)
        self._process: subprocess.Popen[bytes] | None = None

    def plug_in(self) -> None:
        command = [sys.executable, "-m", "tests.support.soft_token", self.address, str(self.store)]
        self._process = process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], START_S_MAX)
        assert ready, "the token does not start"
        assert process.stdout.readline() == READY, "the token ended"

    def pull_out(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process = None
        Path(self.address).unlink(missing_ok=True)

    def lock(self, locked: bool = True) -> None:
        self.store.with_suffix(".locked").unlink(missing_ok=True)
        if locked:
            self.store.with_suffix(".locked").touch()

    @property
    def private_keys(self) -> list[bytes]:
        """What must be nowhere but in the token."""
        return [bytes.fromhex(private) for _, private in _read(self.store).values()]

    def close(self) -> None:
        if self._process is not None:
            self.pull_out()
        self._sockets.cleanup()


def install_plug_in(site: Path) -> None:
    """A distribution that declares the plug-in, for processes that have `site` on their path."""
    info = site / "soft_token-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: soft-token\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[quanwang.key_tokens]\n{NAME} = tests.support.soft_token:open_token\n")


# The token's own process


def _read(store: Path) -> dict[str, tuple[str, str]]:
    try:
        content: dict[str, tuple[str, str]] = json.loads(store.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return content


def _write(store: Path, keys: dict[str, tuple[str, str]]) -> None:
    temporary = store.with_suffix(".new")
    temporary.write_text(json.dumps(keys), encoding="utf-8")
    os.replace(temporary, store)


def _answer(store: Path, wish: str, *given: bytes) -> dict[str, Any]:
    keys = _read(store)
    if store.with_suffix(".locked").exists():
        return {"error": "locked"}
    if wish.startswith("generate"):
        key: Any = Ed25519PrivateKey.generate() if wish == "generate_ed25519" else X25519PrivateKey.generate()
        public_key = key.public_key().public_bytes_raw().hex()
        _write(store, keys | {public_key: (wish.rpartition("_")[2], key.private_bytes_raw().hex())})
        return {"value": public_key}
    if wish == "destroy":
        _write(store, {public: kept for public, kept in keys.items() if public != given[0].hex()})
        return {"value": ""}
    if given[0].hex() not in keys:
        return {"error": "unknown"}
    private = bytes.fromhex(keys[given[0].hex()][1])
    if wish == "sign":
        return {"value": Ed25519PrivateKey.from_private_bytes(private).sign(given[1]).hex()}
    agreed = X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(given[1]))
    return {"value": agreed.hex()}


def main(address: str, store: Path) -> None:
    """Serves until it is killed, or nobody holds its standard input any more."""
    import threading

    threading.Thread(target=lambda: (os.read(0, 1), os._exit(9)), daemon=True).start()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            line = self.rfile.readline()
            if line:
                wish, *given = json.loads(line)
                answer = _answer(store, wish, *(bytes.fromhex(part) for part in given))
                self.wfile.write(json.dumps(answer).encode() + b"\n")

    with socketserver.UnixStreamServer(address, Handler) as server:
        sys.stdout.buffer.write(READY)
        sys.stdout.buffer.flush()
        server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
