"""Authenticating a customer away from home: Shanghai asks, Guangdong judges."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from common.access_control.actor import SYSTEM, Actor, ActorKind, local_actor
from common.access_control.rights import NotPermitted
from common.authentication.parameters import CODE_MINUTES, KEPT_DAYS, LOCK_MINUTES, TRIES_MAX, VALID_MINUTES
from common.authentication.sufficient import DECLARED, SUSPENSION
from common.communication.model import decode_message
from common.dictionaries.model import DictionaryBook
from common.interfaces.commands import ClaimCalls, NoteAnswer
from common.interfaces.model import done
from common.parameters.commands import SetParameter
from common.program.inline_writer import InlineWriter
from common.requests.commands import ActingFor, SubmitServiceRequest
from common.requests.model import InteractionUnfit
from common.sign_in.passwords import Passwords
from province_node.authentication.checking import PasswordDesk
from province_node.authentication.commands import SetServicePassword
from province_node.authentication.events import PasswordAsked
from province_node.authentication.model import PasswordReasonMissing, ServicePasswordUnfit, require_fit_password
from province_node.authentication.repository import (
    authentication_attempts,
    customer_authentications,
    one_time_codes,
    service_passwords,
)
from province_node.customers.commands import CustomerRecord, EraseCustomer, ImportCustomers, SubscriptionRecord
from province_node.customers.model import CustomerNotFound
from province_node.serving.commands import FinishLeg, RefuseLeg
from tests.support.federation import GUANGDONG, SHANGHAI, ZHEJIANG, Federation
from tests.support.rest import CHEAP
from tests.support.stores import Databases

CUSTOMER, SUBSCRIPTION, NUMBER = "44-1", "44-1-1", "13800138000"
DOCUMENT, PASSWORD = "11010519491231002X", "p4ssw0rd-canary"
OWNER = local_actor("root")
MINUTE_US = 60_000_000


class Counter:
    """A counter in Shanghai, and Guangdong with its customer."""

    def __init__(self, databases: Databases) -> None:
        self.federation = Federation(databases)
        self.federation.connect()
        self.home = self.federation.cores[GUANGDONG]
        self.passwords = Passwords(CHEAP, self.federation._entropy)
        self.asked: list[PasswordAsked] = []
        self.home.dispatcher.subscribe(PasswordAsked, self.asked.append)
        self.interaction = str(uuid.UUID(int=1))
        subscription = SubscriptionRecord(SUBSCRIPTION, NUMBER, "mobile-5g-99", "active")
        record = CustomerRecord(
            1, CUSTOMER, "individual", "张三", "resident_id", DOCUMENT, NUMBER, subscription=subscription
        )
        self.run(ImportCustomers((record,)))

    def run(self, command: Any, actor: Actor = OWNER) -> Any:
        return InlineWriter(self.home.dispatcher).run(command, actor)

    def set(self, name: str, value: Any) -> None:
        self.run(SetParameter(name, value, "a test"))

    def set_password(self, password: str = PASSWORD) -> None:
        self.run(SetServicePassword(CUSTOMER, self.passwords.hashed(password), "at the counter"))

    def ask(self, kind: str, content: dict[str, Any], at: str = SHANGHAI, **acting: str) -> tuple[str, dict[str, Any]]:
        """How the leg ended: its reason (empty: completed), and what was answered."""
        found = self.federation.cores[at].context.kinds.asked_as(kind)
        body, private = found.encode_request(content)
        named = {"interaction": self.interaction, "channel": "counter", "operator": "li.na", **acting}
        wish = SubmitServiceRequest(found.name, (GUANGDONG,), body=body, private=private, acting=ActingFor(**named))
        request_id = self.federation.execute(at, wish).request_id
        self.federation.run()
        self._compare()
        self.federation.run()
        leg = self.federation.asked(at, request_id + f"{at}{GUANGDONG}".encode())
        if leg.state == "rejected":
            return leg.reason_code, {}
        assert leg.state == "completed"
        from common.gen.quanwang.federation.v1 import seal_pb2

        return "", found.describe_response(seal_pb2.Entry.FromString(leg.answer).body, b"")

    def authenticate(self, method: str, secret: str, at: str = SHANGHAI, **more: Any) -> bool:
        whom = more.pop("whom", {"customer_number": CUSTOMER})
        content = {**whom, "method": method, "secret": secret}
        reason, answer = self.ask("authenticate-customer", content, at, **more)
        assert reason == ""
        return bool(answer.get("authenticated", False))

    def suspend(self, method: str = "SERVICE_PASSWORD", at: str = SHANGHAI, **more: str) -> str:
        """The reason why it is refused; empty: it is not."""
        content = {"subscription_id": SUBSCRIPTION, "reason": "lost"}
        reason, _ = self.ask("suspend-subscription", content, at, customer_authentication=method, **more)
        if not reason:
            assert self.ask(
                "resume-subscription", {"subscription_id": SUBSCRIPTION}, at, customer_authentication=method, **more
            )[0] in ("", "CUSTOMER_NOT_AUTHENTICATED")
        return reason

    def messages(self) -> list[str]:
        """The texts that wait to be sent, and who gets them; claimed by this."""
        claimed = self.run(ClaimCalls((("communication", 100),)), SYSTEM)
        for each in claimed:
            self.run(NoteAnswer(each.call.call_id, each.adapter, done()), SYSTEM)
        return [f"{m.receiver} {m.text}" for m in (decode_message(each.call.content) for each in claimed)]

    def code(self) -> str:
        (text,) = self.messages()
        (found,) = re.findall(r"验证码 ([0-9]{6})", text)
        return str(found)

    def pass_time(self, microseconds: int) -> None:
        self.federation.clock.at_us += microseconds

    def rows(self, table: sa.Table) -> list[Any]:
        try:
            return list(self.home.connection.execute(sa.select(table)))
        finally:
            self.home.connection.rollback()

    def _compare(self) -> None:
        async def compare() -> None:
            writer = InlineWriter(self.home.dispatcher)

            async def end(command: Any) -> None:
                self.federation.execute(GUANGDONG, command)

            desk = PasswordDesk(
                self.passwords,
                writer.execute,
                lambda leg_id, body: end(FinishLeg(leg_id, body)),
                lambda leg_id, code: end(RefuseLeg(leg_id, code)),
            )
            while self.asked:
                desk.asked(self.asked.pop())
            async with asyncio.timeout(60):
                await desk.settle()

        if self.asked:
            asyncio.run(compare())

    def close(self) -> None:
        self.passwords.close()
        self.federation.close()


@pytest.fixture
def counter(databases: Databases) -> Iterator[Counter]:
    made = Counter(databases)
    yield made
    made.close()


def test_a_service_password_is_judged_at_home_and_counts_within_its_interaction_alone(counter: Counter) -> None:
    counter.set_password()
    assert counter.suspend() == "CUSTOMER_NOT_AUTHENTICATED"
    assert not counter.authenticate("SERVICE_PASSWORD", "wrong")
    assert counter.suspend() == "CUSTOMER_NOT_AUTHENTICATED"
    assert counter.authenticate("SERVICE_PASSWORD", PASSWORD)
    assert counter.suspend() == ""
    assert counter.suspend(interaction=str(uuid.UUID(int=2))) == "CUSTOMER_NOT_AUTHENTICATED"
    assert counter.suspend(interaction="") == "CUSTOMER_NOT_AUTHENTICATED"
    assert counter.suspend(at=ZHEJIANG) == "CUSTOMER_NOT_AUTHENTICATED"
    counter.pass_time(VALID_MINUTES.default * MINUTE_US)
    assert counter.suspend() == "CUSTOMER_NOT_AUTHENTICATED"


def test_a_declaration_counts_as_the_rules_of_home_have_it(counter: Counter) -> None:
    assert counter.suspend() == ""
    counter.set(DECLARED.name, "never")
    assert counter.suspend() == "CUSTOMER_NOT_AUTHENTICATED"
    counter.set(DECLARED.name, "always")
    counter.set_password()
    assert counter.suspend() == ""
    assert counter.suspend("ONE_TIME_CODE") == "CUSTOMER_NOT_AUTHENTICATED"
    assert counter.suspend("NONE") == "CUSTOMER_NOT_AUTHENTICATED"


def test_a_code_is_sent_to_the_number_held_at_home_and_is_good_once_and_for_a_while(counter: Counter) -> None:
    counter.set(SUSPENSION.name, "SERVICE_PASSWORD,ONE_TIME_CODE")
    assert counter.ask("send-one-time-code", {"service_number": NUMBER})[0] == ""
    code = counter.code()
    other = f"{(int(code) + 1) % 10**6:06}"
    assert code not in repr(counter.rows(one_time_codes))
    assert not counter.authenticate("ONE_TIME_CODE", other)
    assert not counter.authenticate("ONE_TIME_CODE", code, interaction=str(uuid.UUID(int=2)))
    assert not counter.authenticate("ONE_TIME_CODE", code, at=ZHEJIANG)
    assert counter.suspend("ONE_TIME_CODE") == "CUSTOMER_NOT_AUTHENTICATED"
    assert counter.authenticate("ONE_TIME_CODE", code)
    assert counter.suspend("ONE_TIME_CODE") == ""
    assert not counter.authenticate("ONE_TIME_CODE", code)
    counter.pass_time(MINUTE_US)
    counter.ask("send-one-time-code", {"customer_number": CUSTOMER})
    late = counter.code()
    counter.pass_time(CODE_MINUTES.default * MINUTE_US)
    assert not counter.authenticate("ONE_TIME_CODE", late)


def test_codes_are_not_sent_again_and_again_nor_to_nobody_and_that_is_not_told(counter: Counter) -> None:
    answers = [
        counter.ask("send-one-time-code", {"customer_number": CUSTOMER}),
        counter.ask("send-one-time-code", {"customer_number": CUSTOMER}),
        counter.ask("send-one-time-code", {"customer_number": "44-9"}),
        counter.ask("send-one-time-code", {"customer_number": "44-9", "service_number": NUMBER}),
    ]
    assert {reason for reason, _ in answers} == {""}
    assert all(set(answer) == {"valid_until_us"} for _, answer in answers)
    assert [message.partition(" ")[0] for message in counter.messages()] == [NUMBER]


def test_a_document_that_a_clerk_looked_at_is_compared_and_stays_as_evidence(counter: Counter) -> None:
    counter.set(SUSPENSION.name, "DOCUMENT_CHECK")
    assert not counter.authenticate("DOCUMENT_CHECK", "11010519491231003X")
    assert counter.suspend("DOCUMENT_CHECK") == "CUSTOMER_NOT_AUTHENTICATED"
    assert counter.authenticate("DOCUMENT_CHECK", DOCUMENT.lower())
    assert counter.suspend("DOCUMENT_CHECK") == ""
    (row,) = counter.rows(customer_authentications)
    assert (row.node, row.customer_number, row.method) == (SHANGHAI, CUSTOMER, "DOCUMENT_CHECK")
    assert (row.operator, row.channel, row.interaction.hex()) == ("li.na", "counter", uuid.UUID(int=1).hex)
    assert row.leg_id.endswith(b"3144")
    assert DOCUMENT not in repr(row)


def test_evidence_is_kept_for_as_long_as_the_rules_say(counter: Counter) -> None:
    counter.authenticate("DOCUMENT_CHECK", DOCUMENT)
    counter.pass_time(KEPT_DAYS.default * 86_400_000_000 + 1)
    counter.authenticate("DOCUMENT_CHECK", DOCUMENT, interaction=str(uuid.UUID(int=2)))
    assert [row.interaction.hex() for row in counter.rows(customer_authentications)] == [uuid.UUID(int=2).hex]


@pytest.mark.parametrize("method", ["SERVICE_PASSWORD", "ONE_TIME_CODE", "DOCUMENT_CHECK"])
def test_nobody_guesses_for_long_over_one_channel(counter: Counter, method: str) -> None:
    counter.set_password()
    counter.ask("send-one-time-code", {"customer_number": CUSTOMER})
    right = {"SERVICE_PASSWORD": PASSWORD, "ONE_TIME_CODE": counter.code(), "DOCUMENT_CHECK": DOCUMENT}[method]
    for _ in range(TRIES_MAX.default):
        assert not counter.authenticate(method, "wrong")
    assert not counter.authenticate(method, right)
    assert counter.authenticate("SERVICE_PASSWORD", PASSWORD, channel="hotline")
    counter.pass_time(LOCK_MINUTES.default * MINUTE_US)
    assert not counter.authenticate("DOCUMENT_CHECK", "wrong")
    assert not counter.authenticate("DOCUMENT_CHECK", DOCUMENT)


def test_nor_over_many_channels(counter: Counter) -> None:
    # A province whose program was changed names whatever it likes.
    counter.federation.cores[SHANGHAI].context.dictionaries = DictionaryBook()
    for number in range(3 * TRIES_MAX.default):
        assert not counter.authenticate("DOCUMENT_CHECK", "wrong", channel=f"made up {number}")
    assert not counter.authenticate("DOCUMENT_CHECK", DOCUMENT, channel="another")


def test_whoever_is_unknown_is_answered_as_whoever_is_wrong_and_leaves_nothing(counter: Counter) -> None:
    for whom in (
        {"customer_number": "44-9"},
        {"service_number": "13900139000"},
        {"customer_number": "44-9", "service_number": NUMBER},
        {"customer_number": "4" * 500},
    ):
        for method in ("SERVICE_PASSWORD", "ONE_TIME_CODE", "DOCUMENT_CHECK"):
            assert not counter.authenticate(method, "secret", whom=whom)
    assert counter.rows(authentication_attempts) == []
    assert not counter.authenticate("SERVICE_PASSWORD", "nobody has set one")


def test_without_an_interaction_or_by_an_unknown_method_nothing_is_judged(counter: Counter) -> None:
    content = {"customer_number": CUSTOMER, "method": "DOCUMENT_CHECK", "secret": DOCUMENT}
    assert counter.ask("authenticate-customer", content, interaction="")[0] == "INTERACTION_MISSING"
    assert counter.ask("send-one-time-code", {"customer_number": CUSTOMER}, interaction="")[0] == "INTERACTION_MISSING"
    unknown = {**content, "method": "FACE"}
    assert counter.ask("authenticate-customer", unknown)[0] == "AUTHENTICATION_METHOD_UNKNOWN"
    with pytest.raises(InteractionUnfit):
        counter.ask("authenticate-customer", content, interaction="monday")


def test_a_password_that_is_replaced_while_it_is_compared_counts_no_more(counter: Counter) -> None:
    counter.set_password()
    compare = counter._compare

    def replaced_meanwhile() -> None:
        if counter.asked:
            counter.set_password("another-one")
        compare()

    counter._compare = replaced_meanwhile  # type: ignore[method-assign]
    assert not counter.authenticate("SERVICE_PASSWORD", PASSWORD)


def test_passwords_are_stored_as_hashes_and_go_with_their_customer(counter: Counter) -> None:
    counter.set_password()
    counter.authenticate("SERVICE_PASSWORD", "wrong")
    (row,) = counter.rows(service_passwords)
    assert row.hashed.startswith("$argon2id$")
    assert PASSWORD not in repr(row)
    counter.run(ImportCustomers((CustomerRecord(1, "44-2", "individual", "李四"),)))
    counter.run(SetServicePassword("44-2", counter.passwords.hashed("135790"), "at the counter"))
    counter.run(EraseCustomer("44-2", "asked for", 0))
    assert [row.customer_number for row in counter.rows(service_passwords)] == [CUSTOMER]


def test_who_may_not_sets_no_password_and_everybody_says_why(counter: Counter) -> None:
    with pytest.raises(NotPermitted):
        counter.run(SetServicePassword(CUSTOMER, "x", "why"), Actor(ActorKind.OPERATOR, "li.na"))
    with pytest.raises(PasswordReasonMissing):
        counter.run(SetServicePassword(CUSTOMER, "x", " "))
    with pytest.raises(CustomerNotFound):
        counter.run(SetServicePassword("44-9", "x", "why"))


@pytest.mark.parametrize("password", ["", "12345", "123456", "654321", "000000", "abcdef", "1" * 33, "13579\n2"])
def test_a_password_that_is_guessed_at_once_is_refused(password: str) -> None:
    with pytest.raises(ServicePasswordUnfit) as refusal:
        require_fit_password(password)
    assert not password or password not in refusal.value.text("en")


def test_secrets_are_in_no_log_and_no_printed_command(
    counter: Counter, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    counter.set_password()
    seen: list[str] = []
    counter.home.dispatcher.subscribe(PasswordAsked, lambda event: seen.append(repr(event)))
    counter.authenticate("SERVICE_PASSWORD", PASSWORD)
    printed = capsys.readouterr()
    assert len(seen) == 1
    assert PASSWORD not in seen[0] + printed.out + printed.err + caplog.text
    require_fit_password("135790")
