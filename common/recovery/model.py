"""What can be wrong with what a node is given back."""

from __future__ import annotations

from common.errors import Fault, TemporaryFault


class RecoveryUnderWay(TemporaryFault):
    """While a node takes back what it forgot, it decides nothing."""

    en = "The node takes back what it forgot; this waits until its own answer was found, or until the end."
    zh = "节点正在找回遗忘的内容；在找到自身的应答或找回结束之前，此项等待处理。"


class RecoveryAnswerUnfit(Fault):
    """What the peer gave does not continue what this node has."""

    en = (
        "What {peer} gave back does not continue this node's journal of {link} at seal {seal_number} ({detail}). "
        "Nothing of it was taken. If the node has worked since it was restored, restore it once more and recover first."
    )
    zh = (
        "{peer} 归还的内容与本节点链路 {link} 的日志在第 {seal_number} 号签封处不衔接（{detail}），未采用任何内容。"
        "如果本节点恢复后已经办理过业务，请重新恢复备份并首先执行找回。"
    )


class PeerWithholds(Fault):
    """A peer's own seal says that it had received more of this node's than it gives back."""

    en = (
        "Node {peer} has acknowledged seal {seal_number} of this node's journal of {link}, and gave it back through "
        "{given} only, or another one under that number. Nothing is decided on what is missing."
    )
    zh = (
        "节点 {peer} 曾确认收到本节点链路 {link} 的第 {seal_number} 号签封，但只归还到第 {given} 号，"
        "或同一编号下的签封不同。缺失部分不作任何决定。"
    )
