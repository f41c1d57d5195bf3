"""Every reason that can travel has words, and every error that a rule or a failure raises can be one."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator

import pytest

from common.errors import QuanwangError
from common.link import effects, entries, origin
from common.parked.model import MESSAGE_ID_REUSED, OPERATOR_ENDED
from common.reasons import LEG_REASONS, LINK_REASONS, Reason, leg_reason, link_reason
from common.requests.envelopes import OVERDUE_REASON
from hq_node.hub import admission
from hq_node.hub import leg_states as hub_states
from hq_node.hub.model import HOME_LOST
from province_node.core import KINDS

PROCESSING = (
    "common.db.rows",
    "common.errors",
    "common.messaging.envelope",
    "common.messaging.intake",
    "common.messaging.origin",
    "common.node_context",
    "common.requests.model",
    "common.requests.registry",
    "common.security.private_bodies",
    "common.state_table",
    "hq_node.hub.model",
    "hq_node.message_processor",
    "province_node.customer_authentication",
    "province_node.message_processor",
    "province_node.serving.handlers",
    "province_node.serving.model",
)
"""Where errors are that can be raised while a message is processed, beside those of the features that serve."""

TOLD_TO_WHOM_ASKED = {
    # No message waits for a second person; what operators wish may.
    "AWAITED",
    # Of the asking node's own commands; they refuse before anything is sent.
    "CUSTOMER_HAS_SUBSCRIPTIONS",
    "CUSTOMER_KEPT_BY_LAW",
    "DESTINATIONS_AND_REGION",
    "HOME_NOT_REVOKED",
    "IDEMPOTENCY_KEY_REUSED",
    "MALFORMED_INTERACTION",
    "NOT_ASKED_THERE",
    "NO_DESTINATION",
    "PASSWORD_REASON_MISSING",
    "QUEUE_FULL",
    "REGION_EMPTY",
    "REQUEST_ALREADY_ENDED",
    "REQUEST_NOT_FOUND",
    "SERVICE_PASSWORD_UNFIT",
    "TIME_TO_LIVE_TOO_LONG",
    "TOO_MANY_DESTINATIONS",
    "UNKNOWN_AUTHENTICATION",
    "UNKNOWN_DESTINATION",
    "UNKNOWN_REGION",
    "UNKNOWN_REQUEST_KIND",
    "UNKNOWN_STATE",
    # Of long work at home, told to the system that does it.
    "REASON_CODE_UNFIT",
    "SERVING_LEG_NOT_FOUND",
    # Of answers, which are parked, and of batches, which are cut: no leg ends by them.
    "ANSWER_NOT_BOUND",
    "SEQUENCE_GAP",
    # Only an envelope around the fault that is the reason.
    "UNPROVED_MESSAGE",
    # A message that fails for now is tried again.
    "OUTCOME_UNKNOWN",
    # Bases.
    "FAULT",
    "REFUSAL",
    "TEMPORARY_FAULT",
}


def _features() -> set[str]:
    """The modules of the features that carry requests out, by their roles."""
    packages = {kind.serve.handle.__module__.rpartition(".")[0] for kind in KINDS if kind.serve is not None}
    return {f"{package}.{role}" for package in packages for role in ("handlers", "model", "wire")}


def _below(base: type[QuanwangError]) -> Iterator[type[QuanwangError]]:
    for error in base.__subclasses__():
        yield error
        yield from _below(error)


def _errors() -> set[str]:
    for module in PROCESSING:
        importlib.import_module(module)
    modules = _features() | set(PROCESSING)
    return {error.code for error in _below(QuanwangError) if error.__module__ in modules}


def constants(module: object) -> set[str]:
    """The reason codes that a module names."""
    return {value for name, value in vars(module).items() if name.isupper() and value == name} - {"HQ"}


def test_every_error_that_can_end_a_leg_has_words() -> None:
    errors = _errors()
    assert len(errors) > 40
    assert errors - TOLD_TO_WHOM_ASKED <= LEG_REASONS.keys()
    assert errors >= TOLD_TO_WHOM_ASKED, "what is left over from what is gone"


@pytest.mark.parametrize("module", [admission, entries, origin])
def test_every_reason_that_is_no_error_has_words(module: object) -> None:
    assert constants(module)
    assert constants(module) <= LEG_REASONS.keys()


def test_the_hubs_own_ends_have_words() -> None:
    ends = {state.upper() for state in (hub_states.EXPIRED, hub_states.CANCELLED)}
    assert ends | {HOME_LOST, OPERATOR_ENDED, OVERDUE_REASON, MESSAGE_ID_REUSED} <= LEG_REASONS.keys()


def test_every_reason_for_ending_a_stream_has_words() -> None:
    assert len(constants(effects)) > 25
    assert constants(effects) == LINK_REASONS.keys()


@pytest.mark.parametrize("reasons", [LEG_REASONS, LINK_REASONS])
def test_words_are_in_both_languages_and_remedies_too(reasons: dict[str, Reason]) -> None:
    for code, reason in reasons.items():
        assert not re.search("[\u4e00-\u9fff]", reason.en + reason.do_en), code
        assert re.search("[\u4e00-\u9fff]", reason.zh), code
        assert bool(reason.do_en) == bool(reason.do_zh), code
        assert reason.text("zh-CN") == reason.zh != reason.text("en"), code


def test_a_reason_of_a_newer_release_is_shown_as_it_is() -> None:
    for reason in (leg_reason("UNHEARD_OF"), link_reason("UNHEARD_OF")):
        assert (reason.text("zh"), reason.remedy("en")) == ("UNHEARD_OF", "")
