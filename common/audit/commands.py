"""What is asked of the audit log: to note what somebody did that no handler carries out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from common.access_control.needs import Wraps
from common.errors import Fault, QuanwangError


class Deed:
    """Something that somebody does and no handler carries out: it reads or writes files, asks other nodes, or is done
    by the command line beside the node. Its feature declares what it needs like a command's."""


@dataclass(frozen=True)
class Noted(Wraps):
    """A deed was done, or failed with `error`: the audit log says so before whoever did it is given anything."""

    command: Any
    """The deed, or a command that tells more of what was done than that it was."""
    error: QuanwangError | None = None


class DeedBroke(Fault):
    """It failed in a way that it did not foresee."""

    en = "It failed for a reason inside the program ({detail}); the node's log says more."
    zh = "操作因程序内部原因失败（{detail}），详情见节点日志。"


class DeedFailedOutside(Fault):
    """The command line says that it failed, and with which code."""

    en = "It failed outside of the node: {outcome}."
    zh = "操作在节点之外失败：{outcome}。"
