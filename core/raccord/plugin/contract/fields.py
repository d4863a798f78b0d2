"""The types of a contract object's fields: what JSON and CSV both may say, and what is refused rather than guessed."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from raccord.plugin.texts import Text

_AMOUNT = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,8})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}.*")
_CENT = Decimal("0.01")


def wrong_value(text: Text) -> PydanticCustomError:
    """Return the error that a validator of a contract object raises, in both languages."""
    return PydanticCustomError("contract.said", "{en}", {"fr": text.fr, "en": text.en})


def _amount(value: object) -> Decimal:
    """Read an amount exactly and write it in one way only: at least two decimals, no zeros after those.

    The same amount must say the same through a table and a message, or a second reading would look like a change.
    """
    text = value.strip() if isinstance(value, str) else str(value)
    known = isinstance(value, str | int | Decimal) and not isinstance(value, bool)
    if not known or _AMOUNT.fullmatch(text) is None:
        raise PydanticCustomError("contract.amount", "not an amount")
    try:
        amount = Decimal(text).normalize()
    except InvalidOperation:
        raise PydanticCustomError("contract.amount", "not an amount") from None
    return amount.quantize(_CENT) if amount == amount.quantize(_CENT) else amount


def _day(value: object) -> date:
    text = value.strip() if isinstance(value, str) else ""
    if _DAY.fullmatch(text) is not None:
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise PydanticCustomError("contract.day", "not a day")


def _moment(value: object) -> datetime:
    text = value.strip() if isinstance(value, str) else ""
    if _MOMENT.fullmatch(text) is not None:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            if moment.tzinfo is not None:
                return moment
    raise PydanticCustomError("contract.moment", "not a moment")


def _words(value: object) -> object:
    """Split a cell of words; a list stays one."""
    return [word.strip() for word in value.split("|") if word.strip()] if isinstance(value, str) else value


Amount = Annotated[
    Decimal,
    BeforeValidator(_amount),
    PlainSerializer(lambda value: format(value, "f"), return_type=str),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": f"^{_AMOUNT.pattern}$"}, {"type": "number"}]}),
]
"""An exact amount, as text or as a JSON number; the decimal mark is a point."""
Rate = Amount
"""A percentage, such as 9.975."""
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
"""A moment with its offset."""
SourceId = Annotated[str, Field(min_length=1, max_length=100)]
Label = Annotated[str, Field(max_length=500)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Words = Annotated[tuple[Label, ...], BeforeValidator(_words), Field(max_length=100)]
"""Several words; in a cell of a table ``|`` stands between them."""


class ContractPart(BaseModel):
    """A part of an object: an address, a line. What the contract does not know is left aside."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True, coerce_numbers_to_str=True)


class ContractObject(ContractPart):
    """What every object of a contract has; a missing object is not a deletion."""

    schema_version: Literal["1"] = Field("1", description="Version of this contract.")
    id: SourceId = Field(description="The source's own id, the same for ever.")
    updated_at: Moment = Field(description="When the object last changed; an older word never replaces a newer one.")
    deleted: bool = Field(False, description="A deleted object posts nothing; a missing one is not a deletion.")
