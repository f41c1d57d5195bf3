"""HQ's enrolment port over real TLS, and a province that is about to join."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
import pytest_asyncio

from common.clock import SystemClock
from common.errors import StorageUnavailable
from common.gen.quanwang.federation.v1 import enrolment_pb2_grpc as pb_grpc
from common.rpc.status import StatusInterceptor
from common.security import tls
from hq_node.directory.commands import ApproveNode
from hq_node.directory.servicer import EnrolmentServicer
from province_node.directory.enrolment import ApprovalPending, EnrolmentOptions, enrol
from province_node.directory.membership import Membership
from tests.support.enrolment import EnrolmentDesk, HandClock
from tests.support.stores import SQLITE, Databases

ENGLISH = EnrolmentOptions(language="en")


class Hq:
    """HQ's desk behind its enrolment port."""

    def __init__(self, desk: EnrolmentDesk) -> None:
        self.desk = desk
        self.away = False
        self.server = grpc.aio.server(interceptors=[StatusInterceptor()])
        pb_grpc.add_EnrolmentServiceServicer_to_server(EnrolmentServicer(self), self.server)
        credentials = tls.enrolment_server_credentials(desk.keyring.tls_key_pem, desk.certificates.server)
        port = self.server.add_secure_port("127.0.0.1:0", credentials)
        self.address = f"127.0.0.1:{port}"
        desk.authority = replace(desk.authority, enrolment_address=self.address)

    async def execute(self, command: Any) -> Any:
        if self.away:
            raise StorageUnavailable(detail="disk full")
        return await self.desk.execute(command)


@pytest.fixture
def clock() -> HandClock:
    # TLS checks certificates by the machine's own clock.
    return HandClock(SystemClock().now_us())


@pytest.fixture
def desk(tmp_path: Path, clock: HandClock) -> Iterator[EnrolmentDesk]:
    desk = EnrolmentDesk(tmp_path / "hq", Databases(SQLITE, tmp_path).with_tables("hq"), clock)
    desk.found()
    yield desk
    desk.close()


@pytest_asyncio.fixture
async def hq(desk: EnrolmentDesk) -> AsyncIterator[Hq]:
    hq = Hq(desk)
    await hq.server.start()
    yield hq
    await hq.server.stop(None)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "shanghai"


async def joined(hq: Hq, data_dir: Path, clock: HandClock) -> Membership:
    """Shanghai, enrolled and approved."""
    invitation = hq.desk.invite("31")
    with pytest.raises(ApprovalPending):
        await enrol(invitation, "31", data_dir, "0.1.0", clock, ENGLISH)
    hq.desk.run(ApproveNode("31", "operator"))
    return await enrol(invitation, "31", data_dir, "0.1.0", clock, ENGLISH)
