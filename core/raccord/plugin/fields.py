"""What a record says, field by field, each of its own type; a field that is missing or says another is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from raccord.plugin.errors import BadRecord
from raccord.plugin.money import Money
from raccord.plugin.records import JSON
from raccord.plugin.texts import Text


class FieldError(BadRecord, ValueError):
    """Raised for a field that is missing or cannot be read: a reject while reading, a bad record while mapping."""

    def __init__(self, field: str) -> None:
        reason = Text(
            f"Le champ « {field} » manque ou ne peut pas être lu.",
            f"The field “{field}” is missing or cannot be read.",
        )
        super().__init__(field, reason)


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of an object or row, as a source said them; each reading raises ``FieldError`` with the field's name.

    ``at`` is where the object stands in its record, such as ``lines[2].``.
    """

    said: Mapping[str, JSON]
    at: str = ""

    def text(self, name: str, otherwise: str | None = None) -> str:
        """Return a text, or a number as text, never an empty one; ``otherwise`` where the field says nothing."""
        value = self.said.get(name)
        if otherwise is not None and value in (None, ""):
            return otherwise
        # Decimals come back as such from the store.
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal) or not str(value).strip():
            raise FieldError(self.at + name)
        return str(value).strip()

    def whole(self, name: str, otherwise: int | None = None) -> int:
        text = self.text(name, None if otherwise is None else str(otherwise))
        try:
            return int(text)
        except ValueError:
            raise FieldError(self.at + name) from None

    def decimal(self, name: str) -> Decimal:
        text = self.text(name)
        try:
            value = Decimal(text)
        except InvalidOperation:
            raise FieldError(self.at + name) from None
        if not value.is_finite():
            raise FieldError(self.at + name)
        return value

    def money(self, name: str, currency: str) -> Money:
        """Return an amount that is written with a decimal point, exactly as it stands."""
        return Money(self.decimal(name), currency)

    def minor(self, name: str, currency: str) -> Money:
        """Return an amount that is written in minor units, such as cents."""
        return Money.from_minor(self.whole(name), currency)

    def flag(self, name: str) -> bool:
        """Return what a yes or no says; one that is missing is no."""
        value = self.said.get(name, False)
        if not isinstance(value, bool):
            raise FieldError(self.at + name)
        return value

    def day(self, name: str) -> date:
        """Return a date that the source writes as ``2026-03-02``."""
        text = self.text(name)
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise FieldError(self.at + name) from None

    def moment(self, name: str) -> datetime:
        """Return a moment in ISO 8601 with its offset; which day it belongs to, ``context.days.day_of`` tells."""
        text = self.text(name)
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise FieldError(self.at + name) from None
        if found.tzinfo is None:
            raise FieldError(self.at + name)
        return found

    def each(self, name: str) -> tuple[Fields, ...]:
        """Return the objects of a list; one that is missing is empty."""
        value = self.said.get(name, ())
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise FieldError(self.at + name)
        found = []
        for place, one in enumerate(value, start=1):
            if not isinstance(one, Mapping):
                raise FieldError(f"{self.at}{name}[{place}]")
            found.append(Fields(one, f"{self.at}{name}[{place}]."))
        return tuple(found)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts or numbers of a list; one that is missing is empty."""
        value = self.said.get(name, ())
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise FieldError(self.at + name)
        return tuple(str(one) for one in value)
