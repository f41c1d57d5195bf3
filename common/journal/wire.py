"""Comparing journals: questions and answers as they travel."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from common.gen.quanwang.journal.v1 import comparison_pb2 as pb
from common.journal.comparison import Question, Ranges
from common.journal.model import PeerAnswerUnfit

COMPARE = "quanwang.journal.v1.CompareJournal"
"""The kind of request by which HQ asks a province."""


def encode_question(question: Question) -> pb.CompareJournalRequest:
    """A question on its way."""
    return pb.CompareJournalRequest(link=question.link, first=question.first, last=question.last, every=question.every)


def decode_question(request: pb.CompareJournalRequest) -> Question:
    """A question that came. Raises MalformedComparison."""
    question = Question(request.link, request.first, request.last, request.every)
    question.require_fit()
    return question


def encode_ranges(ranges: Ranges) -> pb.CompareJournalResponse:
    """An answer on its way."""
    return pb.CompareJournalResponse(last_seal=ranges.last_seal, digests=ranges.digests)


def decode_ranges(response: pb.CompareJournalResponse) -> Ranges:
    """An answer that came, whatever it says."""
    return Ranges(response.last_seal, tuple(response.digests))


def parse_ranges(body: bytes, node: str) -> Ranges:
    """The same from its bytes. Raises PeerAnswerUnfit."""
    try:
        return decode_ranges(pb.CompareJournalResponse.FromString(body))
    except DecodeError as error:
        raise PeerAnswerUnfit(node=node, detail=type(error).__name__) from error
