"""Reads JSON without ever making a binary fraction."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import NoReturn


def decode(body: bytes) -> object:
    """Return the value of JSON bytes, fractions as ``Decimal``; anything else than sound JSON raises ``ValueError``."""
    try:
        value: object = json.loads(body, parse_float=Decimal, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("JSON nested too deeply") from error
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
