"""Reads the template files."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files

from raccord_sandbox.refusing.faults import Doc

BARE = "empty"
TEMPLATES = ("us", "quebec", "france", BARE)
FRENCH = frozenset({"FR", "BE", "LU", "MC"})
TIME_ZONES = {
    "AU": "Australia/Sydney",
    "CA": "America/Toronto",
    "FR": "Europe/Paris",
    "GB": "Europe/London",
    "IN": "Asia/Kolkata",
    "US": "America/Los_Angeles",
}


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """What there is to say of a company beside its books."""

    name: str
    country: str
    currency: str
    language: str
    region: str
    city: str
    time_zone: str
    month: str
    """First of the fiscal year, in English."""
    custom_numbers: bool
    uses_numbers: bool = False
    taxes: str = ""
    """The regime that it is set up with; empty for none."""
    default_item: str = ""


@dataclass(frozen=True, slots=True)
class SeedAccount:
    """One account of a chart; the full name names its parents, `id` is empty where any will do."""

    full_name: str
    type: str
    subtype: str
    number: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A company to be made."""

    company: CompanyFacts
    accounts: tuple[SeedAccount, ...]
    objects: dict[str, list[Doc]] = field(default_factory=dict)


def facts_of(template: str, *, name: str = "", country: str = "", currency: str = "") -> CompanyFacts:
    """Return what there is to say of a company made from a template, with a name, country or currency of its own.

    Raises ValueError for an unknown template, and where a template other than the empty one is moved.
    """
    facts = read_template(template).company
    if (country or currency) and template != BARE:
        raise ValueError(f"only the template {BARE} has a country and a currency to choose")
    if country:
        facts = replace(
            facts,
            country=country,
            language="fr" if country in FRENCH else "en",
            time_zone=TIME_ZONES.get(country, "Etc/UTC"),
        )
    return replace(facts, name=name or facts.name, currency=currency or facts.currency)


@lru_cache
def read_template(name: str) -> Template:
    """Return a template. Raises ValueError for an unknown one."""
    if name not in TEMPLATES:
        raise ValueError(f"no template named {name}; there are {', '.join(TEMPLATES)}")
    text = files("raccord_sandbox.seeds").joinpath(f"{name}.toml").read_text("utf-8")
    table = tomllib.loads(text, parse_float=Decimal)
    known = {item.name for item in fields(CompanyFacts)}
    unknown = set(table["company"]) - known
    if unknown:
        raise ValueError(f"{name}.toml: unknown {', '.join(sorted(unknown))}")
    return Template(
        CompanyFacts(**table["company"]),
        tuple(_account(row) for row in table["chart"]["accounts"]),
        table.get("objects", {}),
    )


def _account(row: Sequence[str | int]) -> SeedAccount:
    key, *rest = row if isinstance(row[0], int) else ("", *row)
    name, type_, subtype, number = (*(str(part) for part in rest), "")[:4]
    return SeedAccount(name, type_, subtype, number, str(key))
