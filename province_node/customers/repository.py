"""Customers in the database: personal data sealed, found through blind indexes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from common.db.engine import METADATA
from common.db.rows import RowSpec
from common.db.unit_of_work import UnitOfWork
from common.personal_data.blind_index import (
    ENDING_BYTES,
    EXACT_BYTES,
    PART_BYTES,
    address_parts,
    normal_document,
)
from common.personal_data.repository import PersonalData
from common.personal_data.sealing import Place, SubjectCipher
from common.personal_data.vault import NONE, Vault
from province_node import record_totals
from province_node.customers import model
from province_node.customers.clear_rows import ClearRow, ClearRows
from province_node.customers.commands import CustomerRecord
from province_node.customers.model import Customer, CustomerErased, CustomerNotFound
from province_node.record_totals import count_one_more

CUSTOMER_NUMBER_CHARS_MAX = 32
NAME_CHARS_MAX = 120
REFERENCE_CHARS_MAX = 64
ERASED_REASON_CHARS_MAX = 200

TABLE = "customer_records"
DOCUMENT, CONTACT, ADDRESS, DIGEST = (
    Place(TABLE, column) for column in ("document_number", "contact_number", "address", "import_digest")
)
SEALED = (DOCUMENT, CONTACT, ADDRESS, DIGEST)

FOUND_BY = {
    f"{column}_{part}": EXACT_BYTES if part == "token" else ENDING_BYTES
    for column in ("document", "contact")
    for part in ("token", "last6", "last4")
}
"""The columns with blind tokens, and their bytes; in the order of blind_index.Tokens, for each sealed column."""

NOT_ERASED = sa.text("erased_at_us = 0")


# Of what is personal the name alone is in the clear. SEALED is ciphertext, FOUND_BY blind tokens.
CUSTOMERS = sa.Table(
    TABLE,
    METADATA,
    sa.Column("customer_number", sa.String(CUSTOMER_NUMBER_CHARS_MAX), primary_key=True),
    sa.Column("kind", sa.String(12), nullable=False),
    sa.Column("name", sa.String(NAME_CHARS_MAX), nullable=False),
    sa.Column("document_kind", sa.String(32), nullable=False),
    sa.Column("city_code", sa.String(6), nullable=False),
    sa.Column("import_reference", sa.String(REFERENCE_CHARS_MAX), nullable=False),
    sa.Column("created_at_us", sa.BigInteger, nullable=False),
    sa.Column("updated_at_us", sa.BigInteger, nullable=False),
    sa.Column("erased_at_us", sa.BigInteger, nullable=False),
    sa.Column("erased_reason", sa.String(ERASED_REASON_CHARS_MAX), nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("document_number", sa.LargeBinary, nullable=False),
    sa.Column("contact_number", sa.LargeBinary, nullable=False),
    sa.Column("address", sa.LargeBinary, nullable=False),
    sa.Column("import_digest", sa.LargeBinary, nullable=False),
    *(sa.Column(name, sa.LargeBinary(size)) for name, size in FOUND_BY.items()),
    sa.Index("customers_by_city", "city_code", "customer_number"),
    sa.Index(
        "customers_by_generation",
        "generation",
        "customer_number",
        sqlite_where=NOT_ERASED,
        postgresql_where=NOT_ERASED,
    ),
    sqlite_with_rowid=False,
)
for _name in FOUND_BY:
    _filled = sa.text(f"{_name} IS NOT NULL")
    sa.Index(f"customer_{_name}", CUSTOMERS.c[_name], sqlite_where=_filled, postgresql_where=_filled)

ADDRESS_TOKENS = sa.Table(
    "customer_address_tokens",
    METADATA,
    sa.Column("token", sa.LargeBinary(PART_BYTES), primary_key=True),
    sa.Column("customer_number", sa.String(CUSTOMER_NUMBER_CHARS_MAX), primary_key=True),
    sqlite_with_rowid=False,
)


class CustomerRow(NamedTuple):
    """A row of `customer_records`. `generation`: of the keys that its values are sealed under."""

    customer_number: str
    kind: str
    name: str
    document_kind: str
    city_code: str
    import_reference: str
    created_at_us: int
    updated_at_us: int
    erased_at_us: int
    erased_reason: str
    generation: int
    document_number: bytes
    contact_number: bytes
    address: bytes
    import_digest: bytes
    document_token: bytes | None
    document_last6: bytes | None
    document_last4: bytes | None
    contact_token: bytes | None
    contact_last6: bytes | None
    contact_last4: bytes | None


class AddressTokenRow(NamedTuple):
    """A row of `customer_address_tokens`."""

    token: bytes
    customer_number: str


CUSTOMER_ROWS = RowSpec(CUSTOMERS, CustomerRow)
ADDRESS_TOKEN_ROWS = RowSpec(ADDRESS_TOKENS, AddressTokenRow, key_width=2)


class CustomerRepository:
    """The customers of one group of work."""

    def __init__(self, uow: UnitOfWork, personal_data: PersonalData) -> None:
        self._uow = uow
        self._personal_data = personal_data
        self._vault = personal_data.vault

    def prefetch(self, customer_numbers: Iterable[str]) -> int:
        """Loads many at once with their keys, so that `get` and `take_over` need no statement of their own. Seals what
        is still in the clear; how many that were."""
        numbers = list(dict.fromkeys(customer_numbers))
        rows = self._uow.rows(CUSTOMER_ROWS)
        rows.prefetch(numbers)
        known = [(number, rows.get(number)) for number in numbers]
        sealed = self.seal([number for number, row in known if row is not None and row.generation == NONE])
        current = self._vault.current
        self._personal_data.prefetch(
            (current if row is None or row.generation == NONE else row.generation, number) for number, row in known
        )
        return sealed

    def get(self, customer_number: str) -> Customer:
        """The customer; raises CustomerNotFound, CustomerErased."""
        return self._opened(self._row(customer_number))

    def city_of(self, customer_number: str) -> str:
        """In which city the customer is served; empty where that is not known, or they were erased. Raises
        CustomerNotFound."""
        row = self._find(customer_number)
        if row is None:
            raise CustomerNotFound()
        return row.city_code

    def take_over(self, record: CustomerRecord) -> str:
        """Takes an extract's word on one customer and says what that did: "new", "changed" or "same". Raises
        CustomerErased.

        A row that says what the last extract said changes nothing, whatever has been done to the customer here since.
        """
        number = record.customer_number
        row = self._find(number)
        digest = model.import_digest(record)
        if row is None:
            cipher = self._personal_data.new_cipher(number)
            self._write(None, _customer_of(record, digest, self._uow.now_us, self._uow.now_us), cipher)
            count_one_more(self._uow, record_totals.CUSTOMERS)
            return model.NEW
        self.require_not_erased(number)
        cipher = self._personal_data.cipher(number, row.generation)
        if cipher.open_bytes(DIGEST, number, row.import_digest) == digest:
            return model.SAME
        self._write(row, _customer_of(record, digest, row.created_at_us, self._uow.now_us), cipher)
        return model.CHANGED

    def require_not_erased(self, customer_number: str) -> None:
        """Raises CustomerErased."""
        row = self._uow.rows(CUSTOMER_ROWS).get(customer_number)
        if row is not None and row.erased_at_us:
            raise CustomerErased(customer_number=customer_number)

    def is_erased(self, customer_number: str) -> bool:
        """Whether there was such a customer, and is no more."""
        row = self._uow.rows(CUSTOMER_ROWS).get(customer_number)
        return row is not None and bool(row.erased_at_us)

    def erase(self, customer_number: str, reason: str) -> int:
        """Stages the end of everything that says who the customer is; the number remains. When that was: now, or where
        it was done before, then. Raises CustomerNotFound."""
        row = self._find(customer_number)
        if row is None:
            raise CustomerNotFound()
        if row.erased_at_us:
            return row.erased_at_us
        self._put_address_tokens(customer_number, self._address_tokens_of(row), ())
        self._personal_data.destroy(customer_number)
        now_us = self._uow.now_us
        nothing: dict[str, Any] = {**dict.fromkeys((place.column for place in SEALED), b""), **dict.fromkeys(FOUND_BY)}
        self._uow.rows(CUSTOMER_ROWS).update(
            row._replace(
                name="",
                document_kind="",
                city_code="",
                import_reference="",
                updated_at_us=now_us,
                erased_at_us=now_us,
                erased_reason=reason,
                **nothing,
            )
        )
        return now_us

    # What hangs on the generations of keys

    def take_in_clear(self) -> None:
        """Gives records that a release without encryption left since the migration their place here, still unsealed."""
        empty = dict.fromkeys((place.column for place in SEALED), b"")
        ClearRows(self._uow).add_to(CUSTOMERS, {"erased_at_us": 0, "erased_reason": "", "generation": NONE, **empty})

    def seal(self, customer_numbers: Sequence[str]) -> int:
        """Seals records that a release without encryption left in the clear. How many."""
        if not customer_numbers:
            return 0
        clear = ClearRows(self._uow)
        found = clear.take(customer_numbers)
        self._personal_data.prefetch((self._vault.current, number) for number in found)
        for number, row in found.items():
            customer = _customer_of_clear(row)
            self._write(self._uow.rows(CUSTOMER_ROWS).get(number), customer, self._personal_data.new_cipher(number))
        clear.remove(found)
        return len(found)

    def renew(self, records_max: int) -> int:
        """Brings up to so many records of former generations to the current one, clear ones too. How many."""
        wanted = (
            sa.select(CUSTOMERS.c.customer_number)
            .where(CUSTOMERS.c.generation < self._vault.current, NOT_ERASED)
            .order_by(CUSTOMERS.c.generation, CUSTOMERS.c.customer_number)
            .limit(records_max)
        )
        numbers = list(self._uow.query(wanted).scalars())
        renewed = self.prefetch(numbers)
        self._personal_data.prefetch((self._vault.current, number) for number in numbers)
        for number in numbers:
            # Read again under its lock: since the search another may have come first.
            row = self._uow.rows(CUSTOMER_ROWS).get(number)
            if row is None or row.erased_at_us or row.generation == self._vault.current:
                continue
            self._write(row, self._opened(row), self._personal_data.new_cipher(number))
            renewed += 1
        return renewed

    # From rows to customers and back

    def _row(self, customer_number: str) -> CustomerRow:
        row = self._find(customer_number)
        if row is None:
            raise CustomerNotFound()
        self.require_not_erased(customer_number)
        return row

    def _find(self, customer_number: str) -> CustomerRow | None:
        """The row, sealed by now if it was clear."""
        rows = self._uow.rows(CUSTOMER_ROWS)
        row: CustomerRow | None = rows.get(customer_number)
        if row is not None and row.generation == NONE and not row.erased_at_us:
            self.seal([customer_number])
            row = rows.get(customer_number)
        return row

    def _opened(self, row: CustomerRow) -> Customer:
        return opened(row, self._personal_data.cipher(row.customer_number, row.generation))

    def _write(self, before: CustomerRow | None, customer: Customer, cipher: SubjectCipher) -> None:
        """Stages a customer's row under the cipher's key, and what it is found by."""
        number = customer.customer_number
        tokens = address_tokens(self._vault, customer.city_code, customer.address, cipher.generation)
        self._put_address_tokens(number, self._address_tokens_of(before), tokens)
        row = sealed(customer, cipher, self._vault)
        rows = self._uow.rows(CUSTOMER_ROWS)
        (rows.insert if before is None else rows.update)(row)

    def _address_tokens_of(self, row: CustomerRow | None) -> list[bytes]:
        """What the address in a sealed row is found by; nothing of a new or a clear one."""
        if row is None or row.generation == NONE or not row.address:
            return []
        number, generation = row.customer_number, row.generation
        address = self._personal_data.cipher(number, generation).open(ADDRESS, number, row.address)
        return address_tokens(self._vault, row.city_code, address, generation)

    def _put_address_tokens(self, number: str, before: Iterable[bytes], after: Iterable[bytes]) -> None:
        """Stages the difference between what the address was found by and what it is found by now."""
        old, new = dict.fromkeys(before), dict.fromkeys(after)
        rows = self._uow.rows(ADDRESS_TOKEN_ROWS)
        gone = [(token, number) for token in old if token not in new]
        if gone:
            rows.prefetch(gone)
        for key in gone:
            rows.delete(key)
        for token in new:
            if token not in old:
                rows.insert(AddressTokenRow(token, number))


def address_tokens(vault: Vault, city_code: str, address: str, generation: int) -> list[bytes]:
    """What an address of a city is found by, under the keys of one generation."""
    index = vault.index(ADDRESS, generation)
    return [index.part(city_code, part) for part in address_parts(address)]


def sealed(customer: Customer, cipher: SubjectCipher, vault: Vault) -> CustomerRow:
    """The row of a customer under the cipher's key, with what it is found by."""
    number, generation = customer.customer_number, cipher.generation
    return CustomerRow(
        number,
        customer.kind,
        customer.name,
        customer.document_kind,
        customer.city_code,
        customer.import_reference,
        customer.created_at_us,
        customer.updated_at_us,
        0,
        "",
        generation,
        cipher.seal(DOCUMENT, number, customer.document_number),
        cipher.seal(CONTACT, number, customer.contact_number),
        cipher.seal(ADDRESS, number, customer.address),
        cipher.seal_bytes(DIGEST, number, customer.import_digest),
        *vault.index(DOCUMENT, generation).tokens(normal_document(customer.document_number)),
        *vault.index(CONTACT, generation).tokens(customer.contact_number),
    )


def opened(row: CustomerRow, cipher: SubjectCipher) -> Customer:
    """The customer of a sealed row. Raises SealedValueUnreadable."""
    number = row.customer_number
    return Customer(
        customer_number=number,
        kind=row.kind,
        name=row.name,
        document_kind=row.document_kind,
        document_number=cipher.open(DOCUMENT, number, row.document_number),
        contact_number=cipher.open(CONTACT, number, row.contact_number),
        address=cipher.open(ADDRESS, number, row.address),
        city_code=row.city_code,
        import_reference=row.import_reference,
        import_digest=cipher.open_bytes(DIGEST, number, row.import_digest),
        created_at_us=row.created_at_us,
        updated_at_us=row.updated_at_us,
    )


def _customer_of(record: CustomerRecord, digest: bytes, created_at_us: int, updated_at_us: int) -> Customer:
    return Customer(
        customer_number=record.customer_number,
        kind=record.kind,
        name=record.name,
        document_kind=record.document_kind,
        document_number=record.document_number,
        contact_number=record.contact_number,
        address=record.address,
        city_code=record.city_code,
        import_reference=record.source_reference,
        import_digest=digest,
        created_at_us=created_at_us,
        updated_at_us=updated_at_us,
    )


def _customer_of_clear(row: ClearRow) -> Customer:
    return Customer(**row._asdict())
