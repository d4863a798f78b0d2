"""A request of the control API, its refusals, and the table entry that describes a route."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from raccord_sandbox.clock import FIRST_YEAR, LAST_YEAR
from raccord_sandbox.keeping.company import Company
from raccord_sandbox.keeping.store import Store
from raccord_sandbox.refusing.faultlab import FaultLab
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.window.requests import RequestLog


class LabError(Exception):
    """A request of the control API that cannot be done: HTTP status, stable code, and why in French and English."""

    def __init__(self, status: int, code: str, fr: str, en: str) -> None:
        super().__init__(en)
        self.status = status
        self.code = code
        self.fr = fr
        self.en = en


@dataclass(frozen=True, slots=True)
class Ask:
    """One admitted request: the parts of its path, and its query and body together."""

    store: Store
    faults: FaultLab
    log: RequestLog
    url: str
    """The address under which the client sees this sandbox."""
    path: Mapping[str, str]
    fields: Doc
    content: bytes = b""
    """The body as it came, for a route that takes a file."""

    def company(self) -> Company:
        """Return the company that the path names. Raises LabError 404."""
        realm = self.path["realm"]
        found = self.store.get(realm)
        if found is None:
            raise LabError(404, "no_company", f"pas de société {realm}", f"no company {realm}")
        return found

    def text(self, name: str, default: str = "") -> str:
        """Return a field as text."""
        value = self.fields.get(name, default)
        if not isinstance(value, str):
            raise wrong_type(name, "un texte", "a text")
        return value

    def flag(self, name: str) -> bool:
        """Return a boolean field; absent is false."""
        value = self.fields.get(name, False)
        if not isinstance(value, bool):
            raise wrong_type(name, "true ou false", "true or false")
        return value

    def whole(self, name: str, default: int, most: int) -> int:
        """Return a number from 0 to `most`; a query string holds it as text."""
        value = self.fields.get(name, default)
        if isinstance(value, str) and value.isdecimal() and len(value) < 10:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise wrong_type(name, "un nombre entier positif", "a whole number that is not negative")
        return min(value, most)

    def moment(self, name: str) -> datetime | None:
        """Return a field that is a time with its zone, or None where it is absent."""
        text = self.fields.get(name)
        if text is None:
            return None
        try:
            found = datetime.fromisoformat(str(text))
        except ValueError as error:
            raise wrong_type(name, "une date et heure ISO 8601", "an ISO 8601 date and time") from error
        if found.tzinfo is None:
            raise wrong_type(name, "une heure avec son fuseau (Z ou ±hh:mm)", "a time with its zone (Z or ±hh:mm)")
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise beyond_calendar(name)
        return found

    def only(self, *names: str) -> None:
        """Refuse fields that the route does not know, so that a misspelt one is not silently ignored."""
        unknown = sorted(set(self.fields) - set(names))
        if unknown:
            known = ", ".join(names) or "–"
            raise LabError(
                400,
                "unknown_field",
                f"champ inconnu : {', '.join(unknown)} ; il y a : {known}",
                f"unknown field: {', '.join(unknown)}; there are: {known}",
            )


def wrong_type(name: str, fr: str, en: str) -> LabError:
    """Return the refusal of a field that is not what it must be."""
    return LabError(400, "bad_value", f"{name} doit être {fr}", f"{name} must be {en}")


def beyond_calendar(name: str) -> LabError:
    """Return the refusal of a time that a clock cannot tell."""
    return wrong_type(
        name,
        f"dans le calendrier, de {FIRST_YEAR} à {LAST_YEAR}",
        f"within the calendar, from {FIRST_YEAR} to {LAST_YEAR}",
    )


@dataclass(frozen=True, slots=True)
class Route:
    """One route: method, path below /sandbox, what it does in a few words, and the function that does it."""

    method: str
    path: str
    does: str
    function: Callable[[Ask], Any]
    file_limit: int = 0
    """How many bytes a route may be sent that takes a file instead of JSON."""
