"""What QuickBooks would get of drafts, and what that does to the ledger, in the books of a made-up company.

The company has an account, an item or an entry for whatever a draft asks, named like the place it fills; its tax codes
have the rates that the source states, or Quebec's where it states none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from raccord.plugin.drafts import (
    Control,
    Decision,
    Deposit,
    Draft,
    Item,
    ItemFor,
    LedgerId,
    Link,
    LinkedLine,
    Ref,
    Role,
    StillDraft,
    TaxMode,
    money_effect,
)
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.references import CustomerOf, MoneyOf
from raccord.plugin.testing.recording.leaves import indented
from raccord.plugin.texts import Text
from raccord.quickbooks.codec import (
    CompanyFacts,
    EncodeError,
    Places,
    TaxRate,
    encode,
    entity_of,
    ledger_effect,
    placeholder,
)
from raccord.quickbooks.codec.placeholders import key_in
from raccord.sync.bodies import mark, marker
from raccord.sync.books.company import kind_of

EXEMPT = "exempt"
_QUEBEC = (Decimal(5), Decimal("9.975"))
_COUNTRIES = {"CAD": "CA", "USD": "US", "GBP": "GB", "EUR": "FR", "AUD": "AU"}


@dataclass(frozen=True, slots=True)
class Posting:
    """By how much an account moves, in the document's currency: debits positive."""

    account: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Documented:
    """A draft as QuickBooks would get it: its JSON over lines and its postings, or why it cannot be sent."""

    draft: Draft
    entity: str
    payload: str = ""
    postings: Sequence[Posting] = ()
    waits: Sequence[Text] = ()
    """What a person, or another document, must say first."""
    refused: Text | None = None
    code: str = ""

    @property
    def balanced(self) -> bool:
        return sum((each.amount for each in self.postings), Decimal(0)) == 0


@dataclass(slots=True)
class MadeUpBooks:
    """The made-up company: answers every reference by a name that says what it stands for."""

    info: ConnectorInfo
    home_currency: str
    drafts: Mapping[str, Draft]
    """All drafts of the source by their key."""
    waits: list[Text] = field(default_factory=list)

    @property
    def taxed(self) -> bool:
        """Whether lines need tax codes, as everywhere but in the United States."""
        return self.home_currency != "USD"

    def document(self, draft: Draft) -> Documented:
        """Return what QuickBooks would get of one draft; nothing is sent anywhere."""
        self.waits = []
        entity = entity_of(draft)
        code = mark("bench", "bench", draft.key)
        facts = self._facts(draft)
        try:
            encoded = encode(
                draft,
                self.resolve,
                facts,
                marker=marker(code, 1),
                number=f"{self.info.name[:3].upper()}-{code}",
                kind_of=self.kind_of,
            )
            postings = self._postings(draft, facts)
        except EncodeError as error:
            return Documented(draft, entity, waits=_once(self.waits), refused=error.text, code=error.code)
        return Documented(draft, entity, indented(encoded.payload), postings, _once(self.waits))

    def resolve(self, ref: Ref) -> str:
        """Return the name that stands for what a reference is of; what is not there yet is noted as awaited."""
        match ref:
            case LedgerId():
                return ref.id
            case Link():
                if ref.key not in self.drafts:
                    self.waits.append(
                        Text(
                            f"Attend le document « {ref.key} », que cette source n'a pas livré.",
                            f"Waits for the document “{ref.key}”, which this source did not deliver.",
                        )
                    )
                return placeholder(ref.key)
            case Role():
                return ref.name + (f"/{ref.of}" if ref.of else "")
            case ItemFor():
                return f"item:{self.resolve(ref.account)}"
            case MoneyOf():
                # Nothing of this company is in QuickBooks yet.
                return self.resolve(ref.otherwise)
            case CustomerOf():
                document = self.drafts.get(ref.document.key)
                customer = getattr(document, "customer", None)
                return self.resolve(ref.document if customer is None else customer)
            case Decision():
                self.waits.append(
                    Text(
                        f"Une personne répond : {ref.name} ({ref.accepts}).",
                        f"A person answers: {ref.name} ({ref.accepts}).",
                    )
                )
                return f"?{ref.name}"

    def kind_of(self, ref: Ref) -> str:
        """Return QuickBooks' entity name of what a reference stands for, where it is known."""
        match ref:
            case Link():
                linked = self.drafts.get(ref.key)
                return "" if linked is None else entity_of(linked)
            case LedgerId():
                return ref.kind
            case Role():
                role = next((each for each in self.info.roles if each.name == ref.name), None)
                return "" if role is None else kind_of(role.accepts)
            case Decision():
                return kind_of(ref.accepts)
            case _:
                return ""

    def _facts(self, draft: Draft) -> CompanyFacts:
        rates = self._rates(draft)
        return CompanyFacts(
            country=_COUNTRIES.get(self.home_currency, ""),
            home_currency=self.home_currency,
            multicurrency=getattr(draft, "currency", "") not in ("", self.home_currency),
            taxed=self.taxed,
            tax_codes=rates,
            exempt_code=EXEMPT,
            purchase_codes=rates,
        )

    def _rates(self, draft: Draft) -> dict[str, tuple[TaxRate, ...]]:
        """Return the tax codes of a draft's lines with rates that fit what its source states."""
        lines = [line for line in getattr(draft, "lines", ()) if getattr(line, "tax_code", None) is not None]
        codes = {self.resolve(line.tax_code) for line in lines}
        mode = getattr(draft, "tax_mode", TaxMode.NONE)
        stated = tuple(dict.fromkeys(each.percent for each in getattr(draft, "taxes", ())))
        if mode is TaxMode.NONE:
            percents: tuple[Decimal, ...] = ()
        elif stated:
            percents = stated
        elif mode is TaxMode.EXCLUSIVE:
            percents = _percent_of(draft)
        else:
            percents = _QUEBEC
        named = tuple(TaxRate(f"rate-{each.normalize():f}", f"{each.normalize():f} %", each) for each in percents)
        return {**dict.fromkeys(codes, named), EXEMPT: ()}

    def _postings(self, draft: Draft, facts: CompanyFacts) -> list[Posting]:
        """Return the postings in the document's own currency: what another day's rate makes of them is not known."""
        if isinstance(draft, StillDraft):
            return []
        own = replace(facts, home_currency=draft.currency, multicurrency=False)
        places = Places(self._clearing(draft), lambda control, _currency: str(control), self._income)
        moved = ledger_effect(draft, self.resolve, own, places)
        return [Posting(account, amount, draft.currency) for account, amount in moved.items()]

    def _income(self, item: str) -> str:
        """Return the account of an item: that of its draft, or one named after it."""
        draft = self.drafts.get(key_in(item) or "")
        return self.resolve(draft.income_account) if isinstance(draft, Item) else f"income of {item}"

    def _clearing(self, draft: Draft) -> str:
        """Return where the money is that a deposit takes along."""
        for line in draft.lines if isinstance(draft, Deposit) else ():
            of = line.document if isinstance(line, LinkedLine) else None
            linked = self.drafts.get(of.key) if isinstance(of, Link) else None
            if linked is not None and not isinstance(linked, StillDraft):
                place, _ = money_effect(linked)
                return str(place) if isinstance(place, Control) else self.resolve(place)
        return "undeposited"


def _percent_of(draft: Draft) -> tuple[Decimal, ...]:
    """Return the rate at which the lines of a document come to its total; nothing where they do already."""
    lines = getattr(draft, "lines", ())
    taxable = sum((line.amount for line in lines if line.tax_code is not None), Decimal(0))
    discount = getattr(draft, "discount", None)
    taken = Decimal(0) if discount is None else discount.amount
    tax = getattr(draft, "total", Decimal(0)) - sum((line.amount for line in lines), Decimal(0)) + taken
    if not taxable or not tax:
        return ()
    return ((100 * tax / taxable).quantize(Decimal("0.001")).normalize(),)


def _once(texts: Sequence[Text]) -> tuple[Text, ...]:
    return tuple(dict.fromkeys(texts))
