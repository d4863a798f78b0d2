"""A draft as QuickBooks is sent it, with one company's facts and one resolver."""

from __future__ import annotations

from dataclasses import dataclass

from raccord.plugin.drafts import BillPayment, Draft, Link, Payment
from raccord.quickbooks.codec import Encoded, Target, encode
from raccord.store.models import Company, Connection
from raccord.sync.bodies import mark, marker
from raccord.sync.books.company import Facts
from raccord.sync.resolving.conflict_rules import FEATURE_MISSING
from raccord.sync.resolving.resolve import LINK_WAITS, Held, Resolver
from raccord.sync.resolving.settling import CLASS, has_classes


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
        )

    def _settles_what_it_says(self, draft: Draft) -> None:
        """Hold a payment whose credit or invoice is still another kind of document there."""
        for each in draft.applied if isinstance(draft, Payment | BillPayment) else ():
            key = each.document.key if isinstance(each.document, Link) else ""
            kind = self.resolver.kinds.get(key, "")
            if kind not in ("", each.of.entity):
                raise Held(LINK_WAITS, keys=[key], states={key: f"{kind} ≠ {each.of}"})
