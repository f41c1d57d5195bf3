"""Where the REST interface listens, or why not: what `check`, `status` and the log say of it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.checks import Finding, check_rest
from common.program import rest_interface
from common.program.data_directory import DataDirectory
from common.settings import ApiSettings, ReplicaSettings
from province_node.settings import ProvinceSettings
from tests.support.receiver import certificate_of

NOW_US = int(time.time() * 1e6)
DAY_US = 86_400_000_000


def settings(roles: tuple[str, ...] = (), **api: object) -> ProvinceSettings:
    made = ProvinceSettings(node="31", api=ApiSettings.model_validate(api))
    return made.model_copy(update={"replica": ReplicaSettings.model_validate({"roles": roles})}) if roles else made


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    return DataDirectory(tmp_path)


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def said(findings: list[Finding]) -> list[tuple[str, str]]:
    assert {finding.subject for finding in findings} == {"REST interface"}
    return [(finding.severity, finding.text("en")) for finding in findings]


def test_why_it_is_off_is_said(data: DataDirectory) -> None:
    assert said(check_rest(data, settings(), NOW_US)) == [("ok", "It is off: api.port is 0.")]
    assert rest_interface.state(settings(), data) == {"url": "", "off": "NO_PORT"}
    elsewhere = settings(("link",), port=8443)
    assert said(check_rest(data, elsewhere, NOW_US)) == [
        ("ok", "Not at this process: replica.roles does not name web.")
    ]
    assert rest_interface.state(elsewhere, data) == {"url": "", "off": "NOT_ITS_ROLE"}


def test_a_port_that_another_program_has_is_an_error_before_the_start(
    data: DataDirectory, taken: socket.socket
) -> None:
    port = taken.getsockname()[1]
    findings = check_rest(data, settings(port=port), NOW_US)
    [(severity, text)] = said(findings)
    assert severity == "error"
    assert f"127.0.0.1:{port}" in text
    assert "api.port" in findings[0].mend("en")


def test_a_running_node_must_answer_there(data: DataDirectory, taken: socket.socket) -> None:
    port = taken.getsockname()[1]
    wanted = settings(port=port)
    with data.locked():
        # It runs, but has not said where it listens.
        [(severity, text)] = said(check_rest(data, wanted, NOW_US))
        assert severity == "error"
        assert "api.port" in text
        data.write_address(rest_interface.ADDRESS, f"127.0.0.1:{port}")
        findings = said(check_rest(data, wanted, NOW_US))
        assert findings == [
            ("ok", f"The node answers on 127.0.0.1:{port} (api.port)."),
            ("ok", f"Callers reach it at http://127.0.0.1:{port}."),
        ]
        assert rest_interface.state(wanted, data) == {"url": f"http://127.0.0.1:{port}", "off": ""}


def test_its_certificate_and_key_are_looked_at(data: DataDirectory, tmp_path: Path, taken: socket.socket) -> None:
    with certificate_of("node", tmp_path) as (certificate, key):
        port = taken.getsockname()[1]
        taken.close()
        wanted = settings(host="::1", port=port, tls_certificate_file=str(certificate), tls_key_file=str(key))
        findings = said(check_rest(data, wanted, NOW_US))
        assert ("ok", f"Callers reach it at https://[::1]:{port}.") in findings
        assert [severity for severity, _ in findings] == ["ok", "ok", "warning"], findings
        [*_, last] = check_rest(data, wanted, NOW_US + 2 * DAY_US)
        assert last.severity == "error"
        key.write_text("no key")
        [*_, last] = check_rest(data, wanted, NOW_US)
        assert last.severity == "error"
        assert "cannot be used" in last.text("en")
        assert "api.tls_key_file" in last.mend("en")
        certificate.unlink()
        [*_, last] = check_rest(data, wanted, NOW_US)
        assert "No such file" in last.text("en")
