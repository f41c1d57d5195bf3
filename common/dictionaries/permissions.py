"""What somebody needs in order to change dictionaries, or to look at them."""

from __future__ import annotations

from common.access_control.needs import Declared, Needs
from common.access_control.rights import Permission
from common.dictionaries.commands import SetDictionaryValues

READ = Permission("dictionary", "read")
SET = Permission("dictionary", "set")

READING = frozenset({READ})

NEEDS: Declared = {
    SetDictionaryValues: Needs(
        SET.resource, SET.action, record=lambda wish: wish.dictionary, reason=lambda wish: wish.reason
    ),
}
