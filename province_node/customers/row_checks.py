"""From a row's texts to a checked record in normal form, or to everything that is wrong with it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from types import MappingProxyType

from common.directory.regions import PROVINCES
from province_node.customers.column_guide import VALUES, accepted_text, accepted_values
from province_node.customers.commands import CustomerRecord, SubscriptionRecord
from province_node.customers.document_numbers import fault_of
from province_node.customers.events import Finding, RowProblem
from province_node.customers.model import DOCUMENT_KINDS, ENTERPRISE, INDIVIDUAL, USCC
from province_node.customers.row_findings import finding
from province_node.telephone_numbers import is_contact_number, is_service_number, normal_number

CHARS_MAX: Mapping[str, int] = {
    "province": 20,
    "customer_number": 29,
    "kind": 20,
    "name": 120,
    "document_kind": 40,
    "document_number": 40,
    "contact_number": 32,
    "city_code": 20,
    "address": 200,
    "subscription_id": 37,
    "service_number": 32,
    "offering": 64,
    "status": 20,
    "status_since": 32,
    "suspended_reason": 200,
}
"""The most characters of each canonical column. Numbers leave room for the province's code before them."""

CHINA_TIME = timezone(timedelta(hours=8))
YEAR_MIN = 1949

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_UNDECODABLE = re.compile("[\ud800-\udfff]")
_NUMBER = re.compile(r"[0-9A-Z][0-9A-Z._-]*")
_PREFIXED = re.compile(r"([0-9]{2})-.+")
_CITY = re.compile(r"([0-9]{4})([0-9]{2})?")
_DATE = re.compile(
    r"(?P<year>[0-9]{4})(?P<dash>[-/.]?)(?P<month>[0-9]{1,2})(?P=dash)(?P<day>[0-9]{1,2})"
    r"(?:[ T](?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.[0-9]+)?)?)?"
)
_DATE_PARTS = ("year", "month", "day", "hour", "minute", "second")

# Codes and numbers have one form whatever the width of their letters; what people wrote is kept as they wrote it.
_KEPT_AS_WRITTEN = frozenset({"name", "address", "suspended_reason", "offering"})


class RowChecker:
    """Checks rows for one province. `today` (in China) is needed to notice dates to come; `values` are the codes that
    the mapping has translated before, for messages; `document_kinds`: those in use."""

    def __init__(
        self,
        province: str,
        required: Iterable[str],
        today: date | None = None,
        values: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
        document_kinds: Iterable[str] = DOCUMENT_KINDS,
    ) -> None:
        self._province = province
        self._required = tuple(required)
        self._today = today
        self._values = values
        self._choices = {**VALUES, "document_kind": tuple(document_kinds)}

    def check(self, line: int, texts: Mapping[str, str]) -> CustomerRecord | RowProblem:
        """The record of a row, given by canonical column; or a problem with all of its findings."""
        found: list[Finding] = []
        row = {column: _cleaned(column, text, found) for column, text in texts.items()}
        if found:
            return RowProblem(line, tuple(found))
        other = self._other_province(row)
        if other:
            skipped = finding("province" if row.get("province") else "customer_number", "OTHER_PROVINCE", value=other)
            return RowProblem(line, (skipped,), skipped=True)
        found += [finding(column, "MISSING") for column in self._required if not row.get(column)]
        record = self._record(line, row, found)
        return RowProblem(line, tuple(found)) if found else record

    def _other_province(self, row: Mapping[str, str]) -> str:
        """The province that a row belongs to, where it is another one; else empty."""
        stated = _province_code(row.get("province", ""))
        if not stated:
            prefixed = _PREFIXED.fullmatch(row.get("customer_number", "").upper())
            stated = prefixed[1] if prefixed and prefixed[1] in PROVINCES else ""
        return stated if stated in PROVINCES and stated != self._province else ""

    def _record(self, line: int, row: Mapping[str, str], found: list[Finding]) -> CustomerRecord:
        """The record; worth nothing if anything was found."""
        stated = row.get("province", "")
        if stated and _province_code(stated) not in PROVINCES:
            found.append(_not_one_of("province", stated, {code: [] for code in sorted(PROVINCES)}))
        customer_number = self._number("customer_number", row, found)
        document_kind = self._choice("document_kind", row, "", found)
        likely_kind = ENTERPRISE if document_kind in {USCC, "business_licence"} else INDIVIDUAL
        kind = self._choice("kind", row, likely_kind, found)
        return CustomerRecord(
            line=line,
            customer_number=customer_number,
            kind=kind,
            name=row.get("name", ""),
            document_kind=document_kind,
            document_number=self._document(kind, document_kind, row, found),
            contact_number=_contact(row, found),
            address=row.get("address", ""),
            city_code=self._city(row, found),
            source_reference=row.get("customer_number", ""),
            subscription=self._subscription(customer_number, row, found),
        )

    def _number(self, column: str, row: Mapping[str, str], found: list[Finding]) -> str:
        """A number that is unique in the whole country, because it begins with the province's code; empty if none."""
        number = row.get(column, "").upper()
        if not number:
            return ""
        if not _NUMBER.fullmatch(number):
            found.append(finding(column, "NUMBER_SHAPE"))
        prefixed = _PREFIXED.fullmatch(number)
        if prefixed is None or prefixed[1] not in PROVINCES:
            return f"{self._province}-{number}"
        if prefixed[1] != self._province:
            found.append(finding(column, "PROVINCES_DIFFER", value=prefixed[1], province=self._province))
        return number

    def _choice(self, column: str, row: Mapping[str, str], default: str, found: list[Finding]) -> str:
        value = row.get(column, "").lower()
        choices = self._choices[column]
        if value and value not in choices:
            found.append(_not_one_of(column, row[column], accepted_values(column, self._values, choices)))
        return value or default

    def _document(self, kind: str, document_kind: str, row: Mapping[str, str], found: list[Finding]) -> str:
        number = row.get("document_number", "").upper()
        if not number and not document_kind:
            return ""
        if not number or not document_kind:
            found.append(finding("document_number" if document_kind else "document_kind", "MISSING"))
            return number
        if document_kind not in self._choices["document_kind"]:
            return number
        if kind == INDIVIDUAL and document_kind in {USCC, "business_licence"}:
            found.append(finding("document_kind", "DOCUMENT_KIND_UNFIT", value=document_kind))
        if document_kind != "other":
            number = number.replace(" ", "")
        fault = fault_of(document_kind, number, self._today)
        if fault:
            found.append(finding("document_number", fault))
        return number

    def _city(self, row: Mapping[str, str], found: list[Finding]) -> str:
        text = row.get("city_code", "")
        if not text:
            return ""
        code = _CITY.fullmatch(text)
        # Below 90 the county's digits are dropped; 90 means counties that are directly under the province.
        if code is None or not code[1].startswith(self._province) or not "01" <= code[1][2:] <= "90":
            found.append(finding("city_code", "CITY_CODE", province=self._province))
            return ""
        return code[1] + (code[2] or "00" if code[1].endswith("90") else "00")

    def _subscription(
        self, customer_number: str, row: Mapping[str, str], found: list[Finding]
    ) -> SubscriptionRecord | None:
        if not (row.get("subscription_id") or row.get("service_number") or row.get("offering")):
            return None
        if not row.get("offering") and "offering" not in self._required:
            found.append(finding("offering", "MISSING"))
        if "status" in row and not row["status"] and "status" not in self._required:
            found.append(finding("status", "MISSING"))
        status = self._choice("status", row, "active", found)
        number = normal_number(row.get("service_number", ""))
        if number and not is_service_number(number):
            found.append(finding("service_number", "SERVICE_NUMBER_SHAPE"))
        return SubscriptionRecord(
            subscription_id=self._number("subscription_id", row, found) or first_subscription_id(customer_number),
            service_number=number,
            offering=row.get("offering", ""),
            status=status,
            status_since_us=self._moment(row, found),
            suspended_reason=row.get("suspended_reason", "") if status == "suspended" else "",
        )

    def _moment(self, row: Mapping[str, str], found: list[Finding]) -> int:
        text = row.get("status_since", "")
        if not text:
            return 0
        parts = _DATE.fullmatch(text)
        try:
            if parts is None:
                raise ValueError
            year, month, day, hour, minute, second = (int(parts[name] or 0) for name in _DATE_PARTS)
            moment = datetime(year, month, day, hour, minute, second, tzinfo=CHINA_TIME)
            if moment.year < YEAR_MIN:
                raise ValueError
        except ValueError:
            found.append(finding("status_since", "DATE_SHAPE"))
            return 0
        if self._today is not None and moment.date() > self._today:
            found.append(finding("status_since", "DATE_TO_COME"))
        return int(moment.timestamp()) * 1_000_000


def first_subscription_id(customer_number: str) -> str:
    """The id of a customer's subscription where the extract has none for it."""
    return f"{customer_number}-01"


def _cleaned(column: str, text: str, found: list[Finding]) -> str:
    """A field without what nobody meant to write; or a finding."""
    if not text:
        return ""
    if not text.isascii():
        if _UNDECODABLE.search(text):
            found.append(finding(column, "UNDECODABLE"))
            return ""
        text = _INVISIBLE.sub("", text)
        text = unicodedata.normalize("NFC" if column in _KEPT_AS_WRITTEN else "NFKC", text)
    text = text.strip()
    if _CONTROL.search(text):
        found.append(finding(column, "CONTROL_CHARACTER"))
        return ""
    text = " ".join(text.split())
    if len(text) > CHARS_MAX[column]:
        found.append(finding(column, "TOO_LONG", chars_max=CHARS_MAX[column]))
        return ""
    return text


def _not_one_of(column: str, value: str, accepted: Mapping[str, list[str]]) -> Finding:
    allowed, allowed_zh = accepted_text(accepted, "en"), accepted_text(accepted, "zh")
    return finding(column, "NOT_ONE_OF", value=value, allowed=allowed, allowed_zh=allowed_zh)


def _province_code(text: str) -> str:
    """Two digits, of "44" as of "440000"."""
    return text[:2] if text.endswith("0000") and len(text) == 6 else text


def _contact(row: Mapping[str, str], found: list[Finding]) -> str:
    number = normal_number(row.get("contact_number", ""))
    if number and not is_contact_number(number):
        found.append(finding("contact_number", "TELEPHONE_SHAPE"))
    return number
