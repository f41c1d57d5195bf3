"""Customers over HTTP: taking in rows of an extract, lists, and how many there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, ConfigDict, Field

from common.program.node import Node
from common.web import language_of
from province_node.customers.commands import IMPORT_ROWS_MAX, CustomerRecord, ImportCustomers
from province_node.customers.queries import ROWS_MAX, customer_count, list_customers


class ImportRows(BaseModel):
    """Good rows of an extract, as the reader of extracts gives them."""

    model_config = ConfigDict(extra="forbid")

    rows: list[CustomerRecord] = Field(max_length=IMPORT_ROWS_MAX)


def customer_routes(node: Node, subscription_counts: Callable[[Any], dict[str, int]]) -> APIRouter:
    """The routes of a province. `subscription_counts` is another feature's query."""
    router = APIRouter(prefix="/customers", tags=["customers"])

    @router.post("/import")
    async def import_rows(
        wanted: ImportRows, accept_language: Annotated[str | None, Header()] = None
    ) -> dict[str, Any]:
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
    async def customers(after: str = "", limit: Annotated[int, Query(ge=1, le=ROWS_MAX)] = 50) -> dict[str, Any]:
        return await node.reads.run(list_customers, after, limit)

    @router.get("/summary")
    async def summary() -> dict[str, Any]:
        return {
            "customers": await node.reads.run(customer_count),
            "subscriptions": await node.reads.run(subscription_counts),
        }

    return router
