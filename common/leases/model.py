"""Leases as those who work under one know them."""

from __future__ import annotations

from common.errors import TemporaryFault


class LeaseHeldElsewhere(TemporaryFault):
    """What was to be done under the lease was not: another process does it from now on."""

    en = "Another process of this node holds the lease {name} by now; nothing more was done here."
    zh = "本节点的另一进程现已持有租约 {name}，此处不再继续。"
