"""Organisations and the rules of their tree."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from common.directory.regions import HQ_NAME_ZH, PROVINCES
from common.errors import Refusal
from common.ids import HQ
from common.organisations.kinds import CITY_KIND, HQ_KIND, KINDS, PROVINCE_KIND

ID_CHARACTERS_MAX = 32
NAME_CHARACTERS_MAX = 120
ACTIVE, INACTIVE = "active", "inactive"

_ID = re.compile(rf"[0-9A-Za-z][0-9A-Za-z-]{{0,{ID_CHARACTERS_MAX - 1}}}", re.ASCII)
_CITY = re.compile(r"[1-9][0-9]{3}00", re.ASCII)


class OrganisationNotFound(Refusal):
    """There is no such organisation."""

    en = "There is no organisation {organisation}. `organisations list` shows those there are."
    zh = "没有组织 {organisation}。可用 `organisations list` 查看。"


class OrganisationExists(Refusal):
    """The id is taken."""

    en = "There is an organisation {organisation} already. Take another id, or rename or move the one there is."
    zh = "组织 {organisation} 已存在。请使用其他编号，或对现有组织改名、调整上级。"


class OrganisationIdUnfit(Refusal):
    """An id that cannot be one."""

    en = "{organisation} cannot be an organisation's id: 1 to {most} letters, digits and hyphens, as in 440106-hall3."
    zh = "{organisation} 不能作为组织编号：应为 1 至 {most} 个字母、数字或连字符，例如 440106-hall3。"


class OrganisationNameUnfit(Refusal):
    """A name that is empty or too long, or holds what nobody can read."""

    en = "An organisation's name has 1 to {most} characters that can be printed."
    zh = "组织名称应为 1 至 {most} 个可显示的字符。"


class OrganisationKindUnknown(Refusal):
    """Not one of the kinds."""

    en = "{kind} is no kind of organisation; there are: {kinds}."
    zh = "{kind} 不是组织类型，可用的类型：{kinds}。"


class OrganisationCodeUnfit(Refusal):
    """A province or city whose id is not its code of GB/T 2260."""

    en = "{organisation} is not the GB/T 2260 code of {what}, which is the id of an organisation of this kind."
    zh = "{organisation} 不是{what_zh}的 GB/T 2260 代码，该类型组织须以此代码为编号。"


class OrganisationCannotHangThere(Refusal):
    """The kind does not go under that of the parent."""

    en = "An organisation of kind {kind} cannot hang under one of kind {parent}; it can under: {under}."
    zh = "{kind} 类型的组织不能隶属于 {parent} 类型，可隶属于：{under}。"


class OrganisationMoveMakesCircle(Refusal):
    """The new parent lies below the organisation itself."""

    en = "{organisation} cannot hang under {parent}, which lies below it."
    zh = "{organisation} 不能隶属于其下级 {parent}。"


class OrganisationIsRoot(Refusal):
    """The root stays."""

    en = "{organisation} is the node's own organisation: it cannot be moved or deactivated."
    zh = "{organisation} 是本节点自身的组织，不能调整上级或停用。"


class OrganisationInactive(Refusal):
    """Nothing can be done with an organisation that is no more."""

    en = "The organisation {organisation} was deactivated."
    zh = "组织 {organisation} 已停用。"


class OrganisationHasActiveParts(Refusal):
    """What hangs below must go first."""

    en = "{organisation} cannot be deactivated while organisations below it are active, such as {part}."
    zh = "{organisation} 下仍有启用的组织（例如 {part}），不能停用。请先调整其上级或停用。"


class OrganisationKindFixed(Refusal):
    """The kind of an organisation never changes."""

    en = "{organisation} is of kind {kind} and stays so; the row says {given}."
    zh = "{organisation} 的类型为 {kind}，不能更改；该行为 {given}。"


class OrganisationsTooMany(Refusal):
    """The tree has as many as it may."""

    en = "There are {most} organisations already, which is the limit."
    zh = "组织数量已达上限 {most}。"


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation. `parent_id` is empty at the root."""

    organisation_id: str
    kind: str
    name: str
    parent_id: str
    state: str
    created_at_us: int
    updated_at_us: int

    def renamed(self, name: str, now_us: int) -> Organisation:
        """With another name. Raises OrganisationInactive, OrganisationNameUnfit."""
        self.require_active()
        return replace(self, name=fit_name(name), updated_at_us=now_us)

    def moved(self, parent: Organisation, above_parent: frozenset[str], now_us: int) -> Organisation:
        """Under another parent; `above_parent`: the ids of the parent and of all above it. Raises OrganisationIsRoot,
        OrganisationInactive, OrganisationMoveMakesCircle, OrganisationCannotHangThere, OrganisationCodeUnfit."""
        self.require_below()
        self.require_active()
        if self.organisation_id in above_parent:
            raise OrganisationMoveMakesCircle(organisation=self.organisation_id, parent=parent.organisation_id)
        require_place(self.organisation_id, self.kind, parent)
        return replace(self, parent_id=parent.organisation_id, updated_at_us=now_us)

    def deactivated(self, active_part: str, now_us: int) -> Organisation:
        """No more there; `active_part`: an active organisation directly below, or empty. Raises OrganisationIsRoot,
        OrganisationInactive, OrganisationHasActiveParts."""
        self.require_below()
        self.require_active()
        if active_part:
            raise OrganisationHasActiveParts(organisation=self.organisation_id, part=active_part)
        return replace(self, state=INACTIVE, updated_at_us=now_us)

    def require_active(self) -> None:
        """Raises OrganisationInactive."""
        if self.state != ACTIVE:
            raise OrganisationInactive(organisation=self.organisation_id)

    def require_below(self) -> None:
        """Raises OrganisationIsRoot."""
        if not self.parent_id:
            raise OrganisationIsRoot(organisation=self.organisation_id)


def root_of(node: str, now_us: int) -> Organisation:
    """The organisation that a node is itself."""
    if node == HQ:
        return Organisation(HQ, HQ_KIND, HQ_NAME_ZH, "", ACTIVE, now_us, now_us)
    return Organisation(node, PROVINCE_KIND, PROVINCES[node].name_zh, "", ACTIVE, now_us, now_us)


def new_organisation(organisation_id: str, kind: str, name: str, parent: Organisation, now_us: int) -> Organisation:
    """A new organisation under `parent`. Raises OrganisationIdUnfit, OrganisationKindUnknown, OrganisationNameUnfit,
    OrganisationCannotHangThere, OrganisationCodeUnfit, OrganisationInactive."""
    if not _ID.fullmatch(organisation_id):
        raise OrganisationIdUnfit(organisation=repr(organisation_id[:64]), most=ID_CHARACTERS_MAX)
    require_place(organisation_id, kind, parent)
    return Organisation(organisation_id, kind, fit_name(name), parent.organisation_id, ACTIVE, now_us, now_us)


def fit_name(name: str) -> str:
    """The name without spaces around it. Raises OrganisationNameUnfit."""
    name = name.strip()
    if not (0 < len(name) <= NAME_CHARACTERS_MAX and name.isprintable()):
        raise OrganisationNameUnfit(most=NAME_CHARACTERS_MAX)
    return name


def require_place(organisation_id: str, kind: str, parent: Organisation) -> None:
    """Raises where an organisation of this kind and id cannot hang under that parent."""
    if kind not in KINDS:
        raise OrganisationKindUnknown(kind=repr(kind[:64]), kinds=", ".join(KINDS))
    parent.require_active()
    under = KINDS[kind].under
    if parent.kind not in under:
        raise OrganisationCannotHangThere(kind=kind, parent=parent.kind, under=", ".join(under) or "-")
    if kind == PROVINCE_KIND and organisation_id not in PROVINCES:
        raise OrganisationCodeUnfit(organisation=organisation_id, what="a province", what_zh="省份")
    if kind == CITY_KIND and not _is_city_of(organisation_id, parent.organisation_id):
        what = f"a prefecture of province {parent.organisation_id} (six digits, as in {parent.organisation_id}0100)"
        what_zh = f"省份 {parent.organisation_id} 所辖地市（六位数字，例如 {parent.organisation_id}0100）"
        raise OrganisationCodeUnfit(organisation=organisation_id, what=what, what_zh=what_zh)


def _is_city_of(code: str, province: str) -> bool:
    return bool(_CITY.fullmatch(code)) and code[:2] == province and code[2:4] != "00"
