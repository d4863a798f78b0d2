"""Rules on what stands at the end of the samples: what is still owed, how many documents there are, what they say."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from raccord.plugin.drafts import Draft
from raccord.plugin.testing.kit.applying import (
    OWED,
    PAYING,
    Outside,
    documents_of,
    outside,
    owes,
    party_of,
    rest_of,
    standing,
)
from raccord.plugin.testing.kit.expected import answers_of, mapped_drafts
from raccord.plugin.testing.kit.printing import printed
from raccord.plugin.testing.kit.rules import NotConcerned, check
from raccord.plugin.testing.kit.subject import NotJudgedError, Subject

_PRINTED = "printed "
"""What stands, among what trials showed, before the kind of a document that one of them prints."""


@check("draft.open")
def _open(subject: Subject) -> Iterator[str]:
    _after_sums(subject)
    drafts = list(mapped_drafts(answers_of(subject)))
    if not any(isinstance(each, OWED | PAYING) for each in drafts):
        raise NotConcerned
    found = owed(drafts)
    wanted = {key: Decimal(str(amount)) for key, amount in subject.trial.open.items()}
    if not wanted and found:
        yield "open={}"
        return
    for key in sorted(found.keys() | wanted.keys()):
        ours, theirs = found.get(key, Decimal(0)), wanted.get(key, Decimal(0))
        if ours != theirs:
            yield f"{key}: {ours} ≠ {theirs}"
    if subject.trial.later_open:
        then = owed(standing(subject))
        said = {key: Decimal(str(amount)) for key, amount in subject.trial.later_open.items()}
        for key in sorted(then.keys() | said.keys()):
            if then.get(key, Decimal(0)) != said.get(key, Decimal(0)):
                yield f"later: {key}: {then.get(key, Decimal(0))} ≠ {said.get(key, Decimal(0))}"


@check("draft.counts")
def _counts(subject: Subject) -> Iterator[str]:
    _after_sums(subject)
    found = counted(mapped_drafts(answers_of(subject)))
    if not found:
        raise NotConcerned
    if not subject.trial.counts:
        yield "counts={}"
        return
    for kind in sorted(found.keys() | subject.trial.counts.keys()):
        if found[kind] != subject.trial.counts.get(kind, 0):
            yield f"{kind}: {found[kind]} ≠ {subject.trial.counts.get(kind, 0)}"


@check("draft.printed")
def _printed(subject: Subject) -> Iterator[str]:
    _after_sums(subject)
    drafts = {each.key: each for each in mapped_drafts(answers_of(subject))}
    if not drafts:
        raise NotConcerned
    if found := lacking(subject, drafts.values()):
        yield f"printed: {', '.join(sorted({drafts[key].kind for key in found}))}?"
    for key, lines in subject.trial.printed.items():
        ours = printed(drafts[key]) if key in drafts else []
        if ours != list(lines):
            said = [f"- {each}" for each in lines if each not in ours]
            said += [f"+ {each}" for each in ours if each not in lines]
            yield f"{key}: {'; '.join(said) or 'another order'}"


def lacking(subject: Subject, drafts: Iterable[Draft]) -> dict[str, list[str]]:
    """Return of each kind that no trial prints the draft that says most, as it reads; only the last trial knows."""
    there = {each.key: each for each in drafts}
    for key in subject.trial.printed:
        if key in there:
            subject.shown.setdefault(_PRINTED + there[key].kind, key)
    found = _fullest(each for each in there.values() if _PRINTED + each.kind not in subject.shown)
    return found if subject.last else {}


def counted(drafts: Iterable[Draft]) -> Counter[str]:
    """Return how many drafts there are of each kind."""
    return Counter(each.kind for each in drafts)


def _after_sums(subject: Subject) -> None:
    """Leave a rule unjudged while any other is broken: a sum that is wrong says better what is."""
    if subject.broken:
        raise NotJudgedError(subject.broken[0])


def owed(drafts: Sequence[Draft]) -> dict[str, Decimal]:
    """Return what each document and each party owes at the end, by the customer positive; nothing that is settled."""
    documents = documents_of(drafts)
    found: dict[str, Decimal] = defaultdict(Decimal)
    taken: dict[str, Decimal] = defaultdict(Decimal)
    for each in drafts:
        if isinstance(each, PAYING):
            for one in each.applied:
                where = outside(one, documents)
                taken[where.name if isinstance(where, Outside) else where.key] += one.amount
    for key, document in documents.items():
        rest = document.total - taken.pop(key, Decimal(0))
        found[key] += owes(document) * rest
        found[party_of(document, documents)] += owes(document) * document.total
    for each in drafts:
        if isinstance(each, PAYING):
            found[each.key] += rest_of(each)
            found[party_of(each, documents)] += owes(each) * each.total
    for name, amount in taken.items():
        found[name] -= amount
    return {key: amount for key, amount in found.items() if amount}


def _fullest(drafts: Iterator[Draft]) -> dict[str, list[str]]:
    """Return of each kind the draft that says most."""
    found: dict[str, tuple[str, list[str]]] = {}
    for each in drafts:
        lines = printed(each)
        if each.kind not in found or len(lines) > len(found[each.kind][1]):
            found[each.kind] = (each.key, lines)
    return dict(found.values())
