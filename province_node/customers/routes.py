"""Customers over HTTP: taking in rows of an extract, lists, and how many there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from common.journal.settings import DAY_US
from common.personal_data.revealing import REASON_CHARACTERS_MAX
from common.program.node import Node
from common.routing import Router
from common.web import Language, language_of
from province_node.customers.commands import (
    IMPORT_ROWS_MAX,
    CustomerRecord,
    ExportCustomer,
    ImportCustomers,
    NoteCustomerSearch,
    RevealCustomer,
    ShowCustomer,
)
from province_node.customers.erasing import FindRequests, erase_everywhere
from province_node.customers.events import CustomerExported
from province_node.customers.looking import REVEALABLE
from province_node.customers.permissions import SEARCH
from province_node.customers.queries import (
    ROWS_MAX,
    customer_count,
    find_customers,
    list_customers,
)
from province_node.customers.repository import ERASED_REASON_CHARS_MAX
from province_node.customers.searching import SEARCH_CHARS_MAX, require_searchable, seen, wanted


class ImportRows(BaseModel):
    """Good rows of an extract, as the reader of extracts gives them."""

    model_config = ConfigDict(extra="forbid")

    rows: list[CustomerRecord] = Field(max_length=IMPORT_ROWS_MAX)


class Search(BaseModel):
    """Whom to find. In a body, not in the address: addresses are logged on their way."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    by: Literal["document", "contact", "address"]
    text: str = Field(min_length=1, max_length=SEARCH_CHARS_MAX)
    city_code: str = Field(default="", pattern=r"^([0-9]{6})?$")
    limit: int = Field(default=50, ge=1, le=ROWS_MAX)


class Reveal(BaseModel):
    """Which masked fields are to be shown in full (none: all), and why."""

    model_config = ConfigDict(extra="forbid")

    fields: list[Annotated[str, Field(max_length=64)]] = Field(default=[], max_length=len(REVEALABLE))
    reason: str = Field(max_length=REASON_CHARACTERS_MAX)


class Erasure(BaseModel):
    """Why a customer is erased."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=ERASED_REASON_CHARS_MAX)


def customer_routes(
    node: Node,
    subscription_counts: Callable[[Any], dict[str, int]],
    requests_about: FindRequests,
) -> Router:
    """The routes of a province. `subscription_counts` and `requests_about` are other features' queries."""
    router = Router(prefix="/customers")
    vault = node.personal_data.vault

    @router.post("/import")
    async def import_rows(wanted: ImportRows, accept_language: Language = None) -> dict[str, Any]:
        # Behind everything else: a large extract must not be felt at the counters.
        imported = await node.local_desk.execute(ImportCustomers(tuple(wanted.rows)), bulk=True)
        language = language_of(accept_language)
        return {
            "imported": imported.imported,
            "updated": imported.updated,
            "unchanged": imported.unchanged,
            "problems": [
                {
                    "line": problem.line,
                    "findings": [
                        {
                            "column": finding.column,
                            "code": finding.code,
                            "en": finding.en,
                            "zh": finding.zh,
                            "reason": finding.text(language),
                        }
                        for finding in problem.findings
                    ],
                }
                for problem in imported.problems
            ],
        }

    @router.get("")
    async def customers(after: str = "", limit: Annotated[int, Field(ge=1, le=ROWS_MAX)] = 50) -> dict[str, Any]:
        return await node.reads.run(list_customers, after, limit)

    @router.get("/summary")
    async def summary() -> dict[str, Any]:
        return {
            "customers": await node.reads.run(customer_count),
            "subscriptions": await node.reads.run(subscription_counts),
        }

    @router.post("/search")
    async def search(search: Search) -> dict[str, Any]:
        desk = node.local_desk

        async def work() -> dict[str, Any]:
            rights = desk.actor.rights
            require_searchable(search.by, rights)
            looked_for = wanted(search.by, search.text, search.city_code)
            found = await node.reads.run(find_customers, vault, looked_for, search.limit)
            return {**found, "items": [seen(item, rights) for item in found["items"]]}

        def told(found: dict[str, Any]) -> NoteCustomerSearch:
            numbers = tuple(item["customer_number"] for item in found["items"])
            return NoteCustomerSearch(search.by, search.city_code, numbers)

        return await desk.perform(NoteCustomerSearch(search.by, search.city_code, ()), SEARCH, work, told)

    @router.get("/{customer_number}")
    async def customer(customer_number: str) -> dict[str, Any]:
        shown: dict[str, Any] = await node.local_desk.execute(ShowCustomer(customer_number))
        return shown

    @router.post("/{customer_number}/reveal")
    async def reveal(customer_number: str, wish: Reveal) -> dict[str, Any]:
        command = RevealCustomer(customer_number, tuple(wish.fields), wish.reason)
        return {"customer_number": customer_number, **await node.local_desk.execute(command)}

    @router.post("/{customer_number}/export")
    async def export(customer_number: str) -> dict[str, Any]:
        exported: CustomerExported = await node.local_desk.execute(ExportCustomer(customer_number))
        return {"customer": exported.customer, "subscriptions": list(exported.subscriptions)}

    @router.post("/{customer_number}/erase")
    async def erase(customer_number: str, erasure: Erasure) -> dict[str, Any]:
        kept_us = node.personal_data.settings.kept_after_service_days * DAY_US
        done = await erase_everywhere(node, customer_number, erasure.reason, kept_us, requests_about)
        return {
            "customer_number": customer_number,
            "erased_at_us": done.erased.erased_at_us,
            "requests": done.requests,
            "requests_left": done.requests_left,
        }

    return router
