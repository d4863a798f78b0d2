"""A made-up address that gives its rows page by page, and the trial on it: told again, in another order, a day on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime

from raccord.plugin.contexts import Http
from raccord.plugin.records import JSON
from raccord.plugin.testing.trial import Again, Telling, Trial
from raccord.plugin.testing.twin_http import TwinAnswer, TwinHttp, TwinRequest

Row = Mapping[str, JSON]
Rows = Mapping[str, Sequence[Row]]
"""What an address tells: its rows by the last part of their path."""
MARKER = "extra-field-7"
"""What the field says that an extended source tells more."""
_UNAUTHORISED, _NOT_FOUND = 401, 404


@dataclass(frozen=True, slots=True, kw_only=True)
class RestTwin:
    """An address as the source documents it; the names are the source's and are said anew, not the connector's own.

    With ``page`` it numbers its pages from 1, else each answer has the cursor of the next one. ``since`` is the
    parameter by which it tells rows whose field ``changed`` is at or after a moment. ``most`` is how many rows a page
    has at most, however many are asked for.
    """

    rows: Rows
    token: str = "twin-token"  # noqa: S105 - of a made-up source
    data: str = "data"
    next: str = "next_cursor"
    cursor: str = "cursor"
    page: str = ""
    since: str = ""
    changed: str = "updated_at"
    most: int = 2

    def answer(self, request: TwinRequest) -> TwinAnswer:
        """Answer a request for a page; ``serve_twin`` and ``TwinHttp`` take this."""
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return TwinAnswer(_UNAUTHORISED)
        rows = self.rows.get(request.path.rpartition("/")[2])
        if rows is None:
            return TwinAnswer(_NOT_FOUND)
        moment = request.params.get(self.since) if self.since else None
        if moment:
            start = datetime.fromisoformat(moment)
            rows = [row for row in rows if datetime.fromisoformat(str(row[self.changed])) >= start]
        if self.page:
            begin = (int(request.params.get(self.page, "1")) - 1) * self.most
            return TwinAnswer.of({self.data: rows[begin : begin + self.most]})
        begin = int(request.params.get(self.cursor, "0"))
        end = begin + self.most
        return TwinAnswer.of({self.data: rows[begin:end], self.next: str(end) if end < len(rows) else None})

    def http(self) -> AbstractContextManager[Http]:
        """Open the way to this address, in this process."""
        return nullcontext(TwinHttp(self.answer))

    def telling(self) -> Telling:
        return Telling(http=self.http)

    def with_rows(self, change: Callable[[Sequence[Row]], Sequence[Row]]) -> RestTwin:
        """Return the same address with the rows of each stream changed."""
        return replace(self, rows={name: change(rows) for name, rows in self.rows.items()})


def rest_trial(
    twin: RestTwin,
    values: Mapping[str, object],
    *,
    news: Rows,
    moments: Mapping[str, str] | None = None,
    id: str | Mapping[str, str] = "id",
    name: str = "sample",
) -> Trial:
    """Return the trial that a twin's rows make; what was counted by hand is added with ``dataclasses.replace``.

    ``news`` is what the address tells a day on: new rows, and rows told before with another word. ``moments`` names by
    stream the field of the moment that a record's day is taken of, with ``path/`` before it where the twin's rows of
    that stream have another name; a row that says none has none. ``id`` is the field of a row's id, by stream where
    they call it otherwise.
    """

    def id_of(stream: str, row: Row) -> str:
        return str(row[id if isinstance(id, str) else id[stream]])

    def told_then(stream: str, rows: Sequence[Row]) -> Sequence[Row]:
        fresh = {id_of(stream, row): row for row in news.get(stream, ())}
        return [*(fresh.pop(id_of(stream, row), row) for row in rows), *fresh.values()]

    later = replace(twin, rows={stream: told_then(stream, rows) for stream, rows in twin.rows.items()})
    return Trial(
        name=name,
        values=values,
        told=twin.telling(),
        again={
            Again.REORDERED: twin.with_rows(lambda rows: rows[::-1]).telling(),
            Again.OVERLAPPING: twin.with_rows(lambda rows: [*rows, *rows[1:]]).telling(),
            Again.REISSUED: replace(twin, most=twin.most + 1).telling(),
        },
        extended=twin.with_rows(lambda rows: [{**row, "fresh": MARKER} for row in rows]).telling(),
        marker=MARKER,
        moments={
            (stream, id_of(path or stream, row)): datetime.fromisoformat(str(row[moment]))
            for stream, (path, _, moment) in ((each, said.rpartition("/")) for each, said in (moments or {}).items())
            for row in twin.rows[path or stream]
            if row.get(moment)
        },
        later=later.telling(),
    )
