"""A source that is a recording: it answers what was recorded, in the order it was asked, and refuses all else."""

from __future__ import annotations

import json as plain_json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from decimal import Decimal
from io import BytesIO
from typing import BinaryIO, NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from raccord.plugin.errors import Reauthorise, RetryLater, SourceRefused
from raccord.plugin.testing.recording.shapes import RecordedExchange, RecordingError, RecordingFile
from raccord.plugin.testing.trial import Telling, Trial
from raccord.plugin.testing.twin_http import TwinAnswer
from raccord.plugin.texts import Text


class NotRecordedError(SourceRefused):
    """Raised for a request that the recording does not hold, or not so often; names it without its values."""


class _Download(NamedTuple):
    status: int
    headers: Mapping[str, str]
    content: BinaryIO


class ReplayHttp:
    """A connector's way out that leads to a recording."""

    def __init__(self, recording: RecordingFile) -> None:
        self._recorded: dict[tuple[str, ...], list[RecordedExchange]] = {}
        for each in recording.exchanges:
            key = _key(each.method, each.url, "\n".join(each.sent).encode())
            self._recorded.setdefault(key, []).append(each)
        self._asked: Counter[tuple[str, ...]] = Counter()

    def get(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> TwinAnswer:
        whole = f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(params)}" if params else url
        return self._answer("GET", whole, b"")

    def post(
        self, url: str, *, json: object = None, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> TwinAnswer:
        return self._answer("POST", url, content if json is None else plain_json.dumps(json, default=str).encode())

    def put(self, url: str, *, json: object = None, headers: Mapping[str, str] | None = None) -> TwinAnswer:
        return self._answer("PUT", url, plain_json.dumps(json, default=str).encode())

    def delete(self, url: str, *, headers: Mapping[str, str] | None = None) -> TwinAnswer:
        return self._answer("DELETE", url, b"")

    @contextmanager
    def download(self, url: str, *, headers: Mapping[str, str] | None = None) -> Iterator[_Download]:
        answer = self._answer("GET", url, b"")
        yield _Download(answer.status, answer.headers, BytesIO(answer.content))

    def _answer(self, method: str, url: str, sent: bytes) -> TwinAnswer:
        key = _key(method, url, sent)
        there, times = self._recorded.get(key, []), self._asked[key]
        if times >= len(there):
            raise _not_recorded(method, url, len(there))
        self._asked[key] += 1
        found = there[times]
        match found.refused:
            case "reauthorise":
                raise Reauthorise(Text("La source a refusé l'accès.", "The source refused access."))
            case "retry_later":
                raise RetryLater(Text("La source a demandé d'attendre.", "The source asked to wait."))
            case "source_refused":
                raise SourceRefused(Text("La source a refusé.", "The source refused."))
            case "":
                return TwinAnswer(found.status, "\n".join(found.body).encode(), found.headers)


def trial_of(recording: RecordingFile, name: str = "recording") -> Trial:
    """Return a recording as a made-up source: it can be benched, and checked like any other."""
    try:
        zone = ZoneInfo(recording.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise RecordingError(
            "recording.damaged",
            Text(
                f"L'enregistrement est abîmé, à time_zone : {recording.time_zone!r} n'est pas un fuseau horaire.",
                f"The recording is damaged, at time_zone: {recording.time_zone!r} is no time zone.",
            ),
            Text("Reprenez l'original.", "Take the original again."),
        ) from None
    return Trial(
        name=name,
        values=dict(recording.settings),
        told=Telling(
            files=[(file.name, "\n".join(file.lines).encode(file.encoding)) for file in recording.files],
            http=lambda: nullcontext(ReplayHttp(recording)),
            sealed=True,
        ),
        now=recording.now,
        time_zone=zone,
        home_currency=recording.home_currency,
        starts_on=recording.starts_on,
    )


def _key(method: str, url: str, sent: bytes) -> tuple[str, ...]:
    """Return what a request is known by: headers apart, and in whatever way its parts are written."""
    parts = urlsplit(url)
    asked = sorted(f"{name}={value}" for name, value in parse_qsl(parts.query, keep_blank_values=True))
    return (method, parts.netloc.casefold(), unquote(parts.path), *asked, "", _plain(sent))


def _plain(sent: bytes) -> str:
    text = sent.decode(errors="replace")
    try:
        value = plain_json.loads(text, parse_float=Decimal) if text[:1] in ("{", "[") else None
    except ValueError:
        value = None
    if value is not None:
        return plain_json.dumps(value, sort_keys=True, default=str)
    pairs = parse_qsl(text, keep_blank_values=True)
    return urlencode(sorted(pairs)) if pairs else text


def _not_recorded(method: str, url: str, times: int) -> NotRecordedError:
    parts = urlsplit(url)
    names = ", ".join(sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)})) or "–"
    what = f"{method} {parts.hostname or ''}{parts.path}"
    if times:
        return NotRecordedError(
            Text(
                f"L'enregistrement contient {what} ({names}) {times} fois ; le connecteur le demande une fois de plus. "
                "Refaites l'enregistrement.",
                f"The recording holds {what} ({names}) {times} times; the connector asks for it once more. "
                "Record again.",
            )
        )
    return NotRecordedError(
        Text(
            f"L'enregistrement ne contient pas {what} ({names}) ; rien n'est parti sur le réseau. Le connecteur "
            "demande autre chose qu'alors : refaites l'enregistrement.",
            f"The recording does not hold {what} ({names}); nothing went to the network. The connector asks for "
            "something else than then: record again.",
        )
    )
