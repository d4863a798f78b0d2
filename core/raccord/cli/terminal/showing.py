"""Values as people read them on the command line: amounts, days, ids and the few words that stand in tables."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from raccord.catalog import Catalog
from raccord.cli.terminal.language import Language, Phrase
from raccord.clock import written
from raccord.plugin.texts import Text
from raccord.quickbooks.fields import field_named
from raccord.store.models import Action

SHORT = 8

ACTIONS = {
    Action.CREATE: Phrase("créer", "create"),
    Action.UPDATE: Phrase("modifier", "update"),
    Action.LINK: Phrase("associer", "link"),
    Action.DELETE: Phrase("supprimer", "delete"),
    Action.VOID: Phrase("annuler", "void"),
    Action.DEACTIVATE: Phrase("désactiver", "make inactive"),
    Action.SKIP: Phrase("laisser", "leave out"),
    Action.HOLD: Phrase("en attente", "hold"),
    Action.BLOCKED: Phrase("bloqué", "blocked"),
}


def money(value: Decimal | None, language: Language) -> str:
    """Return an amount with two decimals (more where it has more), grouped the way the language does."""
    if value is None:
        return ""
    exponent = value.as_tuple().exponent
    places = max(2, -exponent) if isinstance(exponent, int) else 2
    english = f"{value:,.{places}f}"
    return english if language == "en" else english.replace(",", "\u202f").replace(".", ",")


def stream_label(catalog: Catalog, connector: str, stream: str) -> Text:
    """Return what a connector calls a stream; the name itself where the connector is not there to ask."""
    found = catalog.get(connector)
    labels = {} if found is None else {each.name: each.label for each in found.info.streams}
    return labels.get(stream, Text(stream, stream))


def field_shown(path: str, language: Language) -> str:
    """Return what a field is called, over its path; nothing for the whole of what has fields."""
    return f"{field_named(path).get(language)}\n{path}" if path else ""


def short(id_: str) -> str:
    """Return the end of an id, which is its random part; commands take it in the place of the whole."""
    return id_[-SHORT:]


def day(value: date | None) -> str:
    return "" if value is None else value.isoformat()


def moment(value: datetime | None, time_zone: str = "") -> str:
    """Return a moment to the minute, in a time zone if given, else in UTC."""
    if value is None:
        return ""
    return written(value, time_zone or "UTC")


def days_said(time_zone: str, cut_off: str) -> Phrase:
    """Say by which clocks, and at which hour, a source's days end."""
    return Phrase(
        f"Jours de la source : {time_zone}, jusqu'à {cut_off}.", f"The source's days: {time_zone}, up to {cut_off}."
    )
