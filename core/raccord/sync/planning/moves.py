"""What a draft moves in the ledger, for its plan line: every account for people to see, one amount for the proof."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from raccord.plugin.drafts import Accepts, Control, Draft, Ref, StillDraft, money_effect
from raccord.quickbooks.codec import CompanyFacts, Places, ledger_effect
from raccord.sync.resolving.resolve import Resolver


@dataclass(frozen=True, slots=True)
class Moves:
    """``effect`` by account; ``amount`` is what the proof counts on ``money_account``, nothing where no money moves."""

    effect: dict[str, Decimal]
    money_account: str = ""
    amount: Decimal | None = None


def moves_of(draft: Draft, resolver: Resolver, facts: CompanyFacts) -> Moves:
    """Return what a draft moves. Raises ``Held`` and ``EncodeError`` as resolving and encoding do."""
    if isinstance(draft, StillDraft):
        return Moves({})
    ref, amount = money_effect(draft)
    return Moves(
        ledger_effect(draft, resolver.resolve, facts, _places(resolver, facts)), money_account(ref, resolver), amount
    )


def money_account(ref: Ref | Control, resolver: Resolver) -> str:
    """Return what the proof watches; of what is owed only the side, as QuickBooks picks the account itself."""
    return str(ref) if isinstance(ref, Control) else resolver.resolve(ref)


def _places(resolver: Resolver, facts: CompanyFacts) -> Places:
    lists = resolver.lists
    clearing = lists.of_subtype(Accepts.CLEARING, "UndepositedFunds")

    def owed(control: Control, currency: str) -> str:
        own = lists.owed(control, currency, facts.home_currency)
        return "" if own is None else own.id

    return Places("" if clearing is None else clearing.id, owed, lists.income_of)
