"""Calls on a real core: from the wish to the answer, through failures, late and repeated answers, rests and replays."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.access_control.actor import Actor, ActorKind
from common.access_control.desk import Desk
from common.access_control.rights import NotPermitted
from common.alarms.queries import standing_alarm_counts
from common.audit.queries import Sought, search
from common.communication.model import EMAIL, SMS, Message, decode_message
from common.communication.simulated_gateway import SimulatedGateway
from common.interfaces.commands import ReplayCalls, SwitchAdapter, TidyCalls
from common.interfaces.model import (
    NO_ANSWER,
    AdapterNotReady,
    AdapterUnknown,
    Answer,
    Call,
    InterfaceCallNotReplayable,
    InterfaceCallUnfit,
    InterfaceCallUnknown,
    InterfaceQueueFull,
    InterfaceUnknown,
    done,
    failed,
    refused,
)
from common.interfaces.parameters import FAILURES_MAX, REST_SECONDS, WAITING_MAX
from common.interfaces.queries import interface_readings, list_interfaces
from common.interfaces.simulator import Faults, Simulator
from common.parameters.model import ParameterReasonMissing
from common.personal_data.commands import BeginKeyRotation, RenewRecords
from tests.support.interfaces import NUMBER, OWNER, PORT, TEXT, CallingNode, Changed, Erase, Send
from tests.support.stores import Databases

SECOND_US = 1_000_000


@pytest.fixture
def node(databases: Databases, tmp_path: Path) -> Iterator[CallingNode]:
    made = CallingNode(databases, tmp_path)
    yield made
    made.close()


async def settle(node: CallingNode) -> None:
    async with asyncio.timeout(60):
        await node.caller.settle()


async def test_a_call_is_made_once_after_its_wish_is_committed_and_its_content_is_not_kept(node: CallingNode) -> None:
    call_id = node.send()
    await settle(node)
    (call,) = node.simulator.calls
    assert (call.call_id, decode_message(call.content)) == (call_id, Message(SMS, NUMBER, TEXT))
    assert node.calls("state", "shown", "adapter", "tries", "reference") == [
        ("done", "sms 138****8000", "simulator", 1, "ref-1")
    ]
    ((*_, generation, content),) = node.stored()
    assert (generation, content) == (0, b"")
    await settle(node)
    assert len(node.simulator.calls) == 1


async def test_a_wish_that_fails_calls_nobody(node: CallingNode) -> None:
    with pytest.raises(Changed):
        node.run(Send(Message(SMS, NUMBER, TEXT), fails=True))
    await settle(node)
    assert (node.simulator.calls, node.calls()) == ([], [])


async def test_nothing_personal_stands_in_the_clear_while_a_call_waits(node: CallingNode) -> None:
    node.send()
    stored = repr(node.stored())
    assert TEXT not in stored
    assert NUMBER not in stored


async def test_what_fails_is_tried_again_with_spacing_and_the_same_key_until_it_is_given_up(node: CallingNode) -> None:
    node.tries(3)
    node.simulator.answers = [failed("HTTP 503")]
    node.send()
    for wait_s in (0, 1, 2):
        node.pass_time(wait_s)
        await settle(node)
    assert node.calls("state", "tries", "error") == [("given-up", 3, "HTTP 503")]
    assert len({call.call_id for call in node.simulator.calls}) == 1
    node.pass_time(86_400)
    await settle(node)
    assert len(node.simulator.calls) == 3
    assert [alarm[0] for alarm in node.node.reads.now(standing_alarm_counts)] == ["INTERFACE_CALL_GIVEN_UP"]


async def test_what_is_refused_is_not_tried_again_and_the_other_side_counts_as_working(node: CallingNode) -> None:
    node.simulator.answers = [refused("HTTP 422")]
    for _ in range(FAILURES_MAX.default + 1):
        node.send()
    await settle(node)
    assert set(node.calls("state", "tries", "error")) == {("refused", 1, "HTTP 422")}
    health = node.health()
    assert (health.state, health.calls, health.refused, health.done) == ("ok", 6, 6, 0)


async def test_a_process_that_dies_while_it_calls_leaves_the_call_to_the_next(node: CallingNode) -> None:
    node.send()
    begun = asyncio.Event()

    class Hanging:
        def lacks(self) -> None: ...

        async def make(self, call: Call) -> Answer:
            begun.set()
            await asyncio.Event().wait()
            raise AssertionError

        async def probe(self) -> Answer:
            return done()

    node.use({"simulator": Hanging()})
    running = asyncio.create_task(node.caller.run())
    async with asyncio.timeout(60):
        await begun.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert node.calls("state", "tries") == [("calling", 1)]
    node.use(node.adapters)
    await settle(node)
    assert node.simulator.calls == []
    node.pass_time(10 + 30)
    await settle(node)
    assert (len(node.simulator.calls), node.calls("state", "tries")) == (1, [("done", 2)])


async def test_an_answer_that_never_comes_is_a_failure(node: CallingNode) -> None:
    gateway = SimulatedGateway()
    never = Simulator(gateway, lambda: Faults(never=100), lambda: 0.0, lambda *_: asyncio.sleep(0))
    node.use({"simulator": never})
    node.send()
    await settle(node)
    assert node.calls("state", "error") == [("waiting", NO_ANSWER)]
    assert len(gateway.messages) == 1


async def test_late_and_repeated_answers_change_nothing_that_was_decided(node: CallingNode) -> None:
    call_id = node.send()
    await settle(node)
    for late in (failed("late"), refused("late"), done("again")):
        await node.caller.tell(call_id, late, "simulator")
    assert node.calls("state", "reference", "tries") == [("done", "ref-1", 1)]
    await node.caller.tell(b"\x00" * 16, done(), "simulator")


async def test_a_late_answer_ends_a_call_that_waits_for_its_next_try(node: CallingNode) -> None:
    node.simulator.answers = [failed(NO_ANSWER)]
    call_id = node.send()
    await settle(node)
    await node.caller.tell(call_id, done("late-1"), "simulator")
    assert node.calls("state", "reference", "error") == [("done", "late-1", "")]
    node.pass_time(3_600)
    await settle(node)
    assert len(node.simulator.calls) == 1


@pytest.mark.parametrize("chance", [0.0, 0.3, 0.6, 0.9])
async def test_under_all_faults_every_message_arrives_exactly_once(node: CallingNode, chance: float) -> None:
    gateway, drawn = SimulatedGateway(), iter(range(10**9))
    told = Simulator(
        gateway,
        lambda: Faults(late=20, twice=20, never=20, failing=20),
        lambda: (chance + next(drawn) * 0.37) % 1,
        lambda call_id, answer: node.desk.tells(call_id, answer, "simulator"),
    )
    node.use({"simulator": told})
    for number in range(8):
        node.send(f"text {number}")
    for _ in range(40):
        await settle(node)
        async with asyncio.timeout(60):
            await told.settle()
        if set(node.calls()) == {"done"}:
            break
        node.pass_time(3_700)
    assert node.calls() == ["done"] * 8
    assert sorted(message.text for message in gateway.messages) == [f"text {number}" for number in range(8)]


async def test_after_failures_in_a_row_one_call_tries_and_its_success_lets_all_others_go(node: CallingNode) -> None:
    node.set(FAILURES_MAX.name, 2)
    node.set(REST_SECONDS.name, 60)
    node.simulator.answers = [failed("HTTP 503")]
    for _ in range(5):
        node.send()
    await settle(node)
    made = len(node.simulator.calls)
    assert node.health().state == "resting"
    node.pass_time(59)
    await settle(node)
    assert len(node.simulator.calls) == made
    (reading,) = node.node.reads.now(lambda c: list(interface_readings(c, node.clock.now_us())))
    assert (reading.rule, reading.subject, round(reading.value), reading.detail) == (
        "INTERFACE_DOWN",
        PORT,
        59,
        "HTTP 503",
    )
    node.pass_time(1)
    await settle(node)
    assert (len(node.simulator.calls), node.health().state) == (made + 1, "resting")
    node.simulator.answers = [done()]
    node.pass_time(120)
    await settle(node)
    assert node.calls() == ["done"] * 5
    assert node.health().state == "ok"
    assert node.node.reads.now(lambda c: list(interface_readings(c, node.clock.now_us()))) == []


async def test_a_test_call_that_succeeds_ends_the_rest(node: CallingNode) -> None:
    node.set(FAILURES_MAX.name, 1)
    node.simulator.answers = [failed("HTTP 503")]
    node.send()
    await settle(node)
    desk = Desk(node.node.writer, OWNER)
    assert (await node.desk.test(desk, PORT, ""))[1] == failed("HTTP 503")
    node.simulator.answers = [done()]
    adapter, answer, took_us = await node.desk.test(desk, PORT, "")
    assert (adapter, answer, took_us > 0, node.simulator.probes) == ("simulator", done(), True, 2)
    await settle(node)
    assert node.calls() == ["done"]
    entries = node.node.reads.now(search, Sought(), 10)["items"]
    assert [(entry["action"], entry["record"]) for entry in entries[:2]] == [("test", f"{PORT}/simulator")] * 2


async def test_calls_go_through_another_adapter_from_the_moment_of_the_switch(node: CallingNode) -> None:
    node.simulator.answers = [failed("HTTP 503")]
    node.send()
    await settle(node)
    desk = Desk(node.node.writer, OWNER)
    await node.desk.switch(desk, SwitchAdapter(PORT, "file", "gateway is away"))
    await settle(node)
    assert len(node.adapters["file"].calls) == 1
    assert node.calls("state", "adapter", "tries") == [("done", "file", 2)]
    (entry, *_) = node.node.reads.now(search, Sought(), 5)["items"]
    assert (entry["action"], entry["reason"]) == ("switch", "gateway is away")


async def test_a_switch_that_could_not_work_is_refused(node: CallingNode) -> None:
    desk = Desk(node.node.writer, OWNER)
    node.adapters["rest"].lacking = ("no address", "缺少地址")
    for wish, refusal in (
        (SwitchAdapter(PORT, "rest", "why"), AdapterNotReady),
        (SwitchAdapter(PORT, "fax", "why"), AdapterUnknown),
        (SwitchAdapter("bank", "rest", "why"), InterfaceUnknown),
        (SwitchAdapter(PORT, "file", " "), ParameterReasonMissing),
    ):
        with pytest.raises(refusal):
            await node.desk.switch(desk, wish)
    assert node.desk.adapter_in_use(node.desk.port(PORT)) == "simulator"


async def test_who_may_not_cannot_test_switch_or_replay(node: CallingNode) -> None:
    desk = Desk(node.node.writer, Actor(ActorKind.OPERATOR, "li.na"))
    with pytest.raises(NotPermitted):
        await node.desk.test(desk, PORT, "")
    with pytest.raises(NotPermitted):
        await node.desk.switch(desk, SwitchAdapter(PORT, "file", "why"))
    with pytest.raises(NotPermitted):
        await desk.execute(ReplayCalls(PORT, "why"))
    assert node.simulator.probes == 0


async def test_what_lacks_something_fails_without_being_called(node: CallingNode) -> None:
    node.simulator.lacking = ("no address", "缺少地址")
    node.send()
    await settle(node)
    assert (node.simulator.calls, node.calls("error")) == ([], ["INTERFACE_ADAPTER_NOT_READY"])


async def test_failed_calls_are_replayed_one_or_all(node: CallingNode) -> None:
    node.tries(1)
    node.set(FAILURES_MAX.name, 100)
    node.simulator.answers = [failed("HTTP 503"), refused("HTTP 422"), failed("HTTP 503"), done()]
    first, *_ = [node.send(str(number)) for number in range(4)]
    await settle(node)
    assert node.calls() == ["given-up", "refused", "given-up", "done"]
    assert node.run(ReplayCalls(PORT, "mended", first), OWNER).calls == 1
    await settle(node)
    assert node.run(ReplayCalls(PORT, "mended"), OWNER).calls == 2
    await settle(node)
    assert node.calls() == ["done"] * 4
    assert node.run(ReplayCalls(PORT, "mended"), OWNER).calls == 0
    with pytest.raises(InterfaceCallNotReplayable):
        node.run(ReplayCalls(PORT, "mended", first), OWNER)
    with pytest.raises(InterfaceCallUnknown):
        node.run(ReplayCalls(PORT, "mended", b"\x01" * 16), OWNER)


async def test_what_nobody_wants_any_more_is_not_called(node: CallingNode) -> None:
    node.simulator.answers = [failed("HTTP 503")]
    node.send(not_after_us=node.clock.now_us() + 5 * SECOND_US)
    await settle(node)
    node.pass_time(5)
    await settle(node)
    assert (len(node.simulator.calls), node.calls()) == (1, ["expired"])
    assert node.stored()[0][-1] == b""


async def test_tidying_ends_what_is_over_and_forgets_what_ended_long_ago(node: CallingNode) -> None:
    node.send("done")
    await settle(node)
    node.pass_time(1)
    node.send("over", not_after_us=node.clock.now_us() + SECOND_US)
    node.send("waits")
    node.pass_time(60)
    assert node.run(TidyCalls(node.clock.now_us() - 60 * SECOND_US, 10)) == 2
    assert node.calls() == ["expired", "waiting"]
    assert node.run(TidyCalls(node.clock.now_us() - 60 * SECOND_US, 10)) == 0


async def test_the_queue_is_bounded(node: CallingNode) -> None:
    node.set(WAITING_MAX.name, 100)
    for _ in range(100):
        node.send()
    with pytest.raises(InterfaceQueueFull):
        node.send()
    await settle(node)
    node.send()


@pytest.mark.parametrize(
    "message",
    [
        Message("fax", NUMBER, "x"),
        Message(SMS, "not a number", "x"),
        Message(EMAIL, NUMBER, "x"),
        Message(SMS, NUMBER, ""),
        Message(SMS, NUMBER, "x" * 2_001),
        Message(SMS, NUMBER, "x", "subject"),
    ],
)
def test_a_message_that_no_gateway_would_take_is_refused_without_being_repeated(
    node: CallingNode, message: Message
) -> None:
    with pytest.raises(InterfaceCallUnfit) as refusal:
        node.run(Send(message))
    assert NUMBER not in refusal.value.text("en") + refusal.value.text("zh")


async def test_a_message_to_somebody_who_was_erased_is_never_sent(node: CallingNode) -> None:
    node.simulator.answers = [failed("HTTP 503")]
    node.send(customer_number="31-1")
    await settle(node)
    node.run(Erase("31-1"))
    node.pass_time(10)
    await settle(node)
    assert len(node.simulator.calls) == 1
    assert node.calls("state", "error") == [("given-up", "CONTENT_LOST")]


async def test_calls_that_wait_follow_a_rotation_of_keys(node: CallingNode) -> None:
    node.send()
    node.run(BeginKeyRotation())
    for _ in range(5):
        if not node.run(RenewRecords(100)).more:
            break
    await settle(node)
    assert decode_message(node.simulator.calls[0].content).text == TEXT


async def test_an_adapter_that_breaks_is_a_failure_and_its_words_are_not_logged(
    node: CallingNode, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken:
        def lacks(self) -> None: ...

        async def make(self, call: Call) -> Answer:
            raise RuntimeError(call.content.decode())

        async def probe(self) -> Answer:
            raise RuntimeError

    node.use({"simulator": Broken()})
    node.send()
    await settle(node)
    assert node.calls("state", "error") == [("waiting", "RuntimeError")]
    printed = capsys.readouterr()
    assert TEXT not in caplog.text + printed.out + printed.err


async def test_figures_tell_how_an_interface_is(node: CallingNode) -> None:
    node.simulator.answers = [done(), refused("HTTP 422"), failed("HTTP 503")]
    for _ in range(3):
        node.send()
    await settle(node)
    (found,) = node.node.reads.now(
        list_interfaces, node.core.context.ports, node.core.context.parameters, node.clock.now_us()
    )
    figures = {name: found[name] for name in ("port", "adapter", "state", "calls", "done", "refused", "errors")}
    assert figures == {
        "port": PORT,
        "adapter": "simulator",
        "state": "ok",
        "calls": 3,
        "done": 1,
        "refused": 1,
        "errors": 1,
    }
    assert (found["waiting"], found["failed"], found["error"]) == (1, 1, "HTTP 503")
    sample, side = node.node.metrics.registry.get_sample_value, {"port": PORT, "adapter": "simulator"}
    assert sample("quanwang_interface_calls_total", {**side, "outcome": "refused"}) == 1
    assert sample("quanwang_interface_seconds_count", side) == 3
