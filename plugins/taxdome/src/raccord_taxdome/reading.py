"""What a record's raw JSON says, value by value, and the places that the settings choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from raccord.plugin import JSON, BadRecord, MapContext, Record, SourceRefused, Text
from raccord.plugin.drafts import Role
from raccord_taxdome.manifest import TERMS
from raccord_taxdome.settings import Landing, TaxDomeSettings


def settings_of(context: MapContext) -> TaxDomeSettings:
    settings = context.settings
    if not isinstance(settings, TaxDomeSettings):
        raise SourceRefused(Text("Réglages d’un autre connecteur.", "The settings of another connector."))
    return settings


def landing(place: Landing, *, spends: bool = False) -> Role:
    """Return where payments land; ``spends``: from where fees are paid, which Undeposited Funds cannot do (K4, K13)."""
    if place is Landing.CLEARING:
        return Role("clearing")
    return Role("payout_bank") if spends else Role("undeposited")


def label(context: MapContext, word: str) -> str:
    """Return what a word of ours is called in the company's language."""
    term = context.terms.get(word) or TERMS.get(word)
    return term.label.get(context.language) if term else word


def currency(record: Record) -> str:
    return text(record, "currency") or "USD"


def text(record: Record, name: str) -> str:
    return str(record.raw.get(name) or "")


def decimal(value: Mapping[str, JSON], name: str) -> Decimal:
    return Decimal(str(value[name]))


def maybe(value: Mapping[str, JSON], name: str) -> Decimal | None:
    return Decimal(str(value[name])) if value.get(name) is not None else None


def parts(record: Record, name: str) -> Sequence[Mapping[str, JSON]]:
    """Return the parts of a list; raises ``BadRecord`` where it is none."""
    found = record.raw.get(name, ())
    if not isinstance(found, list | tuple):
        raise BadRecord(name, Text("Ce n’est pas une liste.", "This is no list."))
    return [part for part in found if isinstance(part, Mapping)]
