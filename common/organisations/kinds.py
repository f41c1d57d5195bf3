"""Kinds of organisations, and which may hang under which: data that the rules go by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HQ_KIND, PROVINCE_KIND, CITY_KIND = "hq", "province", "city"


@dataclass(frozen=True, slots=True)
class OrganisationKind:
    """One kind: its names, and the kinds that it may hang under."""

    en: str
    zh: str
    under: tuple[str, ...]


KINDS: Mapping[str, OrganisationKind] = {
    HQ_KIND: OrganisationKind("headquarters", "总部", ()),
    PROVINCE_KIND: OrganisationKind("province", "省公司", (HQ_KIND,)),
    CITY_KIND: OrganisationKind("city (prefecture)", "地市公司", (PROVINCE_KIND,)),
    # The districts of Beijing, Shanghai, Tianjin and Chongqing have no city between.
    "county": OrganisationKind("county", "县（区）公司", (CITY_KIND, PROVINCE_KIND)),
    "branch": OrganisationKind("branch", "营业厅（网点）", (PROVINCE_KIND, CITY_KIND, "county")),
    "community": OrganisationKind("community", "社区（网格）", ("county", "branch")),
    "department": OrganisationKind("department", "部门", (HQ_KIND, PROVINCE_KIND, CITY_KIND, "county")),
}
"""By the name that files and addresses use. No kind can come to hang under itself, so the tree is never deeper than
there are kinds."""
