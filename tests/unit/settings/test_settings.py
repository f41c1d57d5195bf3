"""Settings: from the file and the environment, and everything that is wrong at once."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from common.settings import ApiSettings
from common.settings_file import SettingsInvalid, load_settings
from hq_node.settings import HqSettings
from province_node.settings import ProvinceSettings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "node.toml"


def refusal(file: Path, content: str, environment: dict[str, str] | None = None) -> SettingsInvalid:
    file.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsInvalid) as refused:
        load_settings(ProvinceSettings, file, environment or {})
    return refused.value


def test_everything_has_a_default_but_the_node(file: Path) -> None:
    file.write_text('node = "31"\n')
    settings = load_settings(ProvinceSettings, file, {})
    assert settings.node == "31"
    assert settings.http.host == "127.0.0.1"
    assert load_settings(HqSettings, file.with_name("none.toml"), {}).federation.link_port == 7440


def test_limits_of_all_layers_can_be_set(file: Path) -> None:
    file.write_text(
        'node = "31"\n[requests]\ndestinations_max = 3\n[link]\nwindow_bytes = 4096\n[sealing]\nentries_max = 5\n'
        "[writer]\ntick_ms = 20\n[retry]\nfirst_us = 7\n"
    )
    settings = load_settings(ProvinceSettings, file, {})
    assert settings.requests.destinations_max == 3
    assert settings.link.window_bytes == 4096
    assert settings.sealing.entries_max == 5
    assert settings.writer.tick_ms == 20
    assert settings.retry.first_us == 7
    assert settings.writer.commands_a_group_max > 0


def test_the_environment_comes_before_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('node = "31"\n[http]\nport = 1\nhost = "10.0.0.1"\n')
    monkeypatch.setenv("QUANWANG_HTTP__PORT", "2")
    settings = load_settings(ProvinceSettings, file)
    assert (settings.http.port, settings.http.host) == (2, "10.0.0.1")


def test_all_problems_are_told_at_once_with_where_they_stand(file: Path) -> None:
    refused = refusal(
        file,
        'log_level = "loud"\nbogus = 1\n[http]\nport = 99999\nprt = 3\n[link]\nnonsense = 4\n[writer]\ntick_ms = -1\n',
        {"QUANWANG_FOO": "1", "QUANWANG_DATA": "/somewhere", "PATH": "/bin"},
    )
    said = refused.text("en")
    for place in ("QUANWANG_FOO", "log_level", "bogus", "http.port", "http.prt", "link.nonsense", "tick_ms"):
        assert place in said, said
    assert "node: it is missing" in said
    assert "QUANWANG_DATA" not in said
    assert len(refused.problems) == 8
    assert "缺少此设置" in refused.text("zh")


def test_a_value_that_does_not_fit_is_told_in_both_languages_with_what_was_given(file: Path) -> None:
    refused = refusal(file, 'node = "31"\n[http]\nport = 99999\n')
    assert f"{file}, http.port: it must be at most 65535 (99999 was given)." in refused.text("en")
    assert f"{file}, http.port: 不得大于 65535（当前值 99999）。" in refused.text("zh")


def test_a_table_that_does_not_fit_is_told_without_its_content(file: Path) -> None:
    refused = refusal(file, 'node = "31"\n[api]\nport = 1\nhost = "0.0.0.0"\n')
    (problem,) = refused.problems
    assert problem.en == (
        "without tls_certificate_file and tls_key_file it listens on this machine alone: "
        "set host to 127.0.0.1, not 0.0.0.0."
    )
    assert problem.zh.startswith("未提供 tls_certificate_file 和 tls_key_file 时只能监听本机")


def test_what_is_no_toml_is_told_with_its_line(file: Path) -> None:
    assert "line 2" in refusal(file, 'node = "31"\nport =\n').text("en")


def test_a_province_must_have_a_code(file: Path) -> None:
    assert "node" in refusal(file, 'node = "Shanghai"\n').text("en")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_the_interface_without_tls_is_for_this_machine(host: str) -> None:
    assert ApiSettings(host=host).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "::", "node.example"])  # noqa: S104 - that is what is refused.
def test_the_interface_is_open_to_other_machines_with_tls_alone(host: str) -> None:
    with pytest.raises(ValidationError, match="listens on this machine alone"):
        ApiSettings(host=host)
    assert ApiSettings(host=host, tls_certificate_file="a.pem", tls_key_file="b.pem").host == host
    with pytest.raises(ValidationError, match="or neither"):
        ApiSettings(host=host, tls_certificate_file="a.pem")
