"""Rules on pages and cursors: limits, an end, and going on from every cursor ever handed out."""

from __future__ import annotations

from collections.abc import Iterator

from raccord.plugin.records import CURSOR_BYTES_MAX, PAGE_RECORDS_MAX, Page
from raccord.plugin.testing.kit.rules import check
from raccord.plugin.testing.kit.subject import NotJudgedError, Subject, facts

_UNKNOWN_STREAM = "a-stream-that-no-connector-has"
_SOURCE_ID_MAX = 500


@check("fetch.raises")
def _raises(subject: Subject) -> Iterator[str]:
    error = subject.first.error
    if error is not None:
        yield f"{error.stream}: {error.asked.raised}"


@check("page.answers")
def _answers(subject: Subject) -> Iterator[str]:
    for turn in subject.first.turns:
        if turn.page is None and turn.asked.error is None:
            yield f"{turn.stream}: {type(turn.asked.answer).__name__}"


@check("page.foreign")
def _foreign(subject: Subject) -> Iterator[str]:
    turn = subject.turn(subject.told, _UNKNOWN_STREAM, None)
    if turn.asked.error is not None or turn.asked.answer is not None:
        yield turn.asked.raised or type(turn.asked.answer).__name__


@check("page.size")
def _size(subject: Subject) -> Iterator[str]:
    for turn, page in subject.first.pages:
        if max(len(page.records), len(page.rejects)) > PAGE_RECORDS_MAX:
            yield f"{turn.stream}: {len(page.records)} + {len(page.rejects)}"


@check("page.ends")
def _ends(subject: Subject) -> Iterator[str]:
    for turn, page in subject.first.pages:
        if page.more and page.cursor == turn.cursor:
            yield f"{turn.stream}: {page.cursor!r}"


@check("page.own_stream")
def _own_stream(subject: Subject) -> Iterator[str]:
    for turn, page in subject.first.pages:
        streams = [one.stream for one in page.records] + [one.stream for one in page.rejects]
        yield from (f"{turn.stream}: {stream}" for stream in streams if stream != turn.stream)


@check("page.ids")
def _ids(subject: Subject) -> Iterator[str]:
    for turn, page in subject.first.pages:
        ids: list[object] = [record.source_id for record in page.records]
        for id_ in ids:
            if not isinstance(id_, str) or not 1 <= len(id_) <= _SOURCE_ID_MAX or ids.count(id_) > 1:
                yield f"{turn.stream}/{id_}"


@check("page.same_twice")
def _same_twice(subject: Subject) -> Iterator[str]:
    told = subject.told
    for turn in [turn for turn, _ in told.pages]:
        if turn.cursor is None and told.requests:
            continue  # The first question may begin something at a source (an export that is claimed).
        first, second = (subject.turn(told, turn.stream, turn.cursor).page for _ in range(2))
        if first is None or second is None or not _same(first, second):
            yield f"{turn.stream} {turn.cursor!r}"


def _same(first: Page, second: Page) -> bool:
    return (list(first.records), first.cursor, first.more) == (list(second.records), second.cursor, second.more)


@check("cursor.size")
def _cursor_size(subject: Subject) -> Iterator[str]:
    for turn, page in subject.first.pages:
        cursor: object = page.cursor
        if cursor is not None and not (isinstance(cursor, str) and len(cursor.encode()) <= CURSOR_BYTES_MAX):
            yield f"{turn.stream}: {type(cursor).__name__}, {len(str(cursor))}"


@check("cursor.resume")
def _resume(subject: Subject) -> Iterator[str]:
    told = subject.told
    all_facts = facts(told.records)
    for turn in told.turns:
        wanted = {id_ for stream, id_ in all_facts if stream == turn.stream} - turn.known
        turns = subject.go_on(told, turn.stream, turn.cursor)
        if any(each.asked.error is not None for each in turns):
            yield f"{turn.stream} {turn.cursor!r}: {turns[-1].asked.raised}"
            continue
        found = {record.source_id for each in turns if each.page for record in each.page.records}
        missing = sorted(wanted - found)
        if missing:
            yield f"{turn.stream} {turn.cursor!r}: {', '.join(missing[:3])}"


@check("cursor.rest")
def _rest(subject: Subject) -> Iterator[str]:
    told = subject.told
    last: dict[str, str | None] = {}
    ids: dict[str, set[str]] = {}
    for turn, page in told.pages:
        last[turn.stream] = page.cursor
        ids.setdefault(turn.stream, set()).update(record.source_id for record in page.records)
    for stream, cursor in last.items():
        if cursor is None:
            continue
        for each in subject.go_on(told, stream, cursor):
            if each.page is None:
                raise NotJudgedError("cursor.resume")
            new = [record.source_id for record in each.page.records if record.source_id not in ids[stream]]
            if new:
                yield f"{stream} {cursor!r}: {', '.join(new[:3])}"
