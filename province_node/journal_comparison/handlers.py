"""Taking questions about this node's journals. Reading them takes long, so it is done beside the writer."""

from __future__ import annotations

from typing import Any, Protocol

from common.journal.comparison import require_link_of
from common.node_context import NodeContext
from common.requests.registry import WORKING
from province_node.journal_comparison.commands import CompareJournal
from province_node.journal_comparison.events import ComparisonAsked


class ComparisonUnitOfWork(Protocol):
    """What a question needs of the unit of work."""

    node: NodeContext

    def record(self, event: Any) -> None: ...


def compare_journal(command: CompareJournal, uow: ComparisonUnitOfWork) -> object:
    """Begins with the answer. Raises LinkNotOfBoth."""
    require_link_of(command.question, uow.node.node, command.asking)
    uow.record(ComparisonAsked(command.leg_id, command.question))
    return WORKING
