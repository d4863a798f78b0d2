"""Rules on what a connector does beyond its contexts, and on trouble at the source."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial

from raccord.plugin.contexts import Answer
from raccord.plugin.errors import ConnectorError, Reauthorise, RetryLater
from raccord.plugin.testing.kit.rules import NotConcerned, check
from raccord.plugin.testing.kit.subject import Read, Subject, Where, facts
from raccord.plugin.testing.kit.watched_http import Trouble
from raccord.plugin.testing.twin_http import TwinAnswer
from raccord.plugin.texts import Text

_AWAY = Text("La source est occupée.", "The source is busy.")
_REFUSED = Text("La source refuse l'accès.", "The source refuses access.")
_REQUESTS_TRIED = 3
_LONG_AFTER = date(2999, 1, 1)
_NO_PAGES = (TwinAnswer(404, b'{"error": "gone"}'), TwinAnswer(200, b"<html>Sign in</html>"))
_GARBAGE = b'\x00\xff\xfe<{[;,\r\n"garbage\x80' * 7


@check("outside.network")
def _network(subject: Subject) -> Iterator[str]:
    for turn in subject.first.turns:
        if turn.asked.deeds.network:
            yield f"{turn.stream}: {turn.asked.deeds.network[0]}"


@check("outside.hosts")
def _hosts(subject: Subject) -> Iterator[str]:
    yield from sorted(set(subject.told.http.undeclared))


@check("outside.clock")
def _clock(subject: Subject) -> Iterator[str]:
    seen = {each for turn in subject.told.turns for each in turn.asked.deeds.clock}
    yield from sorted(seen)


@check("outside.first_day")
def _first_day(subject: Subject) -> Iterator[str]:
    yield from _without(subject, subject.read(subject.trial.told, Where(starts_on=_LONG_AFTER)))


@check("outside.pause")
def _pause(subject: Subject) -> Iterator[str]:
    yield from _without(subject, subject.read(subject.trial.told, Where(later=timedelta(days=400))))


def _without(subject: Subject, read: Read) -> Iterator[str]:
    wanted, found = facts(subject.told.records), facts(read.records)
    if read.error is not None:
        yield f"{read.error.stream}: {read.error.asked.raised}"
        return
    yield from (f"{stream}/{id_}" for stream, id_ in sorted(wanted.keys() ^ found.keys()))


@check("error.busy")
def _busy(subject: Subject) -> Iterator[str]:
    for number in _asked(subject):
        read = subject.read(subject.trial.told, Where(trouble=_once(number, RetryLater(_AWAY))))
        error = read.error
        if error is None or not isinstance(error.asked.error, RetryLater):
            yield f"{number}: {'' if error is None else error.asked.raised}"


@check("error.access")
def _access(subject: Subject) -> Iterator[str]:
    for number in _asked(subject):
        read = subject.read(subject.trial.told, Where(trouble=_once(number, Reauthorise(_REFUSED))))
        error = read.error
        if error is None or not isinstance(error.asked.error, Reauthorise):
            yield f"{number}: {'' if error is None else error.asked.raised}"


def _asked(subject: Subject) -> Iterator[int]:
    requests = subject.told.requests
    if not requests:
        raise NotConcerned
    yield from range(1, min(requests, _REQUESTS_TRIED) + 1)


def troubled() -> Iterator[tuple[str, Where]]:
    """Return ways in which a source fails at its first request, each with a name."""
    yield "RetryLater", Where(trouble=_once(1, RetryLater(_AWAY)))
    yield "Reauthorise", Where(trouble=_once(1, Reauthorise(_REFUSED)))
    for number, damaged in enumerate(_NO_PAGES, start=1):
        yield f"no page {number}", Where(changed=partial(_at_first, damaged))


def _at_first(instead: Answer, request: int, answer: Answer) -> Answer:
    return instead if request == 1 else answer


def _once(number: int, error: ConnectorError) -> Trouble:
    def trouble(request: int) -> None:
        if request == number:
            raise error

    return trouble


@check("error.refused")
def _refused_page(subject: Subject) -> Iterator[str]:
    for number in _asked(subject):
        for damaged in _NO_PAGES:
            yield from _told_of(subject, number, partial(_in_its_place, damaged))


@check("error.row")
def _row(subject: Subject) -> Iterator[str]:
    for number in _asked(subject):
        yield from _told_of(subject, number, _with_a_damaged_row)


def _in_its_place(instead: Answer, _: Answer) -> Answer:
    return instead


def _told_of(subject: Subject, number: int, damage: Callable[[Answer], Answer]) -> Iterator[str]:
    """Read with the answer of one request damaged: what is missing then is told, by an error or by a reject."""

    def changed(request: int, answer: Answer) -> Answer:
        return damage(answer) if request == number else answer

    read = subject.read(subject.trial.told, Where(changed=changed))
    if read.error is not None:
        if not isinstance(read.error.asked.error, ConnectorError):
            yield f"{number}: {read.error.asked.raised}"
        return
    lost = sorted(facts(subject.told.records).keys() - facts(read.records).keys())
    if lost and len(read.rejects) <= len(subject.told.rejects):
        yield f"{number}: {', '.join('/'.join(each) for each in lost[:3])}"


def _with_a_damaged_row(answer: Answer) -> Answer:
    """Return an answer of JSON in whose first list the first object has lost all it said."""
    try:
        said = json.loads(answer.content, parse_float=str)
    except ValueError:
        return answer
    lists = [said] if isinstance(said, list) else list(said.values()) if isinstance(said, dict) else []
    rows = next((each for each in lists if isinstance(each, list) and each and isinstance(each[0], dict)), None)
    if rows is None:
        return answer
    rows[0] = {"damaged": "yes"}
    return TwinAnswer.of(said, answer.status)


@check("error.damaged")
def _damaged(subject: Subject) -> Iterator[str]:
    files = subject.trial.told.files
    if not files:
        raise NotConcerned
    wanted = facts(subject.told.records)
    broken = [(f"half-{name}", content[: len(content) // 2]) for name, content in files[:3]]
    garbled = [(files[0][0], _GARBAGE), (f"empty-{files[0][0]}", b"")]
    for name, content in itertools.chain(garbled, broken):
        read = subject.read(subject.trial.told, Where(files_first=[(name, content)]))
        error = read.error
        if error is not None and not isinstance(error.asked.error, ConnectorError):
            yield f"{name}: {error.asked.raised}"
        elif error is None and content in (_GARBAGE, b"") and facts(read.records).keys() != wanted.keys():
            yield f"{name}: {len(read.records)} ≠ {len(wanted)}"
