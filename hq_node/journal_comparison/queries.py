"""What a province answered to a question about its journal."""

from __future__ import annotations

import sqlalchemy as sa

from common.gen.quanwang.federation.v1 import seal_pb2
from common.ids import HQ, leg_id
from common.requests.repository import asked_legs


def comparison_end(connection: sa.Connection, request_id: bytes, peer: str) -> tuple[str, str, bytes]:
    """State and reason code of the leg, and the body of its answer, if there is one."""
    columns = asked_legs.c.state, asked_legs.c.reason_code, asked_legs.c.answer
    statement = sa.select(*columns).where(asked_legs.c.leg_id == leg_id(request_id, HQ, peer))
    state, reason_code, answer = connection.execute(statement).one()
    return state, reason_code, seal_pb2.Entry.FromString(answer).body
