"""The directory of banks: by which ways each can be connected."""

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


def directory() -> Sequence[Institution]:
    """Return every bank with every way, and the ways that need no bank of the list."""
    read = tomllib.loads((files("raccord_bankfeed") / "institutions.toml").read_text(encoding="utf-8"))
    banks: Mapping[str, Mapping[str, list[str]]] = read["banks"]
    found = []
    for country, names in banks.items():
        for name, words in names.items():
            if country in BY_SIMPLEFIN:
                found.append(_way(name, words, _BRIDGE, InputKind.SIMPLEFIN, SIMPLEFIN_DAYS))
            if country in BY_PLAID:
                found.append(_way(name, words, _PLAID, InputKind.PLAID, PLAID_DAYS, plaid_countries=country))
            if country in BY_ENABLE_BANKING:
                found.append(_way(name, words, _ENABLE, InputKind.ENABLE_BANKING, ENABLE_DAYS, enable_bank=name))
            found.append(_way(name, words, _FILES, InputKind.UPLOAD, None))
    return (
        *found,
        _way("PayPal", (), _SEARCH, InputKind.PAYPAL, PAYPAL_DAYS),
        _way("PayPal", (), _FILES, InputKind.UPLOAD, None),
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
