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
