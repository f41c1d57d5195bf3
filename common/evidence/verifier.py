"""Checks an evidence file with a root key alone: no database, no network, no node.

    python -m common.evidence.verifier FILE --root KEY [--root KEY ...] [--json] [--lang en|zh]

Needs nothing but `cryptography` and `protobuf`; a test holds it to that. Ends with 0 when everything is proved, with 1
when something is missing or wrong, with 2 when the arguments are. The format is in docs/evidence.md.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.evidence.container import EVIDENCE_BYTES_MAX, unpack
from common.evidence.findings import MISSING, WRONG, Finding, Refuted, found
from common.evidence.legs import Leg, legs_of
from common.evidence.seals import check_seals
from common.evidence.statements import Statements
from common.evidence.story import story_of, story_text
from common.evidence.trust import Trust
from common.gen.quanwang.evidence.v1 import evidence_pb2
from common.security.signing import ED25519, key_id_of

PROVED, INCOMPLETE, REFUTED, UNREADABLE = "proved", "incomplete", "refuted", "unreadable"

ROOT_KEY_BYTES = 32


@dataclass(slots=True)
class Verdict:
    """What a file proves. `verdict`: proved; incomplete (something is missing); refuted (something is wrong);
    unreadable (it is no whole evidence file, and says nothing either way)."""

    request_id: bytes = b""
    exported_by: str = ""
    exported_at_us: int = 0
    root_key_ids: tuple[str, ...] = ()
    legs: list[Leg] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unreadable: bool = False

    @property
    def verdict(self) -> str:
        if self.unreadable:
            return UNREADABLE
        severities = {finding.severity for finding in self.findings}
        return REFUTED if WRONG in severities else INCOMPLETE if MISSING in severities else PROVED

    def to_dict(self, language: str = "en") -> dict[str, Any]:
        """For programs; the texts of findings in `language`."""
        return {
            "verdict": self.verdict,
            "request_id": self.request_id.hex(),
            "exported_by": self.exported_by,
            "exported_at_us": self.exported_at_us,
            "root_key_ids": list(self.root_key_ids),
            "legs": [story_of(leg) for leg in self.legs],
            "findings": [finding.to_dict(language) for finding in self.findings],
        }


def verify_evidence(data: bytes, root_keys: Sequence[bytes]) -> Verdict:
    """Checks the content of an evidence file against the pinned root keys (raw Ed25519). Never raises for what the
    file says."""
    verdict = Verdict(root_key_ids=tuple(key_id_of(ED25519, key) for key in root_keys))
    try:
        bundle = unpack(data)
    except Refuted as refuted:
        verdict.findings.append(refuted.finding)
        verdict.unreadable = True
        return verdict
    verdict.request_id, verdict.exported_by = bundle.request_id, bundle.exported_by[:64]
    verdict.exported_at_us = bundle.exported_at_us
    _check(bundle, root_keys, verdict)
    # One cause may show at several places in the same words; it is told once for each place.
    verdict.findings = list(dict.fromkeys(verdict.findings))
    return verdict


def _check(bundle: evidence_pb2.Bundle, root_keys: Sequence[bytes], verdict: Verdict) -> None:
    trust = Trust(root_keys, bundle.root_changes)
    trust.take(bundle.directories)
    if trust.of_another_root:
        # All else would follow from it: no key is known, so no seal is good, and no statement is proved.
        verdict.findings += trust.findings
        return
    if trust.empty:
        trust.findings.append(found("DIRECTORY_MISSING", "directories"))
    seals, wrong_seals = check_seals(bundle.seals, trust)
    statements = Statements(bundle, seals)
    verdict.findings += [*trust.findings, *wrong_seals, *statements.findings]
    verdict.legs = legs_of(statements.proved, bundle.request_id)
    for leg in verdict.legs:
        if leg.home_lost:
            leg.say("HOME_LOST" if trust.was_revoked(leg.destination) else "REVOCATION_MISSING", node=leg.destination)
        verdict.findings += leg.findings
    if not verdict.legs:
        verdict.findings.append(found("REQUEST_MISSING", "statements"))
    if bundle.searched_in_part:
        verdict.findings.append(found("SEARCHED_IN_PART", "file"))


def parse_root_key(text: str) -> bytes:
    """A root key as people write it: 64 hexadecimal digits, or base64. Raises ValueError."""
    text = text.strip()
    try:
        key = bytes.fromhex(text) if len(text) == 2 * ROOT_KEY_BYTES else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not a key") from error
    if len(key) != ROOT_KEY_BYTES:
        raise ValueError("not a key")
    return key


def read_file(path: str) -> bytes:
    """The file's bytes, and not many more than a good file may have. Raises OSError."""
    with Path(path).open("rb") as file:
        return file.read(EVIDENCE_BYTES_MAX + 1)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line without a node."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="python -m common.evidence.verifier",
        description="Check an evidence file with a root key alone. 用根密钥独立验证证据文件。",
    )
    parser.add_argument("file", metavar="FILE", help="the evidence file 证据文件")
    parser.add_argument(
        "--root",
        metavar="KEY",
        action="append",
        required=True,
        help="the federation's root key, 64 hexadecimal digits or base64; may be repeated 联邦根密钥，可重复",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document 输出 JSON")
    parser.add_argument("--lang", choices=("en", "zh"), default=_language(), help="language of the words 语言")
    options = parser.parse_args(arguments)
    try:
        roots = [parse_root_key(key) for key in options.root]
    except ValueError:
        parser.error("--root: 64 hexadecimal digits, or base64 of 32 bytes (64 位十六进制数字，或 32 字节的 base64)")
    try:
        data = read_file(options.file)
    except OSError as error:
        parser.error(f"{options.file}: {error.strerror}")
    verdict = verify_evidence(data, roots)
    if options.json:
        print(json.dumps(verdict.to_dict(options.lang), ensure_ascii=False, indent=2))
    else:
        print("\n".join(story_text(verdict.to_dict(options.lang), options.lang)))
    return 0 if verdict.verdict == PROVED else 1


def _language() -> str:
    chosen = os.environ.get("QUANWANG_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "zh" if chosen.lower().startswith("zh") else "en"


if __name__ == "__main__":
    sys.exit(main())
