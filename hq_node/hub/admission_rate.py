"""How many requests of one province the hub admits in a while: so that none can fill the hub for all others.

A bucket for each province, as one moment: when it would be full again, were nothing more admitted. Each admission moves
that moment on by the time that one admission is worth; further ahead than the burst is worth it may not lie. The moment
is a row, written by the deciding transaction: a group that fails has used nothing up, and a restart gives nothing back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork

SECOND_US = 1_000_000

hub_admissions = sa.Table(
    "hub_admissions",
    METADATA,
    sa.Column("origin", sa.String(2), primary_key=True),
    sa.Column("full_again_at_us", sa.BigInteger, nullable=False),
)


class HubAdmissionsRow(NamedTuple):
    origin: str
    full_again_at_us: int


HUB_ADMISSIONS = RowSpec(hub_admissions, HubAdmissionsRow)


@dataclass(frozen=True, slots=True)
class AdmissionRate:
    """At most `a_second` admissions of one province in the long run (0: no limit), and `burst` (at least 1) at once."""

    a_second: int = 5_000
    burst: int = 100_000


class Admissions:
    """The provinces' buckets within one group."""

    def __init__(self, rate: AdmissionRate, uow: UnitOfWork) -> None:
        self._rate = rate
        self._uow = uow
        self._rows = uow.rows(HUB_ADMISSIONS)

    def retry_after_ms(self, origin: str) -> int:
        """After how long one more request of the province can be admitted; 0: now."""
        if not self._rate.a_second:
            return 0
        ahead_us = self._full_again_at_us(origin) + self._worth_us(1) - self._uow.now_us
        return -(-max(0, ahead_us - self._worth_us(self._rate.burst)) // 1_000)

    def take(self, origin: str) -> None:
        """One request of the province is admitted."""
        if self._rate.a_second:
            self._rows.update(HubAdmissionsRow(origin, self._full_again_at_us(origin) + self._worth_us(1)))

    def _worth_us(self, admissions: int) -> int:
        return max(1, admissions * SECOND_US // self._rate.a_second)

    def _full_again_at_us(self, origin: str) -> int:
        """Never in the past; nor further ahead than an empty bucket's."""
        row: HubAdmissionsRow | None = self._rows.get(origin)
        now_us = self._uow.now_us
        if row is None:
            return now_us
        empty_us = now_us + self._worth_us(self._rate.burst)
        if row.full_again_at_us > empty_us:
            # The clock was set back, or the limit was raised. Kept, or the bucket would stay empty until the clock has
            # caught up.
            self._rows.update(row._replace(full_again_at_us=empty_us))
        return min(max(row.full_again_at_us, now_us), empty_us)
