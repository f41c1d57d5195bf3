"""What is done with the keys of personal data. Which records hang on them, the features say (`RecordHolder`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from common.errors import Refusal
from common.personal_data.commands import BeginKeyRotation, OpenPersonalData, RenewRecords
from common.personal_data.events import KeyRotationBegun, RecordsRenewed
from common.personal_data.repository import PersonalData
from common.personal_data.vault import NONE


class RecordHolder(Protocol):
    """A feature with records that are sealed."""

    def take_in(self, uow: Any) -> None:
        """When the node starts: sees to what a release without encryption may have left since."""

    def renew(self, uow: Any, records_max: int) -> int:
        """Seals up to so many records of former generations under the current one, and clear ones too. How many."""


class Work(Protocol):
    """The part of the unit of work that is needed here."""

    @property
    def personal_data(self) -> PersonalData: ...

    def record(self, event: Any) -> None: ...


class KeyRotationUnderWay(Refusal):
    """Records of a former generation are still left."""

    en = (
        "A rotation is under way ({generations} generations of keys are in use). Wait until `personal-data status` "
        "says that it is over."
    )
    zh = "密钥轮换正在进行（当前有 {generations} 代密钥在用）。请等待 personal-data status 显示轮换完成后再试。"


def handlers(holders: Sequence[RecordHolder]) -> dict[type, Callable[[Any, Any], Any]]:
    """The handlers by command, for the dispatcher."""
    return {
        OpenPersonalData: lambda command, uow: open_personal_data(command, uow, holders),
        BeginKeyRotation: begin_key_rotation,
        RenewRecords: lambda command, uow: renew_records(command, uow, holders),
    }


def open_personal_data(_command: OpenPersonalData, uow: Work, holders: Sequence[RecordHolder]) -> None:
    """Makes the first keys where there are none; wraps anew what a former master key wraps. Raises MasterKeyWrong."""
    vault = uow.personal_data.vault
    stored = uow.personal_data.stored()
    if not stored:
        uow.personal_data.put(vault.make_generation(NONE + 1))
    for generation in stored:
        if generation.master_key_id != vault.master_keys.first.key_id:
            uow.personal_data.put(vault.rewrapped(generation.stored, vault.master_keys))
    for holder in holders:
        holder.take_in(uow)


def begin_key_rotation(_command: BeginKeyRotation, uow: Work) -> KeyRotationBegun:
    """A new generation. Raises KeyRotationUnderWay."""
    vault = uow.personal_data.vault
    if len(vault.generations) > 1:
        raise KeyRotationUnderWay(generations=len(vault.generations))
    generation = vault.current + 1
    uow.personal_data.put(vault.make_generation(generation))
    begun = KeyRotationBegun(generation)
    uow.record(begun)
    return begun


def renew_records(command: RenewRecords, uow: Work, holders: Sequence[RecordHolder]) -> RecordsRenewed:
    """One slice: records first, then the keys that nothing hangs on any more, at last those that wrapped them."""
    renewed = 0
    for holder in holders:
        renewed += holder.renew(uow, command.records_max - renewed)
        if renewed >= command.records_max:
            return RecordsRenewed(renewed, 0, more=True)
    if renewed:
        return RecordsRenewed(renewed, 0, more=True)
    removed = uow.personal_data.remove_former_keys(command.records_max)
    if removed:
        return RecordsRenewed(0, removed, more=True)
    uow.personal_data.destroy_former_generations()
    return RecordsRenewed(0, 0, more=False)
