"""Rules on identity: the same facts told another way are the same records, and nothing but the same records."""

from __future__ import annotations

from collections.abc import Iterator

from raccord.plugin.testing.files import GIVEN
from raccord.plugin.testing.kit.rules import NotConcerned, check
from raccord.plugin.testing.kit.subject import Facts, Read, Subject, facts
from raccord.plugin.testing.trial import Again, Telling


def _differences(subject: Subject, read: Read) -> Iterator[str]:
    yield from _apart(facts(subject.told.records), read)


def _apart(wanted: Facts, read: Read) -> Iterator[str]:
    found = facts(read.records)
    if read.error is not None:
        yield f"{read.error.stream}: {read.error.asked.raised}"
        return
    for stream, id_ in sorted(wanted.keys() | found.keys()):
        old, new = wanted.get((stream, id_)), found.get((stream, id_))
        if old is None:
            yield f"{stream}/{id_} +"
        elif new is None:
            yield f"{stream}/{id_} -"
        elif old != new:
            yield f"{stream}/{id_}: {old[0]} {old[1]} {old[2]} ≠ {new[0]} {new[1]} {new[2]}"


def _retold(subject: Subject, again: Again) -> Iterator[str]:
    telling = subject.trial.again.get(again)
    if telling is None:
        raise NotConcerned
    yield from _differences(subject, subject.read(telling))


@check("identity.reordered")
def _reordered(subject: Subject) -> Iterator[str]:
    yield from _retold(subject, Again.REORDERED)


@check("identity.overlapping")
def _overlapping(subject: Subject) -> Iterator[str]:
    yield from _retold(subject, Again.OVERLAPPING)


@check("identity.reissued")
def _reissued(subject: Subject) -> Iterator[str]:
    yield from _retold(subject, Again.REISSUED)


@check("identity.later")
def _later(subject: Subject) -> Iterator[str]:
    told, later = subject.trial.told, subject.trial.later
    if later is None and subject.told.requests:
        yield "later=None"
        return
    if later is None:
        raise NotConcerned  # Files arrive one after the other as it is.
    whole = subject.read(Telling(files=[*told.files, *later.files], http=later.http or told.http))
    wanted, before = facts(whole.records), facts(subject.told.records)
    pages = [len(page.records) for _, page in subject.told.pages if page.more]
    news = sum(before.get(key) != said for key, said in wanted.items())
    if news <= max(pages, default=0):
        yield f"later: {news} ≤ {max(pages, default=0)}"
        return
    yield from _apart(wanted, subject.read(told, then=later))


@check("identity.extended")
def _extended(subject: Subject) -> Iterator[str]:
    telling = subject.trial.extended
    if telling is None:
        raise NotConcerned
    read = subject.read(telling)
    yield from _differences(subject, read)
    kept = {record.stream for record in read.records if subject.trial.marker in repr(record.raw)}
    # What a stream asks of the source is kept in its records alone; files are kept whole.
    asks = {turn.stream for turn in read.turns if turn.requests and turn.page is not None and turn.page.records}
    origins = set(_in_files(subject, read))
    if not kept and not origins:
        yield subject.trial.marker
    elif origins <= {GIVEN}:
        yield from sorted(f"{each}: {subject.trial.marker}" for each in asks - kept)


def _in_files(subject: Subject, read: Read) -> Iterator[str]:
    """Return where the files came from that keep the marker."""
    for file in read.box:
        with file.open() as stream:
            if subject.trial.marker.encode() in stream.read():
                yield file.origin
