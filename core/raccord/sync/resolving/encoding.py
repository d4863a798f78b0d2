"""A draft as QuickBooks is sent it, with one company's facts and one resolver."""

from __future__ import annotations

from dataclasses import dataclass

from raccord.plugin.drafts import BillPayment, Deposit, Draft, Expense, Link, Payment, Transfer
from raccord.quickbooks.codec import Encoded, Target, encode, must_be_kept
from raccord.store.models import Company, Connection
from raccord.sync.bodies import mark, marker
from raccord.sync.books.company import TAXED_BACK, Facts
from raccord.sync.resolving.conflict_rules import FEATURE_MISSING
from raccord.sync.resolving.resolve import LINK_WAITS, Held, Resolver
from raccord.sync.resolving.settling import CLASS, has_classes

CURRENCY_DIFFERS = "resolve.currency_differs"
_OWN_CURRENCY = ("Bank", "Credit Card")
"""Types of accounts of which each is kept in a currency of its own, where the company has several."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """Writes drafts; the resolver has begun the draft before."""

    company: Company
    connection: Connection
    resolver: Resolver
    facts: Facts

    def code(self, key: str) -> str:
        """Return the lasting mark of a draft."""
        return mark(self.company.realm, self.connection.id, key)

    def encode(self, draft: Draft, key: str, revision: int, target: Target | None, lives: int = 0) -> Encoded:
        """Return a draft as it is sent, after ``lives`` that were undone; raises ``Held`` and ``EncodeError``."""
        if has_classes(draft) and not self.facts.classes:
            raise Held(FEATURE_MISSING, feature=CLASS)
        self._settles_what_it_says(draft)
        self._fits_its_account(draft)
        code = self.code(key)
        number = f"{self.connection.connector[:3].upper()}-{code}" + (f"-{lives + 1}" if lives else "")
        return encode(
            draft,
            self.resolver.resolve,
            self.facts.encoding,
            marker=marker(code, revision),
            number=number,
            update=target,
            kind_of=self.resolver.kind_of,
            is_cost=self._is_cost,
        )

    def _is_cost(self, account: str) -> bool:
        entry = self.resolver.lists.by_id.get(("Account", account))
        return entry is None or entry.type in TAXED_BACK

    def _settles_what_it_says(self, draft: Draft) -> None:
        """Hold a payment whose credit or invoice is still another kind of document there."""
        for each in draft.applied if isinstance(draft, Payment | BillPayment) else ():
            key = each.document.key if isinstance(each.document, Link) else ""
            kind = self.resolver.kinds.get(key, "")
            if kind not in ("", each.of.entity):
                raise Held(LINK_WAITS, keys=[key], states={key: f"{kind} ≠ {each.of}"})

    def _fits_its_account(self, draft: Draft) -> None:
        """Hold money whose account is kept in another currency, and what the company keeps in none, before anything
        else is asked about it.
        """
        match draft:
            case Deposit():
                own = draft.bank
            case Expense():
                own = draft.paid_from
            case Transfer():
                own = draft.target if draft.arriving else draft.source
            case _:
                return
        must_be_kept(draft.currency, self.facts.encoding)
        if not self.facts.encoding.multicurrency:
            return
        entry = self.resolver.lists.by_id.get(("Account", self.resolver.resolve(own)))
        if entry is None or entry.type not in _OWN_CURRENCY:
            return
        kept = entry.currency or self.facts.encoding.home_currency
        if kept != draft.currency:
            raise Held(CURRENCY_DIFFERS, account=entry.name, kept=kept, currency=draft.currency)
