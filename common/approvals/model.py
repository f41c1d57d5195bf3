"""Limits and refusals of approvals and substitutes."""

from __future__ import annotations

from common.errors import Awaited, Refusal

REASON_CHARACTERS_MAX = 512
PENDING_OF_ONE_MAX = 100
"""So many requests of one asker may wait."""
COMMAND_BYTES_MAX = 131_072
SUBSTITUTES_OF_ONE_MAX = 5
"""So many substitutions of one operator may be in force or to come."""
SUBSTITUTION_US_MAX = 366 * 86_400_000_000
PASSWORD_REST_US = 72 * 3_600_000_000
"""Who was given a one-time password by the asker does not decide the asker's requests for so long: until its true owner
must have noticed."""


class ApprovalAwaited(Awaited):
    """The command needs a second person; it is stored, and carried out when somebody else approves it."""

    en = (
        "This needs the agreement of a second person ({permission}). It waits as {approval}, until {until} at the "
        "latest, and is carried out when somebody else approves it."
    )
    zh = "此操作需要第二人审批（{permission}），已保存为审批单 {approval}，有效期至 {until}；他人批准后即执行。"


class ApprovalNotFound(Refusal):
    """There is no such request."""

    en = "There is no request for approval {approval}. `approvals list` shows those there are."
    zh = "没有审批单 {approval}。可用 `approvals list` 查看。"


class ApprovalEnded(Refusal):
    """It was decided, withdrawn, or has expired."""

    en = "The request {approval} is not open any more: {state}."
    zh = "审批单 {approval} 已结束（{state_zh}）。"


class ApprovalReasonMissing(Refusal):
    """A decision without a reason, or with one that cannot be kept."""

    en = "Say why, in 1 to {most} printable characters."
    zh = "请说明原因（1 至 {most} 个可显示字符）。"


class ApprovalsTooMany(Refusal):
    """So many wait already."""

    en = "{most} of your requests wait for approval already. Withdraw what is not needed any more."
    zh = "您已有 {most} 个待审批的请求，请先撤回不再需要的请求。"


class CommandTooLarge(Refusal):
    """The command is larger than what is kept for approval."""

    en = "What is to be approved is {bytes} bytes; at most {most} are kept. Do it in smaller parts."
    zh = "待审批内容为 {bytes} 字节，超过上限 {most} 字节，请分批办理。"


class OwnRequest(Refusal):
    """Nobody decides what they have asked for themselves."""

    en = "Nobody approves or refuses what they have asked for themselves. It can be withdrawn."
    zh = "任何人不得审批本人提出的请求，可以撤回。"


class NotAnotherPerson(Refusal):
    """Somebody who cannot be told apart from the asker well enough."""

    en = "You cannot decide this request: {detail}."
    zh = "您不能审批该请求：{detail_zh}。"


class NotYourRequest(Refusal):
    """Only the asker takes a request back."""

    en = "Only whoever asked withdraws a request; you may refuse it, if you may approve it."
    zh = "只有提出人可以撤回请求；有审批权限者可以拒绝。"


class OwnersAlone(Refusal):
    """Only the owner of the data directory."""

    en = "Only the owner of the node's data directory does this, on the node's machine."
    zh = "此操作仅限节点数据目录的所有者在本机执行。"


class CommandUnreadable(Refusal):
    """The program does not know the stored command any more, or knows it otherwise, since an upgrade."""

    en = "This program does not know any more what was asked for ({command}). Ask again."
    zh = "当前版本程序已无法识别所申请的操作（{command}），请重新提出。"


class ChangedSinceAsked(Refusal):
    """What it is about is not what it was when the approver was shown what would change."""

    en = "What this is about has changed since it was asked for. Ask again, so that the change is seen as it is now."
    zh = "相关记录在提出之后已发生变化，请重新提出，以便审批人看到当前的变更内容。"


class SubstitutionNotFound(Refusal):
    """There is none, or it has ended, or it is somebody else's."""

    en = "There is no substitution {substitution} that is in force or to come."
    zh = "没有生效中或待生效的代理 {substitution}。"


class SubstitutionUnfit(Refusal):
    """This cannot be a substitution."""

    en = "This substitute cannot be named: {detail}."
    zh = "不能指定该代理人：{detail_zh}。"


STATES_ZH = {
    "carried-out": "已执行",
    "failed": "批准后未能执行",
    "refused": "已拒绝",
    "withdrawn": "已撤回",
    "expired": "已过期",
}


def fit_reason(reason: str, *, needed: bool) -> str:
    """The reason without spaces around it. Raises ApprovalReasonMissing."""
    reason = reason.strip()
    if len(reason) > REASON_CHARACTERS_MAX or (reason and not reason.isprintable()) or (needed and not reason):
        raise ApprovalReasonMissing(most=REASON_CHARACTERS_MAX)
    return reason
