"""Rules on what stands at the end of the samples: what is still owed, how many documents there are, what they say."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
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
    found = _owed(drafts)
    wanted = {key: Decimal(str(amount)) for key, amount in subject.trial.open.items()}
    if not wanted and found:
        yield _proposed("open", {key: str(amount) for key, amount in sorted(found.items())})
        return
    for key in sorted(found.keys() | wanted.keys()):
        ours, theirs = found.get(key, Decimal(0)), wanted.get(key, Decimal(0))
        if ours != theirs:
            yield f"{key}: {ours} ≠ {theirs}"
    if subject.trial.later_open:
        then = _owed(standing(subject))
        said = {key: Decimal(str(amount)) for key, amount in subject.trial.later_open.items()}
        for key in sorted(then.keys() | said.keys()):
            if then.get(key, Decimal(0)) != said.get(key, Decimal(0)):
                yield f"later: {key}: {then.get(key, Decimal(0))} ≠ {said.get(key, Decimal(0))}"


@check("draft.counts")
def _counts(subject: Subject) -> Iterator[str]:
    _after_sums(subject)
    found = Counter[str](each.kind for each in mapped_drafts(answers_of(subject)))
    if not found:
        raise NotConcerned
    if not subject.trial.counts:
        yield _proposed("counts", dict(sorted(found.items())))
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
    for key in subject.trial.printed:
        if key in drafts:
            subject.shown.setdefault(_PRINTED + drafts[key].kind, key)
    # What one trial prints need not be printed by another; only the last one knows what none did.
    lacking = _fullest(each for each in drafts.values() if _PRINTED + each.kind not in subject.shown)
    if lacking and subject.last:
        yield _proposed("printed", lacking)
    for key, lines in subject.trial.printed.items():
        ours = printed(drafts[key]) if key in drafts else []
        if ours != list(lines):
            said = [f"- {each}" for each in lines if each not in ours]
            said += [f"+ {each}" for each in ours if each not in lines]
            yield f"{key}: {'; '.join(said) or 'another order'}"


def _after_sums(subject: Subject) -> None:
    """Leave a rule unjudged while any other is broken: a sum that is wrong says better what is."""
    if subject.broken:
        raise NotJudgedError(subject.broken[0])


def _owed(drafts: list[Draft]) -> dict[str, Decimal]:
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


def _proposed(name: str, value: Mapping[str, object]) -> str:
    """Return a mapping as it is written in Python, ready to be kept."""
    rows: list[str] = []
    for key, one in value.items():
        if isinstance(one, list):
            rows += [f"    {_quoted(key)}: [", *(f"        {_quoted(each)}," for each in one), "    ],"]
        else:
            rows.append(f"    {_quoted(key)}: {_quoted(one)},")
    return "\n".join([f"{name}={{", *rows, "}"])


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
