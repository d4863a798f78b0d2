"""The working sheet of one encoding: references become ids, and placeholders are remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from raccord.plugin.drafts import Accepts, Decision, MoneyDraft, Ref
from raccord.quickbooks.codec.amounts import LARGEST, plain
from raccord.quickbooks.codec.errors import EncodeError
from raccord.quickbooks.codec.facts import CompanyFacts
from raccord.quickbooks.codec.json_text import JsonObject
from raccord.quickbooks.codec.placeholders import key_in

KindOf = Callable[[Ref], str]
"""Answers QuickBooks' entity name (``Vendor``, ``RefundReceipt``) of what a reference stands for; empty = unknown."""


def unknown_kind(_ref: Ref) -> str:
    return ""


IsCost = Callable[[str], bool]
"""Tells of an account, by its id, whether what is bought goes there."""


def all_costs(_account: str) -> bool:
    return True


@dataclass(slots=True)
class Sheet:
    """What one encoding resolves; ``needs`` collects the draft keys whose ids are not known yet, in order."""

    resolve: Callable[[Ref], str]
    facts: CompanyFacts
    kind_of: KindOf = unknown_kind
    is_cost: IsCost = all_costs
    needs: dict[str, None] = field(default_factory=dict)

    def id(self, ref: Ref, place: str) -> str:
        found = self.resolve(ref)
        if not found:
            raise EncodeError(
                "encoding.reference_missing",
                f"« {place} » ne désigne rien dans QuickBooks. Faites ce choix dans les réglages de la connexion.",
                f'"{place}" stands for nothing in QuickBooks. Make this choice in the settings of the connection.',
                place,
            )
        key = key_in(found)
        if key is not None:
            self.needs[key] = None
        return found

    def ref(self, ref: Ref, place: str) -> JsonObject:
        return {"value": self.id(ref, place)}

    def entity(self, ref: Ref, place: str, otherwise: str = "") -> tuple[str, str]:
        """Return id and entity name of a person; raises :class:`EncodeError` where nobody knows which list it is in."""
        kind = self.kind_of(ref)
        match ref:
            case Decision(accepts=Accepts.CUSTOMER):
                kind = "Customer"
            case Decision(accepts=Accepts.VENDOR):
                kind = "Vendor"
            case _:
                kind = kind or otherwise
        if kind not in ("Customer", "Vendor", "Employee"):
            raise EncodeError(
                "encoding.entity_unknown",
                f"« {place} » doit être un client, un fournisseur ou un employé. Choisissez-le pour cette connexion.",
                f'"{place}" must be a customer, a vendor or an employee. Choose one for this connection.',
                place,
            )
        return self.id(ref, place), kind

    def currency(self, draft: MoneyDraft) -> JsonObject:
        """Return the currency properties: required with multicurrency, else left out and a foreign one refused."""
        if self.facts.multicurrency:
            found: JsonObject = {"CurrencyRef": {"value": draft.currency}}
            if draft.exchange_rate is not None and draft.currency != self.facts.home_currency:
                found["ExchangeRate"] = exchange_rate(draft.exchange_rate)
            return found
        must_be_kept(draft.currency, self.facts)
        return {}


def must_be_kept(currency: str, facts: CompanyFacts) -> None:
    """Refuse a foreign currency in a company without multicurrency."""
    home = facts.home_currency
    if currency != home and not facts.multicurrency:
        raise EncodeError(
            "encoding.currency_foreign",
            f"Le document est en {currency}, la société ne tient que {home}. Activez la multidevise dans "
            "QuickBooks (définitif), ou saisissez ce document à la main.",
            f"The document is in {currency}, the company keeps {home} only. Turn on multicurrency in "
            "QuickBooks (for good), or enter this document by hand.",
            "currency",
        )


def exchange_rate(rate: Decimal) -> Decimal:
    """Return how many units of home currency one unit costs; refuse what is no rate."""
    if not rate.is_finite() or rate <= 0 or rate > LARGEST:
        raise EncodeError(
            "encoding.exchange_rate_unfit",
            f"Le taux de change {rate} n'en est pas un. Corrigez-le dans la source.",
            f"The exchange rate {rate} is none. Correct it in the source.",
            "exchange_rate",
        )
    return plain(rate)


def must_have_lines(count: int, limit: int) -> None:
    """Refuse a document without lines, or with more than QuickBooks takes."""
    if count == 0:
        raise EncodeError(
            "encoding.no_lines",
            "Le document n'a aucune ligne. Vérifiez-le dans la source.",
            "The document has no line. Check it in the source.",
            "lines",
        )
    if count > limit:
        raise EncodeError(
            "encoding.too_many_lines",
            f"Le document a {count} lignes, QuickBooks en accepte {limit}. Divisez-le dans la source.",
            f"The document has {count} lines, QuickBooks takes {limit}. Split it in the source.",
            "lines",
        )
