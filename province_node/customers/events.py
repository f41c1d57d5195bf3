"""What happened to customers, and what was found out about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ProfileSubscription:
    """One subscription as a profile shows it."""

    subscription_id: str
    service_number: str
    offering: str
    status: str


@dataclass(frozen=True, slots=True)
class CustomerProfileQueried:
    """A customer's profile was given out. Personal data: never logged, never sent but encrypted."""

    customer_number: str
    name: str = field(repr=False)
    document_kind: str = field(repr=False)
    document_number: str = field(repr=False)
    contact_number: str = field(repr=False)
    address: str = field(repr=False)
    subscriptions: tuple[ProfileSubscription, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class CustomerExported:
    """All that is stored about a customer. Personal data: never logged."""

    customer: dict[str, Any] = field(repr=False)
    subscriptions: tuple[dict[str, Any], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class CustomerErasedForGood:
    """A customer's keys were destroyed. `erased_at_us`: when; earlier than now where it was done before."""

    customer_number: str
    erased_at_us: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with one column of a row; `column` is the canonical name, empty where the whole row is meant.

    `en` and `zh` never quote personal data, so that a report may be shown to whoever runs the import.
    """

    column: str
    code: str
    en: str
    zh: str

    def text(self, language: str) -> str:
        """The reason in `language` ("zh..." is Chinese, all else English)."""
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row of an extract that was not taken in, and everything that is wrong with it (at least one finding).

    `skipped`: nothing is wrong with it, it is another province's.
    """

    line: int
    findings: tuple[Finding, ...]
    skipped: bool = False

    def texts(self, language: str) -> Iterator[str]:
        """One line for each finding: where, in which column, why."""
        for finding in self.findings:
            if language.startswith("zh"):
                place = f"第 {self.line} 行" + (f"，{finding.column} 列" if finding.column else "")
                yield f"{place}：{finding.zh}"
            else:
                place = f"line {self.line}" + (f", column {finding.column}" if finding.column else "")
                yield f"{place}: {finding.en}"


@dataclass(frozen=True, slots=True)
class CustomersImported:
    """What became of the rows of one ImportCustomers: each is counted once, or is one of `problems`."""

    imported: int
    updated: int
    unchanged: int
    problems: tuple[RowProblem, ...] = ()
