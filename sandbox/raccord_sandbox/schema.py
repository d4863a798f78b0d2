"""Property types: how each is read from a request, and with which fault it is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from sys import intern
from typing import Any, Protocol

from raccord_sandbox.refusing.faults import Doc, FaultError, missing
from raccord_sandbox.wire import unreadable

CENT = Decimal("0.01")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
LARGEST = Decimal("999999999999999")


@dataclass(frozen=True, slots=True)
class FoundRef:
    """A reference met in a request: where it stands, the stored dict to complete, the lists it may point to."""

    path: str
    value: Doc
    kinds: tuple[str, ...]


@dataclass(slots=True)
class Reading:
    """Collects the references of one request so that they are looked up after all formats were checked."""

    refs: list[FoundRef] = field(default_factory=list)


class Property(Protocol):
    """Reads one JSON value; None means that nothing is to be stored."""

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Return the stored form of `value`, or raise the documented fault naming `path`."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text of at most `limit` characters without the `banned` ones."""

    limit: int = 4000
    banned: str = ""

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Return the text; numbers are taken as text, as the service does."""
        if isinstance(value, (dict, list)):
            raise unreadable(path)
        text = value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
        name = path.rsplit(".", 1)[-1]
        if len(text) > self.limit:
            detail = (
                "String length specified does not match the supported length. "
                f"Min:0 Max:{self.limit} supported. Supplied length:{len(text)}"
            )
            raise FaultError(2050, detail, name)
        if any(mark in text for mark in self.banned):
            raise FaultError(2040, f"Invalid String : {name} holds a character that is not allowed", name)
        return text


@dataclass(frozen=True, slots=True)
class Email:
    """An address, or several separated by commas."""

    limit: int = 100

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Return the address; it must hold one @ with text on both sides."""
        text = Text(self.limit).read(value, path, reading)
        if text and not all(re.fullmatch(r"[^@\s]+@[^@\s]+", part.strip()) for part in text.split(",")):
            raise FaultError(2210, f"Email Address does not conform to the syntax rules of RFC 822: {text}", path)
        return text


@dataclass(frozen=True, slots=True)
class Url:
    """An address with a scheme."""

    limit: int = 1000

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Return the address."""
        text = Text(self.limit).read(value, path, reading)
        if text and not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://\S+", text):
            raise FaultError(2200, f"Malformed URL : {text}", path)
        return text


@dataclass(frozen=True, slots=True)
class Forbidden:
    """What must not be sent at all."""

    code: int
    detail: str

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Refuse any value but none at all."""
        if value not in ("", {}, []):
            raise FaultError(self.code, self.detail, path.rsplit(".", 1)[-1])


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean, also as the text true or false."""

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Return the boolean."""
        match value:
            case bool():
                return value
            case "true" | "false":
                return value == "true"
            case _:
                raise FaultError(2230, f"Invalid Boolean : {path}", path)


@dataclass(frozen=True, slots=True)
class Number:
    """A decimal; `places` rounds half up, None keeps what was sent."""

    places: int | None = None

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Return an exact Decimal of at most 15 digits before the point."""
        if isinstance(value, (bool, dict, list)):
            raise unreadable(path)
        try:
            number = Decimal(value)
        except InvalidOperation as error:
            raise FaultError(2080, f"Invalid Number : {path}", path) from error
        if isinstance(value, str) and "_" in value:
            raise FaultError(2080, f"Invalid Number : {path}", path)
        if not number.is_finite() or number.adjusted() > LARGEST.adjusted() or abs(number) > LARGEST:
            raise FaultError(2140, f"Invalid Amount : {path}", path)
        if self.places is not None:
            return fitted(number, self.places, path)
        return number if abs(number.as_tuple().exponent) <= 12 else round(number, 12)  # type: ignore[arg-type]  # finite


def fitted(number: Decimal, places: int, path: str) -> Decimal:
    """Round half up; a result of more than 15 digits before the point is fault 2140."""
    if abs(number) > LARGEST:
        raise FaultError(2140, f"Invalid Amount : {path}", path)
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


MONEY = Number(2)


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer between two bounds."""

    low: int = 0
    high: int = 10**9

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Return the int."""
        number = Number().read(value, path, reading)
        if number != number.to_integral_value() or not self.low <= number <= self.high:
            raise FaultError(2240, f"Invalid Number Range : {path} must be {self.low} to {self.high}", path)
        return int(number)


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar date."""

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Return the date as text; a date-time is cut to its date."""
        if not isinstance(value, str):
            raise unreadable(path)
        text = value[:10]
        if not DAY.fullmatch(text) or (len(value) > 10 and value[10] not in "T-+Z"):
            raise FaultError(2060, f"Invalid Date Format : {value}", path)
        try:
            date.fromisoformat(text)
        except ValueError as error:
            raise FaultError(2060, f"Invalid Date : {value}", path) from error
        return text


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a closed list of words, compared without case."""

    words: tuple[str, ...]

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Return the word in its documented spelling."""
        if isinstance(value, str):
            for word in self.words:
                if word.lower() == value.lower():
                    return word
        raise FaultError(2170, f"Invalid Enumeration : {path} cannot be {value}", path)


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to an object of one of `kinds`; empty `kinds` is not looked up."""

    kinds: tuple[str, ...] = ()
    typed: bool = False
    reserved: frozenset[str] = frozenset()
    """Values that stand for no stored object."""

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Return {"value": id}, with its type where the reference is typed; `name` is ignored on input."""
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            value = {"value": value}
        if not isinstance(value, dict):
            raise unreadable(path)
        target = value.get("value")
        if target is None or target == "":
            return None
        if isinstance(target, (dict, list, bool)):
            raise unreadable(path)
        stored: Doc = {"value": str(target)}
        kinds = self.kinds
        if self.typed:
            word = str(value.get("type") or "")
            kinds = tuple(kind for kind in self.kinds if kind.lower() == word.lower()) or self.kinds
            stored["type"] = word or kinds[0]
        if kinds and stored["value"] not in self.reserved:
            reading.refs.append(FoundRef(path, stored, kinds))
        return stored


@dataclass(frozen=True, slots=True)
class Block:
    """An object with known properties; `read_only` ones are accepted and dropped."""

    properties: Mapping[str, Property]
    read_only: frozenset[str] = frozenset()

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Return the stored object; an unknown property is fault 2010."""
        if not isinstance(value, dict):
            raise unreadable(path)
        stored: Doc = {}
        for name, item in value.items():
            if item is None:
                continue
            place = f"{path}.{name}" if path else name
            known = self.properties.get(name)
            if known is None:
                if name in self.read_only:
                    continue
                raise unreadable(name)
            if item == "" and not isinstance(known, (Text, Email, Url)):
                # An empty text stands for no value whatever the type: clients send it for dates and references too.
                if not path:
                    stored[intern(name)] = ""
                continue
            result = known.read(item, place, reading)
            if result is not None:
                # Each request brings its own copies of the names; sharing them halves what a large company weighs.
                stored[intern(name)] = result
        return stored


@dataclass(frozen=True, slots=True)
class Many:
    """An array of one type, of at most `limit` elements."""

    item: Property
    limit: int = 10_000

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Return the list."""
        if not isinstance(value, list):
            raise unreadable(path)
        if len(value) > self.limit:
            raise FaultError(6000, f"Business Validation Error: {path} may hold at most {self.limit} elements", path)
        return [self.item.read(element, path, reading) for element in value]


LINE_COMMON: Mapping[str, Property] = {
    "Id": Text(30),
    "LineNum": Whole(),
    "Description": Text(4000),
    "Amount": MONEY,
    "ProjectRef": Ref(("Customer",)),
    "LinkedTxn": Many(Block({"TxnId": Text(30), "TxnType": Text(40), "TxnLineId": Text(30)})),
    "DetailType": Text(60),
}
LINE_READ_ONLY = frozenset({"CustomField"})
"""What a line may carry and nothing comes of: clients send an empty list of custom fields."""
IGNORED_LINES = frozenset({"SubTotalLineDetail", "SubTotalLine"})


@dataclass(frozen=True, slots=True)
class Line:
    """A transaction line whose DetailType names the property that holds its detail."""

    details: Mapping[str, Block]
    bare: bool = False
    """Whether a line without detail is allowed (lines that only link)."""

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Return the stored line; subtotal lines come back empty, as the service computes them."""
        if not isinstance(value, dict):
            raise unreadable(path)
        kind = value.get("DetailType")
        if isinstance(kind, str) and kind in IGNORED_LINES:
            return {}
        if kind is None:
            if not self.bare:
                raise missing("Line.DetailType")
            return Block(LINE_COMMON, LINE_READ_ONLY).read(value, path, reading)
        if not isinstance(kind, str) or kind not in self.details:
            raise FaultError(2170, f"Invalid Enumeration : {path}.DetailType cannot be {kind}", "DetailType")
        key = "DescriptionLineDetail" if kind == "DescriptionOnly" else kind
        return Block({**LINE_COMMON, key: self.details[kind]}, LINE_READ_ONLY).read(value, path, reading)


ADDRESS = Block(
    {f"Line{n}": Text(500) for n in range(1, 6)}
    | {"City": Text(255), "CountrySubDivisionCode": Text(255), "PostalCode": Text(30), "Country": Text(255)}
    | {"Lat": Text(40), "Long": Text(40), "Note": Text(500)},
    frozenset({"Id", "CountryCode"}),
)
PHONE = Block({"FreeFormNumber": Text(30)})
EMAIL = Block({"Address": Email()})
WEB = Block({"URI": Url()})
MEMO = Block({"value": Text(1000)})
CUSTOM_FIELDS = Many(
    Block({"DefinitionId": Text(30), "Name": Text(100), "Type": Text(30), "StringValue": Text(100)}), limit=3
)
