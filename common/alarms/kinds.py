"""What each kind of alarm means, how grave it is where no setting says so, and what to do about it. In two languages.

Kinds that are not named here (the code of whatever made a message fail) are taken for a warning about parked work.
"""

from __future__ import annotations

from typing import NamedTuple

from common.link.effects import ALARMING, STOP_SEALING
from common.reasons import link_reason


class AlarmKind(NamedTuple):
    """One kind of alarm, in words."""

    severity: str
    en: str
    zh: str
    do_en: str
    do_zh: str

    def meaning(self, language: str) -> str:
        """What it means, in "zh..." or else English."""
        return self.zh if language.startswith("zh") else self.en

    def remedy(self, language: str) -> str:
        """What to do about it."""
        return self.do_zh if language.startswith("zh") else self.do_en


_LOOK_EN = "See `parked list`: mend the cause and retry, or end the message with a reason."
_LOOK_ZH = "用 `parked list` 查看：排除原因后重试，或注明原因后终止该消息。"
_PARKED = (
    "A message failed for good and waits for an operator.",
    "有消息无法处理，等待操作员处理。",
    _LOOK_EN,
    _LOOK_ZH,
)
_UNPROVED = (
    "A message is not proved to be of the node that it names; it was not carried out.",
    "消息无法证明出自其所称的节点，未予执行。",
    "Ask the node and HQ what was sent; keep the parked message as evidence.",
    "请与该节点及总部核实所发内容，并保留搁置的消息作为证据。",
)
_FORGED = (
    "Call the peer's operators: somebody sends what its key did not sign, or its program is broken.",
    "请联系对端运维人员：可能有人冒名发送，或其程序有误。",
)
_FORKED = (
    "Both ends remember different pasts and sealing has stopped. Find out which side was restored or copied first.",
    "双方流水不一致，已停止签封。请先查明哪一方曾恢复备份或被复制。",
)

KINDS: dict[str, AlarmKind] = {
    "EVENT_SUBSCRIPTION_OFF": AlarmKind(
        "warning",
        "Events could not be delivered to a subscriber for too long; the subscription is switched off.",
        "事件长时间无法送达订阅方，该订阅已停用。",
        "Ask the subscriber to mend the callback and switch the subscription on again: what was given up is then sent.",
        "请通知订阅方修复回调地址并重新启用订阅，未送达的事件将重新发送。",
    ),
    "INTERFACE_DOWN": AlarmKind(
        "warning",
        "Another system does not answer. Calls to it wait; one is tried now and then.",
        "外部系统没有应答，对其调用正在等待，节点会定时试探。",
        "`interfaces show` says what went wrong; `interfaces test` asks now, and what waits goes on once it answers.",
        "用 `interfaces show` 查看原因；`interfaces test` 可立即试探，恢复应答后等待的调用会自动继续。",
    ),
    "INTERFACE_CALL_GIVEN_UP": AlarmKind(
        "warning",
        "Calls to another system failed too often and were given up.",
        "对外部系统的调用多次失败，已放弃。",
        "`interfaces calls` lists them; mend the cause, then `interfaces replay`.",
        "用 `interfaces calls` 查看；排除原因后用 `interfaces replay` 重放。",
    ),
    "LINK_AWAY": AlarmKind(
        "critical",
        "The link to this node is not open. What is asked of it waits.",
        "与该节点的链路未连通，发往该节点的业务正在等待。",
        "Look whether the node runs, then at network and certificate; `status` says why the link ended.",
        "请检查节点是否运行，再检查网络和证书；`status` 会显示链路中断的原因。",
    ),
    "SEALING_STOPPED": AlarmKind(
        "critical",
        "Nothing is sealed for this node: the two journals contradict each other.",
        "双方流水矛盾，已停止向该节点签封。",
        *_FORKED,
    ),
    "QUEUE_OLD": AlarmKind(
        "warning",
        "Requests have waited long to be sent to this node.",
        "发往该节点的请求等待过久。",
        "If the link is open, the node is slower than what is asked of it: look at its load. Else see LINK_AWAY.",
        "若链路正常，说明该节点处理不及，请检查其负载；否则参见 LINK_AWAY。",
    ),
    "QUEUE_FULL": AlarmKind(
        "warning",
        "The queue for this node is nearly full; when it is full, new requests are refused.",
        "发往该节点的队列即将占满，占满后将拒绝新请求。",
        "Bring the node back or raise requests.waiting_entries_max, requests.waiting_bytes_max.",
        "请恢复该节点，或调高 requests.waiting_entries_max、requests.waiting_bytes_max。",
    ),
    "PARKED": AlarmKind(
        "warning", "Messages are parked and wait for an operator.", "有搁置的消息等待操作员处理。", _LOOK_EN, _LOOK_ZH
    ),
    "RETRYING": AlarmKind(
        "warning",
        "A received message has failed for a while and is still being retried.",
        "已接收的消息持续处理失败，仍在重试。",
        "See `parked list --state waiting` for the cause.",
        "用 `parked list --state waiting` 查看原因。",
    ),
    "OVERDUE": AlarmKind(
        "warning",
        "Legs have passed their time limit, and this node has not answered yet.",
        "有分支已超过时限，该节点尚未应答。",
        "Call the node's operators; the legs end when it answers.",
        "请联系该节点运维人员；待其应答后分支即可结束。",
    ),
    "ARCHIVING_FAILED": AlarmKind(
        "warning",
        "What is old could not be archived, so nothing of it was deleted; the database goes on growing.",
        "未能归档超过保留期限的数据，因此未作删除；数据库将继续增长。",
        "See the detail; docs/operations.md, Retention and archives, says what to do. It is tried again by itself.",
        "请查看详情，处理方法见 docs/operations.md“数据保留与归档”；节点会自动重试。",
    ),
    "BACKUP_FAILED": AlarmKind(
        "critical",
        "The node could not make the backup that was due.",
        "节点未能按计划创建备份。",
        "The detail says why: make room, or correct the table [backup] of node.toml. The node tries again.",
        "原因见详情：请腾出空间，或更正 node.toml 的 [backup] 表。节点会再次尝试。",
    ),
    "RECOVERED_WITHOUT": AlarmKind(
        "critical",
        "HQ was recovered without a province; what HQ had said to it is known to nobody.",
        "总部在缺少某省的情况下完成找回；总部曾对该省说过的内容已无人知晓。",
        "Revoke the province, end its legs (`nodes end-legs`), and let it come back enrolled anew, with no database.",
        "请吊销该省并用 `nodes end-legs` 结束相关业务；该省须以空数据库重新入网。",
    ),
    "EFFECT_NOT_REPRODUCED": AlarmKind(
        "critical",
        "A leg was completed before the node was restored; its effect on this node's records could not be repeated.",
        "节点恢复之前已完成的分支：其对本节点记录的影响未能重现。",
        "The answer stands. Bring the record to what `requests trace` shows was answered, by hand.",
        "原应答仍然有效。请按 `requests trace` 显示的应答手工更正相应记录。",
    ),
    "CLOCK_OFF": AlarmKind(
        "warning",
        "The clock was set, or differs from the peer's. While it has jumped nothing expires.",
        "时钟被更改，或与对端不一致。时钟跳变期间不执行到期处理。",
        "Let NTP keep the clocks of both machines.",
        "请为双方主机启用 NTP 校时。",
    ),
    "CLOCK_JUMPED": AlarmKind(
        "warning",
        "The wall clock moved against the monotonic one.",
        "系统时钟发生跳变。",
        "Find out who set it; let NTP keep it.",
        "请查明何人更改，并启用 NTP 校时。",
    ),
    "DISK_FULL": AlarmKind(
        "critical",
        "The disk of the data directory is nearly full. When it is full the node refuses all new work.",
        "数据目录所在磁盘即将占满，占满后节点将拒绝受理新业务。",
        "Free some space, or move the data directory.",
        "请清理空间或迁移数据目录。",
    ),
    "STORAGE_UNAVAILABLE": AlarmKind(
        "critical",
        "The database took nothing for a while; new work was refused then.",
        "数据库曾一度无法写入，其间拒绝了新业务。",
        "Look at disk and database before it happens again.",
        "请检查磁盘和数据库，以免再次发生。",
    ),
    "DIRECTORY_ENDING": AlarmKind(
        "critical",
        "The directory in force will soon be no longer valid, and HQ has published no newer one.",
        "现行目录即将失效，且总部尚未发布新版本。",
        "Bring the link with HQ back; at HQ, look at the log for why publishing fails.",
        "请恢复与总部的链路；在总部，请查看日志中发布失败的原因。",
    ),
    "KEY_ENDING": AlarmKind(
        "warning",
        "A key of this node will soon be no longer valid.",
        "该节点的密钥即将到期。",
        "Rotate it before it ends (see docs/operations.md).",
        "请在到期前轮换密钥（见 docs/operations.md）。",
    ),
    "PARAMETER_CUT_BACK": AlarmKind(
        "warning",
        "A value that was set here lies outside of the bounds that headquarters has published; it is cut back to them.",
        "总部下发的取值范围不包含本省设置的参数值，该值已按范围截取。",
        "See `parameters show`: set a value within the bounds, or reset it, and ask headquarters where it must be so.",
        "用 `parameters show` 查看：请设置范围内的值或恢复默认；确需超出时请与总部联系。",
    ),
    "DRAFT_WAITING": AlarmKind(
        "warning",
        "What was decided about nodes and keys waits for the root's signature: the provinces do not know of it.",
        "有关节点和密钥的决定仍在等待根密钥签名，各省尚不知晓。",
        "`directory export`, have it signed where the root key is (`root sign`), `directory import-signed`.",
        "执行 `directory export`，在根密钥保管处用 `root sign` 签名，再执行 `directory import-signed`。",
    ),
    "KEY_ROTATION_FAILED": AlarmKind(
        "warning",
        "The node could not replace its keys. It goes on with those that it has, and tries again.",
        "节点未能更换密钥。节点继续使用现有密钥，并会重试。",
        "See the detail; `keys list` shows what is in force and until when.",
        "请查看详情；`keys list` 显示现行密钥及其有效期。",
    ),
    "KEY_TOKEN_UNAVAILABLE": AlarmKind(
        "critical",
        "The key token does not answer or is locked: nothing can be sealed, and nothing is lost meanwhile.",
        "密钥设备没有应答或已锁定：无法签封任何内容，其间不会丢失数据。",
        "Bring the token back or unlock it; what waits goes on by itself. The detail says what it answered.",
        "请恢复或解锁该设备，等待中的内容会自动继续。详情说明设备的应答。",
    ),
    "OWN_KEYS_MISSING": AlarmKind(
        "critical",
        "A replica lacks keys that the directory names: it seals nothing and takes no links until it has them.",
        "副本缺少目录为本节点列出的密钥：取得密钥之前，它不签封任何内容，也不接受链路。",
        "Let keys.directory name the directory that the replicas share, or bring keys/ and tls/; it goes on by itself.",
        "请将 keys.directory 设为各副本共用的目录，或复制 keys/ 和 tls/；副本会自动继续。",
    ),
    "HOME_LOST": AlarmKind(
        "warning",
        "An operator ended what a revoked node will never answer.",
        "操作员已终止被吊销节点不会再应答的业务。",
        "Settle with the province what became of it; the request's leg says HOME_LOST.",
        "请与该省核实其实际处理情况；相关分支的原因为 HOME_LOST。",
    ),
    "DONE_WITHOUT_APPROVAL": AlarmKind(
        "warning",
        "The owner of the data directory carried out what needed a second person, though nobody had agreed.",
        "数据目录的所有者未经第二人审批执行了须审批的操作。",
        "Ask why, look at `approvals show` and the audit log, and undo it where it was wrong.",
        "请核实原因，查看 `approvals show` 和审计日志；如有不当请予以纠正。",
    ),
    "NODE_NOT_ACTIVE": AlarmKind(
        "warning",
        "A node was shut out before what it said was processed.",
        "节点在其消息处理之前已被停用。",
        "If the node is let in again, the message is processed by itself; else end it with a reason.",
        "节点恢复后消息将自动处理；否则请注明原因后终止。",
    ),
    "MESSAGE_ID_REUSED": AlarmKind(
        "critical",
        "Other bytes came under an identity that was used before. They were not carried out.",
        "同一标识下收到不同内容，未予执行。",
        "Ask the node that signed them; end the parked message when it is explained.",
        "请向签名节点核实；查明后终止该搁置消息。",
    ),
    "UNNAMED_TRANSITION": AlarmKind(
        "critical",
        "A party said what no rule lets it say. Nothing was changed.",
        "某方发来规则不允许的消息，未做任何更改。",
        *_FORGED,
    ),
    "ORIGIN_DIRECTORY_FORKED": AlarmKind(
        "critical",
        "Two nodes were given different directories of one version.",
        "不同节点收到了同一版本的不同目录。",
        "Tell HQ's and the provinces' operators at once; compare `status` on both.",
        "请立即通知总部和各省运维人员，并比对双方 `status`。",
    ),
    **{
        kind: AlarmKind("critical", *_UNPROVED)
        for kind in ("ORIGIN_PROOF_MISSING", "ORIGIN_PROOF_INVALID", "ORIGIN_UNKNOWN", "SOURCE_MISMATCH")
    },
    **{
        kind: AlarmKind(
            "critical",
            link_reason(kind).en,
            link_reason(kind).zh,
            *(_FORKED if kind in STOP_SEALING else _FORGED),
        )
        for kind in sorted(ALARMING)
    },
}

UNKNOWN_KIND = AlarmKind("warning", *_PARKED)


def kind_of(kind: str) -> AlarmKind:
    """What is known of a kind of alarm."""
    return KINDS.get(kind, UNKNOWN_KIND)
