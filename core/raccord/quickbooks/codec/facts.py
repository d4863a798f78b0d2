"""What encoding must know of the company, and what it delivers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class TaxRate:
    """One rate of a tax code; ``percent`` is what the agency takes of the net (9.975 for Quebec's sales tax)."""

    id: str
    name: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """What encoding must know of the company; read once for a run, so that the same draft gives the same bytes.

    ``taxed``: lines need tax codes (every company outside the United States). ``tax_codes`` and ``purchase_codes`` hold
    the sales and the purchase rates by tax code id. ``exempt_code`` is the id of the code without tax that lines bear
    in a taxed company; empty when the company has none. ``receivable`` is the id of the account that a new customer is
    given where QuickBooks asks for one, which it does in France alone.
    """

    country: str
    home_currency: str
    multicurrency: bool
    taxed: bool
    tax_codes: Mapping[str, tuple[TaxRate, ...]]
    exempt_code: str = ""
    purchase_codes: Mapping[str, tuple[TaxRate, ...]] = field(default_factory=dict)
    receivable: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """The object to update. ``document`` is the object as QuickBooks holds it, needed for the kinds that are updated
    whole (:data:`raccord.quickbooks.codec.encode.SPARSE` lists the others): what a draft does not speak of is kept.
    """

    id: str
    sync_token: str
    document: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Encoded:
    """One object in QuickBooks' words: its entity name, its JSON text, and the draft keys still to be filled in."""

    kind: str
    payload: str
    needs: tuple[str, ...]
