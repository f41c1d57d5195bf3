"""What somebody needs in order to publish to provinces."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared, Needs
from common.access_control.rights import Permission
from common.approvals.switching import SWITCHING
from hq_node.publications.commands import (
    DeliverPublications,
    PublishDictionaryValues,
    PublishParameter,
    WithdrawPublished,
)


def _name(wish: PublishParameter | WithdrawPublished) -> str:
    return wish.name


def _why(wish: PublishParameter | WithdrawPublished) -> str:
    return wish.reason


PUBLISH_DICTIONARY = Permission("dictionary", "publish")

NEEDS: Declared = {
    PublishParameter: Needs("parameter", "publish", record=_name, reason=_why, approval=SWITCHING),
    WithdrawPublished: Needs("parameter", "publish", record=_name, reason=_why, approval=SWITCHING),
    PublishDictionaryValues: Needs(
        PUBLISH_DICTIONARY.resource,
        PUBLISH_DICTIONARY.action,
        record=lambda wish: wish.dictionary,
        reason=lambda wish: wish.reason,
    ),
    DeliverPublications: INTERNAL,
}
