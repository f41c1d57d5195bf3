"""What can be asked about this node's journals."""

from __future__ import annotations

from dataclasses import dataclass

from common.journal.comparison import Question


@dataclass(frozen=True, slots=True)
class CompareJournal:
    """Answer a node's question about a link's journal, as the leg's end."""

    leg_id: bytes
    asking: str
    question: Question
