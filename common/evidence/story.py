"""A judged leg told as data and in words: each statement with the signature that bears it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from common.evidence.legs import Leg, outcome_of
from common.evidence.seals import HUB
from common.evidence.statements import Message, Statement
from common.gen.quanwang.federation.v1 import envelope_pb2 as pb

_CODES = {
    "admitted": "受理",
    "relayed": "已转达",
    "completed": "已完成",
    "rejected": "已拒绝",
    "expired": "已过期",
    "cancelled": "已取消",
}
"""What stands in the data as an English word, in Chinese."""
_PLACES = {
    "directory": "目录",
    "directories": "目录",
    "file": "文件",
    "leg": "分支",
    "message": "报文",
    "root keys": "根密钥",
    "seal": "签封",
    "statement": "陈述",
    "statements": "陈述",
}

_VERDICTS = {1: "admitted", 2: "relayed"}

_WORDS = {
    "verdict": ("Verdict", "结论"),
    "proved": ("PROVED", "已证实"),
    "incomplete": ("INCOMPLETE", "不完整"),
    "refuted": ("REFUTED", "不成立"),
    "unreadable": (
        "UNREADABLE. The file proves nothing, and disproves nothing; ask whoever sent it to send it again.",
        "无法读取。该文件既不能证实也不能否定任何内容，请发送方重新发送。",
    ),
    "request": ("Request", "请求"),
    "exported": ("Exported by", "导出节点"),
    "leg": ("Leg", "分支"),
    "wrong": ("wrong", "错误"),
    "missing": ("missing", "缺失"),
    "note": ("note", "提示"),
    "asked": ("{source} asked {destination}: {kind}", "{source} 向 {destination} 提出：{kind}"),
    "cancel": ("{source} asked to cancel ({reason})", "{source} 请求取消（{reason}）"),
    "withdraw": ("HQ withdrew it at {destination} ({reason})", "总部在 {destination} 撤回（{reason}）"),
    "working": ("{source} says that it is working on it", "{source} 表示正在处理"),
    "overdue": ("HQ says that it is overdue", "总部表示已超时"),
    "answered": ("{source} answered: {outcome} {reason}", "{source} 应答：{outcome} {reason}"),
    "ended": ("HQ ended it: {outcome} {reason}", "总部终止：{outcome} {reason}"),
    "stamped": (
        "HQ stamped it: {verdict}, position {hub_position}, business date {business_date}, admitted {admitted}",
        "总部印记：{verdict}，序位 {hub_position}，营业日 {business_date}，受理于 {admitted}",
    ),
    "sealed": (
        "    by seal {seal_number} of {link}, {key_id}, {at}",
        "    签封：{link} 第 {seal_number} 号，{key_id}，{at}",
    ),
    "decided": ("Decided by {by}: {outcome} {reason}", "由 {by} 决定：{outcome} {reason}"),
    "undecided": ("Decided: nothing that is proved here", "结果：此处无可证实的结局"),
}


def story_of(leg: Leg) -> dict[str, Any]:
    """A leg as data."""
    final = leg.final
    decided = None
    if final is not None:
        by = final.routing.source
        decided = {"outcome": outcome_of(final), "reason_code": final.routing.reason_code, "by": by}
    return {
        "destination": leg.destination,
        "origin": leg.origin,
        "statements": [_statement(statement) for statement in sorted(leg.statements, key=_when)],
        "decided": decided,
    }


def _when(statement: Statement) -> tuple[int, int]:
    return statement.seal.seal.sealed_at_us, statement.number


def _statement(statement: Statement) -> dict[str, Any]:
    seal, stamp = statement.seal.seal, statement.stamp
    told: dict[str, Any] = {
        "number": statement.number,
        "said": _message(statement.message) if statement.message is not None else None,
        "stamp": None,
        "seal": {
            "node": seal.node,
            "link": seal.link,
            "seal_number": seal.seal_number,
            "sequence": statement.sequence,
            "sealed_at_us": seal.sealed_at_us,
            "key_id": seal.key_id,
            "hash": statement.seal.hash.hex(),
            "signature": statement.seal.signature.hex(),
        },
    }
    if stamp is not None:
        told["stamp"] = {
            "verdict": _VERDICTS.get(stamp.verdict, str(stamp.verdict)),
            "hub_position": stamp.hub_position,
            "business_date": stamp.business_date,
            "admitted_at_us": stamp.admitted_at_us,
            "forwarded_at_us": stamp.forwarded_at_us,
            "answered_at_us": stamp.answered_at_us,
            "time_left_ms": stamp.time_left_ms,
            "directory_version": stamp.directory_version,
        }
    return told


def _message(message: Message) -> dict[str, Any]:
    routing = message.routing
    return {
        "what": _kind(routing),
        "message_id": routing.message_id.hex(),
        "digest": message.digest.hex(),
        "source": routing.source,
        "destination": routing.destination,
        "kind": routing.message_type,
        "operator": routing.actor.operator,
        "organisation": routing.actor.organisation,
        "channel": routing.actor.channel,
        "customer_authentication": pb.CustomerAuthentication.Name(routing.actor.customer_authentication)
        .removeprefix("CUSTOMER_AUTHENTICATION_")
        .lower()
        if routing.actor.customer_authentication in pb.CustomerAuthentication.values()
        else "",
        "outcome": outcome_of(message),
        "reason_code": routing.reason_code,
        "created_at_us": routing.created_at_us,
        "received_at_us": routing.received_at_us,
        "body": message.body.hex(),
    }


def _kind(routing: pb.Routing) -> str:
    if routing.phase == pb.PHASE_REQUEST:
        return "asked"
    if routing.phase == pb.PHASE_CANCEL:
        return "withdraw" if routing.source == HUB else "cancel"
    if routing.phase == pb.PHASE_INTERIM:
        return "overdue" if routing.source == HUB else "working"
    return "ended" if routing.source == HUB else "answered"


def _each_once(statements: list[dict[str, Any]], word: Callable[..., str]) -> Iterator[tuple[str, list[str]]]:
    """What was said and stamped, each once, with all seals that bear it: on its way a message stands under several."""
    request = next((s["said"]["digest"] for s in statements if s["said"] and s["said"]["what"] == "asked"), "")
    told: dict[str, dict[str, list[str]]] = {}
    # A stamp alone is about the request, which is told first where both were sealed in the same moment.
    for statement in sorted(statements, key=lambda each: (each["seal"]["sealed_at_us"], each["said"] is None)):
        said, stamp, seal = statement["said"], statement["stamp"], statement["seal"]
        about = told.setdefault(said["digest"] if said is not None else request, {})
        seals: list[str] = []
        if said is not None:
            seals = about.setdefault("  " + word(said["what"], **said, reason=said["reason_code"]), [])
            seals += [f"      {name}: {value}" for name, value in said.get("content", {}).items()]
        if stamp is not None:
            seals = about.setdefault("  " + word("stamped", **stamp, admitted=_iso(stamp["admitted_at_us"])), [])
        seals.append(word("sealed", **seal, at=_iso(seal["sealed_at_us"])))
    for lines in told.values():
        yield from lines.items()


def story_text(verdict: dict[str, Any], language: str) -> Iterator[str]:
    """A verdict in words, line by line."""
    place = 1 if language.startswith("zh") else 0

    def word(key: str, **facts: Any) -> str:
        if place:
            facts |= {name: _CODES.get(facts[name], facts[name]) for name in ("verdict", "outcome") if name in facts}
        return _WORDS[key][place].format(**facts).rstrip()

    yield f"{word('verdict')}: {word(verdict['verdict'])}"
    if verdict["request_id"]:
        yield f"{word('request')}: {_written(verdict['request_id'])}"
        yield f"{word('exported')}: {verdict['exported_by']} {_iso(verdict['exported_at_us'])}"
    for leg in verdict["legs"]:
        yield ""
        yield f"{word('leg')} {leg['origin']}/{leg['destination']}"
        for told, seals in _each_once(leg["statements"], word):
            yield told
            yield from seals
        decided = leg["decided"]
        if decided is None:
            yield "  " + word("undecided")
        else:
            yield "  " + word("decided", **decided, reason=decided["reason_code"])
    if verdict["findings"]:
        yield ""
    for finding in verdict["findings"]:
        yield f"{word(finding['severity'])}: {finding['code']} ({_place(finding['where'], place)}): {finding['text']}"


def _place(where: str, language: int) -> str:
    """Where a finding stands, such as "leg 31/44": the part's name in words, its number as it is."""
    name, _, number = (where, "", "") if where in _PLACES else where.partition(" ")
    return f"{_PLACES.get(name, name)} {number}".rstrip() if language else where


def _written(request_id: str) -> str:
    return str(uuid.UUID(hex=request_id)) if len(request_id) == 32 else request_id


def _iso(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds / 1e6, UTC).isoformat(timespec="milliseconds") if microseconds else "-"
