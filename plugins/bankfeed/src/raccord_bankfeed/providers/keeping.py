"""Keeps a provider's answer as a file: a first line that says what was asked for, then the answer, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO

from raccord.plugin import FetchContext
from raccord_bankfeed.providers.contract import ANSWER_BYTES_MAX, TooMuch, Window


def keep_answer(
    context: FetchContext, provider: str, window: Window, said: Mapping[str, object], answer: bytes
) -> bool:
    """Receive an answer as a file of the connection; ``False`` where the same came before."""
    if len(answer) > ANSWER_BYTES_MAX:
        raise TooMuch
    days = {"first": window.first.isoformat(), "last": window.last.isoformat()}
    head = json.dumps({"raccord-provider": provider, **days, **said}).encode() + b"\n"
    name = f"{provider}-{window.first.isoformat()}-{window.last.isoformat()}.json"
    return context.files.receive(name, BytesIO(head + answer), origin=provider)
