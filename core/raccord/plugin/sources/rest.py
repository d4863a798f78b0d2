"""Pages of records from an address that gives its rows page by page, each page with the cursor of the next."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

from pydantic import SecretStr

from raccord.plugin.contexts import FetchContext
from raccord.plugin.errors import SourceRefused
from raccord.plugin.fields import FieldError
from raccord.plugin.records import JSON, PAGE_RECORDS_MAX, Page, Record, Reject, record_key
from raccord.plugin.texts import Text

_OK = 200
_EXCERPT_CHARS_MAX = 300
_ID_CHARS_MAX = 100
_AHEAD = timedelta(days=1)
PAGES_MAX = 100_000
"""How many numbered pages one reading takes at most."""

MakeObject = Callable[[Mapping[str, JSON]], Record]
"""Turns an object, its decimals as text, into a record; ``ValueError`` and ``KeyError`` make it a reject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestSource:
    """How an address pages: ``rows`` and ``next`` are names in its answers, ``cursor`` and ``limit`` parameters.

    ``bearer`` is the token that each request bears, if any. ``name`` begins the codes of rejects (``acme.row``); a
    reject is told by the value of the object's field ``id``, which is to be the ``source_id`` of its record: the
    problem closes when the object is read mended. One without it is told by a digest, until a person closes it. An
    answer without ``next``, or with an empty one, is the last; it is asked for again the next time, so that what was
    added to it comes too. What changes on an earlier page is not seen again: such an address needs ``since``.

    One that numbers its pages without saying the next has that parameter in ``page``, the number of the first page in
    ``first_page``. It is read to the page that has no rows, for a short one may be short by a limit of the address; or
    to the last page where the answer says in ``pages`` how many there are. Without ``since`` each run reads all of it.
    An address that gives the same page twice, or more than ``PAGES_MAX``, is refused. A row that vanishes while the
    pages are read moves those behind it to an earlier page, so that one is missed until it changes: ask such an address
    to sort by the moment of change.

    An address that takes a moment instead has it in ``since``, the name of its parameter. Each run then asks for what
    changed at or after the latest moment that an object said in its field ``changed``, in ISO 8601 as the address wrote
    it. A moment further ahead than a day does not count, since nothing would come any more; what comes twice is kept
    once.
    """

    name: str
    url: str
    bearer: SecretStr | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    rows: str = "data"
    next: str = "next_cursor"
    cursor: str = "cursor"
    limit: str = "limit"
    id: str = "id"
    since: str = ""
    changed: str = "updated_at"
    page_size: int = 100
    page: str = ""
    first_page: int = 1
    pages: str = ""


def rest_page(context: FetchContext, source: RestSource, stream: str, cursor: str | None, make: MakeObject) -> Page:
    """Return the page of ``stream`` at ``cursor``; an object of which ``make`` makes no record becomes a reject.

    Raises ``SourceRefused`` for an answer that is no page; what ``context.http`` raises passes through.
    """
    place = _Place.of(source, cursor)
    params = {**source.params, source.limit: str(min(source.page_size, PAGE_RECORDS_MAX))}
    number = int(place.at or source.first_page) if source.page else 0
    if source.page:
        params[source.page] = str(number)
    elif place.at:
        params[source.cursor] = place.at
    if place.since:
        params[source.since] = place.since
    headers = {"Accept": "application/json", **source.headers}
    if source.bearer is not None:
        headers["Authorization"] = f"Bearer {source.bearer.get_secret_value()}"
    answer = context.http.get(source.url, params=params, headers=headers)
    if answer.status != _OK:
        raise _refused(source, str(answer.status))
    said = _decoded(answer.content)
    rows = said.get(source.rows) if isinstance(said, Mapping) else None
    if not isinstance(said, Mapping) or not isinstance(rows, list) or len(rows) > PAGE_RECORDS_MAX:
        raise _refused(source, f"{source.rows}?")
    records: dict[str, Record] = {}
    rejects: list[Reject] = []
    for row in rows:
        try:
            if not isinstance(row, Mapping):
                raise TypeError(type(row).__name__)  # noqa: TRY301 - told as any other unreadable object
            record = make(row)
        except (ValueError, KeyError, TypeError) as error:
            what = str(error.args[0])[:80] if isinstance(error, KeyError) and error.args else type(error).__name__
            why = Text(f"Cet objet est illisible ({what}).", f"This object cannot be read ({what}).")
            if isinstance(error, FieldError):
                why = error.reason
            excerpt = str(row)[:_EXCERPT_CHARS_MAX]
            rejects.append(Reject(stream, _where(source, stream, row, records), f"{source.name}.row", why, excerpt))
            continue
        records[record.source_id] = record
    following = _following(source, said, rows, number, place) if source.page else _text(said.get(source.next))
    more = following not in ("", place.at)
    went_on = place.after(context, source, rows, following if more else "")
    return Page(list(records.values()), went_on.cursor(source), more=more, rejects=rejects)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _following(
    source: RestSource, said: Mapping[str, object], rows: Sequence[object], number: int, place: _Place
) -> str:
    """Return the number of the page after this one, nothing behind the last; raises ``SourceRefused`` without end."""
    if not rows:
        return ""
    if place.digest == _digest(rows) or number - source.first_page >= PAGES_MAX:
        raise _refused(source, f"{source.page}={number}?")
    if source.pages:
        try:
            last = int(_text(said.get(source.pages)))
        except ValueError:
            raise _refused(source, f"{source.pages}?") from None
        return str(number + 1) if number - source.first_page + 1 < last else ""
    return str(number + 1)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where reading stands: at a page of the address, and with ``since`` also of what was asked and was seen last."""

    at: str = ""
    since: str = ""
    latest: str = ""
    digest: str = ""
    """What tells the numbered page before this one from every other."""

    @classmethod
    def of(cls, source: RestSource, cursor: str | None) -> _Place:
        if not source.since and not source.page:
            return cls(at=cursor or "")
        try:
            held = json.loads(cursor or "{}", parse_float=str)
            return cls(**{name: str(value) for name, value in held.items()})
        except (ValueError, AttributeError, TypeError):
            # Kept before the address was asked by moments: all of it is read again, and kept once.
            return cls()

    def after(self, context: FetchContext, source: RestSource, rows: Sequence[object], following: str) -> _Place:
        """Return the place behind a page; behind the last one the next run begins at the latest moment seen."""
        digest = _digest(rows) if source.page and following else ""
        if not source.since and source.page:
            return _Place(at=following, digest=digest)
        if not source.since:
            return _Place(at=following or self.at)
        most = context.now() + _AHEAD
        said = [row.get(source.changed) for row in rows if isinstance(row, Mapping)]
        moments = [each for each in said if isinstance(each, str) and _moment(each) <= most]
        latest = max([self.latest, *moments], key=_moment)
        if following:
            return _Place(following, self.since, latest, digest)
        return _Place(since=max(self.since, latest, key=_moment))

    def cursor(self, source: RestSource) -> str | None:
        if not source.since and (not source.page or not self.at):
            return self.at or None
        if source.page:
            said = {"at": self.at, "since": self.since, "latest": self.latest, "digest": self.digest}
            return json.dumps({name: value for name, value in said.items() if value}, sort_keys=True)
        return json.dumps({"at": self.at, "since": self.since, "latest": self.latest}, sort_keys=True)


def _moment(said: str) -> datetime:
    """Return when that is, for comparison; what says no moment is before all others."""
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _where(source: RestSource, stream: str, row: object, read: Container[str]) -> str:
    """Return what tells an unreadable object from every other, wherever and in whichever run it is met.

    It is the key of its record where the object says its id, so that the problem closes when it can be read; not where
    the same page could read it before, whose record would close it at once.
    """
    own = row.get(source.id) if isinstance(row, Mapping) else None
    known = str(own).strip() if isinstance(own, str | int) and not isinstance(own, bool) else ""
    if known and known not in read:
        return record_key(stream, known[:_ID_CHARS_MAX])
    path = urlsplit(source.url).path
    return f"{path} [{_digest(row)}]"


def _digest(said: object) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:12]


def _decoded(content: bytes) -> object:
    """Return the body with every fraction as the text that stood there."""
    try:
        found: object = json.loads(content, parse_float=str, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    return found


def _no_number(name: str) -> Decimal:
    raise ValueError(name)


def _refused(source: RestSource, what: str) -> SourceRefused:
    host = urlsplit(source.url).hostname or source.name
    return SourceRefused(
        Text(
            f"{host} n'a pas répondu comme prévu ({what}). Vérifiez les réglages.",
            f"{host} did not answer as expected ({what}). Check the settings.",
        )
    )
