"""Why HQ cannot take back, or what is given to it is refused."""

from __future__ import annotations

from common.errors import Fault, Refusal, TemporaryFault

RECOVERED_WITHOUT = "RECOVERED_WITHOUT"
"""The alarm of a province without which HQ was recovered."""


class HqRecovering(TemporaryFault):
    """HQ was restored and takes back what it forgot."""

    en = "HQ takes back what it forgot since its backup; it gives nothing until then."
    zh = "总部正在找回备份之后遗忘的内容，在此之前不提供任何内容。"


class HqNotRecovering(Refusal):
    """Journals are given to an HQ that asks for them alone."""

    en = "HQ does not take back anything now."
    zh = "总部当前不在找回状态。"


class MalformedJournalGiven(Fault):
    """More batches in one message than are taken."""

    en = "Node {node} gave {count} batches at once; at most {most} are taken."
    zh = "节点 {node} 一次提供了 {count} 个批次，最多接受 {most} 个。"


class OtherReplicasRun(Fault):
    """Another process of HQ works on the database."""

    en = "Other processes of HQ run on this database: {names}. Nothing may be decided while it takes back."
    zh = "总部的其他进程正在使用该数据库：{names}。找回期间不得作出任何决定。"
    mend_en = "Stop them all, and recover then."
    mend_zh = "请全部停止后再执行找回。"


class WithoutNeedsReason(Refusal):
    """Going on without a province is somebody's decision, for good."""

    en = "Say why HQ goes on without {nodes}: --reason."
    zh = "请用 --reason 说明为何不等待 {nodes}。"


class WithoutUnknown(Refusal):
    """There is no such province."""

    en = "{node} is no province of the directory that HQ knows."
    zh = "{node} 不是总部目录中的省份。"
