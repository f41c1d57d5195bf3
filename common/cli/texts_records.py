"""What commands print of records after the fact: journals, evidence, the audit log."""

from __future__ import annotations

RECORDS: dict[str, tuple[str, str]] = {
    # Journals
    "journal.old_batches": ("batches", "批次"),
    "journal.old_messages": ("received messages", "收件记录"),
    "journal.pruned_so_far": (
        "So far: {archived:,} batches archived, {batches:,} deleted, {messages:,} received messages forgotten. The "
        "same command goes on.",
        "目前已归档 {archived:,} 个批次，删除 {batches:,} 个，清理收件记录 {messages:,} 条；再次执行同一命令即可继续。",
    ),
    "journal.pruned": (
        "{archived:,} batches archived, {batches:,} deleted, {messages:,} received messages forgotten.",
        "已归档 {archived:,} 个批次，删除 {batches:,} 个，清理收件记录 {messages:,} 条。",
    ),
    "journal.go_on": (
        "Go on with: {program} journal verify --link {link} --after {seal}{data}",
        "继续执行：{program} journal verify --link {link} --after {seal}{data}",
    ),
    "journal.checked": ("{link}: {batches:,} batches checked", "{link}：已核验 {batches:,} 个批次"),
    "journal.good": ("Every journal is whole and signed.", "所有日志完整，签名有效。"),
    "journal.no_link": ("There is no journal {link}.", "没有日志 {link}。"),
    "journal.digest": (
        "The digest is in {file}. Hand it to the other node.",
        "摘要已写入 {file}，请交给对端节点。",
    ),
    "journal.nothing_in_common": ("{file} is of no link of this node.", "{file} 中没有本节点的链路。"),
    "journal.file_or_node": (
        "give either the other node's digest file, or --node with its code",
        "请提供对端节点的摘要文件，或用 --node 指定其代码（二选一）",
    ),
    "journal.compare_on": (
        "Go on with: {program} journal compare --node {node} --link {link} --after {seal}{data}",
        "继续执行：{program} journal compare --node {node} --link {link} --after {seal}{data}",
    ),
    "journal.agrees": ("the same, as far as both go", "一致（以双方均有的部分为限）"),
    "journal.parts": ("they part at seal {parts_at:,}", "自第 {parts_at:,} 号签封起不一致"),
    "journal.lost_there": (
        "the other node has lost what it had: from seal {parts_at:,} on",
        "对端丢失了曾有的内容：自第 {parts_at:,} 号签封起",
    ),
    "journal.lost_here": (
        "this node has lost what it said: from seal {parts_at:,} on",
        "本节点丢失了曾发出的内容：自第 {parts_at:,} 号签封起",
    ),
    "private_bodies.archives": ("archives", "归档文件"),
    "private_bodies.erased_so_far": (
        "So far: {stored} places in the database, {archived} in archives. "
        "Go on with: {program} private-bodies erase {request_id}{data}",
        "目前已删除：数据库 {stored} 处，归档 {archived} 处。"
        "继续执行：{program} private-bodies erase {request_id}{data}",
    ),
    "private_bodies.erased": (
        "Personal data of {request_id} was erased: {stored} places in the database, {archived} in archives.",
        "已删除请求 {request_id} 的个人信息：数据库 {stored} 处，归档 {archived} 处。",
    ),
    # Evidence
    "evidence.exported": ("{bytes:,} bytes of evidence are in {file}.", "证据已写入 {file}（{bytes:,} 字节）。"),
    "evidence.undated": (
        "It proves all but the time of {node}'s answer, which nothing of HQ dates yet: `evidence verify` will call it "
        "incomplete (ANSWER_NOT_WITNESSED). Export it again once HQ has sealed something more for {node}.",
        "除节点 {node} 的应答时间尚无总部内容可证明外，其余均可证实：`evidence verify` 将显示为不完整"
        "（ANSWER_NOT_WITNESSED）。请在总部再次向节点 {node} 签封任何内容之后重新导出。",
    ),
    "usage.root_key": (
        "--root takes the root key as 64 hexadecimal digits or in base64.",
        "--root 应为根密钥的 64 位十六进制数字或 base64。",
    ),
    # Audit log
    "audit.none": ("No entries.", "没有记录。"),
    "audit.more": ("There are older ones: --before {before}.", "还有更早的记录：--before {before}。"),
    "audit.not_noted": (
        "That this failed is not in the audit log, for the node cannot write into it ({detail})",
        "本次失败未写入审计日志，节点无法写入（{detail}）",
    ),
    "audit.entries": ("entries", "记录"),
    "audit.exported": ("{entries:,} entries are in {file}.", "已将 {entries:,} 条记录写入 {file}。"),
    "audit.good": (
        "All is well. Entries: {entries:,}, none changed, none missing; seals that say the same: {seals:,}.",
        "审计日志完好：共 {entries:,} 条，无改动，无缺失；{seals:,} 个签封与之一致。",
    ),
    "audit.missing": (
        "Entry {number} is missing. Keep a copy of the database as it is, and find out who could write to it.",
        "缺少第 {number} 条记录。请保留数据库现状的副本，并查明何人可写入数据库。",
    ),
    "audit.changed": (
        "Entry {number} was changed. Keep a copy of the database as it is, and find out who could write to it.",
        "第 {number} 条记录被改动。请保留数据库现状的副本，并查明何人可写入数据库。",
    ),
    "audit.truncated": (
        "The end was cut off: entries from {number} on are missing.",
        "末尾被截去：自第 {number} 条起的记录缺失。",
    ),
    "audit.sealed_otherwise": (
        "Entry {number} is not the one that this node sealed for others. Keep a copy of the database as it is.",
        "第 {number} 条记录与本节点签封的不一致。请保留数据库现状的副本。",
    ),
    "audit.head_changed": (
        "The note of where the log ends does not fit entry {number}.",
        "日志末尾标记与第 {number} 条记录不符。",
    ),
}
