"""Questions about journals: protobuf to command."""

from __future__ import annotations

from common.gen.quanwang.federation.v1 import envelope_pb2
from common.journal.comparison import Ranges
from common.journal.wire import COMPARE, decode_question, encode_ranges
from common.messaging.inbox import leg_of
from common.requests.registry import Answer, Asked, Serve, request_kind
from province_node.journal_comparison.commands import CompareJournal
from province_node.journal_comparison.handlers import compare_journal


def comparison_command(asked: Asked) -> CompareJournal:
    """The question, and who asks. Raises MalformedComparison."""
    return CompareJournal(leg_of(asked.envelope), asked.envelope.routing.source, decode_question(asked.body))


def comparison_answer(ranges: Ranges) -> Answer:
    """Hashes alone; nothing personal."""
    return Answer(encode_ranges(ranges))


KINDS = (
    request_kind(
        COMPARE,
        envelope_pb2.MESSAGE_CLASS_MANAGEMENT,
        Serve(COMPARE, comparison_command, compare_journal, comparison_answer),
        needs=("link",),
    ),
)
