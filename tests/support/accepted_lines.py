"""Made bank lines of a company with the categories that its bookkeeper gives them, day by day.

They are synthetic, and no more than a check of the learner against the difficulties that they make: texts with store
numbers, cities, dates and cut ends; many payees that come once; payees whose category goes by the amount or the
account, or by nothing that the line tells; new payees all the time; payees that move to another category on a day; and
answers that are wrong.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from raccord.suggesting.history import Answer, Example, Line

FIRST_DAY = date(2025, 1, 2)
HEADS = ("BRASSERIE", "GARAGE", "PAPETERIE", "QUINCAILLERIE", "PHARMACIE", "IMPRIMERIE", "EPICERIE", "LIBRAIRIE",
         "TRANSPORT", "ASSURANCE", "TELECOM", "HYDRO", "CAFE", "STATION", "LOCATION", "NOTAIRE", "CLINIQUE", "HOTEL",
         "INFORMATIQUE", "NETTOYAGE")  # fmt: skip
TAILS = ("LAVAL", "ST-DENIS", "DU NORD", "ROY", "GAGNON", "BOIVIN", "EXPRESS", "PLUS", "CENTRALE", "BELANGER",
         "METRO", "DU COIN", "ATLANTIC", "VERT", "LEMAY", "OUELLET", "RIVE-SUD", "PRO", "TREMBLAY", "DIRECT",
         "NORDIQUE", "DU PORT", "CARTIER", "MAJOR")  # fmt: skip
CITIES = ("MONTREAL QC", "QUEBEC QC", "LAVAL QC", "TORONTO ON", "LONGUEUIL", "GATINEAU QC", "SHERBROOKE QC")
LEADS = ("ACHAT ", "PAIEMENT ", "POS ", "ACHAT PAR CARTE ", "", "", "")
CATEGORIES = 24


@dataclass
class Payee:
    name: str
    category: str
    kind: str
    """``plain``, ``amount`` (dear ones go elsewhere), ``account``, ``luck`` (nothing tells) or ``moving``."""
    other: str
    moves_on: date
    amount: int
    money_in: bool
    fixed: bool


@dataclass
class AcceptedLines:
    examples: list[Example] = field(default_factory=list)
    """In the order of their days, answered as the bookkeeper did, mistakes and all."""
    truth: dict[str, str] = field(default_factory=dict)
    """The right account of each line."""
    changed: dict[str, str] = field(default_factory=dict)
    """By line what became another since, where that is why its account is what it is: a payee, or an account."""

    def untold(self, begin: int, end: int) -> set[str]:
        """Return the lines from a place on that are right by a change of which no line before that place tells."""
        told = {self.changed.get(each.line.id) for each in self.examples[:begin]}
        there = {each.line.id for each in self.examples[begin:end]}
        return {id_ for id_, what in self.changed.items() if id_ in there and what not in told}


def make(count: int, seed: int = 1, *, noise: float = 0.0, drift: float = 0.04, days: int = 365) -> AcceptedLines:
    """Return ``count`` lines of a year; ``noise`` is the share of wrong answers, ``drift`` of payees that move."""
    chance = random.Random(seed)
    payees = payees_of(chance, max(12, count // 8), drift, days)
    made = AcceptedLines()
    for number in range(count):
        day = FIRST_DAY + timedelta(number * days // count)
        # New payees all year long: only those that "opened" by now, the early ones more often.
        open_by_now = max(6, len(payees) * (number + count // 4) // (count + count // 4))
        payee = payees[min(int(chance.paretovariate(0.7)) - 1, 10**6) % open_by_now]
        if chance.random() < 0.25:
            payee = payees[chance.randrange(open_by_now)]
        line = line_of(chance, number, day, payee)
        right = category_of(chance, payee, line)
        told = right if chance.random() >= noise else f"c{chance.randrange(CATEGORIES)}"
        made.truth[line.id] = right
        if moved(payee, line):
            made.changed[line.id] = payee.name
        made.examples.append(Example(line, Answer(told)))
    return made


def moved(payee: Payee, line: Line) -> bool:
    """Tell whether a line's account is another because its payee moved."""
    return payee.kind == "moving" and line.day >= payee.moves_on and payee.other != payee.category


def relabelled(made: AcceptedLines) -> AcceptedLines:
    """Return the same lines with their right answers."""
    return replace(made, examples=[replace(each, answer=Answer(made.truth[each.line.id])) for each in made.examples])


def payees_of(chance: random.Random, count: int, drift: float, days: int) -> list[Payee]:
    by_head = {head: f"c{chance.randrange(CATEGORIES)}" for head in HEADS}
    names: dict[str, None] = {}
    while len(names) < count:
        name = f"{chance.choice(HEADS)} {chance.choice(TAILS)}"
        names[name if name not in names else f"{name} {chance.choice(TAILS)}"] = None
    payees = []
    for name in names:
        # A trade tells the category of most payees, not of all.
        category = by_head[name.split()[0]] if chance.random() < 0.75 else f"c{chance.randrange(CATEGORIES)}"
        kind = chance.choices(("plain", "amount", "account", "luck"), (84, 6, 4, 6))[0]
        kind = "moving" if kind == "plain" and chance.random() < drift else kind
        payees.append(
            Payee(
                name,
                category,
                kind,
                f"c{chance.randrange(CATEGORIES)}",
                FIRST_DAY + timedelta(chance.randrange(days)),
                int(chance.lognormvariate(8.5, 1.2)) + 150,
                chance.random() < 0.15,
                chance.random() < 0.25,
            )
        )
    return payees


def line_of(chance: random.Random, number: int, day: date, payee: Payee) -> Line:
    name = payee.name
    if chance.random() < 0.05:
        place = chance.randrange(1, len(name) - 1)
        name = name[:place] + name[place + 1] + name[place] + name[place + 2 :]
    text = f"{chance.choice(LEADS)}{name}"
    if chance.random() < 0.5:
        text += f" #{chance.randrange(100, 9999)}"
    if chance.random() < 0.5:
        text += f" {chance.choice(CITIES)}"
    if chance.random() < 0.2:
        text += f" {day:%d/%m}"
    if chance.random() < 0.2:
        text = text[: chance.randrange(18, 30)]
    cents = payee.amount if payee.fixed else max(100, int(payee.amount * chance.lognormvariate(0, 0.5)))
    amount = Decimal(cents) / 100
    account = "bank" if chance.random() < 0.7 else "card"
    return Line(f"l{number:06}", day, text, amount if payee.money_in else -amount, account)


def category_of(chance: random.Random, payee: Payee, line: Line) -> str:
    match payee.kind:
        case "amount" if abs(line.amount) * 100 > payee.amount * 6 // 5:
            return payee.other
        case "account" if line.account == "card":
            return payee.other
        case "luck" if chance.random() < 0.4:
            return payee.other
        case "moving" if line.day >= payee.moves_on:
            return payee.other
    return payee.category
