"""Postings in home currency: documents state entries in their own currency, and here alone they are converted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from raccord_sandbox.posting.ledger import Entry, assert_balanced
from raccord_sandbox.refusing.faults import Doc, business
from raccord_sandbox.schema import fitted

if TYPE_CHECKING:
    from raccord_sandbox.keeping.company import Company

Key = tuple[str, str]
Change = tuple[Doc | None, tuple[Entry, ...] | None]
"""What is staged for an object: itself, or None where it goes; its entries, or None where they stay."""

GAIN = "ExchangeGainOrLoss"
CONTROL = {"Accounts Receivable": "Customer", "Accounts Payable": "Vendor"}
"""Types of account that are about somebody."""
MONEY = frozenset({*CONTROL, "Bank", "Credit Card"})
SETTLERS = {"Payment": 1, "Deposit": 2, "BillPayment": 3}
"""Documents that take out what others put in, in the order in which they depend on each other."""
ZERO = Decimal(0)


def in_home_currency(company: Company, staged: Mapping[Key, Change]) -> dict[Key, Change]:
    """Return what is staged with its entries in home currency.

    An entry that settles an item carries the item's own home value; the difference is exchange gain or loss. Documents
    that settled an item before it changed are posted again with it.
    """
    if not company.multicurrency:
        return dict(staged)
    return _Conversion(company, staged).run()


class _Conversion:
    def __init__(self, company: Company, staged: Mapping[Key, Change]) -> None:
        self._company = company
        self._staged = dict(staged)
        self._done: dict[Key, tuple[Entry, ...]] = {}
        self._queue: list[tuple[int, int, Key]] = []

    def run(self) -> dict[Key, Change]:
        for key, (doc, entries) in self._staged.items():
            if doc is None:
                self._done[key] = ()
            elif entries is not None:
                self._wait(key)
        while self._queue:
            _, _, key = heappop(self._queue)
            doc, entries = self._staged[key]
            if doc is not None and entries is not None:
                self._done[key] = self._converted(key, doc, entries)
                self._staged[key] = (doc, self._done[key])
                self._post_settlers_again(key)
        return self._staged

    def _wait(self, key: Key) -> None:
        kind, id_ = key
        heappush(self._queue, (SETTLERS.get(kind, 0), int(id_) if id_.isdecimal() else 0, key))

    def _post_settlers_again(self, key: Key) -> None:
        """Convert the documents again that settle what this one has changed."""
        ledger = self._company.ledger
        before, after = _own_items(key, self._old_entries(key)), _own_items(key, self._done[key])
        for place in {**before, **after}:
            if before.get(place) == after.get(place):
                continue
            for other in ledger.movers(*place):
                if other == key or other in self._done or any(other == waiting for _, _, waiting in self._queue):
                    continue
                staged, _ = self._staged.get(other, (self._company.get(*other), None))
                self._staged[other] = (staged, self._stated(other))
                self._wait(other)

    def _old_entries(self, key: Key) -> tuple[Entry, ...]:
        posting = self._company.ledger.posting(*key)
        return () if posting is None else posting.entries

    def _stated(self, key: Key) -> tuple[Entry, ...]:
        """Return a stored document's entries as it stated them."""
        gain = self._company.first_account(AccountSubType=GAIN)["Id"]
        return tuple(
            replace(entry, amount=entry.stated, foreign=None) if entry.stated else entry
            for entry in self._old_entries(key)
            if entry.stated or entry.account != gain
        )

    def _converted(self, key: Key, doc: Doc, stated: Sequence[Entry]) -> tuple[Entry, ...]:
        home = self._company.home_currency
        currency = doc.get("CurrencyRef", {}).get("value", home)
        for entry in stated:
            self._check_account(entry, currency)
        if currency == home:
            return tuple(stated)
        rate = Decimal(doc.get("ExchangeRate", 1))
        entries, settles = [], False
        for entry in stated:
            if entry.foreign is not None:
                entries.append(entry)
                continue
            item = entry.item or self._own_item(key, entry)
            amount = fitted(entry.amount * rate, 2, "Amount")
            if item and not _is_own(key, item):
                settles = True
                amount = self._carried(key, entry, amount)
            entries.append(replace(entry, amount=amount, foreign=entry.amount, item=item))
        assert_balanced([replace(entry, amount=entry.stated) for entry in entries])
        return tuple(self._evened(entries, settles=settles))

    def _check_account(self, entry: Entry, currency: str) -> None:
        """Refuse an account that is kept in another currency than the document, or than the name it is about."""
        home = self._company.home_currency
        account = self._account(entry)
        own = account.get("CurrencyRef", {}).get("value", home)
        if own not in (home, currency):
            text = f"The account {account.get('Name')} is kept in {own}; the transaction is in {currency}."
            raise business(text, "CurrencyRef")
        party = CONTROL.get(account.get("AccountType", ""))
        if party is None or not entry.name:
            return
        staged, _ = self._staged.get((party, entry.name), (None, None))
        name = staged or self._company.get(party, entry.name) or {}
        kept = name.get("CurrencyRef", {}).get("value", own)
        if kept != own:
            text = f"The account {account.get('Name')} is kept in {own}, {name.get('DisplayName')} in {kept}."
            raise business(text, "CurrencyRef")

    def _account(self, entry: Entry) -> Doc:
        staged, _ = self._staged.get(("Account", entry.account), (None, None))
        return staged or self._company.get("Account", entry.account) or {}

    def _own_item(self, key: Key, entry: Entry) -> str:
        """Return the item that an entry opens: on receivables, payables and money that waits for its deposit."""
        account = self._account(entry)
        payable = account.get("AccountType") == "Accounts Payable"
        if (
            not payable
            and account.get("AccountType") not in CONTROL
            and account.get("AccountSubType") != "UndepositedFunds"
        ):
            return ""
        kind, id_ = key
        return f"{kind}:{id_}:{entry.line}" if kind == "JournalEntry" and not payable else f"{kind}:{id_}"

    def _carried(self, key: Key, entry: Entry, otherwise: Decimal) -> Decimal:
        """Return the home value of what is settled: all that is left of it with the last of it, else its share."""
        home, foreign = self._open(key, entry.account, entry.item)
        if not foreign:
            return otherwise
        if foreign + entry.amount == 0:
            return -home
        return fitted(home * entry.amount / foreign, 2, "Amount")

    def _open(self, key: Key, account: str, item: str) -> tuple[Decimal, Decimal]:
        """Return what is open of an item without this document, counting what this operation has changed so far."""
        home, foreign = self._company.ledger.open_item(account, item)
        changed = {key, *self._done, *(waiting for _, _, waiting in self._queue)}
        for other in changed:
            for entry in self._old_entries(other):
                if (entry.account, entry.item) == (account, item) and entry.foreign is not None:
                    home, foreign = home - entry.amount, foreign - entry.foreign
            for entry in self._done.get(other, ()) if other != key else ():
                if (entry.account, entry.item) == (account, item) and entry.foreign is not None:
                    home, foreign = home + entry.amount, foreign + entry.foreign
        return home, foreign

    def _evened(self, entries: list[Entry], *, settles: bool) -> list[Entry]:
        """Let what rates or rounding leave fall on exchange gain or loss, else on the largest income or expense."""
        gap = -sum((entry.amount for entry in entries), ZERO)
        if not gap:
            return entries
        places = [] if settles else [place for place, entry in enumerate(entries) if self._bears_rounding(entry)]
        if not places:
            gain = self._company.first_account(AccountSubType=GAIN)["Id"]
            return [*entries, Entry(gain, gap, foreign=ZERO)]
        place = max(places, key=lambda one: abs(entries[one].amount))
        entries[place] = replace(entries[place], amount=entries[place].amount + gap)
        return entries

    def _bears_rounding(self, entry: Entry) -> bool:
        account = self._account(entry)
        money = account.get("AccountType") in MONEY or account.get("AccountSubType") == "UndepositedFunds"
        return not (money or entry.tax or entry.item or not entry.stated)


def _is_own(key: Key, item: str) -> bool:
    own = ":".join(key)
    return item == own or item.startswith(f"{own}:")


def _own_items(key: Key, entries: Sequence[Entry]) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """Return what a document itself puts into its items."""
    found: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    for entry in entries:
        if entry.foreign is not None and entry.item and _is_own(key, entry.item):
            home, foreign = found.get((entry.account, entry.item), (ZERO, ZERO))
            found[entry.account, entry.item] = (home + entry.amount, foreign + entry.foreign)
    return found
