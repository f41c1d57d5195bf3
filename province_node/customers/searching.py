"""Searches by personal data: what can be asked, what fits, and what is shown of those who are found."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from common.access_control.rights import FieldRight, Rights
from common.errors import Refusal
from common.personal_data.blind_index import ENDINGS, normal_document
from common.personal_data.masking import mask_address, mask_document, mask_number
from province_node.customers.model import Customer
from province_node.telephone_numbers import normal_number

BY_DOCUMENT, BY_CONTACT, BY_ADDRESS = "document", "contact", "address"
_SEARCHED = {BY_DOCUMENT: "document_number", BY_CONTACT: "contact_number", BY_ADDRESS: "address"}

SEARCH_CHARS_MAX = 200
_NOT_WORD = re.compile(r"[\W_]+")


class SearchTooShort(Refusal):
    """What is looked for would fit too many."""

    en = "Give the whole number or its last 6 or 4 characters; of an address at least two characters of the street."
    zh = "请提供完整号码或其后 6 位、后 4 位；地址至少提供两个字符的街道信息。"


class CityMissing(Refusal):
    """Addresses are found within a city only."""

    en = "An address is looked for within a city: give its GB/T 2260 code, such as 440100."
    zh = "按地址查找须限定地市，请提供 GB/T 2260 地市代码，例如 440100。"


class SearchFieldHidden(Refusal):
    """The field is hidden from whoever looks."""

    en = "Customers cannot be looked for by {field}: your roles, or a ceiling of headquarters, hide it."
    zh = "不能按 {field} 查找客户：您的角色或总部限定隐藏了该字段。"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom to find. `text` in normal form; `city_code` of an address alone."""

    by: str
    text: str = field(repr=False)
    city_code: str = ""


def wanted(by: str, text: str, city_code: str) -> Wanted:
    """A search in normal form. Raises SearchTooShort, CityMissing."""
    if by == BY_ADDRESS:
        if not city_code:
            raise CityMissing()
        return Wanted(by, text.strip(), city_code)
    normal = normal_document(text) if by == BY_DOCUMENT else normal_number(text)
    if not normal or (len(normal) < max(ENDINGS) and len(normal) not in ENDINGS):
        raise SearchTooShort()
    return Wanted(by, normal)


def fits(customer: Customer, wanted: Wanted) -> bool:
    """Whether a customer is one of those who are looked for."""
    if wanted.by == BY_ADDRESS:
        return customer.city_code == wanted.city_code and _folded(wanted.text) in _folded(customer.address)
    value = normal_document(customer.document_number) if wanted.by == BY_DOCUMENT else customer.contact_number
    return value.endswith(wanted.text) if len(wanted.text) in ENDINGS else value == wanted.text


def masked(customer: Customer) -> dict[str, Any]:
    """What a screen shows of a customer. Names and divisions are in the clear, the rest is not."""
    return {
        "customer_number": customer.customer_number,
        "kind": customer.kind,
        "name": customer.name,
        "document_kind": customer.document_kind,
        "document_number": mask_document(customer.document_number),
        "contact_number": mask_number(customer.contact_number),
        "city_code": customer.city_code,
        "address": mask_address(customer.address),
        "created_at_us": customer.created_at_us,
        "updated_at_us": customer.updated_at_us,
    }


def seen(shown: dict[str, Any], rights: Rights) -> dict[str, Any]:
    """What `masked` shows, without the fields that are hidden from whoever has these rights."""
    return {name: value for name, value in shown.items() if not is_hidden(name, rights)}


def is_hidden(name: str, rights: Rights) -> bool:
    """Whether a field of customers is not there for whoever has these rights; its number always is."""
    return name != "customer_number" and rights.field_right("customer", name, FieldRight.VISIBLE) is FieldRight.HIDDEN


def require_searchable(by: str, rights: Rights) -> None:
    """Raises SearchFieldHidden: what may not be seen must not be found out by searching either."""
    name = _SEARCHED[by]
    if is_hidden(name, rights):
        raise SearchFieldHidden(field=name)


def _folded(text: str) -> str:
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", text)).casefold()
