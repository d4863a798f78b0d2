"""The HTTP of a made-up source in this process: requests go to a function, statuses are judged as core judges them."""

from __future__ import annotations

import json as plain_json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import BinaryIO
from urllib.parse import parse_qs, urlsplit

from raccord.plugin.errors import Reauthorise, RetryLater
from raccord.plugin.texts import Text

_UNAUTHORISED, _TOO_MANY, _FAULTY = 401, 429, 500


@dataclass(frozen=True, slots=True)
class TwinRequest:
    """A request as a made-up source gets it; ``path`` begins with a slash, header names are in small letters."""

    method: str
    host: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        """Return the decoded body; fractions are ``Decimal``."""
        found: object = plain_json.loads(self.body, parse_float=Decimal)
        return found


@dataclass(frozen=True, slots=True)
class TwinAnswer:
    """What a made-up source answers."""

    status: int
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, value: object, status: int = 200) -> TwinAnswer:
        """Return an answer of JSON; decimals are written as text."""
        return cls(status, plain_json.dumps(value, default=str).encode(), {"content-type": "application/json"})

    def json(self) -> object:
        """Return the decoded body; fractions are ``Decimal``."""
        found: object = plain_json.loads(self.content, parse_float=Decimal)
        return found


@dataclass(frozen=True, slots=True)
class _TwinDownload:
    status: int
    headers: Mapping[str, str]
    content: BinaryIO


class TwinHttp:
    """A connector's way out that leads to a function instead of the network."""

    def __init__(self, answer: Callable[[TwinRequest], TwinAnswer]) -> None:
        self._answer = answer

    def get(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> TwinAnswer:
        return self._ask("GET", url, params, headers, b"")

    def post(
        self, url: str, *, json: object = None, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> TwinAnswer:
        return self._ask("POST", url, None, headers, content if json is None else _written(json))

    def put(self, url: str, *, json: object = None, headers: Mapping[str, str] | None = None) -> TwinAnswer:
        return self._ask("PUT", url, None, headers, _written(json))

    def delete(self, url: str, *, headers: Mapping[str, str] | None = None) -> TwinAnswer:
        return self._ask("DELETE", url, None, headers, b"")

    @contextmanager
    def download(self, url: str, *, headers: Mapping[str, str] | None = None) -> Iterator[_TwinDownload]:
        answer = self._ask("GET", url, None, headers, b"")
        yield _TwinDownload(answer.status, answer.headers, BytesIO(answer.content))

    def _ask(
        self, method: str, url: str, params: Mapping[str, str] | None, headers: Mapping[str, str] | None, body: bytes
    ) -> TwinAnswer:
        parts = urlsplit(url)
        asked = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        request = TwinRequest(
            method,
            parts.hostname or "",
            parts.path,
            asked | dict(params or {}),
            {name.casefold(): value for name, value in (headers or {}).items()},
            body,
        )
        answer = self._answer(request)
        if answer.status == _UNAUTHORISED:
            raise Reauthorise(Text("La source refuse l'accès.", "The source refuses access."))
        if answer.status == _TOO_MANY or answer.status >= _FAULTY:
            raise RetryLater(Text("La source demande d'attendre.", "The source asks to wait."), _wait(answer))
        return answer


def _wait(answer: TwinAnswer) -> timedelta:
    """Return the seconds of ``Retry-After`` as core reads them: at most an hour, five minutes where there are none."""
    said = next((value for name, value in answer.headers.items() if name.casefold() == "retry-after"), "")
    return timedelta(seconds=min(int(said), 3600)) if said.isdecimal() else timedelta(minutes=5)


def _written(value: object) -> bytes:
    return plain_json.dumps(value, default=str).encode()
