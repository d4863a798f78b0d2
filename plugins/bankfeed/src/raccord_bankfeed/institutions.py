"""The directory of banks: by which ways each can be connected, and how far back each way goes there."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files

from raccord.plugin import Institution, Text
from raccord_bankfeed.settings import InputKind

BY_SIMPLEFIN = frozenset({"CA", "US"})
BY_PLAID = frozenset({"CA", "US", "FR", "GB"})
BY_ENABLE_BANKING = frozenset({"FR", "EU"})
SIMPLEFIN_DAYS, PAYPAL_DAYS, PLAID_DAYS, ENABLE_DAYS = 90, 1094, 730, 89
_FILES = Text("par ses fichiers (OFX, QFX, CSV…)", "by its files (OFX, QFX, CSV…)")
_BRIDGE = Text(
    "par SimpleFIN, si le pont y donne accès (sa recherche le dit)",
    "by SimpleFIN, if the bridge reaches it (its search says so)",
)
_PLAID = Text(
    "par Plaid, s’il atteint la banque (sa recherche le dit)",
    "by Plaid, if it reaches the bank (its search says so)",
)
_ENABLE = Text(
    "par Enable Banking, s’il atteint la banque (sa recherche le dit)",
    "by Enable Banking, if it reaches the bank (its search says so)",
)
_SEARCH = Text("par PayPal lui-même", "by PayPal itself")
_OTHERS = (
    (
        InputKind.PLAID, "Plaid", PLAID_DAYS,
        Text(
            "une autre banque du Canada, des États-Unis, de France ou du Royaume-Uni : Plaid dit s’il l’atteint",
            "another bank of Canada, the United States, France or the United Kingdom: Plaid says whether it reaches it",
        ),
    ),
    (
        InputKind.ENABLE_BANKING, "Enable Banking", ENABLE_DAYS,
        Text(
            "une autre banque d’Europe : Enable Banking dit s’il l’atteint",
            "another bank of Europe: Enable Banking says whether it reaches it",
        ),
    ),
    (
        InputKind.SIMPLEFIN, "SimpleFIN", SIMPLEFIN_DAYS,
        Text(
            "une autre banque du Canada ou des États-Unis : le pont dit s’il l’atteint",
            "another bank of Canada or the United States: the bridge says whether it reaches it",
        ),
    ),
)  # fmt: skip
"""Providers that reach far more banks than the list has; which ones only they know."""
_DAYS_IN = {InputKind.PLAID: "plaid_history_days", InputKind.ENABLE_BANKING: "enable_history_days"}
"""The setting that says how far back a way goes, where it has one."""


def directory() -> Sequence[Institution]:
    """Return every bank with every way, and the ways that need no bank of the list."""
    read = tomllib.loads((files("raccord_bankfeed") / "institutions.toml").read_text(encoding="utf-8"))
    banks: Mapping[str, Mapping[str, list[str]]] = read["banks"]
    told: Mapping[str, Mapping[str, int]] = read["days"]
    found = []

    def by(name: str, words: Sequence[str], way: Text, kind: InputKind, days: int, **more: str) -> Institution:
        own = told.get(kind, {}).get(name)
        if own is not None and kind in _DAYS_IN:
            more[_DAYS_IN[kind]] = str(own)
        return _way(name, words, way, kind, own or days, **more)

    for country, names in banks.items():
        for name, words in names.items():
            if country in BY_SIMPLEFIN:
                found.append(by(name, words, _BRIDGE, InputKind.SIMPLEFIN, SIMPLEFIN_DAYS))
            if country in BY_PLAID:
                found.append(by(name, words, _PLAID, InputKind.PLAID, PLAID_DAYS, plaid_countries=country))
            if country in BY_ENABLE_BANKING:
                found.append(by(name, words, _ENABLE, InputKind.ENABLE_BANKING, ENABLE_DAYS, enable_bank=name))
            found.append(_way(name, words, _FILES, InputKind.UPLOAD, None))
    return (
        *found,
        _way("PayPal", (), _SEARCH, InputKind.PAYPAL, PAYPAL_DAYS),
        _way("PayPal", (), _FILES, InputKind.UPLOAD, None),
        *(
            Institution(f"other-{kind}", name, way, {"input_kind": kind}, days=days, always=True)
            for kind, name, days, way in _OTHERS
        ),
        Institution(
            "ofx-direct", "OFX Direct Connect",
            Text("par le serveur OFX de votre banque", "by your bank's OFX server"),
            {"input_kind": InputKind.OFX}, always=True,
        ),
        Institution(
            "not-listed", "CSV",
            Text(
                "ma banque n’est pas ici : importer ses fichiers (CSV ou autre)",
                "my bank is not here: import its files (CSV or other)",
            ),
            {"input_kind": InputKind.UPLOAD}, always=True,
        ),
    )  # fmt: skip


def _way(name: str, words: Sequence[str], way: Text, kind: InputKind, days: int | None, **more: str) -> Institution:
    key = "-".join("".join(each if each.isalnum() else " " for each in name.casefold()).split())
    return Institution(f"{key}-{kind}", name, way, {"input_kind": kind, **more}, tuple(words), days)
