"""Which column of a table tells one's own accounts apart where earlier versions took all of its rows for one.

Their keys stay those of a file that names none, so that what was read stays what it is: the first account of a file has
the key of the layout, the others one of their own, and ``placing.py`` finds which accounts they are of.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from raccord_bankfeed.readers.account import UNNAMED, another_of, is_iban
from raccord_bankfeed.readers.contract import Account, AccountKind
from raccord_bankfeed.readers.days import parts_of
from raccord_bankfeed.readers.table.forms import CARD
from raccord_bankfeed.readers.table.layout import Layout
from raccord_bankfeed.readers.table.words import Part, plain

_NAMES = frozenset(
    {
        *("this party account", "source account", "account nickname", "account label"),
        *("nom du compte", "intitule du compte", "libelle du compte"),
    }
)
_ANYONES = frozenset({"bank account", "kontonummer", "compte bancaire"})
"""Names of columns that, after that of a payee or a text, hold the other side's account."""
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_NUMBER = re.compile(r"[0-9][0-9 -]{4,22}[0-9]")
_ANY_IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{2,4}){3,8}(?: ?[A-Z0-9]{1,3})?\b")
_NAMED = re.compile(r"([^:;=0-9]{2,40}?)[\s:;=\"]+([A-Z]{0,4}[0-9Xx*][0-9A-Za-z .*/-]{3,40})\"?")
_STATED = frozenset(
    {
        *("account", "account number", "account no", "compte", "numero compte", "numero de compte", "no de compte"),
        *("konto", "kontonummer", "konto nr", "rekening", "rekeningnummer", "cuenta", "conto", "numero conto", "iban"),
        *("compte n", "n compte", "n de compte"),
    }
)
"""What stands before a number above a table that is that of its account."""
_DIGITS_MIN = 5
_ABOVE = "above "
_ACCOUNTS_MAX = 20
_TOLD_CHARS = 4


def with_own_accounts(layout: Layout, rows: Sequence[Sequence[str]], above: Sequence[Sequence[str]] = ()) -> Layout:
    """Return the layout with the column, if there is one, of which every row says an account of one's own; else with
    the account that stands ``above`` the rows.
    """
    if layout.accounts or not layout.is_whole or layout.is_paypal or layout.transfers or not rows:
        return layout
    names = [plain(title) for title in layout.titles] if layout.header else []
    width = min((*map(len, rows), len(names) if names else max(map(len, rows))))
    used = {*layout.columns.values(), *layout.units}
    for number in range(width):
        cells = [cells[number].strip() for cells in rows]
        if number in used or not all(cells) or len(set(cells)) > min(_ACCOUNTS_MAX, max(2, len(cells) // 2)):
            continue
        before = min((*layout.names, *layout.texts, width)) if names else layout.columns[Part.DATE]
        own = _is_own(names[number], number, before) if names else _are_accounts(cells, number, before)
        if own:
            return replace(layout, apart=number, apart_first=cells[0])
    return replace(layout, stated=_stated(above))


def _stated(above: Sequence[Sequence[str]]) -> str:
    """Return the one account that stands above a table: an IBAN, or a number beside the name of one."""
    text = "\n".join(" ".join(cell.strip() for cell in cells) for cells in above)
    ibans = {"".join(found[0].split()) for found in _ANY_IBAN.finditer(text)}
    found = {iban for iban in ibans if is_iban(iban)}
    if not found:
        named = (_NAMED.fullmatch(" ".join(cell.strip() for cell in cells if cell.strip())) for cells in above)
        said = ((plain(each[1]), "".join(filter(str.isalnum, each[2]))) for each in named if each is not None)
        found = {number for name, number in said if name in _STATED and sum(map(str.isdigit, number)) >= _DIGITS_MIN}
    return next(iter(found)) if len(found) == 1 else ""


def _is_own(name: str, number: int, before: int) -> bool:
    return name in _NAMES or (name in _ANYONES and number < before)


def _are_accounts(cells: Sequence[str], number: int, dated: int) -> bool:
    """Tell whether a column without a name holds cards, or before the days the numbers of accounts."""
    if all(map(CARD.fullmatch, cells)):
        return True
    if number >= dated:
        return False
    return all(map(_IBAN.fullmatch, cells)) or (
        not number and all(map(_NUMBER.fullmatch, cells)) and not any(map(parts_of, cells))
    )


def account_apart(layout: Layout, said: str, kind: AccountKind, type_: str) -> Account:
    """Return the account without a name of a row, by what it says in the column that tells accounts apart."""
    key, told = f"{UNNAMED}-{layout.key}", "".join(said.split())
    if layout.stated:
        return Account(key, kind, "", type_[:20], form=layout.form, called=f"{_ABOVE}{layout.stated}")
    if told and told != "".join(layout.apart_first.split()):
        key = another_of(key, told)
    return Account(key, kind, "", type_[:20], form=layout.form, called=told)


def masked(called: str) -> str:
    """Return what people may see of an account's number."""
    if not called or called.startswith(_ABOVE):
        return ""
    return f"…{''.join(filter(str.isalnum, called))[-_TOLD_CHARS:]}"
