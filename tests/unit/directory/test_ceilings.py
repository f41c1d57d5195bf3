"""HQ's operators limit what provinces may give; the directory says it under the root's signature (SYS-01)."""

from __future__ import annotations

import pytest

from common.access_control.ceilings import Ceiling, CeilingUnfit
from common.access_control.rights import FieldRight, Permission, Scope
from common.directory.repository import latest
from common.directory.signing import open_directory
from common.directory.wire import decode_directory
from hq_node.directory.changes import changes_of
from hq_node.directory.commands import ImportSigned, PublishDirectory, RemoveCeiling, SetCeiling, SuspendNode
from hq_node.directory.events import DirectoryDrafted, DirectoryPublished
from hq_node.directory.in_force import DirectoryInForce
from hq_node.directory.model import (
    CeilingFieldUnknown,
    CeilingNotFound,
    CeilingSubjectUnknown,
    ReasonMissing,
    UnknownProvince,
)
from tests.support.enrolment import EnrolmentDesk, HandClock
from tests.support.root_files import Vault

EXPORT = Permission("customer", "export")


def in_directory(desk: EnrolmentDesk) -> dict[tuple[str, str], str]:
    return {each.key: each.most for each in desk.directory.ceilings}


def test_ceilings_are_set_changed_and_removed_each_in_a_directory_of_its_own(
    desk: EnrolmentDesk, clock: HandClock
) -> None:
    first = desk.directory.version
    desk.run(SetCeiling("customer:export", "below", " directive 7 "))
    (made,) = desk.directory.ceilings
    expected = Ceiling(
        "", "customer", action="export", scope=Scope.BELOW, since_us=clock.now_us(), reason="directive 7"
    )
    assert made == expected
    desk.run(SetCeiling("customer.address", "MASKED", "pilot", ("31", "44")))
    desk.run(SetCeiling("customer:export", "NONE", "directive 8"))
    desk.run(RemoveCeiling("customer.address", "the pilot has ended", ("31",)))
    assert in_directory(desk) == {("customer:export", ""): "NONE", ("customer.address", "44"): "MASKED"}
    assert desk.directory.version == first + 4
    assert [type(event) for event in desk.events[-4:]] == [DirectoryPublished] * 4
    signed = latest(desk.connection)
    assert signed is not None
    assert open_directory(signed, desk.authority.root_public_key).ceilings == desk.directory.ceilings


def test_the_same_again_publishes_nothing(desk: EnrolmentDesk) -> None:
    desk.run(SetCeiling("customer:export", "NONE", "directive 7"))
    version = desk.directory.version
    desk.run(SetCeiling("customer:export", "none", "said twice"))
    assert desk.directory.version == version


def test_ceilings_stay_through_every_other_change(desk: EnrolmentDesk) -> None:
    desk.run(SetCeiling("customer:export", "NONE", "directive 7"))
    desk.run(SuspendNode("31", "leaks", "li.na"))
    desk.run(PublishDirectory())
    assert in_directory(desk) == {("customer:export", ""): "NONE"}


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        (SetCeiling("customer:exprt", "NONE", "why"), CeilingSubjectUnknown),
        (SetCeiling("costumer.address", "MASKED", "why"), CeilingSubjectUnknown),
        (SetCeiling("customer.documnet_number", "HIDDEN", "why"), CeilingFieldUnknown),
        (SetCeiling("customer", "NONE", "why"), CeilingUnfit),
        (SetCeiling("customer:export", "MASKED", "why"), CeilingUnfit),
        (SetCeiling("customer.address", "NONE", "why"), CeilingUnfit),
        (SetCeiling("customer:export", "NONE", "  "), ReasonMissing),
        (SetCeiling("customer:export", "NONE", "x" * 501), ReasonMissing),
        (SetCeiling("customer:export", "NONE", "why", ("00",)), UnknownProvince),
        (RemoveCeiling("customer:export", "why"), CeilingNotFound),
        (RemoveCeiling("customer:export", " "), ReasonMissing),
    ],
)
def test_what_cannot_be_a_ceiling_is_refused(desk: EnrolmentDesk, wish: object, refusal: type[Exception]) -> None:
    version = desk.directory.version
    with pytest.raises(refusal):
        desk.run(wish)
    assert desk.directory.version == version


def test_where_the_root_is_elsewhere_a_ceiling_waits_for_its_signature(desk: EnrolmentDesk, vault: Vault) -> None:
    before = desk.directory
    desk.run(SetCeiling("customer:export", "NONE", "directive 7"))
    assert isinstance(desk.events[-1], DirectoryDrafted)
    assert desk.directory.ceilings == ()
    draft = vault.exported()
    told = [change.en for change in changes_of(before, decode_directory(draft.directory))]
    assert any("customer:export is limited to NONE for all provinces" in line for line in told), told
    # Decided while the first waits: it becomes the draft of the version after it.
    desk.run(SetCeiling("customer.address", "HIDDEN", "directive 8", ("44",)))
    signed = latest(desk.connection)
    assert signed is not None
    in_force = DirectoryInForce(signed, draft.directory, desk.authority.root_public_key)
    assert in_force.directory.ceilings == ()
    vault.publish()
    assert in_directory(desk) == {("customer:export", ""): "NONE", ("customer.address", "44"): "HIDDEN"}
    limits = desk.directory.access_limits("44")
    assert limits.on_action(EXPORT) is not None
    hidden = limits.on_field("customer", "address")
    assert hidden is not None
    assert hidden.view is FieldRight.HIDDEN


def test_what_was_decided_after_the_export_remains_the_next_draft(desk: EnrolmentDesk, vault: Vault) -> None:
    desk.run(SetCeiling("customer:export", "NONE", "directive 7"))
    exported = vault.exported()
    desk.run(SetCeiling("customer.address", "HIDDEN", "directive 8"))
    taken = desk.run(ImportSigned(vault.sign(exported)))
    assert in_directory(desk) == {("customer:export", ""): "NONE"}
    assert taken.left == desk.directory.version + 1
    vault.publish()
    assert set(in_directory(desk)) == {("customer:export", ""), ("customer.address", "")}


def test_what_is_taken_away_is_told_to_whoever_signs(desk: EnrolmentDesk) -> None:
    desk.run(SetCeiling("customer:export", "NONE", "directive 7", ("31",)))
    before = desk.directory
    desk.run(RemoveCeiling("customer:export", "it has ended", ("31",)))
    (told,) = [change for change in changes_of(before, desk.directory) if "customer:export" in change.en]
    assert told.grave
    assert told.en == "customer:export is no longer limited for node 31"
