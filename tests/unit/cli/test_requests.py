"""requests: what is asked of the node, what is shown, and how the command ends."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from common.cli.texts import TEXTS
from tests.support.fake_admin import REQUEST, CommandLine, Failure, request_row

INTERACTION = "0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90"


def test_a_request_is_submitted_with_everything_that_was_said(province: CommandLine) -> None:
    result = province(
        *("requests", "submit", "suspend-subscription", "--to", "44", "--to", "11", "--set", "subscription_id=44-1"),
        *("--interaction", INTERACTION),
        *("--set", "reason=a=b", "--authentication", "service-password", "--operator", "li.na", "--channel", "counter"),
        *("--organisation", "branch-7", "--ttl", "1h30m", "--key", "k-1"),
    )
    assert result.code == 0
    assert REQUEST in result.out
    assert "44 Guangdong, 11 Beijing" in result.out
    assert province.node.posted == [
        (
            "/requests",
            {
                "kind": "suspend-subscription",
                "destinations": ["44", "11"],
                "region": "",
                "content": {"subscription_id": "44-1", "reason": "a=b"},
                "acting": {
                    "operator": "li.na",
                    "organisation": "branch-7",
                    "channel": "counter",
                    "customer_authentication": "SERVICE_PASSWORD",
                    "interaction": INTERACTION,
                },
                "time_to_live_ms": 5_400_000,
                "idempotency_key": "k-1",
            },
        )
    ]


def test_content_comes_from_a_file_and_single_fields_stand_over_it(province: CommandLine, tmp_path: Path) -> None:
    content = tmp_path / "content.json"
    content.write_text('{"subscription_id": "44-1", "reason": "lost"}', encoding="utf-8")
    result = province("requests", "submit", "x", "--to", "44", "--json-content", str(content), "--set", "reason=stolen")
    assert result.code == 0
    assert province.node.posted[0][1]["content"] == {"subscription_id": "44-1", "reason": "stolen"}


def test_content_comes_from_standard_input(province: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO('{"a": [1, 2]}'))
    assert province("requests", "submit", "x", "--region", "north-china", "--json-content", "-").code == 0
    assert province.node.posted[0][1]["content"] == {"a": [1, 2]}
    assert province.node.posted[0][1]["region"] == "north-china"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--set", "no-equals-sign"),
        ("--ttl", "soon"),
        ("--wait", "for ever"),
        ("--json-content", "/nowhere/content.json"),
    ],
)
def test_arguments_that_make_no_sense_are_a_usage_error_and_nothing_is_sent(
    province: CommandLine, arguments: tuple[str, str]
) -> None:
    result = province("requests", "submit", "x", "--to", "44", *arguments)
    assert result.code == 2
    assert "requests submit --help" in result.err
    assert province.node.posted == []


def test_content_that_is_no_object_is_refused(province: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("[1]"))
    assert province("requests", "submit", "x", "--to", "44", "--json-content", "-").code == 2


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("completed", 0),
        ("rejected", 6),
        ("expired", 6),
        ("cancelled", 6),
        ("partly completed", 6),
        ("submitted", 7),
        ("overdue", 7),
    ],
)
def test_the_exit_code_says_how_a_request_ended_that_was_waited_for(
    province: CommandLine, state: str, code: int
) -> None:
    province.node.request_state = state
    assert province("requests", "submit", "x", "--to", "44", "--wait", "0s").code == code
    assert province("requests", "show", REQUEST, "--wait", "0s").code == code
    shown = province("requests", "show", REQUEST, "--json")
    assert shown.code == 0, "without --wait it was only a question"
    assert json.loads(shown.out)["state"] == state


def test_nothing_is_waited_for_at_a_node_that_does_not_run(province: CommandLine) -> None:
    province.node.request_state = "submitted"
    result = province("requests", "submit", "x", "--to", "44", "--wait", "10m")
    assert result.code == 7
    assert ("/requests/" + REQUEST, {"wait_ms": "0"}) in province.node.asked
    assert "not running" in result.err


def test_an_answer_is_shown_field_by_field_and_never_as_markup(province: CommandLine) -> None:
    result = province("requests", "show", REQUEST)
    assert "Answer of 44 Guangdong" in result.out
    assert "subscriptions[1].status" in result.out
    assert "active [red]" in result.out
    assert "17.8 ms" in result.out


def test_requests_are_listed_with_the_way_to_the_next_page(province: CommandLine) -> None:
    result = province("requests", "list", "--state", "completed", "--limit", "7")
    assert province.node.asked == [("/requests", {"state": "completed", "limit": "7"})]
    assert REQUEST in result.out
    assert f"--before {REQUEST}" in result.err


@pytest.mark.parametrize(("given", "asked"), [("Completed", "completed"), ("partly-completed", "partly completed")])
def test_a_state_is_given_in_one_word_however_it_is_written(province: CommandLine, given: str, asked: str) -> None:
    assert province("requests", "list", "--state", given).code == 0
    assert province.node.asked[0][1]["state"] == asked


def test_a_state_that_does_not_exist_is_a_usage_error_that_names_those_that_do(province: CommandLine) -> None:
    result = province("requests", "list", "--state", "foo")
    assert (result.code, province.node.asked) == (2, [])
    assert "overdue" in result.err
    assert "partly-completed" in province("requests", "list", "--help").out


def test_the_states_that_can_be_listed_are_those_that_there_are() -> None:
    from common.cli.request_commands import RequestState
    from common.requests.queries import STATES

    assert {state.replace("-", " ") for state in RequestState} == set(STATES)


def test_hq_lists_what_it_relays_and_a_province_what_it_carries_out(hq: CommandLine, province: CommandLine) -> None:
    result = hq("requests", "relayed", "--origin", "31", "--home", "44", "--state", "Open", "--limit", "7")
    assert hq.node.asked == [("/legs", {"origin": "31", "home": "44", "state": "open", "limit": "7", "before": ""})]
    assert REQUEST in result.out
    assert "The province has no such subscription. (SUBSCRIPTION_NOT_FOUND)" in result.out
    assert f"--before {REQUEST}/31/44" in result.err
    assert province("requests", "served", "--state", "rejected", "--lang", "zh").code == 0
    assert province.node.asked[0][1]["state"] == "rejected"


def test_each_program_has_only_its_own_list_of_legs(hq: CommandLine, province: CommandLine) -> None:
    assert hq("requests", "served").code == province("requests", "relayed").code == 2


def test_a_request_is_cancelled_at_one_node(province: CommandLine) -> None:
    assert province("requests", "cancel", REQUEST, "--to", "44").code == 0
    assert province.node.posted == [(f"/requests/{REQUEST}/cancel", {"destination": "44"})]


def test_whatever_is_given_as_an_id_stays_one_part_of_the_address(province: CommandLine) -> None:
    province("requests", "cancel", "../parked/x?y")
    assert province.node.posted[0][0] == "/requests/../parked/x?y/cancel"


def test_kinds_are_listed_with_their_fields_without_a_node(province: CommandLine) -> None:
    (province.data / "node.toml").unlink()
    kinds = json.loads(province("requests", "kinds", "--json").out)["items"]
    suspend = next(kind for kind in kinds if kind["kind"] == "suspend-subscription")
    assert {"name": "subscription_id", "type": "text", "private": False} in suspend["fields"]
    assert "service_number*: text" in province("requests", "kinds").out


def test_kinds_say_what_they_do_and_what_they_need(province: CommandLine) -> None:
    kinds = {kind["kind"]: kind for kind in json.loads(province("requests", "kinds", "--json").out)["items"]}
    suspend = kinds["suspend-subscription"]
    assert (suspend["needs"], suspend["needs_authentication"]) == (["subscription_id"], True)
    assert suspend["does"].startswith("Suspends a subscription")
    shown = province("requests", "kinds", "--lang", "zh").out
    assert "停机 (suspend-subscription)" in shown
    assert "subscription_id 订购编号: 文本" in shown


def test_every_kind_and_field_has_its_words(province: CommandLine, hq: CommandLine) -> None:
    for line in (province, hq):
        for kind in json.loads(line("requests", "kinds", "--json").out)["items"]:
            named = [f"field.{field['name']}" for field in kind["fields"] + kind["answer"]]
            missing = [key for key in (f"kind.{kind['kind']}", f"does.{kind['kind']}", *named) if key not in TEXTS]
            assert missing == []


def test_kinds_and_answers_are_named_in_the_language_of_the_command(province: CommandLine) -> None:
    kind = request_row("completed")["kind"]
    assert TEXTS[f"kind.{kind}"][1] in province("requests", "list", "--lang", "zh").out
    assert kind in province("requests", "list").out


def test_hq_can_ask_too(hq: CommandLine) -> None:
    assert hq("requests", "submit", "query-node-status", "--region", "north-china").code == 0
    assert "suspend-subscription" in hq("requests", "kinds").out


def test_a_refusal_is_told_in_the_nodes_words(province: CommandLine) -> None:
    province.node.failures["/requests"] = Failure(409, "UNKNOWN_REQUEST_KIND", "There is no kind named x.")
    result = province("requests", "submit", "x", "--to", "44")
    assert result.code == 1
    assert "There is no kind named x." in result.err
    assert "province-node requests kinds" in result.err
    assert result.out == ""


def test_waiting_goes_on_in_steps_that_the_node_allows(province: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    from common.cli import request_commands

    class Client:
        online = True
        waited: list[int] = []  # noqa: RUF012 - one test, one client.

        def get(self, path: str, timeout_s: float, wait_ms: int) -> Any:
            assert timeout_s > wait_ms / 1000
            self.waited.append(wait_ms)
            clock.now += wait_ms / 1000
            return {"state": "submitted"}

    class Clock:
        now = 0.0

        def monotonic(self) -> float:
            return self.now

    clock = Clock()
    monkeypatch.setattr(request_commands, "time", clock)
    session: Any = type("S", (), {"err": type("E", (), {"is_terminal": False})()})()
    client: Any = Client()
    assert request_commands._wait(session, client, REQUEST, 70_000) == {"state": "submitted"}
    assert client.waited == [30_000, 30_000, 10_000]
