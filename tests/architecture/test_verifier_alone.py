"""The verifier of evidence stands alone: whoever distrusts the nodes can read and run it without them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

OURS = {
    "common",
    "common.directory",
    "common.directory.head",
    "common.evidence",
    "common.evidence.container",
    "common.evidence.findings",
    "common.evidence.legs",
    "common.evidence.seals",
    "common.evidence.statements",
    "common.evidence.story",
    "common.evidence.trust",
    "common.evidence.verifier",
    "common.gen",
    "common.gen.quanwang",
    "common.gen.quanwang.evidence",
    "common.gen.quanwang.evidence.v1",
    "common.gen.quanwang.evidence.v1.evidence_pb2",
    "common.gen.quanwang.federation",
    "common.gen.quanwang.federation.v1",
    "common.gen.quanwang.federation.v1.directory_pb2",
    "common.gen.quanwang.federation.v1.envelope_pb2",
    "common.gen.quanwang.federation.v1.seal_pb2",
    "common.messaging",
    "common.messaging.raw_fields",
    "common.messaging.seal",
    "common.security",
    "common.security.encoding",
    "common.security.signing",
}
THEIRS = {"_cffi_backend", "_openssl", "cffi", "cryptography", "google"}

SCRIPT = """
import json, sys
before = set(sys.modules)
import argparse, base64, binascii
import common.evidence.verifier
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_the_verifier_imports_nothing_but_cryptography_protobuf_and_what_is_listed_here() -> None:
    run = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True)
    modules = set(json.loads(run.stdout))
    tops = {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names)
    assert tops <= THEIRS | {"common"}, tops - THEIRS
    assert {name for name in modules if name.partition(".")[0] == "common"} == OURS
