"""enrol: the invitation's way to the province, and what comes of it."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from province_node.directory import enrolment
from province_node.directory.enrolment import ApprovalPending, EnrolmentOptions
from tests.support.fake_admin import CommandLine

INVITATION = "quanwang-invitation:1:abc:00000000"


@pytest.fixture
def joined(data: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the enrolment was called with; it waits for HQ's operator and is approved."""
    (data / "node.toml").write_text('node = "31"\n', encoding="utf-8")
    calls: list[dict[str, Any]] = []

    async def enrol(
        invitation: str, node: str, data_dir: Path, software: str, _clock: Any, options: EnrolmentOptions
    ) -> Any:
        calls.append({"invitation": invitation, "node": node, "wait_us": options.wait_us_max, "lang": options.language})
        assert options.on_waiting is not None
        options.on_waiting("ed25519:0123")
        if not options.wait_us_max:
            raise ApprovalPending(node=node, signing_key_id="ed25519:0123")
        return SimpleNamespace(node=node, link_address="hq:7440", directory=lambda: SimpleNamespace(version=3))

    monkeypatch.setattr(enrolment, "enrol", enrol)
    return calls


def test_an_invitation_from_a_file_is_used_as_it_stands(
    province: CommandLine, joined: list[dict[str, Any]], tmp_path: Path
) -> None:
    file = tmp_path / "invitation.txt"
    file.write_text(INVITATION + "\n", encoding="utf-8")
    result = province("enrol", "--invitation", f"@{file}", "--wait", "10m", "--lang", "zh")
    assert result.code == 0
    assert joined == [{"invitation": INVITATION + "\n", "node": "31", "wait_us": 600_000_000, "lang": "zh"}]
    assert "节点 31 上海 已入网" in result.out
    assert "ed25519:0123" in result.err, "the operator at HQ compares this key"


def test_a_file_without_its_mark_is_recognised(province: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "31.invitation"
    file.write_text(INVITATION, encoding="utf-8")
    result = province("enrol", "--invitation", str(file))
    assert result.code == 2
    assert f"--invitation @{file}" in result.err.replace("\n", "")


def test_what_comes_next_can_be_copied(
    province: CommandLine, joined: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(joined) == 0
    assert "`province-node serve`" in province("enrol", "--invitation", INVITATION, "--wait", "1s").err
    monkeypatch.delenv("QUANWANG_DATA")
    result = province("enrol", "--invitation", INVITATION, "--wait", "1s", "--data", str(province.data))
    assert f"`province-node serve --data {province.data}`" in result.err


def test_json_says_where_the_node_belongs(province: CommandLine, joined: list[dict[str, Any]]) -> None:
    result = province("enrol", "--invitation", INVITATION, "--wait", "1s", "--json")
    assert json.loads(result.out) == {"node": "31", "link_address": "hq:7440", "directory_version": 3}
    assert result.err == ""


def test_not_approved_yet_means_try_again(province: CommandLine, joined: list[dict[str, Any]]) -> None:
    result = province("enrol", "--invitation", INVITATION)
    assert result.code == 4
    assert "ed25519:0123" in result.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--invitation", "@/no/where"), 2),
        (("--invitation", INVITATION, "--wait", "later"), 2),
        ((), 2),
        (("--invitation", INVITATION, "--data", "/no/where"), 3),
    ],
)
def test_what_cannot_be_used_is_named_before_hq_is_asked(
    province: CommandLine, joined: list[dict[str, Any]], arguments: tuple[str, ...], code: int
) -> None:
    assert province("enrol", *arguments).code == code
    assert joined == []


def test_a_text_that_is_no_invitation_is_refused(province: CommandLine) -> None:
    (province.data / "node.toml").write_text('node = "31"\n', encoding="utf-8")
    result = province("enrol", "--invitation", "hello")
    assert result.code == 1
    assert "not an invitation" in result.err
