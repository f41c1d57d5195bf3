"""Two ends of a link compare what they hold while they run, and find the first seal where they part."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from common.gen.quanwang.federation.v1 import envelope_pb2 as pb
from common.gen.quanwang.federation.v1 import seal_pb2
from common.gen.quanwang.journal.v1 import comparison_pb2
from common.ids import HQ
from common.journal.archive import JournalArchive
from common.journal.comparison import GROUPS_MAX, SEALS_MAX, Comparison, Question, Ranges, group_digest
from common.journal.model import (
    ComparisonBusy,
    Difference,
    LinkNotOfBoth,
    MalformedComparison,
    PeerAnswerUnfit,
    PeerAway,
    PeerRefused,
)
from common.journal.peers import WAITING_MAX as HQ_WAITING_MAX
from common.journal.peers import RangesDesk
from common.journal.queries import list_journals, range_digests
from common.journal.wire import COMPARE, encode_ranges
from common.messaging.links import journal, links
from common.requests.commands import SubmitServiceRequest
from common.requests.watch import RequestWatch
from hq_node.journal_comparison.asking import asking_provinces
from province_node.journal_comparison.answering import WAITING_MAX, ComparisonDesk
from province_node.journal_comparison.events import ComparisonAsked
from province_node.serving.commands import FinishLeg, RefuseLeg
from tests.support.federation import GUANGDONG, SHANGHAI, Federation
from tests.support.pruning import let_days_pass, pruning_node

NOTHING = JournalArchive(Path("no archive"))
LINK = "31>00"


# Narrowing down, on journals that are made up


def digests(seals: dict[int, bytes], question: Question) -> Ranges:
    """What an end with these seals answers."""
    last_seal = max(seals, default=0)
    return Ranges(
        last_seal,
        tuple(
            group_digest((number, seals[number]) for number in range(first, last + 1) if number in seals)
            for first, last in question.groups(last_seal)
        ),
    )


def compared(ours: dict[int, bytes], theirs: dict[int, bytes], **how: Any) -> tuple[Difference, int]:
    """How two made-up journals relate, and how many questions that took."""
    comparison = Comparison(LINK, SHANGHAI, **({"known": 0, "own": False} | how))
    asked = 0
    while question := comparison.question():
        question.require_fit()
        comparison.take(digests(ours, question), digests(theirs, question))
        asked += 1
    return comparison.result(), asked


def seals(count: int) -> dict[int, bytes]:
    return {number: number.to_bytes(32, "big") for number in range(1, count + 1)}


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 40_000])
def test_the_same_journals_agree(count: int) -> None:
    found, asked = compared(seals(count), seals(count))
    assert found == Difference(LINK, count, count, 0)
    assert asked <= 2 + count // SEALS_MAX


@pytest.mark.parametrize("place", [1, 16, 17, 256, 257, 16_384, 16_385, 39_999, 40_000])
def test_a_single_seal_that_differs_is_found_with_few_questions(place: int) -> None:
    found, asked = compared(seals(40_000), seals(40_000) | {place: b"another"})
    assert found.parts_at == place
    assert asked <= 6


def test_the_first_of_several_differences_is_named() -> None:
    found, _ = compared(seals(1_000), seals(1_000) | {700: b"a", 300: b"b", 301: b"c"})
    assert found.parts_at == 300


def test_a_seal_that_is_missing_at_one_end_is_named() -> None:
    ours = seals(600)
    del ours[300]
    assert compared(ours, seals(600))[0].parts_at == 300
    assert compared(seals(600), ours)[0].parts_at == 300


def test_one_end_may_be_behind_and_is_then_compared_as_far_as_it_goes() -> None:
    found, _ = compared(seals(300), seals(290))
    assert (found.ours, found.theirs, found.parts_at, found.lost) == (300, 290, 0, "")
    assert compared(seals(300) | {100: b"x"}, seals(290))[0].parts_at == 100


def test_an_end_that_has_less_than_it_said_has_lost_it() -> None:
    there, _ = compared(seals(300), seals(290), known=295)
    assert (there.parts_at, there.lost) == (291, "there")
    here, _ = compared(seals(290), seals(300), own=True)
    assert (here.parts_at, here.lost) == (291, "here")


def test_a_comparison_goes_on_behind_a_seal() -> None:
    assert compared(seals(300) | {5: b"x"}, seals(300), after=5)[0].parts_at == 0
    assert compared(seals(300) | {6: b"x"}, seals(300), after=5)[0].parts_at == 6


@pytest.mark.parametrize(
    "nonsense",
    [
        Ranges(300, ()),
        Ranges(300, (bytes(32),) * 3),
        Ranges(300, (b"short",)),
        Ranges(100, (bytes(32),)),
        Ranges(2**63, (bytes(32),)),
        Ranges(-1, (bytes(32),)),
    ],
    ids=["nothing", "more than asked", "no digest", "shorter than before", "beyond all numbers", "negative"],
)
def test_an_answer_that_makes_no_sense_is_refused(nonsense: Ranges) -> None:
    comparison = Comparison(LINK, SHANGHAI, known=0, own=False)
    for answer in (Ranges(300, ()), nonsense):
        question = comparison.question()
        assert question is not None
        if answer is nonsense:
            with pytest.raises(PeerAnswerUnfit):
                comparison.take(digests(seals(300), question), answer)
        else:
            comparison.take(digests(seals(300), question), answer)


def test_an_end_that_contradicts_itself_is_refused() -> None:
    """A group differs, but nothing in it does."""
    comparison = Comparison(LINK, SHANGHAI, known=0, own=False)

    def narrow_down() -> None:
        while question := comparison.question():
            theirs = digests(seals(300), question)
            if question.every == 256 and theirs.digests:
                theirs = Ranges(300, (bytes(32), *theirs.digests[1:]))
            comparison.take(digests(seals(300), question), theirs)

    with pytest.raises(PeerAnswerUnfit):
        narrow_down()


@pytest.mark.parametrize(
    "question",
    [
        Question("31", 1, 1, 1),
        Question(LINK, 0, 1, 1),
        Question(LINK, 2, 0, 1),
        Question(LINK, 1, SEALS_MAX + 1, 256),
        Question(LINK, 1, GROUPS_MAX + 1, 1),
        Question(LINK, 1, 1, 0),
    ],
)
def test_a_question_that_asks_too_much_is_refused(question: Question) -> None:
    with pytest.raises(MalformedComparison):
        question.require_fit()


# Real journals


def work(federation: Federation, times: int = 3) -> None:
    for _ in range(times):
        federation.suspend()
        federation.run()


def ranges(federation: Federation, node: str, question: Question, archive: JournalArchive = NOTHING) -> Ranges:
    return range_digests(federation.cores[node].connection, archive, node, question)


def compare_live(federation: Federation, link: str, archive: JournalArchive = NOTHING) -> Difference:
    """HQ compares with Shanghai; HQ's archive is given."""
    core = federation.cores[HQ]
    (listed,) = [item for item in list_journals(core.connection, archive, HQ) if item["link"] == link]
    comparison = Comparison(link, SHANGHAI, known=listed["known_of_peer"], own=listed["own"])
    while question := comparison.question():
        theirs = ranges(federation, SHANGHAI, question)
        comparison.take(ranges(federation, HQ, question, archive), theirs)
    return comparison.result()


def plant(federation: Federation, node: str, link: str, seal_number: int, batch: bytes) -> None:
    """Somebody has written into the database behind the program's back."""
    row = sa.and_(journal.c.link == link, journal.c.seal_number == seal_number)
    federation.cores[node].connection.execute(sa.update(journal).where(row).values(batch=batch))


@pytest.mark.parametrize("link", ["31>00", "00>31"])
def test_honest_ends_agree(federation: Federation, link: str) -> None:
    work(federation)
    found = compare_live(federation, link)
    assert found == Difference(link, len(federation.batches(HQ, link)), len(federation.batches(SHANGHAI, link)), 0)
    assert found.ours > 2


@pytest.mark.parametrize("node", [HQ, SHANGHAI])
@pytest.mark.parametrize("what", ["seal", "entry", "garbage"])
def test_a_row_that_was_changed_at_either_end_is_named(federation: Federation, node: str, what: str) -> None:
    work(federation)
    changed = federation.batches(node, LINK)[1]
    if what == "seal":
        changed.seal.signature = bytes(64)
    elif what == "entry":
        changed.entries[0].body += b"x"
    plant(federation, node, LINK, 2, b"\xff" if what == "garbage" else changed.SerializeToString())
    assert compare_live(federation, LINK).parts_at == 2


def test_what_was_erased_does_not_part_them(federation: Federation) -> None:
    work(federation)
    erased = federation.batches(HQ, LINK)[0]
    erased.entries[0].ClearField("private_body")
    plant(federation, HQ, LINK, 1, erased.SerializeToString())
    assert compare_live(federation, LINK).parts_at == 0


async def test_an_end_that_has_archived_is_compared_with_one_that_has_not(
    federation: Federation, tmp_path: Path
) -> None:
    work(federation, 4)
    let_days_pass(federation, 200)
    federation.publish(federation.sign_directory(federation.directory))
    work(federation, 2)
    with pruning_node(federation, HQ, tmp_path) as pruning:
        assert (await pruning.prune()).batches > 0
        assert compare_live(federation, LINK, pruning.archive).parts_at == 0
        changed = federation.batches(SHANGHAI, LINK)[1]
        changed.entries[0].body += b"x"
        plant(federation, SHANGHAI, LINK, 2, changed.SerializeToString())
        assert compare_live(federation, LINK, pruning.archive).parts_at == 2


def test_an_end_that_lost_what_it_acknowledged_is_named(federation: Federation) -> None:
    work(federation)
    last = len(federation.batches(SHANGHAI, "00>31"))
    federation.cores[SHANGHAI].connection.execute(sa.update(links).values(received_seal_number=last - 2))
    found = compare_live(federation, "00>31")
    assert (found.parts_at, found.lost) == (last - 1, "there")


# Asking, over the federation


def ask(federation: Federation, question: Question, destination: str = SHANGHAI) -> bytes:
    body = comparison_pb2.CompareJournalRequest(
        link=question.link, first=question.first, last=question.last, every=question.every
    ).SerializeToString()
    command = SubmitServiceRequest(kind=COMPARE, destinations=(destination,), body=body)
    request_id = bytes(federation.execute(HQ, command).request_id)
    federation.run()
    return request_id + HQ.encode() + destination.encode()


def test_a_province_begins_with_a_question_of_hq_and_refuses_others(federation: Federation) -> None:
    work(federation, 1)
    asked: list[ComparisonAsked] = []
    federation.cores[SHANGHAI].dispatcher.subscribe(ComparisonAsked, asked.append)
    leg = ask(federation, Question(LINK, 1, 1, 1))
    assert [event.leg_id for event in asked] == [leg]
    foreign = ask(federation, Question("44>00", 1, 1, 1))
    assert federation.serving(SHANGHAI, foreign).reason_code == LinkNotOfBoth.code
    too_much = ask(federation, Question(LINK, 1, SEALS_MAX + 1, 1))
    assert federation.serving(SHANGHAI, too_much).reason_code == MalformedComparison.code
    assert len(asked) == 1


class Journals:
    """Stands in for the two nodes between which a comparison travels: HQ's commands go into the federation, and the
    province's desk answers as it would."""

    def __init__(self, federation: Federation, room: Path) -> None:
        self.federation = federation
        self.room = room
        self.open = {SHANGHAI}
        self.body: bytes | None = None
        """What the province says in place of the truth."""

    async def execute(self, command: Any) -> Any:
        events: list[ComparisonAsked] = []
        self.federation.cores[SHANGHAI].dispatcher.subscribe(ComparisonAsked, events.append)
        submitted = self.federation.execute(HQ, command)
        self.federation.run()
        for event in events:
            answer = encode_ranges(ranges(self.federation, SHANGHAI, event.question)).SerializeToString()
            body = answer if self.body is None else self.body
            self.federation.execute(SHANGHAI, FinishLeg(event.leg_id, body))
        self.federation.run()
        return submitted

    async def ask(self, question: Question) -> Ranges:
        with pruning_node(self.federation, HQ, self.room) as node:
            asking = asking_provinces(self.execute, RequestWatch(), node.reads, lambda: self.open)
            return await asking(SHANGHAI, question)


@pytest.fixture
def journals(federation: Federation, tmp_path: Path) -> Journals:
    work(federation, 1)
    return Journals(federation, tmp_path)


async def test_hq_is_answered_by_a_signed_request(federation: Federation, journals: Journals) -> None:
    question = Question(LINK, 1, 1, 1)
    answer = await journals.ask(question)
    assert answer.digests == ranges(federation, HQ, question).digests
    said = [entry for batch in federation.batches(HQ, LINK) for entry in batch.entries]
    routings = [pb.Routing.FromString(pb.EnvelopeHeader.FromString(entry.header).routing) for entry in said]
    assert [routing.phase for routing in routings if routing.message_type == COMPARE][-1] == pb.PHASE_FINAL


async def test_a_peer_that_is_away_is_named(journals: Journals) -> None:
    journals.open = set()
    with pytest.raises(PeerAway, match="31"):
        await journals.ask(Question(LINK, 1, 1, 1))


@pytest.mark.parametrize(
    "body", [b"\xff", comparison_pb2.CompareJournalResponse(last_seal=1, digests=[b"short"]).SerializeToString()]
)
async def test_an_answer_that_is_no_answer_is_refused(journals: Journals, body: bytes) -> None:
    journals.body = body
    with pytest.raises(PeerAnswerUnfit):
        (await journals.ask(Question(LINK, 1, 1, 1))).require_fit(Question(LINK, 1, 1, 1), SHANGHAI)


async def test_a_peer_that_refuses_is_named_with_its_reason(journals: Journals) -> None:
    with pytest.raises(PeerRefused, match="LINK_NOT_OF_BOTH"):
        await journals.ask(Question("44>00", 1, 1, 1))


async def test_questions_beyond_those_that_may_wait_are_refused() -> None:
    gate = asyncio.Event()
    ended: list[FinishLeg | RefuseLeg] = []
    legs = [number.to_bytes(20, "big") for number in range(WAITING_MAX + 3)]

    async def read(_question: Question) -> Ranges:
        await gate.wait()
        return Ranges(0, ())

    async def finish(leg_id: bytes, _body: bytes) -> None:
        ended.append(FinishLeg(leg_id, b""))

    async def refuse(leg_id: bytes, reason_code: str) -> None:
        ended.append(RefuseLeg(leg_id, reason_code))

    desk = ComparisonDesk(read, finish, refuse)
    desk.start()
    for leg in legs:
        desk.asked(ComparisonAsked(leg, Question(LINK, 1, 0, 1)))
    gate.set()
    async with asyncio.timeout(10):
        while len(ended) < len(legs):
            await asyncio.sleep(0)
    await desk.stop()
    refused = [command.leg_id for command in ended if isinstance(command, RefuseLeg)]
    assert refused == legs[WAITING_MAX:]


async def test_hq_answers_one_question_after_the_other_and_lets_few_wait(
    federation: Federation, tmp_path: Path
) -> None:
    work(federation, 1)
    question = Question(LINK, 1, 1, 1)
    with pruning_node(federation, HQ, tmp_path) as node:
        desk = RangesDesk(node)
        asked = (desk.read(question) for _ in range(HQ_WAITING_MAX + 2))
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert [isinstance(answer, ComparisonBusy) for answer in answers] == [False] * HQ_WAITING_MAX + [True] * 2
        assert (await desk.read(question)).last_seal > 0


async def test_what_cannot_be_read_is_refused_by_its_name(federation: Federation, tmp_path: Path) -> None:
    work(federation)
    let_days_pass(federation, 200)
    refused: asyncio.Queue[tuple[bytes, str]] = asyncio.Queue()
    with pruning_node(federation, SHANGHAI, tmp_path) as pruning:
        await pruning.prune()
        (file,) = pruning.archive.files(LINK)
        file.path.write_bytes(file.path.read_bytes()[:-40] + bytes(40))

        async def read(question: Question) -> Ranges:
            return await pruning.reads.run(range_digests, pruning.archive, SHANGHAI, question)

        async def finish(_leg_id: bytes, _body: bytes) -> None:
            raise AssertionError("it cannot be read")

        async def refuse(leg_id: bytes, reason_code: str) -> None:
            refused.put_nowait((leg_id, reason_code))

        desk = ComparisonDesk(read, finish, refuse)
        desk.start()
        desk.asked(ComparisonAsked(b"leg", Question(LINK, 1, 4, 1)))
        async with asyncio.timeout(10):
            assert await refused.get() == (b"leg", "ARCHIVE_DAMAGED")
        await desk.stop()


def test_another_province_is_told_nothing(federation: Federation) -> None:
    command = SubmitServiceRequest(
        kind=COMPARE,
        destinations=(GUANGDONG,),
        body=comparison_pb2.CompareJournalRequest(link="44>00", first=1, last=1, every=1).SerializeToString(),
    )
    request_id = bytes(federation.execute(SHANGHAI, command).request_id)
    federation.run()
    assert federation.serving(GUANGDONG, request_id + b"3144").reason_code == LinkNotOfBoth.code


def test_a_batch_with_nothing_but_a_seal_counts(federation: Federation) -> None:
    """Acknowledgements ride on empty seals; they are part of the chain."""
    work(federation, 1)
    question = Question(LINK, 1, 1, 1)
    empty = seal_pb2.SealedBatch(seal=federation.batches(HQ, LINK)[0].seal)
    before = ranges(federation, HQ, question)
    plant(federation, HQ, LINK, 1, empty.SerializeToString())
    assert ranges(federation, HQ, question) != before
