"""Whether a treatment fits a company's books: what it names is there, active, of the right kind and currency."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from raccord.plugin.drafts import Accepts
from raccord.store.models import LedgerEntry
from raccord.sync.books.company import PEOPLE, TAXED_BACK, TYPES
from raccord.sync.lines.treatments import Treated, Treatment, UnfitTreatment

OWNERS_ACCOUNTS = frozenset({"Equity", "Other Current Liability", "Long Term Liability", "Other Current Asset"})
"""What is the owner's: equity, and what the company owes or lends its owner."""
OWN_ACCOUNTS = frozenset(
    {"Bank", "Credit Card", "Other Current Asset", "Other Current Liability", "Long Term Liability"}
)
"""Where money can move to without being earned or spent."""
NOBODYS_ACCOUNTS = frozenset(
    {
        "RetainedEarnings", "OpeningBalanceEquity", "UndepositedFunds", "PrepaidExpenses", "Inventory",
        "AllowanceForBadDebts", "DevelopmentCosts", "GlobalTaxPayable", "GlobalTaxSuspense", "SalesTaxPayable",
        "StateLocalIncomeTaxPayable", "FederalIncomeTaxPayable", "PayrollTaxPayable", "PayrollClearing",
        "DeferredRevenue", "InsurancePayable", "TrustAccountsLiabilities",
    }
)  # fmt: skip
"""Subtypes that are neither the owner's nor a place where money is kept: never offered for a draw or a transfer."""
NO_CATEGORIES = frozenset({"RetainedEarnings", "OpeningBalanceEquity", "UndepositedFunds", "GlobalTaxSuspense"})
"""Subtypes that QuickBooks itself writes to: not offered as a category, and taken where somebody types the name."""
FOREIGN_ACCOUNTS = frozenset({"Bank", "Credit Card", "Accounts Receivable", "Accounts Payable"})
"""What QuickBooks keeps in a currency of its own; everything else is in the company's."""


@dataclass(slots=True)
class BooksFit:
    """Looks treatments up in a company's lists, each entry once."""

    session: Session
    company_id: str
    _known: dict[tuple[str, str], LedgerEntry | None] = field(default_factory=dict)

    def check(self, treatment: Treatment, currency: str, moved_on: str, *, deposit: bool = False) -> None:
        """Raise ``UnfitTreatment`` for what a line in a currency, on the account ``moved_on``, cannot be.

        What becomes a deposit bears a tax only on its parts for costs, which give it back or, kept back, have it: they
        count among purchases. The tax of a sale is in its invoice or receipt.
        """
        match treatment.kind:
            case Treated.EXCLUDE:
                if not treatment.why.strip():
                    raise UnfitTreatment("why_missing")
            case Treated.TRANSFER:
                self.entry("Account", treatment.other_account, currency, OWN_ACCOUNTS)
                if treatment.other_account == moved_on:
                    raise UnfitTreatment("same_account")
            case Treated.CATEGORY | Treated.PERSONAL | Treated.SPLIT:
                self._check_parts(treatment, currency)
                if deposit:
                    self._check_costs(treatment)

    def entry(self, kind: str, object_id: str, currency: str = "", types: frozenset[str] | None = None) -> LedgerEntry:
        """Return an active entry of one of some types; what is kept in a currency of its own takes no other."""
        if not object_id:
            raise UnfitTreatment("none_chosen")
        if (kind, object_id) not in self._known:
            self._known[kind, object_id] = self.session.get(LedgerEntry, (self.company_id, kind, object_id))
        found = self._known[kind, object_id]
        if found is None or not found.active or (types is not None and found.type not in types):
            raise UnfitTreatment("does_not_fit", object=found.name if found else object_id)
        # What is earned and spent is kept in home currency, and takes documents of every one.
        kept = types is OWN_ACCOUNTS or found.type in FOREIGN_ACCOUNTS or kind in PEOPLE
        if kept and currency and found.currency and found.currency != currency:
            raise UnfitTreatment("currency", object=found.name, currency=found.currency, line=currency)
        return found

    def taxed_back(self, account_id: str) -> bool:
        """Tell whether money received for an account may bear the tax of a purchase."""
        try:
            self.entry("Account", account_id, types=TAXED_BACK)
        except UnfitTreatment:
            return False
        return True

    def _check_costs(self, treatment: Treatment) -> None:
        for part in treatment.parts:
            if part.tax_code and not self.taxed_back(part.account):
                raise UnfitTreatment("tax_on_deposit", account=self.entry("Account", part.account).name)

    def _check_parts(self, treatment: Treatment, currency: str) -> None:
        types = OWNERS_ACCOUNTS if treatment.kind is Treated.PERSONAL else TYPES[Accepts.CATEGORY]
        if treatment.kind is not Treated.SPLIT and len(treatment.parts) != 1:
            raise UnfitTreatment("one_part")
        for part in treatment.parts:
            self.entry("Account", part.account, currency, types)
            for kind, object_id in (("TaxCode", part.tax_code), ("Class", part.class_id)):
                if object_id:
                    self.entry(kind, object_id)
        if treatment.location_id:
            self.entry("Department", treatment.location_id)
        if treatment.party_id:
            self.entry(treatment.party_kind, treatment.party_id, currency)
