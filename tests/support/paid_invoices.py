"""A made set of open invoices and of the bank lines that pay them, with the truth beside it.

It is synthetic, and no more than a check of the matching against the difficulties that it makes: texts cut at 32
characters, swapped and mistyped names, numbers that are told or not, equal amounts, subscriptions of one price, lines
that pay several invoices, lines that pay nothing and invoices that nobody pays.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from raccord.sync.lines.matching import Movement, OpenItem

FIRST = [
    "Marie",
    "Jean",
    "Luc",
    "Sophie",
    "Karim",
    "Julie",
    "Marc",
    "Nadia",
    "Pierre",
    "Anne",
    "Paul",
    "Chantal",
    "Omar",
    "Lise",
    "Guy",
    "Eva",
    "Hugo",
    "Rose",
]
LAST = [
    "Tremblay",
    "Gagnon",
    "Roy",
    "Bouchard",
    "Gauthier",
    "Morin",
    "Lavoie",
    "Fortin",
    "Gagne",
    "Ouellet",
    "Pelletier",
    "Belanger",
    "Levesque",
    "Bergeron",
    "Leblanc",
    "Paquette",
    "Girard",
    "Simard",
    "Boucher",
    "Caron",
    "Beaulieu",
    "Cloutier",
    "Dube",
    "Poirier",
    "Fournier",
    "Lapointe",
    "Leclerc",
    "Lefebvre",
]
TRADES = [
    "Plomberie",
    "Toiture",
    "Menuiserie",
    "Boulangerie",
    "Garage",
    "Clinique",
    "Jardins",
    "Atelier",
    "Librairie",
    "Traiteur",
    "Imprimerie",
]
ENDS = ("inc.", "ltée", "enr.", "")
PRICES = (Decimal("49.99"), Decimal("114.98"), Decimal("229.95"), Decimal("575.00"))
LEADS = ("VIR INTERAC ", "DEPOT ", "VIREMENT DE ", "PAYMENT ", "")
NOISE = ("DEPOT GUICHET 0442", "INTERETS", "REMBOURSEMENT TPS", "VIR ENTRE COMPTES 8841")


@dataclass
class PaidInvoices:
    items: list[OpenItem] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    truth: dict[str, frozenset[str]] = field(default_factory=dict)
    """By movement the ids of the invoices that it pays; of one that pays nothing, none."""


DAYS = 300


def make(count: int, seed: int = 1, *, days: int = DAYS, parties: int = 0) -> PaidInvoices:
    """Return about ``count`` bank lines and as many invoices, of so many days and parties (a fourth as many)."""
    chance = random.Random(seed)
    made, names = PaidInvoices(), _names(chance, parties or max(12, count // 4))
    number = 10_000
    while len(made.movements) < count:
        party = chance.randrange(len(names))
        together = chance.choices((1, 2, 3), (90, 7, 3))[0]
        day = date(2026, 1, 5) + timedelta(chance.randrange(days))
        paid = []
        for _ in range(together):
            number += chance.randrange(1, 4)
            amount = chance.choice(PRICES) if chance.random() < 0.2 else Decimal(chance.randrange(2_000, 900_000)) / 100
            item = OpenItem("Invoice", str(len(made.items)), f"F-{number}", str(party), names[party], amount, day)
            made.items.append(item)
            paid.append(item)
        if chance.random() < 0.08:
            # Nobody pays these; somebody else may pay another invoice of the same amount.
            continue
        _pay(chance, made, names[party], paid)
        if chance.random() < 0.08:
            _pay_nothing(chance, made)
    chance.shuffle(made.movements)
    return made


def by_month(made: PaidInvoices) -> Iterator[PaidInvoices]:
    """Yield the lines of each month with what is open then: what lines of earlier months paid is not any more."""
    months: dict[tuple[int, int], list[Movement]] = {}
    for each in sorted(made.movements, key=lambda movement: movement.day):
        months.setdefault((each.day.year, each.day.month), []).append(each)
    left = {item.id: item for item in made.items}
    for month, movements in months.items():
        there = [item for item in left.values() if (item.day.year, item.day.month) <= month]
        yield PaidInvoices(there, movements, {each.id: made.truth[each.id] for each in movements})
        for each in movements:
            for id_ in made.truth[each.id]:
                del left[id_]


def _pay(chance: random.Random, made: PaidInvoices, name: str, paid: list[OpenItem]) -> None:
    id_ = f"m{len(made.movements)}"
    words = name.split()
    if chance.random() < 0.3:
        words = words[1:] + words[:1]
    said = " ".join(words)
    if chance.random() < 0.06:
        place = chance.randrange(1, len(said) - 1)
        said = said[:place] + said[place + 1] + said[place] + said[place + 2 :]
    if chance.random() < 0.03:
        said = ""
    told = " ".join(each.number for each in paid) if chance.random() < 0.45 else ""
    text = f"{chance.choice(LEADS)}{said} {told}".upper()[: 32 if chance.random() < 0.4 else 200]
    day = paid[0].day + timedelta(chance.randrange(0, 60))
    made.movements.append(Movement(id_, sum((each.amount for each in paid), Decimal(0)), day, text))
    made.truth[id_] = frozenset(each.id for each in paid)


def _pay_nothing(chance: random.Random, made: PaidInvoices) -> None:
    id_ = f"m{len(made.movements)}"
    amount = chance.choice(made.items).amount if chance.random() < 0.3 else Decimal(chance.randrange(100, 90_000)) / 100
    made.movements.append(Movement(id_, amount, made.items[-1].day, chance.choice(NOISE)))
    made.truth[id_] = frozenset()


def _names(chance: random.Random, count: int) -> list[str]:
    """Return different names of people and of firms."""
    names: dict[str, None] = {}
    turn = 0
    while len(names) < count:
        turn += 1
        if chance.random() < 0.5:
            name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
        else:
            name = f"{chance.choice(TRADES)} {chance.choice(LAST)} {chance.choice(ENDS)}".strip()
        names[name if name not in names or turn < count * 3 else f"{name} {chance.choice(LAST)}"] = None
    return list(names)


@dataclass(frozen=True)
class Measured:
    certain: float
    """Share of the certain proposals that are right."""
    recall: float
    """Share of the paid lines whose certain or likely proposal is right."""
    certain_share: float
    offered: float
    """Share of the certain and likely proposals that are right."""


def measure(made: PaidInvoices, answers: dict[str, list[tuple[frozenset[str], str]]]) -> Measured:
    """Compare answers, the first of each movement with how sure it is, with the truth."""
    first = {id_: each[0] for id_, each in answers.items() if each}
    sure = {id_: ids for id_, (ids, how) in first.items() if how == "certain"}
    offered = {id_: ids for id_, (ids, how) in first.items() if how in ("certain", "likely")}
    paid = {id_ for id_, ids in made.truth.items() if ids}
    right = sum(made.truth[id_] == ids for id_, ids in sure.items())
    right_offered = sum(made.truth[id_] == ids for id_, ids in offered.items())
    return Measured(
        right / max(1, len(sure)),
        right_offered / len(paid),
        len(sure) / len(paid),
        right_offered / max(1, len(offered)),
    )
