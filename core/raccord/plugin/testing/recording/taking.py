"""Takes down what a connector exchanges with its source, and makes a recording of it that tells no secret."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json as plain_json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO, Literal
from urllib.parse import urlencode, urlsplit

from pydantic import BaseModel, SecretStr, ValidationError

from raccord.plugin.contexts import Answer, Download, Http
from raccord.plugin.errors import ConnectorError, Reauthorise, RetryLater
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.records import JSON, Record
from raccord.plugin.testing.files import GIVEN, ShelvedFile
from raccord.plugin.testing.recording.hiding import SECRET_LENGTH_MIN, Disguise
from raccord.plugin.testing.recording.leaves import indented, is_whole_json
from raccord.plugin.testing.recording.shapes import (
    BODY_BYTES_MAX,
    BYTES_MAX,
    EXCHANGES_MAX,
    FILES_MAX,
    LeftOut,
    RecordedExchange,
    RecordedFile,
    RecordingError,
    RecordingFile,
    Setting,
)
from raccord.plugin.testing.recording.words import Kind, kind_of
from raccord.plugin.testing.trial import Trial
from raccord.plugin.texts import Text

Refused = Literal["", "reauthorise", "retry_later", "source_refused"]
_TOLD_HEADERS = ("content-type", "content-disposition", "link", "location", "retry-after")
_SAID_HEADERS = frozenset({"accept", "content-type", "user-agent", "accept-language", "content-length"})
"""Headers of requests that hold no secret; all others are taken to."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A request and its answer as they were, secrets and all: kept in memory alone."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    url: str
    sent: bytes
    sent_headers: Mapping[str, str]
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    refused: Refused = ""


@dataclass(frozen=True, slots=True)
class _Came:
    status: int
    headers: Mapping[str, str]
    content: BinaryIO


@dataclass(slots=True)
class TakingHttp:
    """A way out that hands on to another and takes down what goes and comes."""

    inner: Http
    taken: list[Taken] = field(default_factory=list)

    def get(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        whole = f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(params)}" if params else url
        return self._asked("GET", whole, b"", headers, lambda: self.inner.get(url, params=params, headers=headers))

    def post(
        self, url: str, *, json: object = None, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        sent = content if json is None else _written(json)
        return self._asked(
            "POST", url, sent, headers, lambda: self.inner.post(url, json=json, content=content, headers=headers)
        )

    def put(self, url: str, *, json: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        return self._asked("PUT", url, _written(json), headers, lambda: self.inner.put(url, json=json, headers=headers))

    def delete(self, url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
        return self._asked("DELETE", url, b"", headers, lambda: self.inner.delete(url, headers=headers))

    @contextmanager
    def download(self, url: str, *, headers: Mapping[str, str] | None = None) -> Iterator[Download]:
        with self._noting("GET", url, b"", headers), self.inner.download(url, headers=headers) as opened:
            content = opened.content.read(BODY_BYTES_MAX + 1)
            self._keep(Taken("GET", url, b"", headers or {}, opened.status, opened.headers, content))
            yield _Came(opened.status, opened.headers, BytesIO(content))

    def _asked(
        self,
        method: Literal["GET", "POST", "PUT", "DELETE"],
        url: str,
        sent: bytes,
        headers: Mapping[str, str] | None,
        ask: Callable[[], Answer],
    ) -> Answer:
        with self._noting(method, url, sent, headers):
            answer = ask()
        self._keep(Taken(method, url, sent, headers or {}, answer.status, answer.headers, answer.content))
        return answer

    @contextmanager
    def _noting(
        self, method: Literal["GET", "POST", "PUT", "DELETE"], url: str, sent: bytes, headers: Mapping[str, str] | None
    ) -> Iterator[None]:
        before = len(self.taken)
        try:
            yield
        except ConnectorError as error:
            if len(self.taken) == before:
                self._keep(Taken(method, url, sent, headers or {}, refused=_refused(error)))
            raise

    def _keep(self, taken: Taken) -> None:
        if len(self.taken) >= EXCHANGES_MAX:
            raise too_much(f"{EXCHANGES_MAX} requêtes", f"{EXCHANGES_MAX} requests")
        self.taken.append(taken)


@dataclass(frozen=True, slots=True)
class Source:
    """What was read and with what: from it a recording is made."""

    info: ConnectorInfo
    trial: Trial
    settings: BaseModel
    taken: Sequence[Taken]
    files: Sequence[ShelvedFile]
    records: Sequence[Record]
    """As the connector read them: what stands under a name in them is known in files of any shape."""


def make_recording(source: Source) -> RecordingFile:
    """Return what was exchanged without secrets, names and account numbers; raises ``RecordingError`` where one of the
    connection's secrets cannot be taken out.
    """
    arrived = [each for each in source.files if not source.taken or _arrived(each)]
    files = [_read(each) for each in arrived[:FILES_MAX]]
    if len(arrived) > FILES_MAX:
        raise too_much(f"{FILES_MAX} fichiers", f"{FILES_MAX} files")
    disguise = Disguise(frozenset(source.info.terms.terms) | _declared(source.info))
    _learn(disguise, source, [text for _, _, text in files])
    settings = {name: _setting(disguise, value) for name, value in _said(source.settings).items()}
    recording = RecordingFile(
        connector=source.info.name,
        connector_version=source.info.version,
        now=source.trial.now,
        time_zone=str(source.trial.time_zone),
        home_currency=source.trial.home_currency,
        starts_on=source.trial.starts_on,
        settings=settings,
        exchanges=hidden_exchanges(disguise, source.taken),
        files=[
            RecordedFile(
                name=disguise.hide_value(file.name),
                encoding=encoding,
                lines=disguise.hide_text(text).split("\n"),
            )
            for file, encoding, text in files
            if encoding is not None
        ],
        left_out=[
            LeftOut(name=disguise.hide_value(file.name), bytes=file.size, why="not_text" if not text else "too_large")
            for file, encoding, text in files
            if encoding is None
        ],
    )
    _proven(disguise, recording, source)
    return recording


def hidden_exchanges(disguise: Disguise, taken: Sequence[Taken]) -> list[RecordedExchange]:
    """Return exchanges as they are told, with a disguise that has learned what is in them."""
    return [
        RecordedExchange(
            method=each.method,
            url=disguise.hide_address(each.url),
            sent=_lines(disguise, each.sent, _content_type(each.sent_headers)),
            status=each.status,
            headers={
                name: disguise.hide_value(value)
                for name, value in sorted((name.casefold(), value) for name, value in each.headers.items())
                if name in _TOLD_HEADERS
            },
            body=_lines(disguise, each.body, _content_type(each.headers)),
            refused=each.refused,
        )
        for each in taken
    ]


def learn_exchanges(disguise: Disguise, taken: Sequence[Taken]) -> None:
    """Have a disguise take note of all that exchanges are not to tell."""
    for each in taken:
        for text in (each.url, *(_text(part) or "" for part in (each.sent, each.body))):
            disguise.see(text)
    for each in taken:
        for name, value in each.sent_headers.items():
            if name.casefold() not in _SAID_HEADERS:
                _learn_header(disguise, value)
        for name, value in each.headers.items():
            if kind_of(name) is Kind.SECRET:
                _learn_header(disguise, value)
        disguise.learn_address(each.url)
        disguise.learn_text(_text(each.sent) or "", _content_type(each.sent_headers))
        disguise.learn_text(_text(each.body) or "", _content_type(each.headers))


def _learn(disguise: Disguise, source: Source, texts: Sequence[str]) -> None:
    for text in texts:
        disguise.see(text)
    for name, value in _said(source.settings).items():
        if isinstance(value, SecretStr):
            disguise.learn(value.get_secret_value(), Kind.SECRET)
        elif isinstance(value, str):
            kind = kind_of(name)
            if f"{{{name}}}" in source.info.hosts:
                disguise.learn_host(urlsplit(value).hostname or value)
                disguise.learn_address(value)
            elif name == source.info.identity_setting:
                disguise.learn(value, Kind.ACCOUNT)
            elif kind is not None and kind is not Kind.TEXT:
                disguise.learn(value, kind)
    learn_exchanges(disguise, source.taken)
    for text in texts:
        disguise.learn_text(text)
    for record in source.records:
        _learn_raw(disguise, record.raw, "", "")


def _learn_raw(disguise: Disguise, value: JSON, key: str, above: str) -> None:
    if isinstance(value, Mapping):
        for name, each in value.items():
            _learn_raw(disguise, each, name, key)
    elif isinstance(value, str):
        kind = kind_of(key, above)
        if kind is not None:
            disguise.learn(value, kind)
    elif isinstance(value, Sequence):
        for each in value:
            _learn_raw(disguise, each, key, above)


def _learn_header(disguise: Disguise, value: str) -> None:
    """Take note of a header's value and of what is in it: a bearer's token, a user and password, cookies."""
    scheme, _, rest = value.partition(" ")
    disguise.learn(rest or scheme, Kind.SECRET)
    if scheme.casefold() == "basic":
        try:
            pair = base64.b64decode(rest, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            pair = ""
        for each in (pair, *pair.split(":", 1)):
            disguise.learn(each, Kind.SECRET)
    for part in value.split(";"):
        disguise.learn(part.partition("=")[2].strip('" '), Kind.SECRET)


def _declared(info: ConnectorInfo) -> frozenset[str]:
    """Return words that a connector knows: names of streams, roles and settings, and what settings may be."""
    words = {each.name for each in info.streams} | {each.name for each in info.roles} | set(info.settings.model_fields)
    for field_info in info.settings.model_fields.values():
        extra = field_info.json_schema_extra
        options = extra.get("options") if isinstance(extra, dict) else None
        words |= set(options) if isinstance(options, dict) else set()
    return frozenset(words)


def _said(settings: BaseModel) -> dict[str, object]:
    """Return the settings that somebody gave; the others are the connector's own and hide nothing."""
    return settings.model_dump(mode="python", exclude_defaults=True, exclude_none=True)


def _arrived(file: ShelvedFile) -> bool:
    """Tell whether a file came by itself, and not out of an answer that is recorded."""
    return file.origin in (GIVEN, "folder") or file.origin.startswith(("sftp:", "zip:"))


def _setting(disguise: Disguise, value: object) -> Setting:
    match value:
        case SecretStr():
            return disguise.hide_value(value.get_secret_value())
        case bool() | int():
            return value
        case Mapping():
            return {str(key): disguise.hide_value(str(each)) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [disguise.hide_value(str(each)) for each in sorted(value, key=str)]
        case _:
            return disguise.hide_value(str(value))


def _proven(disguise: Disguise, recording: RecordingFile, source: Source) -> None:
    """Refuse a recording that tells a secret all the same, that is too large, or whose settings no longer fit."""
    written = recording.written()
    if len(written) > BYTES_MAX:
        raise too_much(f"{BYTES_MAX // 2**20} Mio", f"{BYTES_MAX // 2**20} MiB")
    text = written.decode()
    for name, value in source.settings.model_dump(mode="python").items():
        secret = value.get_secret_value() if isinstance(value, SecretStr) else ""
        made_up = disguise.is_made_up(secret)
        if secret and (len(secret) < SECRET_LENGTH_MIN or (secret in text and not made_up)):
            raise RecordingError(
                "recording.secret_left",
                Text(
                    f"Le secret « {name} » ne peut pas être caché partout ; rien n'a été écrit.",
                    f"The secret “{name}” cannot be hidden everywhere; nothing was written.",
                ),
                Text(
                    f"Employez pour l'enregistrement un secret d'au moins {SECRET_LENGTH_MIN} caractères qui ne soit "
                    "pas un mot courant.",
                    f"Use a secret of at least {SECRET_LENGTH_MIN} characters for recording, and no common word.",
                ),
            )
    if disguise.left_in(text):
        raise RecordingError(
            "recording.secret_left",
            Text(
                "Un jeton d'une requête ne peut pas être caché partout ; rien n'a été écrit.",
                "A token of a request cannot be hidden everywhere; nothing was written.",
            ),
            Text("Signalez-le avec le nom du connecteur.", "Report it with the connector's name."),
        )
    try:
        source.info.settings.model_validate(dict(recording.settings))
    except ValidationError as error:
        names = ", ".join(sorted({str(each["loc"][0]) for each in error.errors() if each["loc"]})) or "–"
        raise RecordingError(
            "recording.settings_unfit",
            Text(
                f"Sans leurs vraies valeurs, des réglages ne conviennent plus au connecteur : {names}.",
                f"Without their real values some settings no longer suit the connector: {names}.",
            ),
            Text("Enregistrez ses fichiers, ou son jumeau.", "Record its files, or its twin."),
        ) from None


def too_much(fr: str, en: str) -> RecordingError:
    return RecordingError(
        "recording.too_large",
        Text(f"L'enregistrement dépasse {fr} ; rien n'a été écrit.", f"The recording goes beyond {en}; nothing was "
             "written."),
        Text("Enregistrez moins de jours (--since).", "Record fewer days (--since)."),
    )  # fmt: skip


def _lines(disguise: Disguise, content: bytes, kind: str) -> list[str]:
    if not content:
        return []
    text = _text(content)
    if text is None or len(content) > BODY_BYTES_MAX:
        return [disguise.hide_file(hashlib.sha256(content).hexdigest())]
    hidden = disguise.hide_text(text, kind)
    return (indented(hidden) if is_whole_json(hidden) else hidden).split("\n")


def _read(file: ShelvedFile) -> tuple[ShelvedFile, Literal["utf-8", "cp1252", "latin-1"] | None, str]:
    """Return a file with its text and how that is written; nothing for one that is no text or too large."""
    if file.size > BODY_BYTES_MAX:
        return file, None, " "
    with file.open() as stream:
        content = stream.read()
    if b"\x00" in content or content.startswith((b"PK\x03\x04", b"%PDF")):
        return file, None, ""
    encodings: tuple[Literal["utf-8", "cp1252", "latin-1"], ...] = ("utf-8", "cp1252", "latin-1")
    for encoding in encodings:
        try:
            return file, encoding, content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return file, None, ""


def _text(content: bytes) -> str | None:
    if b"\x00" in content or content.startswith(b"%PDF"):
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _content_type(headers: Mapping[str, str]) -> str:
    return next((value for name, value in headers.items() if name.casefold() == "content-type"), "")


def _refused(error: ConnectorError) -> Refused:
    match error:
        case Reauthorise():
            return "reauthorise"
        case RetryLater():
            return "retry_later"
        case _:
            return "source_refused"


def _written(value: object) -> bytes:
    return plain_json.dumps(value, default=str, sort_keys=True).encode()
