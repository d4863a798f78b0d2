"""Asks a public list of advisories (OSV) about every version in constraints.txt; says so when it could not.

Ends with 0 when every pinned version was asked about and none is known to be vulnerable, with 1 when some are, and with
3 when nobody can tell: the list was not reached, or its answer does not name a version known to be vulnerable, which is
asked about each time. Only 0 is an audit.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

ADDRESS = "https://api.osv.dev/v1/querybatch"
CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"
KNOWN_BAD = ("jinja2", "2.4.1")
"""Has advisories for ever; a list that does not name it knows nothing of the others either."""

PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;#]+)")
AUDITED, VULNERABLE, NOT_AUDITED = 0, 1, 3

Pins = Sequence[tuple[str, str]]
Told = Mapping[tuple[str, str], list[str]]
Ask = Callable[[Pins], Told]


class NoAnswerError(Exception):
    """Raised when the list of advisories does not tell; says why."""


def pins_of(text: str) -> list[tuple[str, str]]:
    """Return every pinned version; a line that pins none raises ``ValueError``."""
    found = []
    for line in text.splitlines():
        said = line.partition("#")[0].strip()
        if not said:
            continue
        pin = PIN.match(said)
        if pin is None:
            raise ValueError(f"constraints.txt pins no version here: {said}")
        found.append((pin[1], pin[2]))
    return found


def ask_osv(pins: Pins) -> dict[tuple[str, str], list[str]]:
    """Return the advisories of each version, in one request; raises ``NoAnswerError``."""
    queries = [{"package": {"name": name, "ecosystem": "PyPI"}, "version": version} for name, version in pins]
    address = os.environ.get("RACCORD_ADVISORIES_URL", ADDRESS)
    try:
        answer = httpx.post(address, json={"queries": queries}, timeout=30)
        answer.raise_for_status()
        results: Any = answer.json()["results"]
        told = [[str(each["id"]) for each in (result or {}).get("vulns", [])] for result in results]
    except httpx.HTTPError as error:
        raise NoAnswerError(f"{address}: {type(error).__name__}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoAnswerError(f"{address}: an answer of another form") from error
    if len(told) != len(pins):
        raise NoAnswerError(f"{address}: {len(told)} answers to {len(pins)} questions")
    return dict(zip(pins, told, strict=True))


def trusted(told: Told) -> Told:
    """Return what was told if it names what is known to be vulnerable; raises ``NoAnswerError``."""
    if not told[KNOWN_BAD]:
        raise NoAnswerError(f"it knows nothing of {' '.join(KNOWN_BAD)}, which has advisories")
    return told


def audit(text: str, ask: Ask, say: Callable[[str], None]) -> int:
    """Say what is known of the versions pinned in ``text``."""
    pins = pins_of(text)
    try:
        told = trusted(ask([*pins, KNOWN_BAD]))
    except NoAnswerError as error:
        say(f"dependencies NOT AUDITED: {error}")
        return NOT_AUDITED
    wrong = [pin for pin in pins if told[pin]]
    for name, version in wrong:
        say(f"{name} {version}: {', '.join(told[name, version])}")
    say(f"dependencies audited: {len(pins)} versions, {len(wrong)} with advisories")
    return VULNERABLE if wrong else AUDITED


if __name__ == "__main__":
    sys.exit(audit(CONSTRAINTS.read_text("utf-8"), ask_osv, print))
