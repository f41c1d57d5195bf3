"""What somebody needs in order to deal with the journals after the fact."""

from __future__ import annotations

from common.access_control.needs import INTERNAL, Declared, Needs
from common.ids import format_id
from common.journal.commands import ErasePrivateBodies, PruneInbox, PruneJournal

NEEDS: Declared = {
    # Archiving and pruning are driven batch by batch by the node's program; who asks for a run is judged there.
    PruneJournal: INTERNAL,
    PruneInbox: INTERNAL,
    ErasePrivateBodies: Needs("private-body", "erase", record=lambda wish: format_id(wish.request_id)),
}
