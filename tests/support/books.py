"""What the nodes of a federation hold when all is over, read from their databases alone, and whether it agrees.

Nothing here asks a node: the files are opened read-only, and every journal is checked again from its first seal.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from common.db.engine import reading
from common.directory.model import Directory
from common.directory.signing import open_directory
from common.directory.wire import decode_signed
from common.gen.quanwang.federation.v1 import envelope_pb2, seal_pb2
from common.ids import HQ, ID_BYTES, format_leg, link_name
from common.link.entries import EntryJudge
from common.link.origin import OriginProofs
from common.link.receiver import Receiver
from common.link.settings import LinkSettings
from common.link.watermark import Position
from common.messaging.envelope import Envelope, parse
from common.messaging.inbox import leg_of
from common.messaging.incoming import ReceivedBatch
from common.requests.leg_states import TERMINAL
from province_node.directory.membership import Membership
from province_node.subscriptions.model import ACTIVE, SUSPENDED, TERMINATED
from tests.support.request_load import QUERY, SUSPEND
from tests.support.running import Held, RunningFederation

Row = dict[str, Any]


class NodeBooks:
    """One node's tables."""

    def __init__(self, node: str, database: Path | str) -> None:
        """`database`: SQLite's file, or PostgreSQL's URL."""
        self.node = node
        self._database = database

    def rows(self, table: str, order: str = "1") -> list[Row]:
        """All rows of a table, by column."""
        if isinstance(self._database, str):
            return self._rows_of_server(self._database, table, order)
        with closing(sqlite3.connect(f"file:{quote(str(self._database))}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            # The names are this module's own.
            return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY {order}")]  # noqa: S608

    def journal(self, sender: str, receiver: str) -> list[bytes]:
        """The batches of a directed link, in order."""
        name = link_name(sender, receiver)
        return [row["batch"] for row in self.rows("journal", "link, seal_number") if row["link"] == name]

    def incarnation(self) -> bytes:
        return bytes(self.rows("node_identity")[0]["incarnation"])

    def _rows_of_server(self, url: str, table: str, order: str) -> list[Row]:
        with reading(url) as connection:
            # The names are this module's own.
            found = connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY {order}")  # noqa: S608
            return [dict(row) for row in found.mappings()]

    def integrity(self) -> str:
        """What SQLite says of the file."""
        if isinstance(self._database, str):
            return "ok"
        with closing(sqlite3.connect(f"file:{quote(str(self._database))}?mode=ro", uri=True)) as connection:
            return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


class AsItWas:
    """A directory to judge by what was sealed before: whatever became of a node since, its keys were good then."""

    def __init__(self, directory: Directory) -> None:
        self.version, self.hash = directory.version, directory.hash
        self.signing_key = self.past_signing_key = directory.past_signing_key


class Books:
    """All nodes' tables, and what is wrong with them: each check gives one line for each fault it finds."""

    def __init__(self, federation: RunningFederation) -> None:
        self.nodes = {code: NodeBooks(code, node.database) for code, node in federation.nodes.items()}
        self.provinces = tuple(federation.provinces)
        self._root = Membership.load(federation[self.provinces[0]].data_dir).root_public_key
        self.asked = {(p, r["leg_id"]): r for p in self.provinces for r in self.nodes[p].rows("asked_legs")}
        self.at_hub = {row["leg_id"]: row for row in self.nodes[HQ].rows("hub_legs")}
        self.serving = {(p, r["leg_id"]): r for p in self.provinces for r in self.nodes[p].rows("serving_legs")}

    def faults(self, alarms: frozenset[str] = frozenset()) -> list[str]:
        """Everything that does not agree. `alarms`: kinds of alarm that the test has itself given cause for."""
        return [*self._files(), *self._ends(), *self._nothing_left(alarms), *self._journals()]

    def final_of(self, home: str) -> dict[bytes, Envelope]:
        """The answers of a home province by leg, in the order in which it decided. Raises ValueError where one leg has
        two that differ."""
        finals: dict[bytes, Envelope] = {}
        for batch in self.nodes[home].journal(home, HQ):
            for entry in seal_pb2.SealedBatch.FromString(batch).entries:
                envelope = parse(entry.header, entry.body, entry.private_body)
                routing = envelope.routing
                if routing.phase == envelope_pb2.PHASE_FINAL:
                    leg = leg_of(envelope)
                    if finals.setdefault(leg, envelope).header != envelope.header:
                        raise ValueError(f"two answers of {home} to {format_leg(leg)}")
        return finals

    def _files(self) -> Iterator[str]:
        for code, books in self.nodes.items():
            if (said := books.integrity()) != "ok":
                yield f"{code}: the database is damaged: {said}"

    def _ends(self) -> Iterator[str]:
        """Each leg has one end, and it is the same wherever it is known."""
        if len(self.asked) != len(self.at_hub):
            yield f"{len(self.asked)} legs were asked, {len(self.at_hub)} are known at the hub"
        for (origin, leg), asked in self.asked.items():
            hub = self.at_hub.get(leg)
            if hub is None or asked["state"] not in TERMINAL:
                yield f"{format_leg(leg)}: {asked['state']} at {origin}, {hub and hub['state']} at the hub"
            else:
                yield from self._end(leg, asked, hub)
        for home, leg in self.serving:
            if leg not in self.at_hub or self.at_hub[leg]["home"] != home:
                yield f"{format_leg(leg)}: served at {home}, unknown at the hub"

    def _end(self, leg: bytes, asked: Row, hub: Row) -> Iterator[str]:
        serving = self.serving.get((hub["home"], leg))
        states = {asked["state"], hub["state"], serving["state"] if serving is not None else asked["state"]}
        # Where the hub ends a leg by itself, the outcome is all the reason there is.
        at_hub = hub["state"].upper() if hub["final"] and not hub["reason_code"] else hub["reason_code"]
        reasons = {asked["reason_code"], at_hub, (serving or asked)["reason_code"]}
        if len(states) > 1 or len(reasons) > 1:
            yield f"{format_leg(leg)}: ended as {states} for {reasons}"
        if bool(hub["forwarded_at_us"]) != (serving is not None):
            yield f"{format_leg(leg)}: forwarded at {hub['forwarded_at_us']}, served: {serving is not None}"
        if serving is not None and serving["answer"] != asked["answer"]:
            yield f"{format_leg(leg)}: the answer that came is not the one that was given"

    def _nothing_left(self, alarms: frozenset[str]) -> Iterator[str]:
        for code, books in self.nodes.items():
            for row in books.rows("inbox"):
                if row["state"] != "done":
                    yield f"{code}: a message of {row['source']} is {row['state']} ({row['problem']} {row['detail']})"
            for row in books.rows("outbox"):
                yield f"{code}: an entry for {row['peer']} is still in the outbox"
            for row in books.rows("alarms"):
                # A condition (a link away, a full disk) is of the machine; it ends, and leaves its row behind.
                if not row["lasting"] and row["kind"] not in alarms:
                    yield f"{code}: alarm {row['kind']} {row['subject']}: {row['detail']}"

    def _journals(self) -> Iterator[str]:
        """Both sides hold the same bytes, and these are a whole chain of good seals from the first one on."""
        directory = self._directory()
        for province in self.provinces:
            for sender, receiver in ((province, HQ), (HQ, province)):
                mine = self.nodes[sender].journal(sender, receiver)
                theirs = self.nodes[receiver].journal(sender, receiver)
                if mine != theirs:
                    yield f"{sender}>{receiver}: {len(mine)} batches at the sender, {len(theirs)} at the receiver"
                yield from self._chain(sender, receiver, theirs, directory)

    def _chain(self, sender: str, receiver: str, batches: list[bytes], directory: Directory) -> Iterator[str]:
        settings = LinkSettings()
        judge = EntryJudge(receiver, OriginProofs(lambda: directory, settings), settings)
        checker = Receiver(receiver, sender, Position(), lambda: AsItWas(directory), judge, settings)
        checker.begin(self.nodes[sender].incarnation())
        now_us = time.time_ns() // 1000
        for batch in batches:
            received = checker.check(batch, now_us)
            if not isinstance(received, ReceivedBatch):
                yield f"{sender}>{receiver}: {received}"
                return
            for incoming in received.entries:
                if incoming.fault:
                    yield f"{sender}>{receiver} {received.seal.seal_number}/{incoming.index}: {incoming.fault}"
        link = next((r for r in self.nodes[receiver].rows("links") if r["peer"] == sender), None)
        if batches and (link is None or link["received_hash"] != checker.expected.seal_hash):
            yield f"{sender}>{receiver}: the watermark is not at the journal's end"

    def _directory(self) -> Directory:
        latest = self.nodes[HQ].rows("directories", "version")[-1]
        return open_directory(decode_signed(latest["directory_bytes"]), self._root)


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked of a home province: of which subscription, or for a query, of the customer with which number."""

    kind: str
    subject: str
    authenticated: bool


def replay(books: Books, held: Mapping[str, Iterable[Held]], wishes: Mapping[bytes, Wish]) -> Iterator[str]:
    """Plays every province's decisions again, in their order, from what it held at first: each must be the one that the
    rules give, and in the end must stand what the province holds now. `wishes`: what was asked, by leg."""
    for home in books.provinces:
        decided = books.final_of(home)
        if {leg for province, leg in books.serving if province == home} != decided.keys():
            yield f"{home}: the legs served are not those answered"
        world = World(held.get(home, ()))
        for leg, final in decided.items():
            yield from (f"{format_leg(leg)} at {home}: {fault}" for fault in world.decide(leg, final, wishes[leg]))
        for row in books.nodes[home].rows("subscriptions"):
            identity, stands = row["subscription_id"], (row["status"], row["status_request_id"])
            if stands != world.stands(identity):
                yield f"{identity}: {stands} is held, {world.stands(identity)} was brought about"


class World:
    """What a province should hold, going by what it held at first and by its own decisions since."""

    def __init__(self, held: Iterable[Held]) -> None:
        held = list(held)
        self._statuses = {h.subscription_id: h.status for h in held}
        self._brought_by = dict.fromkeys(self._statuses, b"")
        self._numbers = {h.customer_number for h in held} | {h.service_number for h in held if h.status != TERMINATED}

    def stands(self, subscription: str) -> tuple[str, bytes]:
        """The status of a subscription, and which request brought it about."""
        return self._statuses[subscription], self._brought_by[subscription]

    def decide(self, leg: bytes, final: Envelope, wish: Wish) -> Iterator[str]:
        """Takes a decision over; says what is wrong with it."""
        outcome, reason = final.routing.outcome, final.routing.reason_code
        if outcome in (envelope_pb2.OUTCOME_CANCELLED, envelope_pb2.OUTCOME_EXPIRED):
            return
        due = self._refusal(wish)
        if reason != due or (outcome == envelope_pb2.OUTCOME_COMPLETED) != (not due):
            yield f"decided {outcome} {reason!r} where {due!r} was due"
        if outcome == envelope_pb2.OUTCOME_COMPLETED and wish.kind != QUERY:
            self._statuses[wish.subject] = SUSPENDED if wish.kind == SUSPEND else ACTIVE
            self._brought_by[wish.subject] = leg[:ID_BYTES]

    def _refusal(self, wish: Wish) -> str:
        """The rule that says no; empty where none does."""
        if not wish.authenticated:
            return "CUSTOMER_NOT_AUTHENTICATED"
        if wish.kind == QUERY:
            return "" if wish.subject in self._numbers else "CUSTOMER_NOT_FOUND"
        status = self._statuses.get(wish.subject, "")
        if status in ("", TERMINATED):
            return "SUBSCRIPTION_TERMINATED" if status else "SUBSCRIPTION_NOT_FOUND"
        if wish.kind == SUSPEND:
            return "SUBSCRIPTION_ALREADY_SUSPENDED" if status == SUSPENDED else ""
        return "" if status == SUSPENDED else "SUBSCRIPTION_NOT_SUSPENDED"
