"""What a BAI2 file's groups and accounts say of their lines, and whether those add up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from raccord_bankfeed.readers import questions
from raccord_bankfeed.readers.bai2.record import scaled
from raccord_bankfeed.readers.contract import Question
from raccord_bankfeed.readers.tally import Tally

NEW = ("", "1")
"""The statuses of a group that is not a correction of another."""


@dataclass(slots=True)
class Group:
    """What an 02 says for its accounts."""

    day: date | None = None
    day_text: str = ""
    currency: str = ""
    status: str = ""
    interim: bool = False
    originator: str = ""
    control: Decimal = Decimal(0)
    accounts: int = 0
    records: int = 1

    @property
    def is_booked(self) -> bool:
        """Whether its lines are booked ones of a day."""
        return self.day is not None and not self.interim and self.status in NEW


@dataclass(slots=True)
class AccountSums:
    """The account that is being read."""

    tally: Tally
    credits: Decimal = Decimal(0)
    debits: Decimal = Decimal(0)
    control: Decimal = Decimal(0)
    """The sum of all amounts as they are written, in minor units."""
    records: int = 0
    said: dict[str, Decimal] = field(default_factory=dict)
    items: dict[str, int] = field(default_factory=dict)
    """Of how many items a total of the 03 is."""
    came_in: int = 0
    went_out: int = 0
    negative: int = 0
    """Details with an amount of their own sign, which their type code gives already."""
    odd: bool = False
    """Whether an amount could not be read, so that nothing can be added up."""

    def add_run(self, units: Sequence[int], came_in: Sequence[int]) -> None:
        """Add up booked lines, of which ``came_in`` are those that came in."""
        tally = self.tally
        credits = scaled(Decimal(sum(came_in)), tally.currency)
        debits = scaled(Decimal(sum(units)), tally.currency) - credits
        tally.lines += len(units)
        tally.total += credits - debits
        self.came_in += len(came_in)
        self.went_out += len(units) - len(came_in)
        if came_in:
            self.credits += credits
        if len(came_in) < len(units):
            self.debits += debits


def _totals(account: AccountSums) -> Iterator[tuple[str, Decimal, int]]:
    """Yield the codes of the totals of what came in and went out, what the lines make, and how many they are."""
    yield "100", account.credits, account.came_in
    yield "400", account.debits, account.went_out


def miscounted(account: AccountSums) -> Iterator[tuple[str, int, int]]:
    """Yield the totals that are said to be of another number of items than the file has lines, both numbers with it."""
    for code, _, counted in _totals(account):
        items = account.items.get(code)
        if items is not None and account.tally.lines and items != counted:
            yield code, items, counted


def contradiction(account: AccountSums, announced: Decimal | None) -> Question | None:
    """Compare an account's lines with its balances, its totals and the control total of its trailer."""
    tally, said = account.tally, account.said
    opening, closing = said.get("010"), said.get("015")
    found: questions.Contradiction | None = None
    if opening is not None and closing is not None and tally.lines and opening + tally.total != closing:
        found = questions.balance_differs(tally, opening, closing, tally.currency)
    for code, made, _ in _totals(account):
        total = said.get(code)
        # What goes out is told without a sign; some banks write a minus there.
        agrees = total == made or (code == "400" and total == -made)
        if found is None and total is not None and tally.lines and not agrees:
            found = questions.total_differs(tally, total, made, f"03 {code}")
    for code, items, counted in miscounted(account):
        if found is None and code not in said:
            found = questions.Contradiction(
                f"Dans le compte qui commence à la ligne {tally.line}, la banque annonce {items} opération(s) "
                f"(03 {code}) ; le fichier en contient {counted}.",
                f"In the account that begins at line {tally.line}, the bank announces {items} transaction(s) "
                f"(03 {code}); the file holds {counted}.",
            )
    if found is None and announced is not None and announced != account.control:
        found = questions.Contradiction(
            f"Dans le compte qui commence à la ligne {tally.line}, le total de contrôle (49) est {announced} ; les "
            f"montants font {account.control}. Écart : {questions.french(announced - account.control)}.",
            f"In the account that begins at line {tally.line}, the control total (49) is {announced}; the amounts make "
            f"{account.control}. Difference: {announced - account.control}.",
        )
    proven = opening is not None and closing is not None
    if found is None and account.negative and not proven:
        found = questions.Contradiction(
            (
                f"{account.negative} montant(s) portent un signe moins, alors que leur code dit déjà le sens, et aucun "
                "solde ne dit si c’est une contre-passation ou le même sens dit deux fois. Ils sont lus en "
                "contre-passations."
            ),
            (
                f"{account.negative} amount(s) bear a minus although their code tells the direction already, and no "
                "balance tells whether that is a reversal or the direction told twice. They are read as reversals."
            ),
        )
    if found is None:
        return None
    key = questions.digest(tally.account.key, str(tally.ends), str(sorted(said.items())), str(tally.total))
    return questions.contradicted(key, found, tally, tally.ends)
