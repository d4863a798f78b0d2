"""Rules on samples: what a connector can do with a record, one of them makes it do, in one trial or another."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations

from raccord.plugin.drafts import MoneyDraft, StatedTax, TaxMode
from raccord.plugin.money import exponent
from raccord.plugin.testing.kit.code import trees
from raccord.plugin.testing.kit.expected import becomes
from raccord.plugin.testing.kit.mapping import money_drafts
from raccord.plugin.testing.kit.rules import NotConcerned, check
from raccord.plugin.testing.kit.subject import Subject
from raccord.plugin.testing.trial import BAD, WAITS

_BESIDE = ("sandbox", "twin", "trying", "tests", "expected")
_REFUSES = frozenset({"BadRecord", "FieldError", "Fields", "known"})
_ASKS = frozenset({"Decision"})
_GROUPS_MAX = 6
ROUNDED = "rounded"
STATED = "stated"


@check("trial.bad")
def _bad(subject: Subject) -> Iterator[str]:
    place = _called(subject, _REFUSES)
    _note(subject)
    yield from _lacking(subject, BAD, place)


@check("trial.waits")
def _waits(subject: Subject) -> Iterator[str]:
    place = _called(subject, _ASKS)
    _note(subject)
    yield from _lacking(subject, WAITS, place)


@check("trial.rounding")
def _rounding(subject: Subject) -> Iterator[str]:
    for _, draft in money_drafts(subject):
        stated: tuple[StatedTax, ...] = getattr(draft, "taxes", ())
        if any(each.amount for each in stated):
            subject.shown.setdefault(STATED, draft.key)
            if any(each.amount not in _computed(draft, each, stated) for each in stated):
                subject.shown.setdefault(ROUNDED, draft.key)
    yield from _lacking(subject, ROUNDED, subject.shown.get(STATED, ""))


def _note(subject: Subject) -> None:
    """Keep what became of the trial's records, for a company with tax and for one without."""
    for record, answer in (*subject.mapped, *subject.mapped_taxed):
        subject.shown.setdefault(becomes(answer), record.key())


def _lacking(subject: Subject, kind: str, place: str) -> Iterator[str]:
    """Tell where a kind would come from that no trial showed; only the last one knows."""
    if not place or not subject.last:
        raise NotConcerned
    if kind not in subject.shown:
        yield place


def _called(subject: Subject, names: frozenset[str]) -> str:
    """Return where the connector's code first calls one of these, if it does."""
    for path, tree in trees(subject):
        if any(part.startswith(_BESIDE) for part in path.split("/")):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called in names:
                    return f"{path}:{node.lineno}"
    return ""


def _computed(draft: MoneyDraft, tax: StatedTax, stated: Iterable[StatedTax]) -> set[Decimal]:
    """Return what a tax comes to where its rate is taken of any lines of the document, rounded as QuickBooks does.

    A discount on the whole document may go before the tax: all of it off these lines, or their part of it.
    """
    groups: dict[object, Decimal] = {}
    for line in getattr(draft, "lines", ()):
        code = getattr(line, "tax_code", None)
        groups[code] = groups.get(code, Decimal(0)) + line.amount
    cent = Decimal(1).scaleb(-exponent(draft.currency))
    share = tax.percent / 100
    if getattr(draft, "tax_mode", TaxMode.NONE) is TaxMode.INCLUSIVE:
        share = tax.percent / (100 + sum((each.percent for each in stated), Decimal(0)))
    sums = list(groups.values())[:_GROUPS_MAX]
    chosen = (each for size in range(1, len(sums) + 1) for each in combinations(sums, size))
    taken = {sum(each, Decimal(0)) for each in chosen}
    discount = getattr(draft, "discount", None)
    if discount is not None:
        whole = sum(groups.values(), Decimal(0))
        taken |= {each - part for each in taken
                  for part in (discount.amount, discount.amount * each / whole if whole else Decimal(0))}  # fmt: skip
    return {(each * share).quantize(cent, ROUND_HALF_UP) for each in taken}
