"""The kinds of QuickBooks objects: their path on the wire and the key that holds them in JSON."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class VoidWay(StrEnum):
    """How a kind is voided."""

    OPERATION = "operation"
    """``?operation=void`` with Id and SyncToken."""
    INCLUDE = "include"
    """``?operation=update&include=void`` with Id, SyncToken and sparse."""


@dataclass(frozen=True, slots=True)
class Entity:
    """How one kind is written on the wire; ``key`` is empty where the answer has no envelope."""

    kind: str
    path: str
    key: str
    void: VoidWay | None = None
    writable: bool = True
    deletable: bool = False


class UnknownKindError(ValueError):
    """Raised for a kind that QuickBooks does not have: a fault of the caller."""


def entity(kind: str) -> Entity:
    """Return how ``kind`` ('SalesReceipt') is written on the wire."""
    try:
        return ENTITIES[kind]
    except KeyError:
        raise UnknownKindError(f"QuickBooks has no kind {kind!r}; known kinds: {', '.join(ENTITIES)}") from None


def _plain(kind: str, void: VoidWay | None = None, *, writable: bool = True, deletable: bool = False) -> Entity:
    return Entity(kind, kind.lower(), kind, void, writable, deletable)


def _transaction(kind: str, void: VoidWay | None = None) -> Entity:
    return _plain(kind, void, deletable=True)


# Source: Intuit's reference page of each kind. The path is the lower-case name; exceptions are written out.
_ALL = (
    _plain("CompanyInfo"),
    _plain("Preferences"),
    _plain("Account"),
    _plain("Customer"),
    _plain("Vendor"),
    _plain("Employee"),
    _plain("Item"),
    _plain("Class"),
    _plain("Department"),
    _plain("Term"),
    _plain("PaymentMethod"),
    _plain("CustomerType", writable=False),
    _plain("TaxCode", writable=False),
    _plain("TaxRate", writable=False),
    _plain("TaxAgency"),
    Entity("TaxService", "taxservice/taxcode", ""),
    _plain("CompanyCurrency"),
    _plain("ExchangeRate"),
    _transaction("Invoice", VoidWay.OPERATION),
    _transaction("SalesReceipt", VoidWay.INCLUDE),
    _transaction("RefundReceipt"),
    _transaction("CreditMemo"),
    _transaction("Payment", VoidWay.INCLUDE),
    _transaction("Deposit"),
    _transaction("Purchase"),
    _transaction("Bill"),
    _transaction("BillPayment", VoidWay.INCLUDE),
    _transaction("VendorCredit"),
    _transaction("Transfer"),
    _transaction("JournalEntry"),
    _transaction("Estimate"),
    _transaction("PurchaseOrder"),
    _transaction("TimeActivity"),
    Entity("CreditCardPayment", "creditcardpayment", "CreditCardPaymentTxn", deletable=True),
    _plain("RecurringTransaction", deletable=True),
    _plain("Attachable", deletable=True),
)

ENTITIES = MappingProxyType({each.kind: each for each in _ALL})
