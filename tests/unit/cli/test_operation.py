"""Nodes, parked messages, alarms, status: what operators look at and decide."""

import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from common.cli import session as sessions
from tests.support.fake_admin import KEY, PARKED, REQUEST, STATUS, CommandLine, Failure, FakeFinding, node_row


def test_hq_is_initialised_with_what_was_said(hq: CommandLine, tmp_path: Path) -> None:
    result = hq(
        *("init", "--data", str(tmp_path / "new"), "--public-host", "hq.example.com", "--listen-host", "10.0.0.1"),
        *("--federation-port", "1", "--enrolment-port", "2", "--http-port", "3", "--json"),
    )
    told = {"administrator": "admin", "one_time_password": "ABCD-EFGH"}
    kept = {"settings_kept": False}
    assert json.loads(result.out) == {"node": "00", "data": str(tmp_path / "new"), **kept, **told}
    assert hq.bootstrap.calls == [
        (
            "init",
            {
                "advertised_host": "hq.example.com",
                "listen_host": "10.0.0.1",
                "link_port": 1,
                "enrolment_port": 2,
                "http_port": 3,
                "database_url": "",
            },
        )
    ]


def test_a_province_is_initialised_and_told_what_comes_next(province: CommandLine, tmp_path: Path) -> None:
    new = ("init", "--node", "31", "--data", str(tmp_path / "new"))
    result = province(*new)
    assert "Node 31 Shanghai is ready" in result.out
    assert "enrol" in result.err
    assert province.bootstrap.calls == [("init", {"node": "31", "http_port": 0, "database_url": ""})]
    assert "admin, one-time password ABCD-EFGH" in result.out
    assert "节点 31 上海" in province(*new, "--lang", "zh").out
    province.bootstrap.one_time_password = ""
    assert "password" not in province(*new).out


def test_serve_and_migrate_reach_the_node(province: CommandLine) -> None:
    assert province("serve").code == 0
    assert "common_0001, hq_0001" in province("migrate").out
    assert json.loads(province("migrate", "--json").out)["applied"] == ["common_0001", "hq_0001"]
    assert [name for name, _ in province.bootstrap.calls] == ["serve", "migrate", "migrate"]


def test_findings_are_shown_in_the_language_of_the_command(hq: CommandLine) -> None:
    hq.bootstrap.findings = [FakeFinding("warning", "certificates")]
    assert "the certificate expires soon" in hq("check").out
    result = hq("check", "--lang", "zh").out
    assert "证书即将过期" in result
    assert "重新入网" in result
    hq.bootstrap.findings = []
    assert "Nothing was looked at" in hq("check").out


def test_status_says_where_only_the_latest_legs_were_counted(
    province: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(STATUS, "requests", {"submitted": 1, "completed": 1_999})
    assert "of the latest" not in province("status").out
    monkeypatch.setitem(STATUS, "latest_only", ["requests"])
    monkeypatch.setitem(STATUS, "latest_max", 2_000)
    assert "(ended: of the latest 2,000)" in province("status").out
    assert "最近 2,000 条" in province("status", "--lang", "zh").out


def test_status_shows_links_and_what_needs_attention(province: CommandLine) -> None:
    out = province("status").out
    assert re.search(r"00 Headquarters +open .* 1 +3\.0 s +12 +11 +9", out)
    assert "2 parked" in out
    assert "cannot be written" in out
    out = province("status", "--lang", "zh").out
    assert "00 总部" in out
    assert "已搁置" in out


def test_an_invitation_is_one_line_on_standard_output_and_nothing_else(hq: CommandLine) -> None:
    result = hq("nodes", "invite", "44", "--valid-hours", "24")
    assert result.out == "quanwang-invitation:1:secret:00000000\n"
    assert "44 Guangdong" in result.err
    assert hq.node.posted == [("/nodes/invitations", {"node": "44", "valid_hours": 24})]


def test_an_invitation_in_a_file_can_be_read_by_its_owner_alone(hq: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "invitation.txt"
    file.touch(mode=0o644)
    result = hq("nodes", "invite", "44", "--out", str(file), "--json")
    assert file.read_text(encoding="utf-8") == "quanwang-invitation:1:secret:00000000\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "secret" not in result.out
    assert json.loads(result.out)["file"] == str(file)


def test_no_invitation_is_made_that_cannot_be_written(hq: CommandLine, tmp_path: Path) -> None:
    """It would make the one before invalid, and be lost."""
    assert hq("nodes", "invite", "44", "--out", str(tmp_path / "no" / "where")).code == 2
    assert hq.node.posted == []


def test_no_empty_file_stays_where_no_invitation_is_made(hq: CommandLine, tmp_path: Path) -> None:
    file, kept = tmp_path / "invitation.txt", tmp_path / "kept.txt"
    kept.write_text("former", encoding="utf-8")
    hq.node.failures["/nodes/invitations"] = Failure(409, "UNKNOWN_PROVINCE", "no such province")
    assert hq("nodes", "invite", "44", "--out", str(file)).code == 1
    assert hq("nodes", "invite", "44", "--out", str(kept)).code == 1
    assert (file.exists(), kept.read_text(encoding="utf-8")) == (False, "former")


def test_nodes_are_listed_and_an_empty_federation_says_so(hq: CommandLine) -> None:
    assert re.search(rf"44 Guangdong +waiting +{KEY}", hq("nodes", "list").out)
    hq.node.nodes = []
    assert "No nodes yet" in hq("nodes", "list").out
    assert "尚无节点" in hq("nodes", "list", "--lang", "zh").out


def test_a_node_is_approved_with_the_key_that_waits(hq: CommandLine) -> None:
    hq.node.nodes = [node_row("31", "active"), node_row("44", "waiting")]
    result = hq("nodes", "approve", "44", "--yes")
    assert hq.node.posted == [("/nodes/44/approve", {"signing_key_id": KEY})]
    assert KEY in result.out


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_no_node_is_approved_unseen_when_nobody_can_be_asked(hq: CommandLine, more: tuple[str, ...]) -> None:
    result = hq("nodes", "approve", "44", *more)
    assert (result.code, hq.node.posted) == (2, [])
    assert all(word in result.err for word in (KEY, "--key", "--yes"))
    assert "--key" in hq("nodes", "approve", "44", "--lang", "zh", *more).err


def test_a_node_is_approved_with_the_key_that_the_operator_names(hq: CommandLine) -> None:
    hq("nodes", "approve", "44", "--key", "ed25519:0000", "--json")
    assert hq.node.posted == [("/nodes/44/approve", {"signing_key_id": "ed25519:0000"})]


@pytest.mark.parametrize("more", [(), ("--json",)])
@pytest.mark.parametrize("arguments", ["revoke 44 --reason stolen", "invite 31"])
def test_nothing_grave_is_done_to_a_node_when_nobody_can_be_asked(
    hq: CommandLine, arguments: str, more: tuple[str, ...]
) -> None:
    hq.node.nodes = [node_row("31", "active"), node_row("44", "active")]
    result = hq("nodes", *arguments.split(), *more)
    assert (result.code, hq.node.posted) == (2, [])
    assert "--yes" in result.err
    assert "--yes" in hq("nodes", *arguments.split(), "--lang", "zh", *more).err
    hq("nodes", *arguments.split(), "--yes", *more)
    assert len(hq.node.posted) == 1


@pytest.mark.parametrize(("typed", "posted"), [("y\n", 1), ("n\n", 0)])
def test_at_a_terminal_the_operator_is_asked_whether_the_keys_are_the_same(
    hq: CommandLine, monkeypatch: pytest.MonkeyPatch, typed: str, posted: int
) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

        def readline(self, *_: int) -> str:
            return typed

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("builtins.input", lambda *_: typed.strip())
    monkeypatch.setattr("typer.confirm", _confirm(typed))
    result = hq("nodes", "approve", "44")
    assert len(hq.node.posted) == posted
    assert result.code == (0 if posted else 130)


def _confirm(typed: str) -> object:
    import typer

    def confirm(text: str, abort: bool) -> bool:
        assert KEY in text
        if typed[0] == "n" and abort:
            raise typer.Abort
        return True

    return confirm


def test_parked_messages_are_listed_shown_retried_and_ended(province: CommandLine) -> None:
    assert re.search(rf"{PARKED} +parked +HANDLER_FAILED +SuspendSubscription +3", province("parked", "list").out)
    assert "a row was missing" in province("parked", "show", PARKED).out
    assert province("parked", "retry", PARKED).code == 0
    assert province("parked", "end", PARKED, "--reason", "by hand").code == 0
    assert province.node.asked == [("/parked", {"state": "parked"}), (f"/parked/{PARKED}", {})]
    assert province.node.posted == [
        (f"/parked/{PARKED}/retry", None),
        (f"/parked/{PARKED}/end", {"reason": "by hand"}),
    ]


def test_ending_a_parked_message_needs_a_reason(province: CommandLine) -> None:
    assert province("parked", "end", PARKED).code == 2


def test_alarms_are_listed(hq: CommandLine) -> None:
    assert re.search(r"BAD_ORIGIN_PROOF:31 +critical +acknowledged +4 ", hq("alarms", "list").out)


@pytest.mark.parametrize(
    "arguments",
    [
        "status",
        "check",
        "migrate",
        "alarms list",
        "parked list",
        f"parked show {PARKED}",
        f"parked retry {PARKED}",
        f"parked end {PARKED} --reason x",
        "nodes list",
        "nodes invite 44",
        "nodes approve 44 --yes",
        "requests list",
        "requests kinds",
        "requests submit x --to 44",
        "requests submit x --to 44 --wait 0s",
        f"requests show {REQUEST}",
        f"requests trace {REQUEST}",
        f"requests cancel {REQUEST}",
    ],
)
def test_json_is_one_document_on_standard_output_and_nothing_else(hq: CommandLine, arguments: str) -> None:
    result = hq(*arguments.split(), "--json")
    assert (result.code, result.err) == (0, "")
    assert isinstance(json.loads(result.out), dict)


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("colours", [True, False])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_tables_fit_into_any_terminal(
    hq: CommandLine, monkeypatch: pytest.MonkeyPatch, columns: int, colours: bool, language: str
) -> None:
    """Also in Chinese, whose characters take two columns."""

    def console(*, error: bool) -> Console:
        shown = sessions.sys.stderr if error else sessions.sys.stdout
        return Console(file=shown, force_terminal=True, width=columns, no_color=not colours, emoji=False)

    monkeypatch.setattr(sessions, "make_console", console)
    for arguments in ("status", "nodes list", f"requests trace {REQUEST}", "alarms list", f"parked show {PARKED}"):
        out = hq(*arguments.split(), "--lang", language).out
        assert out
        assert all(Console(width=999).measure(plain).maximum <= columns for plain in _plain(out).splitlines())
        assert colours or "\x1b[3" not in out, "colours where none are wanted"


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
