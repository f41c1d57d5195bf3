"""What provinces may give their people at most, over the public REST interface of headquarters."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from starlette.responses import Response

from common.access_control.ceilings import SUBJECT_CHARACTERS_MAX
from common.access_control.rights import Permission
from common.directory.ceilings_wire import CEILING_REASON_CHARACTERS_MAX
from common.directory.regions import PROVINCES
from common.directory.repository import newest_version
from common.program.node import Node
from common.rest.bodies import Body
from common.rest.calls import Call, document_answer, response_of
from common.rest.resource import Task
from hq_node.directory.commands import RemoveCeiling, SetCeiling
from hq_node.directory.permissions import REMOVE_CEILING, SET_CEILING

TEXT_CHARS_MAX = 64


class CeilingRemoval(Body):
    """Which ceiling ends: for the provinces named, or the one for all; and why."""

    subject: str = Field(max_length=SUBJECT_CHARACTERS_MAX)
    province: list[str] = Field(default=[], max_length=len(PROVINCES))
    reason: str = Field(max_length=CEILING_REASON_CHARACTERS_MAX)


class NewCeiling(CeilingRemoval):
    """The most that may be given: of a permission NONE or a scope, of a field a right on it."""

    most: str = Field(max_length=TEXT_CHARS_MAX)


class CeilingDecided(BaseModel):
    """In which version of the directory it stands; `waitsForRoot`: it is still to be signed."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    subject: str
    directory_version: int
    waits_for_root: bool


def ceiling_tasks(node: Node) -> tuple[Task, ...]:
    """What headquarters decides about ceilings."""

    def deciding(
        name: str,
        needs: Permission,
        body: type[CeilingRemoval],
        command: Callable[[CeilingRemoval], SetCeiling | RemoveCeiling],
        en: str,
    ) -> Task:
        async def run(call: Call, given: CeilingRemoval) -> Response:
            directory = await node.writer.execute(command(given), actor=call.actor)
            waits = directory.version > await node.reads.run(newest_version)
            told = CeilingDecided(subject=given.subject, directory_version=directory.version, waits_for_root=waits)
            return response_of(document_answer(told.model_dump(by_alias=True)))

        return Task(name, "POST", needs, run, body, CeilingDecided, en)

    return (
        deciding("setCeiling", SET_CEILING, NewCeiling, _set, "How far provinces may let anybody go at most."),
        deciding("removeCeiling", REMOVE_CEILING, CeilingRemoval, _remove, "Roles count again as they are written."),
    )


def _set(given: CeilingRemoval) -> SetCeiling:
    assert isinstance(given, NewCeiling)
    return SetCeiling(given.subject, given.most, given.reason, tuple(given.province))


def _remove(given: CeilingRemoval) -> RemoveCeiling:
    return RemoveCeiling(given.subject, given.reason, tuple(given.province))
