"""What honest nodes export is proved, and tells who asked, stamped, answered and decided."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.evidence.verifier import INCOMPLETE, PROVED, REFUTED
from common.ids import HQ
from tests.support.evidence import codes, export, verify
from tests.support.federation import GUANGDONG, SHANGHAI, ZHEJIANG, Federation


def test_hq_proves_the_whole_request(federation: Federation, request_id: bytes, file: bytes) -> None:
    verdict = verify(federation, file)
    assert (verdict.verdict, codes(verdict)) == (PROVED, set())
    (leg,) = verdict.to_dict()["legs"]
    assert (leg["origin"], leg["destination"]) == (SHANGHAI, GUANGDONG)
    assert leg["decided"] == {"outcome": "completed", "reason_code": "", "by": GUANGDONG}
    said = {(s["seal"]["link"], s["said"] and s["said"]["what"]): s for s in leg["statements"]}
    assert said["31>00", "asked"]["said"]["customer_authentication"] == "service_password"
    assert said["00>44", "asked"]["stamp"]["verdict"] == "admitted"
    assert said["00>31", "answered"]["stamp"]["answered_at_us"] > 0
    assert said["44>00", "answered"]["seal"]["key_id"] == federation.signers[GUANGDONG].key_id
    assert verdict.request_id == request_id


def test_the_origin_proves_it_too(federation: Federation, request_id: bytes) -> None:
    verdict = verify(federation, export(federation, SHANGHAI, request_id))
    assert (verdict.verdict, codes(verdict)) == (PROVED, set())
    assert verdict.exported_by == SHANGHAI
    assert {s.seal.seal.link for leg in verdict.legs for s in leg.statements} == {"31>00", "00>31", "44>00"}


def test_home_alone_cannot_date_its_answer(federation: Federation, request_id: bytes) -> None:
    verdict = verify(federation, export(federation, GUANGDONG, request_id))
    assert (verdict.verdict, codes(verdict)) == (INCOMPLETE, {"ANSWER_NOT_WITNESSED"})


def test_home_proves_its_answer_once_the_hub_has_witnessed_it(federation: Federation, request_id: bytes) -> None:
    federation.add_subscription("44-later")
    federation.suspend(ZHEJIANG, GUANGDONG, "44-later")
    federation.run()
    verdict = verify(federation, export(federation, GUANGDONG, request_id))
    assert (verdict.verdict, codes(verdict)) == (PROVED, set())


def test_a_rejection_by_the_hub_needs_no_stamp(federation: Federation) -> None:
    entries = [federation.entry(node) for node in federation.nodes if node != GUANGDONG]
    federation.adopt(federation.sign_directory(federation.directory, entries))
    leg = federation.suspend()
    federation.run()
    verdict = verify(federation, export(federation, HQ, leg[:16]))
    assert (verdict.verdict, codes(verdict)) == (PROVED, set())
    assert verdict.to_dict()["legs"][0]["decided"] == {
        "outcome": "rejected",
        "reason_code": "DESTINATION_UNKNOWN",
        "by": HQ,
    }


def test_an_open_leg_is_incomplete_by_name(federation: Federation) -> None:
    federation.connect(SHANGHAI)
    federation.tamper = lambda sender, receiver, frame: (frame,) if GUANGDONG not in (sender, receiver) else ()
    leg = federation.suspend()
    federation.run()
    verdict = verify(federation, export(federation, HQ, leg[:16]))
    assert (verdict.verdict, codes(verdict)) == (INCOMPLETE, {"ANSWER_MISSING"})


def test_a_busy_batch_gives_a_path_and_stays_small(federation: Federation) -> None:
    from common.messaging.dispatcher import CommandWork
    from common.requests.commands import SubmitServiceRequest

    commands = [
        SubmitServiceRequest(kind="suspend-subscription", destinations=(GUANGDONG,), body=b"\x0a\x0544-S1")
        for _ in range(100)
    ]
    results: list[bytes] = []
    work = [CommandWork(command, lambda result, _error: results.append(result.request_id)) for command in commands]
    federation._group(SHANGHAI, work, ())
    federation.run()
    file = export(federation, HQ, results[57])
    verdict = verify(federation, file)
    assert (verdict.verdict, codes(verdict)) == (PROVED, set())
    assert len(file) < 10_000


def test_another_root_key_proves_nothing(file: bytes) -> None:
    from common.evidence.verifier import verify_evidence

    verdict = verify_evidence(file, [bytes(32)])
    assert verdict.verdict == REFUTED
    assert codes(verdict) == {"ROOT_WRONG"}, "what follows from it is not told as well"
    assert verdict.legs == []


def test_a_directory_without_a_head_is_carried_whole(federation: Federation, tmp_path: Path) -> None:
    signed = federation.sign_directory(federation.directory)
    signed.ClearField("head")
    signed.ClearField("head_signature")
    federation.publish(signed)
    leg = federation.suspend()
    federation.run()
    file = export(federation, HQ, leg[:16])
    verdict = verify(federation, file)
    assert (verdict.verdict, codes(verdict)) == (PROVED, {"DIRECTORY_VERSION_ABSENT"} & codes(verdict))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_verdict_is_told_in_words(federation: Federation, file: bytes, language: str) -> None:
    from common.evidence.story import story_text

    lines = list(story_text(verify(federation, file).to_dict(language), language))
    assert lines[0] in ("Verdict: PROVED", "结论: 已证实")
    assert any(federation.signers[GUANGDONG].key_id in line for line in lines)


@pytest.mark.parametrize("exporter", [HQ, SHANGHAI])
def test_what_a_province_asks_of_itself_is_told_once(federation: Federation, exporter: str) -> None:
    from common.evidence.story import story_text

    federation.connect()
    leg = federation.suspend(SHANGHAI, SHANGHAI)
    federation.run()
    lines = list(story_text(verify(federation, export(federation, exporter, leg[:16])).to_dict(), "en"))
    told = [line for line in lines if line.startswith("  ") and not line.startswith("    ")]
    assert len(told) == len(set(told)) == 5, lines
    assert [line.split()[1] for line in told] == ["asked", "stamped", "answered:", "stamped", "by"]
    borne = [line.split()[4].rstrip(",") for line in lines if line.startswith("    by seal")]
    assert sorted(borne) == ["00>31", "00>31", "00>31", "31>00", "31>00"], "every seal is there all the same"


def test_chinese_words_have_no_english_codes_among_them(federation: Federation, request_id: bytes) -> None:
    from common.evidence.story import story_text

    home = verify(federation, export(federation, GUANGDONG, request_id))
    text = "\n".join(story_text(home.to_dict("zh"), "zh"))
    assert "总部印记：受理" in text
    assert "应答：已完成" in text
    assert "（分支 31/44）" in text or "(分支 31/44)" in text
    for english in ("admitted", "relayed", "completed", "leg "):
        assert english not in text


def test_statements_are_told_in_the_order_of_their_seals(federation: Federation, file: bytes) -> None:
    (leg,) = verify(federation, file).to_dict()["legs"]
    times = [statement["seal"]["sealed_at_us"] for statement in leg["statements"]]
    assert times == sorted(times)
