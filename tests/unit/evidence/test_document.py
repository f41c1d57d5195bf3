"""docs/evidence.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from common.directory import head
from common.evidence import container, statements, trust
from common.evidence.findings import FINDINGS, MISSING, NOTE, WRONG
from common.journal import archive

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "evidence.md").read_text(encoding="utf-8")


def test_every_finding_stands_there_with_its_meaning() -> None:
    table = TEXT.split("## Findings")[1].split("## Archives")[0]
    written = dict(re.findall(r"^\| ([A-Z_]+) \| (\w+ \| .*) \|$", table, re.MULTILINE))
    assert written == {code: f"{severity} | {en}" for code, (severity, en, _) in FINDINGS.items()}


@pytest.mark.parametrize("code", FINDINGS)
def test_every_finding_stands_in_a_step_and_in_both_languages(code: str) -> None:
    severity, en, zh = FINDINGS[code]
    assert re.search(rf"\b{code}\b", TEXT.split("## Findings")[0])
    assert severity in (WRONG, MISSING, NOTE)
    assert re.search("[一-鿿]", zh)
    assert set(re.findall(r"\{(\w+)\}", en)) >= set(re.findall(r"\{(\w+)\}", zh))


def test_the_bytes_are_those_of_the_code() -> None:
    assert container.MAGIC == b"QWEVID1\n"
    assert archive.MAGIC == b"QWJRNL1\n"
    for number in (container.EVIDENCE_BYTES_MAX, container.PARTS_MAX, trust.WHOLE_BYTES_MAX, archive.RECORD_BYTES_MAX):
        assert str(number) in TEXT
    domains = {head.DIRECTORY_HEAD_DOMAIN, head.DIRECTORY_ENTRY_DOMAIN, trust.ROOT_KEY_DOMAIN, trust.NODE_KEY_DOMAIN}
    domains |= {archive.CHECK_DOMAIN}
    assert {found.encode() for found in re.findall(r'"(quanwang/[a-z-]+/v1)"', TEXT)} == domains


def test_what_the_verifier_says_of_bytes_is_what_the_nodes_say() -> None:
    from common.directory.continuity import NODE_KEY_DOMAIN
    from common.directory.signing import DIRECTORY_SIGNATURE_DOMAIN, ROOT_KEY_DOMAIN
    from common.messaging.envelope import HEADER_DOMAIN

    assert trust.NODE_KEY_DOMAIN == NODE_KEY_DOMAIN
    assert trust.ROOT_KEY_DOMAIN == ROOT_KEY_DOMAIN
    assert trust.DIRECTORY_SIGNATURE_DOMAIN == DIRECTORY_SIGNATURE_DOMAIN
    assert statements.HEADER_DOMAIN == HEADER_DOMAIN
