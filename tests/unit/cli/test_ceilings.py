"""Ceilings from the command line: set at headquarters, seen at a province."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from common.ids import HQ
from common.operators.routes import operator_admin_routes
from common.web import build_app
from hq_node.directory.ceiling_routes import ceiling_routes
from tests.support import ceilings
from tests.support.access import SHANGHAI, AccessNode
from tests.support.fake_admin import CommandLine
from tests.support.federation import Federation
from tests.support.stores import SQLITE, Databases


def test_headquarters_limits_and_the_province_sees_what_and_why(
    tmp_path: Path, hq: CommandLine, province: CommandLine
) -> None:
    databases = Databases(SQLITE, tmp_path)
    federation = Federation(databases)
    federation.connect()
    above = AccessNode(databases, tmp_path / "hq", HQ, federation=federation)
    below = AccessNode(databases, tmp_path / "province", federation=federation)
    hq.node.app = build_app([operator_admin_routes(above.node), ceiling_routes(above.node)], 1 << 20)
    province.node.app = build_app([operator_admin_routes(below.node)], 1 << 20)

    assert "limits nothing" in province("access", "ceilings", "list").out
    done = hq("access", "ceilings", "set", "customer:export", "none", "--reason", "directive 7")
    assert (done.code, "customer:export is limited to NONE for all provinces" in done.out) == (0, True), done.err
    one = ("--province", SHANGHAI, "--reason", "pilot")
    narrowed = hq("access", "ceilings", "set", "customer:read", "BELOW", *one, "--lang", "zh")
    assert "customer:read 的上限设为 BELOW（31 上海）" in narrowed.out
    assert hq("access", "ceilings", "set", "customer.name", "MASKED", *one, "--json").code == 0
    unknown = hq("access", "ceilings", "set", "customer:exprt", "NONE", "--reason", "x")
    assert (unknown.code, "nothing to limit" in unknown.err) == (1, True)
    federation.publish(ceilings.published(federation))

    assert above.log(resource="ceiling", action="set")[0]["record"] == "customer:export"
    for line in (hq, province):
        listed = json.loads(line("access", "ceilings", "list", "--json").out)["items"]
        assert [(each["subject"], each["most"], each["node"]) for each in listed] == [
            ("customer.name", "MASKED", SHANGHAI),
            ("customer:export", "NONE", ""),
            ("customer:read", "BELOW", SHANGHAI),
        ]
    assert "masked (MASKED)" in province("access", "ceilings", "list").out

    asyncio.run(below.add("li.na", "back-office"))
    gone = province("access", "explain", "li.na", "customer:export")
    assert (gone.code, "not at all (NONE): directive 7" in " ".join(gone.out.split())) == (1, True), gone.out
    assert "headquarters lets nobody in this province have it" in " ".join(gone.out.split())
    cut = province("access", "explain", "li.na", "customer:read")
    assert (cut.code, "organisation and below (BELOW): pilot" in " ".join(cut.out.split())) == (0, True), cut.out
    role = province("roles", "show", "back-office", "--lang", "zh").out
    assert "禁止（NONE）：directive 7" in " ".join(role.split())
    refused = province("roles", "create", "x", "--name", "x", "--permission", "customer:read=PROVINCE")
    assert (refused.code, "up to BELOW at most (pilot)" in " ".join(refused.err.split())) == (1, True), refused.err

    removed = hq("access", "ceilings", "remove", "customer:export", "--reason", "over")
    assert "no longer limited for all provinces" in removed.out
    missing = hq("access", "ceilings", "remove", "customer:export", "--reason", "again", "--lang", "zh")
    assert (missing.code, "没有上限" in missing.err) == (1, True)
    for node in (above, below):
        node.node.reads.close()
        node.node.sign_in.passwords.close()
    federation.close()
    databases.close()
