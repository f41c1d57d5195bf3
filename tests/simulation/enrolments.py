"""A province that was revoked and is let in anew: invited, approved, and its link put where HQ remembers it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import common.core
from common.db.engine import sqlite_url
from common.gen.quanwang.federation.v1 import enrolment_pb2
from common.messaging.link_resume import LinkResume, resume_link
from hq_node.directory.commands import ApproveNode, InviteNode
from hq_node.directory.servicer import EnrolmentServicer
from province_node.directory import enrolment
from province_node.directory.enrolment import ApprovalPending, EnrolmentOptions, EnrolmentRefused, HqUnreachable
from province_node.directory.key_desk import HqAway, RotationRefused
from tests.simulation.programs import ProvinceProgram, Writer, call_hq
from tests.simulation.schedule import SECOND_US
from tests.simulation.tasks import Awaited, drive

if TYPE_CHECKING:
    from tests.simulation.nodes import SimulatedNode
    from tests.simulation.world import World

AGAIN_US = 1_000_000
OPERATOR = "operator"

Order = Callable[..., None]
"""`order(command, then)`: an operator of HQ has something done."""


class EnrolmentAnew:
    """From the invitation to the membership. `ready` makes the data directory ready, before each try; `then` is called
    at the end, when the node is a member and does not run yet. `restored`: it has yet to take back what it forgot."""

    def __init__(
        self,
        world: World,
        order: Order,
        node: SimulatedNode,
        new_keys: bool,
        ready: Callable[[], None],
        then: Callable[[], None],
        restored: bool = False,
    ) -> None:
        self.world, self.order, self.node = world, order, node
        self._new_keys, self._ready, self._then = new_keys, ready, then
        self._restored = restored

    def invite(self) -> None:
        """An operator of HQ makes an invitation, and hands it over."""
        self.order(InviteNode(self.node.node, OPERATOR), self._invited)

    def _invited(self, invited: Any) -> None:
        self._ready()
        if invited is None:
            self.world.schedule.after(AGAIN_US, self.invite)
            return
        self.world.trace(self.node.name, "enrols anew")
        options = EnrolmentOptions(
            wait_us_max=60 * SECOND_US, on_waiting=self._approve, new_keys=self._new_keys, resume=self._resume
        )
        joining = enrolment.enrol(
            invited.text, self.node.node, self.node.data_dir, "simulated", self.node.clock, options, self._sleep
        )
        drive(cast(Any, joining), self._enrolled)

    def _sleep(self, seconds: float) -> Any:
        return Awaited(lambda told: self._after(seconds, told))

    def _after(self, seconds: float, told: Callable[..., None]) -> None:
        self.world.schedule.after(int(seconds * SECOND_US), told, None, None)

    def _approve(self, signing_key_id: str) -> None:
        self.order(ApproveNode(self.node.node, OPERATOR, signing_key_id), lambda _result: None)

    def _resume(self, resume: LinkResume) -> None:
        """As `enrol` does it, on a node that does not run."""
        self.world.trace(self.node.name, f"goes on at {resume.sealed.seal_number}, {resume.received.seal_number}")
        engine = common.core.open_writer(sqlite_url(str(self.node.path)))
        with engine.connect() as connection:
            resume_link(connection, self.node.node, resume, self.node.clock.now_us(), restored=self._restored)
            connection.commit()
        engine.dispose()

    def _enrolled(self, _membership: Any, error: BaseException | None) -> None:
        if error is not None:
            # An invitation that was made twice, or HQ away for long: the operators begin again.
            self.world.trace(self.node.name, f"enrolment: {type(error).__name__}")
            if not isinstance(error, EnrolmentRefused | HqUnreachable | ApprovalPending):
                self.world.find("enrolment", f"{self.node.name}: {error!r}")
            self.world.schedule.after(AGAIN_US, self.invite)
            return
        self.world.losses.came_back[self.node.node] += 1
        self._then()


def store_first_keys(node: SimulatedNode) -> None:
    """What a run begins with stands in no file; now it does."""
    node.program.keys.keyring._store(node.data_dir)
    cast(ProvinceProgram, node.program).membership.current.save(node.data_dir)


@contextmanager
def simulated_enrolment(world: World) -> Iterator[None]:
    """While it lasts, whoever enrols asks HQ over the simulated network."""
    before = enrolment._ask

    async def ask(request: enrolment_pb2.EnrolRequest, _invitation: Any, _language: str) -> Any:
        node = world.nodes[request.node]

        def serve(hub: Any) -> Any:
            return EnrolmentServicer(cast(Any, Writer(hub.node))).Enrol(request, cast(Any, None))

        try:
            return await call_hq(node, serve, starting=True)
        except HqAway as away:
            raise HqUnreachable(address="hq", detail=str(away)) from away
        except RotationRefused as refused:
            code = refused.facts["reason_code"]
            raise EnrolmentRefused(reason_code=code, detail=refused.facts["detail"]) from refused

    enrolment._ask = cast(Any, ask)
    try:
        yield
    finally:
        enrolment._ask = before
