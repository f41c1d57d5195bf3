"""What happened to questions about this node's journals."""

from __future__ import annotations

from dataclasses import dataclass

from common.journal.comparison import Question


@dataclass(frozen=True, slots=True)
class ComparisonAsked:
    """A question was taken; its leg waits for the answer."""

    leg_id: bytes
    question: Question
