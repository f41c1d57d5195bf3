"""What HQ's unit of work finds in the journal, also of the group that is still under way."""

from __future__ import annotations

from typing import Any

from common.db.engine import open_writer, store_of
from common.gen.quanwang.federation.v1 import envelope_pb2
from common.ids import HQ, IdSource
from common.messaging.inbox import leg_of
from common.messaging.links import JOURNAL, JournalRow
from common.node_context import NodeContext
from common.requests.registry import RequestKinds
from common.security.private_bodies import X25519PrivateKeys
from hq_node.hub.model import HubLeg
from hq_node.unit_of_work import HqUnitOfWork
from tests.support.link import GUANGDONG, SHANGHAI, Ledger, PaperNode, directory_of, entry_of, message
from tests.support.province_uow import FixedClock
from tests.support.stores import Databases


def test_a_final_is_said_again_when_the_group_that_received_it_is_not_yet_written(databases: Databases) -> None:
    home = Ledger(PaperNode(GUANGDONG), HQ)
    final = message(GUANGDONG, SHANGHAI, phase=envelope_pb2.PHASE_FINAL)
    batch = home.seal([entry_of(final)])
    engine = open_writer(databases.with_tables("hq"))
    with engine.connect() as connection:
        store_of(connection).begin(connection)
        nobody: Any = X25519PrivateKeys([])
        directory = directory_of(home.own, PaperNode(HQ), PaperNode(SHANGHAI))
        context = NodeContext(HQ, directory, nobody, RequestKinds(()), "", 0)
        uow = HqUnitOfWork(connection, IdSource(FixedClock(), bytes), 1, context, lambda peer: (0, 0))
        uow.begin_item()
        uow.rows(JOURNAL).insert(JournalRow(home.link, 1, 1, 1, 1, batch.batch_bytes))
        uow.keep_item()
        leg = HubLeg(leg_of(final), origin=SHANGHAI, home=GUANGDONG)
        uow.begin_item()
        uow.relay_again(SHANGHAI, GUANGDONG, 1, 0, leg.leg_id, leg)
        uow.keep_item()
    engine.dispose()
    assert [(outgoing.peer, outgoing.digest) for outgoing in uow.outgoing] == [(SHANGHAI, final.digest)]
