"""Journals from the command line, on real journals of a federation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from rich.console import Console

from common.cli import session
from common.ids import HQ, format_id
from common.journal.comparison import Question, Ranges
from common.journal.model import PeerAway
from common.journal.queries import range_digests
from common.journal.routes import journal_routes
from common.messaging.links import journal
from common.web import build_app
from tests.support.fake_admin import CommandLine
from tests.support.federation import SHANGHAI, Federation
from tests.support.pruning import PruningNode, let_days_pass, pruning_node
from tests.support.stores import SQLITE, Databases
from tests.unit.journal.test_erasing import query_profile


class Peer:
    """Shanghai, asked over no network."""

    def __init__(self, federation: Federation, archive: PruningNode) -> None:
        self._federation = federation
        self._node = archive
        self.away = False
        self.nonsense = False
        self.interrupt_at = 0

    async def ask(self, peer: str, question: Question) -> Ranges:
        assert peer == SHANGHAI
        if self.away:
            raise PeerAway(node=peer, detail="LINK_CLOSED")
        if self.interrupt_at and question.last >= self.interrupt_at:
            raise KeyboardInterrupt
        if self.nonsense:
            return Ranges(2, (b"x", b"y", b"z"))
        return range_digests(self._federation.cores[SHANGHAI].connection, self._node.archive, SHANGHAI, question)


@pytest.fixture
def federation(tmp_path: Path) -> Iterator[Federation]:
    databases = Databases(SQLITE, tmp_path)
    federation = Federation(databases)
    federation.connect()
    for _ in range(3):
        federation.suspend()
        federation.run()
    yield federation
    federation.close()
    databases.close()


@pytest.fixture
def peer(federation: Federation, hq: CommandLine, tmp_path: Path) -> Iterator[Peer]:
    """HQ's command line is on the journals of the federation; what it asks Shanghai goes here."""
    with pruning_node(federation, HQ, tmp_path) as node:
        peer = Peer(federation, node)
        node.ask_peer = peer.ask
        hq.node.app = build_app([journal_routes(node)], 1 << 20)  # type: ignore[arg-type]
        yield peer


def plant(federation: Federation, node: str, link: str, seal_number: int) -> None:
    """Somebody has written into the database behind the program's back."""
    batch = federation.batches(node, link)[seal_number - 1]
    batch.seal.signature = bytes(64)
    row = sa.and_(journal.c.link == link, journal.c.seal_number == seal_number)
    statement = sa.update(journal).where(row).values(batch=batch.SerializeToString())
    federation.cores[node].connection.execute(statement)


@pytest.mark.usefixtures("peer")
def test_both_ends_are_compared(hq: CommandLine) -> None:
    result = hq("journal", "compare", "--node", "31")
    assert (result.code, result.err) == (0, "")
    assert result.out.count("the same, as far as both go") == 2
    document = json.loads(hq("journal", "compare", "--node", "31", "--link", "31-00", "--json").out)
    assert [(each["link"], each["parts_at"], each["lost"]) for each in document["links"]] == [("31>00", 0, "")]


@pytest.mark.usefixtures("peer")
def test_a_planted_difference_is_named_in_both_languages(hq: CommandLine, federation: Federation) -> None:
    plant(federation, SHANGHAI, "31>00", 2)
    result = hq("journal", "compare", "--node", "31")
    assert result.code == 1
    assert "they part at seal 2" in result.out
    assert "自第 2 号签封起不一致" in hq("journal", "compare", "--node", "31", "--lang", "zh").out
    document = json.loads(hq("journal", "compare", "--node", "31", "--json").out)
    assert {each["link"]: each["parts_at"] for each in document["links"]} == {"31>00": 2, "00>31": 0}


def test_a_peer_that_is_away_can_be_tried_again(hq: CommandLine, peer: Peer) -> None:
    peer.away = True
    result = hq("journal", "compare", "--node", "31")
    assert (result.code, result.out) == (4, "")
    assert "journal digest" in result.err


def test_nonsense_proves_nothing(hq: CommandLine, peer: Peer) -> None:
    peer.nonsense = True
    result = hq("journal", "compare", "--node", "31", "--json")
    assert (result.code, json.loads(result.err)["code"]) == (5, "PEER_ANSWER_UNFIT")


@pytest.mark.usefixtures("peer")
@pytest.mark.parametrize("arguments", [(), ("x.digest", "--node", "31"), ("--node", "51")])
def test_what_cannot_be_compared_is_misuse(hq: CommandLine, arguments: tuple[str, ...]) -> None:
    assert hq("journal", "compare", *arguments).code == 2


def test_an_interrupted_comparison_says_how_to_go_on(hq: CommandLine, peer: Peer) -> None:
    peer.interrupt_at = 1
    result = hq("journal", "compare", "--node", "31", "--link", "31-00")
    assert result.code == 130
    assert "journal compare --node 31 --link 31-00 --after 0" in result.err


@pytest.mark.usefixtures("peer")
def test_a_digest_file_is_compared_as_before(hq: CommandLine, federation: Federation, tmp_path: Path) -> None:
    file = tmp_path / "00.digest"
    assert hq("journal", "digest", "--out", str(file)).code == 0
    assert hq("journal", "compare", str(file)).code == 0
    plant(federation, HQ, "31>00", 2)
    result = hq("journal", "compare", str(file))
    assert result.code == 1
    assert "they part at seal 2" in result.out


# How far it is


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    real = session.make_console

    def make_console(*, error: bool) -> Console:
        console = real(error=error)
        return Console(file=console.file, force_terminal=True, width=120) if error else console

    monkeypatch.setattr(session, "make_console", make_console)


@pytest.mark.usefixtures("peer")
@pytest.mark.parametrize("command", [("verify",), ("compare", "--node", "31"), ("prune",)], ids=lambda words: words[0])
def test_long_work_shows_how_far_it_is_on_a_terminal_alone(
    hq: CommandLine, federation: Federation, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    let_days_pass(federation, 200)
    assert hq("journal", *command).err == ""
    on_a_terminal(monkeypatch)
    assert hq("journal", *command, "--json").err == ""
    shown = hq("journal", *command).err
    assert "━" in shown
    assert ("batches" if command == ("prune",) else "31-00") in shown


@pytest.mark.usefixtures("peer")
def test_pruning_tells_what_it_did(hq: CommandLine, federation: Federation) -> None:
    let_days_pass(federation, 200)
    document = json.loads(hq("journal", "prune", "--json").out)
    assert document["archived"] == document["batches"] > 0
    assert json.loads(hq("journal", "prune", "--json").out)["batches"] == 0
    assert hq("journal", "verify").code == 0


@pytest.mark.usefixtures("peer")
def test_erasing_of_an_archived_request_tells_how_much(hq: CommandLine, federation: Federation) -> None:
    request_id = query_profile(federation)
    federation.run()
    let_days_pass(federation, 200)
    assert hq("journal", "prune").code == 0
    document = json.loads(hq("private-bodies", "erase", format_id(request_id), "--json").out)
    assert document["archived"] + document["stored"] > 0
    again = json.loads(hq("private-bodies", "erase", format_id(request_id), "--json").out)
    assert (again["archived"], again["stored"]) == (0, 0)
