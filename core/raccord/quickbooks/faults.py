"""QuickBooks' refusals, read from any of the shapes in which they arrive."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from raccord.quickbooks.causes import Cause, RetryClass, Verdict, verdict
from raccord.quickbooks.decoding import decode

_TEXT_MAX = 2000
_BODY_MAX = 16_384
_FAULTS_MAX = 50


@dataclass(frozen=True, slots=True)
class Fault:
    """One refusal in QuickBooks' words.

    ``code`` is QuickBooks' number as text, an OAuth error name, or ``http-502`` when the body says nothing usable.
    ``element`` names the property at fault, or is empty. ``operation`` is what was asked ('create', 'read' …),
    since the same refusal may mean different things. Texts are cut at 2000 characters.
    """

    code: str
    message: str
    detail: str = ""
    element: str = ""
    type: str = ""
    http_status: int = 0
    tid: str = ""
    operation: str = ""

    @property
    def retry(self) -> RetryClass:
        return self._verdict[0]

    @property
    def cause(self) -> Cause:
        return self._verdict[1]

    @property
    def _verdict(self) -> Verdict:
        return verdict(self.code, self.message, self.detail, self.http_status, self.operation)

    def __str__(self) -> str:
        place = f" [{self.element}]" if self.element else ""
        return (
            f"{self.code} {self.message}{place}: {self.detail}" if self.detail else f"{self.code} {self.message}{place}"
        )


def read_faults(body: bytes, http_status: int, tid: str = "", operation: str = "") -> tuple[Fault, ...]:
    """Return the faults of an answer that is not a success; always at least one, whatever the body holds."""
    parsed = _parsed(body)
    found: tuple[Fault, ...] = ()
    if isinstance(parsed, dict):
        found = _nested(parsed) or _flat(parsed)
    elif body.lstrip()[:1] == b"<":
        found = tuple(_marked_up(body))
    return _stamped(found or (Fault("", _gist(body)),), http_status, tid, operation)


def faults_in(answer: dict[str, Any], http_status: int, tid: str = "", operation: str = "") -> tuple[Fault, ...]:
    """Return the faults inside a decoded answer or batch item, in either casing; empty when there is none."""
    return _stamped(_nested(answer), http_status, tid, operation)


def _stamped(faults: tuple[Fault, ...], http_status: int, tid: str, operation: str) -> tuple[Fault, ...]:
    return tuple(
        replace(fault, code=fault.code or f"http-{http_status}", http_status=http_status, tid=tid, operation=operation)
        for fault in faults
    )


def _nested(answer: dict[str, Any]) -> tuple[Fault, ...]:
    """Read ``{"Fault": {"Error": […]}}`` and the gateway's ``{"fault": {"error": […]}}``."""
    fault = answer.get("Fault") or answer.get("fault")
    if not isinstance(fault, dict):
        return ()
    kind = _text(fault.get("type"))
    said = fault.get("Error") or fault.get("error")
    errors = said if isinstance(said, list) else [said]
    found = tuple(
        Fault(
            code=_number(_text(error.get("code")), _text(error.get("Message") or error.get("message"))),
            message=_text(error.get("Message") or error.get("message")),
            detail=_text(error.get("Detail") or error.get("detail")),
            element=_text(error.get("element")),
            type=kind,
        )
        for error in errors[:_FAULTS_MAX]
        if isinstance(error, dict)
    )
    return found or (Fault("", kind or "a Fault without errors", type=kind),)


def _flat(answer: dict[str, Any]) -> tuple[Fault, ...]:
    """Read the shape of the OAuth host: ``{"error": …, "error_description": …}``."""
    error = answer.get("error")
    if not isinstance(error, str):
        return ()
    return (Fault(_text(error), _text(error), _text(answer.get("error_description")), type="oauth"),)


def _marked_up(body: bytes) -> Iterator[Fault]:
    """Read ``<Fault type="…"><Error code="…"><Message>…`` without an XML parser, so that no entity is ever expanded."""
    text = body[:_BODY_MAX].decode("utf-8", "replace")
    fault = re.search(r"<(?:\w+:)?Fault\b([^>]*)>", text)
    if fault is None:
        return
    errors = re.finditer(r"<(?:\w+:)?Error\b([^>]*)>(.*?)</(?:\w+:)?Error>", text, re.DOTALL)
    for error in islice(errors, _FAULTS_MAX):
        message = _inner(error[2], "Message")
        yield Fault(
            code=_number(_attribute(error[1], "code"), message),
            message=message,
            detail=_inner(error[2], "Detail"),
            element=_attribute(error[1], "element"),
            type=_attribute(fault[1], "type"),
        )


def _number(code: str, message: str) -> str:
    """Return QuickBooks' number without padding; the gateway hides it in the message ('…; errorCode=003001; …')."""
    inside = re.search(r"errorCode=(\d+)", message)
    found = code.strip() or (inside[1] if inside else "")
    return found.lstrip("0") or found[:1]


def _attribute(attributes: str, name: str) -> str:
    found = re.search(rf"\b{name}\s*=\s*[\"']([^\"']*)[\"']", attributes)
    return html.unescape(found[1])[:_TEXT_MAX] if found else ""


def _inner(text: str, name: str) -> str:
    found = re.search(rf"<(?:\w+:)?{name}\b[^>]*>(.*?)</(?:\w+:)?{name}>", text, re.DOTALL)
    return html.unescape(found[1]).strip()[:_TEXT_MAX] if found else ""


def _gist(body: bytes) -> str:
    """Return the words of a page made for people, or say that there are none."""
    text = body[:_BODY_MAX].decode("utf-8", "replace")
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", text, flags=re.DOTALL | re.IGNORECASE)
    words = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())
    return words[:200] or "empty answer"


def _parsed(body: bytes) -> object:
    try:
        return decode(body)
    except ValueError:
        return None


def _text(value: object) -> str:
    return "" if value is None else str(value)[:_TEXT_MAX]
