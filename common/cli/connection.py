"""How a command reaches its node: over the admin socket where the node runs, else in this process.

Both ways lead into the same routes and the same dispatcher. Where no node runs, the application is built here on the
data directory, whose lock is held meanwhile, so that there is never a second writer.

The socket is spoken to with the standard library's HTTP client: a full one costs more start-up time than all the rest
of a command.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from common.cli.examples import HQ as HQ_PROGRAM
from common.cli.examples import PROVINCE as PROVINCE_PROGRAM
from common.errors import Awaited, Fault, QuanwangError, Refusal, TemporaryFault

SOCKET_FILE = "admin.sock"
ADDRESS_FILE = "admin.address"
SETTINGS_FILE = "node.toml"
LOCK_FILE = "node.lock"

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 60.0
ANSWER_BYTES_MAX = 64 << 20

BuildOfflineApp = Callable[[Path], AbstractContextManager[Any]]


class DataDirectoryMissing(Fault):
    """There is no node in the directory."""

    en = "There is no node in {path}."
    zh = "{path} 中没有节点。"


class DirectoryOfHq(Fault):
    """A province's program was given HQ's directory."""

    en = "{path} is HQ's data directory. Use {program} on it, or name the province's own directory."
    zh = "{path} 是总部的数据目录。请改用 {program}，或指定省节点自己的目录。"


class DirectoryOfProvince(Fault):
    """HQ's program was given a province's directory."""

    en = "{path} is the data directory of node {node}, a province. Use {program} on it, or name HQ's directory."
    zh = "{path} 是省节点 {node} 的数据目录。请改用 {program}，或指定总部的目录。"


class DataDirectoryForeign(Fault):
    """The directory or its socket belongs to somebody else."""

    en = "{path} may not be used by this user ({detail})."
    zh = "当前用户无权使用 {path}（{detail}）。"


class NodeUnreachable(TemporaryFault):
    """The node runs, or did a moment ago, but the connection broke."""

    en = "The node in {path} stopped answering ({detail})."
    zh = "{path} 中的节点停止应答（{detail}）。"


class NodeSlow(TemporaryFault):
    """The node took longer to answer than is waited for."""

    en = "The node in {path} has not answered within {seconds} s. What was asked may still be carried out."
    zh = "{path} 中的节点在 {seconds} 秒内没有应答，所请求的操作仍可能被执行。"


class AnswerUnreadable(Fault):
    """What came back is not what the admin API answers."""

    en = "The node's answer to {route} cannot be read ({detail})."
    zh = "无法读取节点对 {route} 的应答（{detail}）。"


class NodeRefused(Refusal):
    """The node said no: its own code and words, in the language that was asked for."""

    en = zh = "{reason}"


class NodeAwaits(Awaited):
    """The node has stored it; somebody else must agree first. In its own words."""

    en = zh = "{reason}"


class NodeCannotNow(TemporaryFault):
    """The node cannot for now, in its own words."""

    en = zh = "{reason}"


class NodeFailed(Fault):
    """Something broke in the node, in its own words."""

    en = zh = "{reason}"


def code_of(error: QuanwangError) -> str:
    """The stable code of an error: the node's own, where the error came from the node."""
    return str(error.facts.get("code") or error.code)


class _Transport(Protocol):
    def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> tuple[int, bytes]: ...


class AdminClient:
    """The node's admin API. `online`: the node runs; otherwise this process acts in its place."""

    def __init__(self, transport: _Transport, language: str, *, online: bool) -> None:
        self._transport = transport
        self._language = language
        self.online = online

    def get(self, path: str, timeout_s: float = ANSWER_TIMEOUT_S, **parameters: Any) -> Any:
        """The document at `path`. Parameters that are None are left out."""
        given = {name: value for name, value in parameters.items() if value is not None}
        return self._ask("GET", path + ("?" + urlencode(given) if given else ""), None, timeout_s)

    def post(self, path: str, document: Any = None, timeout_s: float = ANSWER_TIMEOUT_S) -> Any:
        """What the node answers to `document` at `path`."""
        return self._ask("POST", path, document, timeout_s)

    def _ask(self, method: str, target: str, document: Any, timeout_s: float) -> Any:
        headers = {"Accept": "application/json", "Accept-Language": self._language}
        body = None
        if document is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(document, ensure_ascii=False).encode("utf-8")
        status, content = self._transport.send(method, target, headers, body, timeout_s)
        route = f"{method} {target.partition('?')[0]}"
        try:
            answer = json.loads(content) if content else None
        except ValueError as error:
            raise AnswerUnreadable(route=route, detail=f"HTTP {status}") from error
        if status >= 400 or _is_awaited(answer):
            raise _error(status, answer, route)
        return answer


def _is_awaited(answer: Any) -> bool:
    """Whether it was stored, and not done: its code and where it waits are all that there is."""
    return isinstance(answer, dict) and "awaited" in answer and "code" in answer


def _error(status: int, answer: Any, route: str) -> QuanwangError:
    if not isinstance(answer, dict) or not isinstance(answer.get("code"), str):
        return AnswerUnreadable(route=route, detail=f"HTTP {status}")
    facts = {
        "code": answer["code"],
        "reason": str(answer.get("reason") or answer["code"]),
        "message": str(answer.get("message") or ""),
        "status": status,
        "route": route,
    }
    if "awaited" in answer:
        return NodeAwaits(str(answer["awaited"]), **facts)
    if status == 503:
        return NodeCannotNow(**facts)
    return (NodeFailed if status >= 500 else NodeRefused)(**facts)


def segment(text: str) -> str:
    """A text as one part of a path, whatever is in it."""
    return quote(text, safe="")


@contextmanager
def admin(
    data_dir: Path, build_offline_app: BuildOfflineApp, language: str, program: str = ""
) -> Iterator[AdminClient]:
    """The node of the data directory: the running one, else the same application in this process.

    Raises DataDirectoryMissing, DataDirectoryForeign, DirectoryOfHq, DirectoryOfProvince; NodeUnreachable; and what
    `build_offline_app` raises.
    """
    address = live_socket(data_dir)
    if address is not None:
        require_own_kind(data_dir, program)
        yield AdminClient(_OverSocket(address, data_dir), language, online=True)
        return
    require_node(data_dir, program)
    from common.cli.offline import InProcess

    with build_offline_app(data_dir) as app, InProcess(app) as transport:
        yield AdminClient(transport, language, online=False)


def require_node(data_dir: Path, program: str = "") -> None:
    """Raises DataDirectoryMissing unless a node was initialised in the directory; DataDirectoryForeign; DirectoryOfHq
    or DirectoryOfProvince where that node is of the kind that `program` does not run."""
    try:
        found = (data_dir / SETTINGS_FILE).is_file()
    except PermissionError as error:
        raise DataDirectoryForeign(path=data_dir, detail=error.strerror) from error
    if not found:
        raise DataDirectoryMissing(path=data_dir)
    require_own_kind(data_dir, program)


def require_own_kind(data_dir: Path, program: str) -> None:
    """Raises DirectoryOfHq, DirectoryOfProvince.

    Only HQ's settings have a table of the federation's ports, and only a province's name the node. What cannot be read
    is left to whoever needs the settings, and says more of them.
    """
    try:
        settings = tomllib.loads((data_dir / SETTINGS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if program == PROVINCE_PROGRAM and "federation" in settings and "node" not in settings:
        raise DirectoryOfHq(path=data_dir, program=HQ_PROGRAM)
    if program == HQ_PROGRAM and "node" in settings and "federation" not in settings:
        raise DirectoryOfProvince(path=data_dir, node=settings["node"], program=PROVINCE_PROGRAM)


def live_socket(data_dir: Path) -> str | None:
    """The address of the node's admin socket, where somebody listens on it. Raises DataDirectoryForeign."""
    for address in _addresses(data_dir):
        try:
            _connected(address).close()
        except PermissionError as error:
            raise DataDirectoryForeign(path=address, detail=error.strerror) from error
        except OSError:
            continue  # Not there, left over from a crash, or a path too long for a socket.
        return address
    return None


def _addresses(data_dir: Path) -> Iterator[str]:
    """Where the socket may be: in the directory, or, where that path is too long, where the node wrote it down."""
    try:
        written = (data_dir / ADDRESS_FILE).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        written = ""
    except OSError as error:
        raise DataDirectoryForeign(path=data_dir, detail=error.strerror) from error
    if written and _is_own(written, data_dir):
        yield written
    yield str(data_dir / SOCKET_FILE)


def _is_own(address: str, data_dir: Path) -> bool:
    """Whether a written address is of this directory's node: a directory that was copied still names the socket of the
    one that it was copied from. A node that serves holds its own directory's lock, which no copy shares."""
    try:
        if os.path.realpath(os.path.dirname(address)) == os.path.realpath(data_dir):
            return True
        with (data_dir / LOCK_FILE).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    except OSError as error:
        raise DataDirectoryForeign(path=data_dir, detail=error.strerror) from error
    return False


def _connected(address: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(CONNECT_TIMEOUT_S)
        connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


class _OverSocket:
    """HTTP over the admin socket, a connection for each request: on one machine it costs next to nothing, and a node
    that was restarted in between is no special case."""

    def __init__(self, address: str, data_dir: Path) -> None:
        self._address = address
        self._data_dir = data_dir

    def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> tuple[int, bytes]:
        import http.client

        connection = http.client.HTTPConnection("node", timeout=timeout_s)
        try:
            connection.sock = _connected(self._address)
            connection.sock.settimeout(timeout_s)
            # A node that refuses before it has read everything closes: its answer is there all the same.
            with suppress(BrokenPipeError):
                connection.request(method, target, body=body, headers={**headers, "Connection": "close"})
            response = connection.getresponse()
            return response.status, response.read(ANSWER_BYTES_MAX)
        except TimeoutError as error:
            raise NodeSlow(path=self._data_dir, seconds=round(timeout_s)) from error
        except (OSError, http.client.HTTPException) as error:
            raise NodeUnreachable(path=self._data_dir, detail=type(error).__name__) from error
        finally:
            connection.close()
