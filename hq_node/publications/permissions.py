"""What somebody needs in order to publish to provinces."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared, Needs
from common.approvals.switching import SWITCHING
from hq_node.publications.commands import DeliverPublications, PublishParameter, WithdrawPublished


def _name(wish: PublishParameter | WithdrawPublished) -> str:
    return wish.name


def _why(wish: PublishParameter | WithdrawPublished) -> str:
    return wish.reason


NEEDS: Declared = {
    PublishParameter: Needs("parameter", "publish", record=_name, reason=_why, approval=SWITCHING),
    WithdrawPublished: Needs("parameter", "publish", record=_name, reason=_why, approval=SWITCHING),
    DeliverPublications: INTERNAL,
}
