"""A draft as a person reads it: what it is, and line by line what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum

from raccord.plugin.drafts import CustomerOf, Decision, Draft, ItemFor, LedgerId, Link, MoneyOf, Role
from raccord.plugin.texts import Text

_UNSAID = ("key", "kind", "type", "ref")
_SHORT = {"description": "", "tax_code": "tax ", "unit_price": "price "}
"""What stands before some parts of a line in the place of their names."""


def printed(draft: Draft) -> list[str]:
    """Return what a draft is and what it says, each property and each line of it once; what is empty is left out."""
    found: list[str] = [draft.kind]
    for name, value in _said(draft):
        if isinstance(value, tuple):
            found += [f"{name}: {_text(each)}" for each in value]
        else:
            found.append(f"{name}: {_text(value)}")
    return found


def _said(value: object) -> Iterator[tuple[str, object]]:
    for each in fields(value) if is_dataclass(value) and not isinstance(value, type) else ():
        inner = getattr(value, each.name)
        if each.name not in _UNSAID and inner is not None and inner is not False and inner not in ("", ()):
            yield each.name.rstrip("_"), inner


def _text(value: object) -> str:
    """Return a value in one line; a reference by its name, a part of a draft by what it says."""
    match value:
        case Decimal():
            return format(value, "f")
        case date():
            return value.isoformat()
        case Enum():
            return str(value.value)
        case Text():
            return value.en
        case Link():
            return value.key
        case Role():
            return value.name + (f"/{value.of}" if value.of else "")
        case LedgerId():
            return f"{value.kind} {value.id}".strip()
        case ItemFor():
            return _text(value.account)
        case Decision():
            return f"?{value.name}"
        case MoneyOf():
            return f"money of {value.payment.key}"
        case CustomerOf():
            return f"customer of {value.document.key}"
        case tuple():
            return ", ".join(_text(each) for each in value)
    if is_dataclass(value):
        return "; ".join(f"{_SHORT.get(name, f'{name} ')}{_text(inner)}" for name, inner in _said(value))
    return str(value)
