"""What the columns of a CSV file are: by their names, by a person's word, or by what stands in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from raccord_bankfeed.readers.days import Parts, parts_of
from raccord_bankfeed.readers.questions import digest
from raccord_bankfeed.readers.table.forms import dialect_of
from raccord_bankfeed.readers.table.paypal_names import take_paypals
from raccord_bankfeed.readers.table.words import Part, part_of, plain, unit_of

_SAVED = re.compile(r"([a-z_]+):([A-Za-z0-9+]+)")
_LISTS = (Part.NAME, Part.TEXT, Part.ACCOUNT)
_FLIPPED = (
    ("cardmember",),
    ("card member",),
    ("extended details", "appears on your statement as"),
    ("clearing date", "merchant", "amount usd"),
    ("trans date", "post date", "description", "amount", "category"),
    ("activity type", "merchant name", "card number", "rewards"),
    ("item", "card", "transaction date", "posting date", "transaction amount"),
    ("amount", "foreign spend amount", "commission"),
)
"""Names that only files of cards have whose purchases are positive (Amex, Apple, Discover, Rogers, BMO)."""
_CARD_COLUMNS = frozenset(
    {"card no", "card number", "card last 4 digits", "numero de carte", "carte", "card used for transaction"}
)
_CHANGING = frozenset({Part.STATUS, Part.FEE, Part.CHECK, Part.ACCOUNT_TYPE})
"""Columns that may change what a row comes to, or that are not taken as they stand."""
_DIRECTIONS = frozenset({Part.DEBIT, Part.CREDIT})
_MOVING = _DIRECTIONS | {Part.AMOUNT}
_ANYONES = frozenset(
    {"iban", "konto nr", "kontonr", "kontonummer", "account number", "account no", "numero de compte", "numero conto"}
)
"""Names of columns that, after that of a payee, hold the payee's account."""
_NAMES = frozenset({"naam", "nom", "name"})
_OTHER_SIDES = frozenset({"naam tegenpartij", "naam tegenpartij bevat", "nom contrepartie", "counterparty name"})
"""Beside one of these a mere name is that of whose account it is."""
_BESIDE_ANY = frozenset(
    {
        "amount",
        "currency",
        "in",
        "of",
        "the",
        "der",
        "de",
        "du",
        "la",
        "v",
        "w",
        "betrag",
        "wahrung",
        "montant",
        "devise",
    }
)
"""Words that tell of no amount that a column of currencies is of it."""
_WALLET = frozenset({"from", "to", "amount total", "funding source"})
"""Names that together only Venmo's files have: each amount has its sign, and some were paid with a card."""
_TRANSFERS = frozenset(
    {
        *(
            "id",
            "status",
            "direction",
            "created on",
            "source fee amount",
            "source amount after fees",
            "source currency",
        ),
        *("target amount after fees", "target currency"),
    }
)
"""Names that together only Wise's list of transfers has."""
_SIGNED_CARDS = (*_FLIPPED, ("transaction date", "post date", "category", "type", "amount"), ("card", "post date"))


def layout_key(delimiter: str, width: int, dated: int) -> str:
    """Return the key of a table without a header: what its rows hold may differ from month to month, this may not."""
    return f"csv-{digest(delimiter, str(width), str(dated))}"


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column (from 0) says what; ``key`` is the same for every file of this layout."""

    key: str
    columns: dict[Part, int]
    names: tuple[int, ...] = ()
    texts: tuple[int, ...] = ()
    accounts: tuple[int, ...] = ()
    header: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    """What the columns are called in the file, for what is kept of a row."""
    units: dict[int, str] = field(default_factory=dict)
    """Currencies that columns of amounts state in their names; several such columns are one amount."""
    currency: str = ""
    flip: bool = False
    """Whether purchases are positive."""
    card: bool = False
    signs_told: bool = False
    """Whether its names, or a person, tell the signs of a card's purchases."""
    wallet: bool = False
    """Whether it is a wallet's, whose amounts have a sign each, and some of which were paid from elsewhere."""
    transfers: bool = False
    """Whether it is Wise's list of transfers: each row tells of two balances."""
    trades: bool = False
    """Whether it lists trades of securities, and a person said that they are no bank lines."""
    net: bool = False
    """Whether its amounts are what a fee leaves of others, as those of whoever is paid through a processor."""
    abroad: int | None = None
    """The column of what a purchase cost abroad, where the one column of currencies states that amount's."""
    by_balance: bool = False
    """Whether only the balance says which amounts are money out; a card's may be what is owed."""
    blank_pending: bool = False
    """Whether a row without a balance is one that the bank has not booked yet."""
    form: str = ""
    """How the rows of a table without names of columns are written (``forms.py``)."""
    read_day: Callable[[str], Parts | None] = parts_of
    """How a cell of its days is read."""
    yearless: bool = False
    """Whether its days have no year, and nobody looked yet where it stands."""
    blank: str = ""
    """What a cell of the column of directions says that holds no word, where one word alone stands in it."""
    open_pair: tuple[int, int] | None = None
    """Two columns of amounts, one of which each row fills, where nothing tells which of them is money out."""
    certain: bool = True
    """Whether the file proves it; else a person is asked, and shown what it would say."""
    apart: int | None = None
    """The column that tells one's own accounts apart, where earlier versions took all rows for one account's."""
    stated: str = ""
    """The account that stands above its rows, where nothing in them says one."""
    apart_first: str = ""
    """What the first row says there."""

    @property
    def telling(self) -> tuple[int, ...]:
        """Return the columns that say whose a row is."""
        return self.accounts or (() if self.apart is None else (self.apart,))

    @property
    def alike(self) -> str:
        """Return the key of all files that are written like it: two banks' tables without names may have one layout."""
        return f"{self.key}-{digest(dialect_of(self.form))}" if self.form else self.key

    def at(self, part: Part) -> int | None:
        """Return the column of a part, or nothing."""
        return self.columns.get(part)

    @property
    def money(self) -> tuple[int, ...]:
        """Return the columns of amounts that move money."""
        parts = (Part.AMOUNT, Part.DEBIT, Part.CREDIT, Part.GROSS, Part.FEE, Part.NET)
        return tuple(dict.fromkeys((*self.units, *(self.columns[part] for part in parts if part in self.columns))))

    def guessed(self) -> tuple[str, ...]:
        """Return what each column is taken for; not amounts of which only a person knows the direction."""
        parts = {number: part for part, number in self.columns.items() if self.certain or part not in _MOVING}
        parts |= dict.fromkeys((*self.names, *self.texts), Part.TEXT) | dict.fromkeys(self.accounts, Part.ACCOUNT)
        return tuple(str(parts.get(number, "")) for number in range(len(self.titles)))

    @property
    def is_paypal(self) -> bool:
        """Tell whether the file is PayPal's list of activities."""
        return _are_paypals(self.columns)

    @property
    def is_plain(self) -> bool:
        """Tell whether one column, or one for each direction, says what a row moves, and nothing else changes that."""
        return (
            bool(self.header)
            and (Part.AMOUNT in self.columns or set(self.columns) >= _DIRECTIONS)
            and not (self.units or self.is_paypal or self.wallet or self.blank_pending or self.trades)
            and not self.transfers
            and self.abroad is None
            and _CHANGING.isdisjoint(self.columns)
        )

    @property
    def told(self) -> frozenset[int]:
        """Return the columns whose text may say that a row is no transaction."""
        reference = (self.columns[Part.REFERENCE],) if Part.REFERENCE in self.columns else ()
        return frozenset((*self.names, *self.texts, *reference))

    @property
    def is_whole(self) -> bool:
        """Tell whether day and amount can be read."""
        parts = self.columns
        return Part.DATE in parts and bool(
            self.units or Part.AMOUNT in parts or Part.DEBIT in parts or Part.CREDIT in parts or self.is_paypal
        )


def is_header(cells: Sequence[str]) -> bool:
    """Tell whether a row holds the names of columns that make a bank's table."""
    if len(cells) >= len(_TRANSFERS) and set(map(plain, cells)) >= _TRANSFERS:
        return True
    found = [part[0] for cell in cells if (part := part_of(cell)) is not None]
    return (
        Part.DATE in found
        and any(part in found for part in (Part.AMOUNT, Part.DEBIT, Part.CREDIT, Part.GROSS))
        and len(found) > 2
    )


def is_header_again(cells: Sequence[str], header: Sequence[str], at: int) -> bool:
    """Tell whether a row repeats the names of columns; ``at`` is the column of the day, at which most rows differ."""
    return (
        len(cells) == len(header)
        and plain(cells[at]) == header[at]
        and all(plain(cell) == name for cell, name in zip(cells, header, strict=True))
    )


def layout_of_header(cells: Sequence[str], delimiter: str) -> Layout:
    """Return the layout that a header names."""
    if set(map(plain, cells)) >= _TRANSFERS:
        return _transfers(list(map(plain, cells)), cells, delimiter)
    best: dict[Part, tuple[int, int]] = {}
    lists: dict[Part, list[tuple[int, int]]] = {part: [] for part in _LISTS}
    units: dict[int, str] = {}
    plains = tuple(plain(cell) for cell in cells)
    for number, cell in enumerate(cells):
        part = part_of(cell)
        if part is None:
            continue
        if part[0] in lists:
            lists[part[0]].append((part[1], number))
        if part == (Part.AMOUNT, 99):
            units[number] = unit_of(cell)
        elif part[0] not in best or part[1] < best[part[0]][0]:
            best[part[0]] = (part[1], number)
    columns: dict[Part, int] = {
        part: number for part, (_, number) in best.items() if part not in (Part.NAME, Part.TEXT)
    }
    if Part.AMOUNT in columns and {Part.DEBIT, Part.CREDIT} & set(columns):
        columns.pop(Part.DEBIT, None)
        columns.pop(Part.CREDIT, None)
    take_paypals(columns, plains, cells)
    net = _take_net(columns, plains)
    if Part.AMOUNT in columns and Part.CURRENCY in columns and plains[columns[Part.AMOUNT]] != "net amount":
        _take_own_currency(columns, plains, [part_of(cell) for cell in cells])
    texts = [number for _, number in sorted(lists[Part.TEXT], key=lambda pair: pair[1])]
    if "details" in plains and "check or slip" in plains:
        texts.remove(plains.index("details"))
    # At UBS the column before the numbered ones says what kind of account it is, in every row.
    texts = [at for at in texts if f"{plains[at]} 1" not in plains]
    named = [number for _, number in sorted(lists[Part.NAME]) if not _holds_owner(plains, number)]
    first_name = min((number for _, number in lists[Part.NAME]), default=len(cells))
    accounts = _own_accounts(plains, lists[Part.ACCOUNT], first_name)
    if wallet := set(plains) >= _WALLET:
        texts += [plains.index("from"), plains.index("to")]
    if not (texts or named):
        # Whatever else a bank tells is better than a line without a word.
        known = {*columns.values(), *units, *accounts}
        texts = [number for number in range(len(cells)) if number not in known and plains[number]]
    flip = any(set(names) <= set(plains) for names in _FLIPPED)
    if flip:
        # What the card's bank takes for another currency is in the amount.
        columns.pop(Part.FEE, None)
    amounts = [columns[part] for part in (Part.AMOUNT, Part.DEBIT, Part.CREDIT, Part.BALANCE) if part in columns]
    told = any(set(names) <= set(plains) for names in _SIGNED_CARDS)
    stated = {unit for number in amounts if (unit := unit_of(cells[number]))}
    return Layout(
        f"csv-{digest(delimiter, *plains)}",
        columns,
        tuple(named),
        tuple(texts),
        tuple(accounts),
        plains,
        tuple(" ".join(cell.split()) or f"column {number}" for number, cell in enumerate(cells, 1)),
        units,
        next(iter(stated)) if len(stated) == 1 else "",
        flip=flip,
        signs_told=told or wallet,
        wallet=wallet,
        net=net,
        blank_pending=Part.BALANCE in columns and {"details", "posting date", "check or slip"} <= set(plains),
        card=told or any(plains[number] in _CARD_COLUMNS for number in accounts),
    )


def _own_accounts(plains: Sequence[str], found: Sequence[tuple[int, int]], first_name: int) -> list[int]:
    """Return the column of one's own account, of those found by rank; ``first_name`` is the first one of names."""
    anyones = _ANYONES | ({"account"} if "name of sender receiver" in plains else set())
    # At UniCredit in Czechia the account stands first by that name, the other side's number after its bank.
    others = {"cislo uctu"} if "ucet" in plains else set[str]()
    own = [
        pair
        for pair in found
        if (pair[1] < first_name or plains[pair[1]] not in anyones) and plains[pair[1]] not in others
    ]
    return [number for _, number in sorted(own)[:1]]


def _transfers(plains: Sequence[str], cells: Sequence[str], delimiter: str) -> Layout:
    parts = {
        Part.DATE: "finished on" if "finished on" in plains else "created on",
        Part.AMOUNT: "source amount after fees",
        Part.DIRECTION: "direction",
        Part.STATUS: "status",
        Part.ID: "id",
    }
    return Layout(
        f"csv-{digest(delimiter, *plains)}",
        {part: plains.index(name) for part, name in parts.items()},
        (),
        tuple(plains.index(name) for name in ("reference", "note") if name in plains),
        header=tuple(plains),
        titles=tuple(" ".join(cell.split()) or f"column {number}" for number, cell in enumerate(cells, 1)),
        signs_told=True,
        transfers=True,
    )


def _are_paypals(columns: Mapping[Part, int]) -> bool:
    """Tell whether columns are PayPal's; Stripe's report has gross, fee and net too, but never a time apart."""
    return {Part.GROSS, Part.NET, Part.FEE} <= set(columns) and bool({Part.TIME, Part.IMPACT} & set(columns))


def _take_net(columns: dict[Part, int], plains: Sequence[str]) -> bool:
    """Of a file with a fee beside its amounts that is not PayPal's, take the amount by which the balance moves.

    Return whether it has one.
    """
    if _are_paypals(columns):
        return False
    net = Part.FEE in columns
    if Part.NET in columns and Part.FEE in columns:
        # Stripe's amount is before its fee; the balance moves by the net.
        columns[Part.AMOUNT] = columns.pop(Part.NET)
        columns.pop(Part.FEE)
    if "net amount" in plains and Part.FEE in columns and Part.NET not in columns:
        # So is Cash App's, in the same currency.
        columns[Part.AMOUNT] = plains.index("net amount")
        columns.pop(Part.FEE)
    for each in (Part.GROSS, Part.NET):
        if each in columns:
            columns.setdefault(Part.AMOUNT, columns.pop(each))
    return net and Part.FEE not in columns


def _take_own_currency(
    columns: dict[Part, int], plains: Sequence[str], parts: Sequence[tuple[Part, int] | None]
) -> None:
    """Of a file with amounts in two currencies, take the currency of the amount that counts, or none.

    A currency is that of the amount whose name shares a word with its own, else of the one beside which it stands.
    """
    amounts, currencies = (
        [number for number, part in enumerate(parts) if part is not None and part[0] is each]
        for each in (Part.AMOUNT, Part.CURRENCY)
    )
    if len(amounts) < 2:
        return
    words = [frozenset(name.split()) - _BESIDE_ANY for name in plains]
    beside = (1, -1) if currencies[0] < amounts[0] else (-1, 1)

    def owner(number: int) -> int | None:
        named = (each for each in amounts if words[each] & words[number])
        near = (number + step for step in beside if number + step in amounts)
        return next(named, next(near, None))

    chosen, owners = columns[Part.AMOUNT], {number: owner(number) for number in currencies}
    own = next((number for number in currencies if owners[number] == chosen), None)
    if own is not None:
        columns[Part.CURRENCY] = own
    elif owners[columns[Part.CURRENCY]] is not None:
        columns.pop(Part.CURRENCY)


def _holds_owner(plains: Sequence[str], number: int) -> bool:
    """Tell whether a column of names holds those of the account's own people, beside what tells of the other side."""
    name, others = plains[number], set(plains)
    return (name == "payer" and "orig currency" in others) or (name in _NAMES and bool(_OTHER_SIDES & others))


def saved_layout(base: Layout, text: str) -> Layout:
    """Return the layout that a person gave; raises ``ValueError`` for what cannot be meant.

    ``date:1 amount:4 text:2+3 balance:5 currency:CAD``, columns counted from 1.
    """
    columns: dict[Part, int] = {}
    lists: dict[Part, tuple[int, ...]] = dict.fromkeys(_LISTS, ())
    currency, flip, card = base.currency, False, False
    words = text.replace(",", " ").split()
    for word in words:
        found = _SAVED.fullmatch(word.strip())
        if found is None:
            raise ValueError(word)
        name, value = found.groups()
        if name == "currency" and value.isalpha() and len(value) == 3:
            currency = value.upper()
        elif name == "sign" and value in ("reversed", "normal"):
            flip = value == "reversed"
        elif name == "kind" and value in ("card", "bank"):
            card = value == "card"
        else:
            part, numbers = Part(name), tuple(int(each) - 1 for each in value.split("+"))
            if min(numbers) < 0 or max(numbers) > 199 or (len(numbers) > 1 and part not in lists):
                raise ValueError(word)
            if part in lists:
                lists[part] += numbers
            else:
                columns[part] = next(iter(numbers))
    layout = replace(
        base,
        columns=columns,
        names=lists[Part.NAME],
        texts=lists[Part.TEXT],
        accounts=lists[Part.ACCOUNT],
        units={},
        currency=currency,
        flip=flip,
        card=card,
        signs_told=True,
        trades=False,
        abroad=None,
        open_pair=None,
        certain=True,
    )
    if not layout.is_whole:
        raise ValueError(text)
    return layout


def check_saved(text: str) -> None:
    """Raise ``ValueError`` where a saved layout says nothing that can be meant."""
    saved_layout(Layout("", {}), text)
