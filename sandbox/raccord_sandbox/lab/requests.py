"""The latest requests and answers, as the pages show them: secrets masked."""

from __future__ import annotations

from raccord_sandbox.lab.asking import Ask, Route
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.window.requests import MOST, Seen


def _latest(ask: Ask) -> list[Doc]:
    ask.only("realm", "limit")
    return [_shown(seen) for seen in ask.log.latest(ask.text("realm"))[: ask.whole("limit", 50, MOST)]]


def _clear(ask: Ask) -> Doc:
    ask.only()
    ask.log.clear()
    return {}


def _shown(seen: Seen) -> Doc:
    return {
        "number": seen.number,
        "at": seen.at,
        "method": seen.method,
        "address": seen.address,
        "headers": dict(seen.shown_headers()),
        "body": seen.shown_body(),
        "status": seen.status,
        "answer_headers": dict(seen.shown_headers(answered=True)),
        "answer": seen.shown_body(answered=True),
        "milliseconds": seen.milliseconds,
        "struck": seen.struck,
    }


REQUESTS = (
    Route("GET", "/requests", "the latest requests with their answers, secrets masked", _latest),
    Route("DELETE", "/requests", "forgets them", _clear),
)
