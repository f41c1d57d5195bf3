"""Speaks to a running node as its command line does: HTTP over the admin socket in the node's data directory."""

import http.client
import json
import os
import socket
from urllib.parse import urlencode

CONNECT_SECONDS = 5
ANSWER_SECONDS = 30


class NodeAway(Exception):
    """Nobody answers at the node's socket."""


class NodeRefused(Exception):
    """The node said no."""

    def __init__(self, status, code, reason):
        super().__init__(f"{status} {code}: {reason}")
        self.status = status
        self.code = code
        self.reason = reason


class Admin:
    """The admin API of one node."""

    def __init__(self, data_directory, language):
        self._directory = data_directory
        self._language = language

    def get(self, path, seconds=ANSWER_SECONDS, **parameters):
        """What stands at `path`. Raises NodeAway, NodeRefused."""
        return self._ask("GET", path + ("?" + urlencode(parameters) if parameters else ""), None, seconds)

    def post(self, path, document, seconds=ANSWER_SECONDS):
        """What the node answers to `document`. Raises NodeAway, NodeRefused."""
        return self._ask("POST", path, document, seconds)

    def _ask(self, method, target, document, seconds):
        connection = http.client.HTTPConnection("node", timeout=seconds)
        headers = {"Accept-Language": self._language, "Connection": "close"}
        body = None
        if document is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(document).encode()
        try:
            connection.sock = self._connected()
            connection.sock.settimeout(seconds)
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            status, content = response.status, response.read()
            answer = json.loads(content.decode()) if content else {}
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NodeAway(f"{method} {target}: {error}") from error
        finally:
            connection.close()
        if status >= 400:
            raise NodeRefused(status, answer.get("code", "?"), answer.get("reason", ""))
        return answer

    def _connected(self):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(CONNECT_SECONDS)
        try:
            connection.connect(self._address())
        except OSError:
            connection.close()
            raise
        return connection

    def _address(self):
        """The socket is in the data directory, or, where that path is too long for one, where the node says."""
        try:
            with open(os.path.join(self._directory, "admin.address"), encoding="utf-8") as file:
                return file.read().strip()
        except FileNotFoundError:
            return os.path.join(self._directory, "admin.sock")
