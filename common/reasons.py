"""What reason codes mean, and what to do about them, in two languages: why a leg ended, why a link did.

A reason travels as a code alone; its words are here, for every screen that shows one. A code that this release does not
know (the peer may be newer) is shown as it is. What alarms mean is said in `common.alarms.kinds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Reason(NamedTuple):
    """One reason, in words; the remedies are empty where there is nothing to do."""

    en: str
    zh: str
    do_en: str = ""
    do_zh: str = ""

    def text(self, language: str) -> str:
        """What it means, in "zh..." or else English."""
        return self.zh if language.startswith("zh") else self.en

    def remedy(self, language: str) -> str:
        """What to do about it."""
        return self.do_zh if language.startswith("zh") else self.do_en


_NODE_FAILED = (
    "Nothing was carried out. Ask the operators of the node that refused: its parked messages and its log say more.",
    "未执行任何操作。请联系拒绝请求的节点的运维人员，详情见该节点搁置的消息和日志。",
)
_ASK_AGAIN = "Ask again.", "请重新提交请求。"
_UPGRADE = "Upgrade the older of the two nodes.", "请升级版本较旧的节点。"
_UNPROVED = (
    "The request is not proved to be of the node that it names; it was not carried out.",
    "无法证明该请求出自其所称的节点，未予执行。",
    "Tell the operators of HQ and of both nodes.",
    "请通知总部及双方节点的运维人员。",
)
_UNFIT = (
    "The request contradicts itself, or what was sent before; it was not carried out.",
    "请求内容自相矛盾或与先前所发不符，未予执行。",
    *_NODE_FAILED,
)
_UNREADABLE = (
    "The personal data of the request could not be opened there.",
    "对方无法解密请求中的个人信息。",
    "Ask again: the directory may have brought a newer key by now. If it goes on, tell HQ's operators.",
    "请重新提交（目录可能已更新密钥）；若仍失败，请联系总部运维人员。",
)
_INTERNAL = ("Something failed inside the node that was asked.", "被请求节点内部出错。", *_NODE_FAILED)
_NUMBER = "Check the number; ask the customer which province the contract is with.", "请核对号码，并向客户确认归属省。"

LEG_REASONS: Mapping[str, Reason] = {
    # The business, at home
    "CUSTOMER_NOT_AUTHENTICATED": Reason(
        "The home province wants to be sure of the customer first.",
        "归属省要求先验证客户身份。",
        "Authenticate the customer (`requests submit authenticate-customer`), then ask in the same interaction.",
        "请先由归属省验证客户（`requests submit authenticate-customer`），再在同一交互内办理。",
    ),
    "PUBLICATION_NOT_PERMITTED": Reason(
        "Only headquarters publishes parameters for the whole network.",
        "只有总部可以发布全网参数。",
        "Ask headquarters to publish it.",
        "请由总部发布。",
    ),
    "INTERACTION_MISSING": Reason(
        "The request names no interaction with the customer, within which home could verify anything.",
        "请求未注明与客户的交互编号，归属省无从验证。",
        "Choose a UUID for this customer's visit and name it in each request: --interaction.",
        "请为本次客户交互选定一个 UUID，并在每个请求中注明：--interaction。",
    ),
    "AUTHENTICATION_METHOD_UNKNOWN": Reason(
        "The home province verifies nothing by this method.",
        "归属省不支持该验证方式。",
        "Use SERVICE_PASSWORD, ONE_TIME_CODE or DOCUMENT_CHECK.",
        "请使用 SERVICE_PASSWORD、ONE_TIME_CODE 或 DOCUMENT_CHECK。",
    ),
    "SIGN_IN_BUSY": Reason(
        "Too many passwords wait at home to be compared.",
        "归属省等待验证的密码过多。",
        "Ask again in a moment.",
        "请稍后重试。",
    ),
    "INTERFACE_QUEUE_FULL": Reason(
        "Home cannot send anything at the moment: too many messages wait for the gateway.",
        "归属省暂时无法发送消息：等待网关的消息过多。",
        "Ask again later, or authenticate the customer by another method.",
        "请稍后重试，或改用其他验证方式。",
    ),
    "CUSTOMER_ERASED": Reason(
        "The customer's personal data was erased for good.",
        "该客户的个人信息已永久删除。",
        "Nothing can be shown any more; the home province knows when and why.",
        "已无法显示；删除时间和原因请向归属省查询。",
    ),
    "CUSTOMER_NOT_FOUND": Reason("The province has no such customer.", "该省没有此客户。", *_NUMBER),
    "CUSTOMER_NOT_NAMED": Reason(
        "The request names no customer.",
        "请求未指明客户。",
        "Give customer_number or service_number.",
        "请提供 customer_number 或 service_number。",
    ),
    "SUBSCRIPTION_NOT_FOUND": Reason("The province has no such subscription.", "该省没有此订购。", *_NUMBER),
    "SUBSCRIPTION_ALREADY_SUSPENDED": Reason(
        "The subscription is suspended already.", "该订购已处于停机状态。", "There is nothing to do.", "无需处理。"
    ),
    "SUBSCRIPTION_NOT_SUSPENDED": Reason(
        "The subscription is not suspended.", "该订购未停机。", "There is nothing to do.", "无需处理。"
    ),
    "SUBSCRIPTION_TERMINATED": Reason(
        "The subscription has been terminated.",
        "该订购已销户。",
        "It cannot be used again; the customer needs a new one.",
        "已销户的订购不能恢复，请客户重新办理。",
    ),
    "SUSPENSION_REASON_TOO_LONG": Reason(
        "The reason given is too long.", "停机原因过长。", "Say it more shortly.", "请缩短停机原因。"
    ),
    "SERVICE_NUMBER_TAKEN": Reason(
        "The service number belongs to another subscription.",
        "该业务号码已属于其他订购。",
        "Choose another number.",
        "请选择其他号码。",
    ),
    "UNSUPPORTED": Reason(
        "The node that was asked does not serve this kind of request.",
        "被请求节点不支持此类业务。",
        "It may be of an older release: ask its operators.",
        "该节点版本可能较旧，请联系其运维人员。",
    ),
    "MALFORMED_REQUEST": Reason(
        "The node that was asked cannot read the content.", "被请求节点无法解析请求内容。", *_UPGRADE
    ),
    "PRIVATE_REQUEST_UNREADABLE": Reason(*_UNREADABLE),
    # Time and will
    "EXPIRED": Reason("The time limit passed before it was carried out.", "在执行之前已超过时限。", *_ASK_AGAIN),
    "CANCELLED": Reason("It was cancelled, and not carried out.", "已取消，未予执行。"),
    "OVERDUE": Reason(
        "The time limit has passed, and the home province has not answered.",
        "已超过时限，归属省尚未应答。",
        "Its end is still to come: do not ask again before.",
        "结果仍未确定，在此之前请勿重复提交。",
    ),
    "OPERATOR_ENDED": Reason(
        "An operator gave the request up; it was not carried out.",
        "操作员已终止该请求，未予执行。",
        "Ask the operators of that node why; then ask again.",
        "请向该节点的运维人员了解原因，再重新提交。",
    ),
    "LINK_NOT_OF_BOTH": Reason(
        "A node is told only about journals of links that it is an end of.",
        "仅可查询本节点参与的链路的日志。",
        "Ask about the link between HQ and that node.",
        "请查询总部与该节点之间的链路。",
    ),
    "MALFORMED_COMPARISON": Reason(
        "The question about a journal names no link, or too many seals.",
        "日志比对的提问未指明链路，或签封过多。",
        "Ask with `journal compare --node`.",
        "请使用 `journal compare --node`。",
    ),
    "COMPARISON_BUSY": Reason(
        "The node is comparing its journals already.",
        "该节点正在比对日志。",
        "Ask again in a minute.",
        "请稍后重试。",
    ),
    "ARCHIVE_DAMAGED": Reason(
        "An archive of the node that was asked is damaged.",
        "被询问节点的归档文件已损坏。",
        "Tell its operators: `journal verify` there says which.",
        "请通知其运维人员：在该节点执行 `journal verify` 可查明。",
    ),
    "HOME_LOST": Reason(
        "The home province was revoked and will never answer; whether it was carried out is not known.",
        "归属省已被吊销，不会再有应答，是否已执行无法确定。",
        "Ask HQ's operators what has become of that province's customers.",
        "请向总部运维人员了解该省客户的处理办法。",
    ),
    # The hub
    "PROTOCOL_VERSION_UNSUPPORTED": Reason(
        "HQ does not speak this version of the protocol.", "总部不支持此协议版本。", *_UPGRADE
    ),
    "SOURCE_NOT_ACTIVE": Reason(
        "The node that asks is shut out of the federation.",
        "请求节点已被停用。",
        "Ask HQ's operators.",
        "请联系总部运维人员。",
    ),
    "NODE_NOT_ACTIVE": Reason(
        "A node was shut out of the federation before this was carried out.",
        "在执行之前有节点被停用。",
        "Ask HQ's operators.",
        "请联系总部运维人员。",
    ),
    "DESTINATION_UNKNOWN": Reason(
        "HQ's directory has no active node of this code.",
        "总部目录中没有该代码的启用节点。",
        "Check the code; `hq-node nodes list` shows how the node is.",
        "请核对代码；总部可用 `hq-node nodes list` 查看该节点状态。",
    ),
    "DIRECTORY_STALE": Reason(
        "The region was taken from an older directory than HQ's.", "所用区域出自较旧的目录。", *_ASK_AGAIN
    ),
    "TIME_TO_LIVE_INVALID": Reason(
        "HQ allows no such time limit.", "总部不允许此时限。", "Choose a shorter --ttl.", "请用 --ttl 指定更短的时限。"
    ),
    "MESSAGE_CLASS_UNKNOWN": Reason("HQ does not know this class of message.", "总部不识别此类消息。", *_UPGRADE),
    "DESTINATION_QUEUE_FULL": Reason(
        "Too much waits already for the node that was asked.",
        "发往被请求节点的等待队列已满。",
        "Ask again when that node is back, or has caught up.",
        "请在该节点恢复或处理完积压后重新提交。",
    ),
    "ADMISSION_RATE_EXCEEDED": Reason(
        "This province has asked more in a while than HQ admits.",
        "本省单位时间内的请求超过总部的受理上限。",
        "Ask again after the time that the answer names.",
        "请按应答给出的时间稍后重新提交。",
    ),
    "REQUEST_TOO_OLD": Reason(
        "The request is older than messages live; it was not carried out.",
        "请求已超过报文的最长有效期，未予执行。",
        *_ASK_AGAIN,
    ),
    "LEG_MISNAMED": Reason(*_UNFIT),
    # What is not proved, or does not fit
    "ORIGIN_PROOF_MISSING": Reason(*_UNPROVED),
    "ORIGIN_PROOF_INVALID": Reason(*_UNPROVED),
    "ORIGIN_UNKNOWN": Reason(*_UNPROVED),
    "ORIGIN_DIRECTORY_FORKED": Reason(*_UNPROVED),
    "SOURCE_MISMATCH": Reason(*_UNPROVED),
    "STAMP_MISMATCH": Reason(*_UNFIT),
    "MALFORMED_STAMP": Reason(*_UNFIT),
    "MISROUTED": Reason(*_UNFIT),
    "MALFORMED_ENVELOPE": Reason(*_UNFIT),
    "BODY_ALTERED": Reason(*_UNFIT),
    "UNNAMED_TRANSITION": Reason(*_UNFIT),
    "MESSAGE_ID_REUSED": Reason(*_UNFIT),
    "LEG_OF_ANOTHER_NODE": Reason(*_UNFIT),
    "UNKNOWN_MESSAGE": Reason(*_UNFIT),
    # Personal data
    "PRIVATE_BODY_MISSING": Reason(*_UNREADABLE),
    "PRIVATE_BODY_UNREADABLE": Reason(*_UNREADABLE),
    "PRIVATE_BODY_ALTERED": Reason(*_UNREADABLE),
    "PRIVATE_BODY_MALFORMED": Reason(*_UNREADABLE),
    "NOT_A_READER": Reason(*_UNREADABLE),
    "READER_KEY_UNKNOWN": Reason(*_UNREADABLE),
    "PRIVATE_BODY_TOO_LARGE": Reason(
        "The personal data is larger than a message may carry.",
        "个人信息超过单条消息的上限。",
        "Ask for less at once.",
        "请分多次请求。",
    ),
    "READER_UNKNOWN": Reason(
        "The directory names no key to encrypt the personal data with.",
        "目录中没有用于加密个人信息的密钥。",
        "Tell HQ's operators: the node's enrolment lacks it.",
        "请联系总部运维人员：该节点的入网登记缺少此密钥。",
    ),
    "READERS_UNUSABLE": Reason(
        "The directory names no key to encrypt the personal data with.",
        "目录中没有用于加密个人信息的密钥。",
        "Tell HQ's operators: the node's enrolment lacks it.",
        "请联系总部运维人员：该节点的入网登记缺少此密钥。",
    ),
    # Faults that stay
    "INTERNAL_FAULT": Reason(*_INTERNAL),
    "ROWS_DISAGREE": Reason(*_INTERNAL),
    "PROOF_LOST": Reason(*_INTERNAL),
    "JOURNAL_INCOMPLETE": Reason(*_INTERNAL),
    "STORAGE_UNAVAILABLE": Reason(
        "The database of the node that was asked is away for now.", "被请求节点的数据库暂时不可用。", *_ASK_AGAIN
    ),
}
"""Why a leg ended otherwise than completed."""

_DIALS_AGAIN = "The link is dialled again by itself.", "链路会自动重连。"
_CALL_PEER = "Call the peer's operators: its program is broken, or somebody else answers.", "请联系对端运维人员。"
_FORKED = (
    "Both ends have stopped sealing. Find out which side was restored or copied, and tell HQ's operators.",
    "双方均已停止签封。请查明哪一方曾恢复备份或被复制，并通知总部运维人员。",
)

LINK_REASONS: Mapping[str, Reason] = {
    "MALFORMED_FRAME": Reason("The peer sent bytes that are no frame.", "对端发来的数据不是有效帧。", *_CALL_PEER),
    "UNEXPECTED_FRAME": Reason("The peer sent a frame out of turn.", "对端发来的帧不合时序。", *_CALL_PEER),
    "LIMIT_EXCEEDED": Reason(
        "The peer sent more than the limits allow.",
        "对端发送的内容超过限制。",
        "Compare the link settings of both nodes.",
        "请核对双方节点的 link 设置。",
    ),
    "HQ_RECOVERING": Reason(
        "HQ was restored from a backup and takes back what it forgot; this node gives it what it has.",
        "总部由备份恢复，正在找回遗忘的内容；本节点向其提供所持有的内容。",
        "Nothing is to be done here. The link opens when HQ's recovery has ended.",
        "本节点无需操作。总部完成找回后链路自动开通。",
    ),
    "HELLO_TIMEOUT": Reason("The peer did not introduce itself in time.", "对端未按时握手。", *_DIALS_AGAIN),
    "ACK_TIMEOUT": Reason(
        "The peer acknowledged nothing for too long.",
        "对端过久未确认。",
        "The link is dialled again by itself; if it goes on, look at the peer's disk and load.",
        "链路会自动重连；若反复发生，请检查对端的磁盘和负载。",
    ),
    "PROTOCOL_VERSION_UNSUPPORTED": Reason(
        "The two nodes share no version of the link protocol.", "双方没有共同的链路协议版本。", *_UPGRADE
    ),
    "NODE_MISMATCH": Reason("The peer is not the node it should be.", "对端不是应连接的节点。", *_CALL_PEER),
    "INCARNATION_CHANGED": Reason(
        "The peer's journal has started anew; HQ must approve that first.",
        "对端流水已重新开始，须先经总部批准。",
        *_FORKED,
    ),
    "PEER_FORGOT": Reason(
        "The peer has forgotten part of what it said or received.", "对端丢失了部分已发或已收的流水。", *_FORKED
    ),
    "WE_FORGOT": Reason(
        "This node has forgotten part of what it said or received.", "本节点丢失了部分已发或已收的流水。", *_FORKED
    ),
    "CHAIN_FORK": Reason("The two nodes hold different seals under one number.", "双方同号签封内容不一致。", *_FORKED),
    "MALFORMED_BATCH": Reason("The peer sent a batch that cannot be read.", "对端发来的批次无法解析。", *_CALL_PEER),
    "LINK_MISMATCH": Reason(
        "The seal is of another node, link or incarnation.", "签封属于其他节点、链路或流水。", *_CALL_PEER
    ),
    "EPOCH_WENT_BACK": Reason("The seal is by a former owner of the link.", "签封出自链路的前任持有者。", *_CALL_PEER),
    "SEAL_GAP": Reason("A seal is missing before this one.", "此签封之前缺少签封。", *_DIALS_AGAIN),
    "KEY_UNKNOWN": Reason(
        "The directory names no such valid key for the peer.",
        "目录中没有对端的这把有效密钥。",
        "It may come with the next directory; `status` on both nodes shows their versions.",
        "可能随下一版目录到来；请用 `status` 比对双方的目录版本。",
    ),
    "BAD_SIGNATURE": Reason("The seal's signature is not good.", "签封的签名无效。", *_CALL_PEER),
    "ROOT_MISMATCH": Reason("The entries are not those that were sealed.", "批次内容与签封不符。", *_CALL_PEER),
    "ACK_BEYOND_SEALED": Reason(
        "The peer acknowledged what was never sealed.", "对端确认了从未签封的内容。", *_CALL_PEER
    ),
    "ACK_MISMATCH": Reason(
        "The peer's acknowledgement contradicts the journal.", "对端的确认与本方流水不符。", *_CALL_PEER
    ),
    "JOURNAL_INCOMPLETE": Reason(
        "This node's own journal lacks a batch that must be sent.",
        "本节点流水缺少待发批次。",
        "Run `check`, and tell HQ's operators.",
        "请运行 `check`，并通知总部运维人员。",
    ),
    "DRAINED": Reason("The stream was closed in good order.", "链路已有序关闭。", *_DIALS_AGAIN),
    "DRAIN_TIMEOUT": Reason(
        "The stream was closed before all was acknowledged.", "链路在全部确认之前关闭。", *_DIALS_AGAIN
    ),
    "CERTIFICATE_UNKNOWN": Reason(
        "The certificate belongs to no active node.",
        "证书不属于任何有效节点。",
        "Ask HQ's operators; the node may have to enrol again.",
        "请联系总部运维人员；该节点可能需要重新入网。",
    ),
    "NODE_NOT_ACTIVE": Reason(
        "The node was shut out of the federation.",
        "该节点已被停用。",
        "Ask HQ's operators.",
        "请联系总部运维人员。",
    ),
    "DIRECTORY_REFUSED": Reason(
        "The directory that HQ sent is not acceptable.",
        "总部下发的目录不可接受。",
        "`alarms list` says why; ask HQ's operators.",
        "用 `alarms list` 查看原因，并联系总部运维人员。",
    ),
    "REPLACED": Reason("The same node opened a newer stream.", "同一节点建立了更新的链路。"),
    "INTERNAL_FAULT": Reason(
        "Something failed inside this node; its log says more.", "本节点内部出错，详情见日志。", *_DIALS_AGAIN
    ),
    "STORAGE_UNAVAILABLE": Reason(
        "The node's database is away for now.",
        "节点数据库暂时不可用。",
        "Look at disk and database.",
        "请检查磁盘和数据库。",
    ),
    "STREAM_ENDED": Reason(
        "The connection ended.",
        "连接已断开。",
        "It is dialled again by itself; where it stays so, look whether the peer runs, then at the network.",
        "会自动重连；若一直未恢复，请检查对端是否运行以及网络。",
    ),
}
"""Why a stream between two nodes ended."""


def leg_reason(code: str) -> Reason:
    """Why a leg ended; a code that is not known is its own text."""
    return LEG_REASONS.get(code) or Reason(code, code)


def link_reason(code: str) -> Reason:
    """Why a stream ended; a code that is not known is its own text."""
    return LINK_REASONS.get(code) or Reason(code, code)
