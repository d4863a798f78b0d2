"""Rule on the words of a source: where one of the table decides what is posted, one that nobody knows is no guess."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from raccord.plugin.drafts import Draft
from raccord.plugin.hooks import Mapped, Skipped
from raccord.plugin.records import JSON, Record
from raccord.plugin.testing.kit.asking import Asked
from raccord.plugin.testing.kit.expected import answers_of, becomes
from raccord.plugin.testing.kit.rules import NotConcerned, check
from raccord.plugin.testing.kit.subject import Subject
from raccord.plugin.testing.trial import DRAFTS

_UNKNOWN = "zz-no-such-word"
_OTHERS_MAX = 6
_RECORDS_MAX = 3
Path = tuple[str | int, ...]


@check("map.unknown")
def _unknown(subject: Subject) -> Iterator[str]:
    words, tried = subject.info.terms.terms, Counter[tuple[str, Path]]()
    if not words:
        raise NotConcerned
    for record, answer in answers_of(subject):
        if becomes(answer) != DRAFTS:
            continue
        for path, word in _words_in(record.raw, words):
            place = record.stream, tuple(each for each in path if isinstance(each, str))
            tried[place] += 1
            if tried[place] <= _RECORDS_MAX and _guessed(subject, record, answer, path, word):
                yield f"{record.key()}: {'.'.join(map(str, path))} = {_UNKNOWN!r}"


def _guessed(subject: Subject, record: Record, answer: Asked[Mapped | Skipped | None], path: Path, word: str) -> bool:
    """Tell whether an unknown word makes the documents of a known one, though another known word makes others."""
    drafts = _drafts(answer)
    others = [each for each in subject.info.terms.terms if each != word][:_OTHERS_MAX]
    made = [_drafts(_with(subject, record, path, each)) for each in others]
    unknown = _drafts(_with(subject, record, path, _UNKNOWN))
    return any(each != drafts for each in made) and unknown is not None and unknown in [drafts, *made]


def _with(subject: Subject, record: Record, path: Path, word: str) -> Asked[Mapped | Skipped | None]:
    raw = _replaced(record.raw, path, word)
    assert isinstance(raw, dict)  # noqa: S101 - for the type checker
    return subject.map(replace(record, raw=raw), taxed=subject.trial.taxed)


def _drafts(answer: Asked[Mapped | Skipped | None]) -> Sequence[Draft] | None:
    return list(answer.answer.drafts) if isinstance(answer.answer, Mapped) else None


def _words_in(value: JSON, words: Mapping[str, object], path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Return where words of the table stand in what a source said."""
    match value:
        case str():
            if value in words:
                yield path, value
        case Mapping():
            for name, inner in value.items():
                yield from _words_in(inner, words, (*path, name))
        case list() | tuple():
            for place, inner in enumerate(value):
                yield from _words_in(inner, words, (*path, place))


def _replaced(value: JSON, path: Path, word: str) -> JSON:
    if not path:
        return word
    if isinstance(value, Mapping):
        return {name: _replaced(inner, path[1:], word) if name == path[0] else inner for name, inner in value.items()}
    assert isinstance(value, list | tuple)  # noqa: S101 - for the type checker
    return [_replaced(inner, path[1:], word) if at == path[0] else inner for at, inner in enumerate(value)]
