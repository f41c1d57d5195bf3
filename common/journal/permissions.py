"""What somebody needs in order to deal with the journals after the fact."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared, Needs
from common.access_control.rights import Permission
from common.ids import format_id
from common.journal.commands import ErasePrivateBodies, PruneInbox, PruneJournal, PruneNow

PRUNE = Permission("journal", "prune")

NEEDS: Declared = {
    PruneNow: Needs(PRUNE.resource, PRUNE.action),
    # Archiving and pruning are driven batch by batch by the node's program.
    PruneJournal: INTERNAL,
    PruneInbox: INTERNAL,
    ErasePrivateBodies: Needs("private-body", "erase", record=lambda wish: format_id(wish.request_id)),
}
