"""A receiver of events on this machine: a real server that keeps what it is sent, and answers as it is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.program.http_servers import HttpServer, listen_tcp


@dataclass(frozen=True, slots=True)
class Received:
    """One call."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


class Receiver:
    """Answers 204, unless `answer` says otherwise."""

    def __init__(self, certificate: Path | None = None, key: Path | None = None) -> None:
        self.received: list[Received] = []
        self.answer: Callable[[Received], Response] = lambda _received: Response(status_code=204)
        app = Starlette(routes=[Route("/{rest:path}", self._take, methods=["GET", "POST"])])
        listening = listen_tcp("127.0.0.1", 0, "")
        self.port: int = listening.getsockname()[1]
        self._scheme = "https" if certificate else "http"
        self._server = HttpServer(
            app, listening, certificate_file=str(certificate or ""), key_file=str(key or ""), connections_max=100
        )

    @property
    def callback(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}/crm"

    def refuse(self, *statuses: int) -> None:
        """The next calls are answered so, all others 204."""
        waiting = list(statuses)
        self.answer = lambda _received: Response(status_code=waiting.pop(0) if waiting else 204)

    async def _take(self, request: Request) -> Response:
        received = Received(request.url.path, dict(request.headers), await request.body())
        self.received.append(received)
        return self.answer(received)

    async def __aenter__(self) -> Receiver:
        self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()


@contextmanager
def certificate_of(name: str, room: Path) -> Iterator[tuple[Path, Path]]:
    """A certificate for this name that is its own authority, and its key."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = room / f"{name}.pem", room / f"{name}.key"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    yield certificate_file, key_file
