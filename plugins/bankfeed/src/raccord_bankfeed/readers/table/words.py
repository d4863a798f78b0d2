"""What banks call their columns, in the languages that their files come in."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files


class Part(StrEnum):
    """What a column says of a line."""

    DATE = "date"
    VALUE_DATE = "value_date"
    AMOUNT = "amount"
    DEBIT = "debit"
    CREDIT = "credit"
    BALANCE = "balance"
    NAME = "name"
    TEXT = "text"
    CURRENCY = "currency"
    DIRECTION = "direction"
    REFERENCE = "reference"
    ID = "id"
    CHECK = "check"
    ACCOUNT = "account"
    ACCOUNT_TYPE = "account_type"
    TYPE = "type"
    STATUS = "status"
    FEE = "fee"
    GROSS = "gross"
    NET = "net"
    IMPACT = "impact"
    TIME = "time"


_NAMES = tomllib.loads((files("raccord_bankfeed.readers.table") / "columns.toml").read_text(encoding="utf-8"))

_UNITS = frozenset(
    (
        *("eur", "euro", "euros", "cad", "usd", "gbp", "chf", "sgd", "aud", "nzd", "dkk", "sek", "nok", "pln", "czk"),
        *(
            "huf",
            "hkd",
            "inr",
            "jpy",
            "zar",
            "uah",
            "ron",
            "bgn",
            "brl",
            "kr",
            "r",
            "元",
            "円",
            unicodedata.normalize("NFKD", "원"),
            "dollar",
            "dollars",
            "in",
            "en",
            "i",
        ),
    )
)
_SIGN_COLUMN = re.compile(r"[+−-] ?/? ?[+−-]|±")
_LINKS = frozenset({"in", "en", "i"})
_ISO = re.compile(r"\b(EUR|CAD|USD|GBP|CHF|SGD|AUD|NZD|DKK|SEK|NOK|PLN|CZK|HUF|HKD|INR|JPY|ZAR)\b")
_EUROS = re.compile(r"\beuros?\b", re.IGNORECASE)
_SIGNS = {"元": "CNY", "円": "JPY", "원": "KRW"}
_MONEY_COLUMN = re.compile(r"\s*(?:([A-Z]{3})\s*\$|(CAD|USD))\s*")
PARTLY = 500
"""The rank of a part of which a name says no more than a word: any name that is known whole is better."""
_WORDS_MAX = 6
_WORDS = {kind: frozenset(words.split()) for kind, words in _NAMES["words"].items()}
_SIDES = dict.fromkeys(("out", "ut", "uit", "af", "dr", "ausgehend"), Part.DEBIT) | dict.fromkeys(
    ("inn", "cr", "bij", "eingehend"), Part.CREDIT
)
"""Where money goes, in names that say that they hold an amount."""


_NAME_CHARS_MAX = 60


_NO_ACCENTS = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "ł": "l", "đ": "d", "ı": "i", "œ": "oe"})
"""Letters that no sign can be taken off."""


@lru_cache(maxsize=4096)
def plain(cell: str) -> str:
    """Return a column's name in small letters without accents, signs and brackets."""
    bare = unicodedata.normalize("NFKD", cell.strip().lower().translate(_NO_ACCENTS))
    letters = "".join(each if each.isalnum() else " " for each in bare if not unicodedata.combining(each))
    return " ".join(letters.split())


RANKS: dict[str, tuple[Part, int]] = {}
for _part in Part:
    for _rank, _name in enumerate(_NAMES[_part].split("|")):
        RANKS.setdefault(plain(_name), (_part, _rank))


def listed(table: str, name: str) -> frozenset[str]:
    """Return names that stand in a table of ``columns.toml`` that is of no part, plain."""
    return frozenset(map(plain, _NAMES[table][name].split("|")))


def part_of(cell: str) -> tuple[Part, int] | None:
    """Return what a column's name says, and how good a name for it that is; nothing for other texts."""
    cell = cell.strip()
    return _part_of(cell) if cell and len(cell) <= _NAME_CHARS_MAX else None


def is_name(cell: str) -> bool:
    """Tell whether a cell holds the name of a column that is known whole."""
    part = part_of(cell)
    return part is not None and part[1] < PARTLY


@lru_cache(maxsize=4096)
def _part_of(cell: str) -> tuple[Part, int] | None:
    if _MONEY_COLUMN.fullmatch(cell):
        return Part.AMOUNT, 99
    if _SIGN_COLUMN.fullmatch(cell):
        return Part.DIRECTION, 99
    name = plain(cell)
    if (found := RANKS.get(name)) is not None:
        return found
    words = name.split()
    # "Paid in (EUR)" says where money goes, "Betrag in EUR" does not: the word goes last.
    for units in (_UNITS - _LINKS, _UNITS):
        left = [word for word in words if word not in units]
        if 0 < len(left) < len(words) and (found := RANKS.get(" ".join(left))) is not None:
            return found
    return _partly(words) if len(words) <= _WORDS_MAX else None


def _partly(words: Sequence[str]) -> tuple[Part, int] | None:
    """Return what one word of a name tells where nobody knows the whole: of amounts that move money, never balances."""
    said = {word.rstrip("0123456789") for word in words}
    amount = bool(said & _WORDS["amount"])
    if not said & _WORDS["not_moved"]:
        sides = {_SIDES[word] for word in said if word in _SIDES} if amount else set()
        sides |= {side for side, of in ((Part.DEBIT, _WORDS["out"]), (Part.CREDIT, _WORDS["in"])) if said & of}
        if len(sides) == 1 and not said & _WORDS["of_sides"]:
            return sides.pop(), PARTLY
        if amount and not sides and not said & (_WORDS["day"] | {"currency", "type"}):
            return Part.AMOUNT, PARTLY
    if said & _WORDS["day"] and not said & _WORDS["no_day"]:
        return (Part.VALUE_DATE if said & _WORDS["value"] else Part.DATE), PARTLY
    return (Part.TEXT, PARTLY) if said & _WORDS["text"] else None


def unit_of(cell: str) -> str:
    """Return the currency that a column's name states, or nothing."""
    if (found := _MONEY_COLUMN.fullmatch(cell)) is not None:
        return found[1] or found[2]
    if (iso := _ISO.search(cell.upper())) is not None:
        return iso[1]
    if (sign := next((each for each in _SIGNS if each in cell), "")) != "":
        return _SIGNS[sign]
    return "EUR" if _EUROS.search(cell) or "€" in cell else "GBP" if "£" in cell else ""


OUT = frozenset(
    (
        *("debit", "debet", "debito", "dr", "d", "dbit", "db", "af", "soll", "s", "out", "ut", "uit", "uscita"),
        *("withdrawal", "outflow", "sortie", "charge", "purchase", "belastung", "cargo", "debe", "expense", "spend"),
        *(
            "money out",
            "paid out",
            "sent",
            "uttag",
            "obciazenie",
            "odchozi",
            "terheles",
            "borc",
            "χ",
            "χρεωση",
            "debets",
        ),
        *(
            "расход",
            "списание",
            "支出",
            "despesa",
            "saida",
            "gasto",
            "egreso",
            "depense",
            "ausgabe",
            "ausgang",
            "gider",
        ),
    )
)
IN = frozenset(
    (
        *("credit", "kredit", "credito", "cr", "c", "crdt", "bij", "haben", "h", "k", "in", "inn", "entrata"),
        *("deposit", "entree", "inflow", "payment", "gutschrift", "refund", "abono", "haber", "income"),
        *("money in", "paid in", "received", "insattning", "uznanie", "prichozi", "jovairas", "alacak", "π", "πιστωση"),
        *("kredits", "приход", "зачисление", "пополнение", "收入"),
        *("receita", "entrada", "ingreso", "recette", "revenu", "einnahme", "eingang", "gelir"),
    )
)
SELLERS = frozenset({"charge", "refund", "payment", "purchase"})
"""Words that at whoever is paid mean the other direction, or either."""
DIRECTIONS = frozenset(
    (
        *(
            "soll",
            "haben",
            "s",
            "h",
            "d",
            "c",
            "dr",
            "cr",
            "debit",
            "credit",
            "af",
            "bij",
            "k",
            "debe",
            "haber",
            "cargo",
        ),
        *("abono", "χ", "π", "χρεωση", "πιστωση", "расход", "приход", "支出", "收入"),
    )
)
"""Words that tell of a column without a name that it says where money goes."""
MINUSES, PLUSES = frozenset("-−–"), frozenset("+")
PENDING = re.compile(
    r"\b(pending|en attente|a venir|in attesa|da contabilizzare|non contabilizzato|pendiente|vorgemerkt|ausstehend"
    r"|offene?[nrs]?|vorgemerkte[nrs]?|in behandeling|gereserveerd|reservering|authori[sz]ed|uncleared"
    r"|unclaimed|venter|afventer"
    r"|reserver(?:ad|at|t|et)|preliminar|oczekujaca|processing|in process|en cours|in bearbeitung|varaus|blokada"
    r"|в обработке)\b"
)
NOT_MOVED = re.compile(
    r"\b(reverted|declined|failed|cancelled|canceled|rejected|voided|expired|denied|removed|annulee?|refusee?|abgelehnt"
    r"|storniert|cancelado|annullata|geweigerd|placed|held|temporary hold|отклонен[ао]?|отменен[ао]?)\b"
)
SUMS = re.compile(
    r"\b(total|totals|totaux|totalt|summa|umsatztotal|solde|saldo|balance|summe|endsaldo|anfangssaldo|kontostand|ouverture|cloture|opening|closing"
    r"|brought forward|carried forward|report a nouveau|ancien|nouveau|subtotal|sous total|bankkontostand"
    r"|zustatek|zostatok|egyenleg)\b"
)
_BALANCE_BEGINS = (
    r"\n *(?:s(?: ?a ?l ?d ?o\b|olde\b|tarting|chlusss|tarts|lots|[aā]kuma)|open(?:ing)?\b|clos(?:e|ing)\b"
    r"|e(?:nding|nds|inds)|b(?:eginning|alance|egins|eigu)|previous|a(?:ncien|pyvarta|nfangss|lgs|pgroz)|nouveau|l(?:ikutis|[oõ]pps)"
    r"|t(?:agess|urnover)|k(?:[aä]ive|ontostand)|ing[aå]ende|utg[aå]ende|входящ|исходящ)"
)
"""Those of one letter stand together: of most texts it is looked at once."""
_IN_SMALL = re.compile(_BALANCE_BEGINS)
_IN_ANY_CASE = re.compile(_BALANCE_BEGINS, re.IGNORECASE)


def may_be_balance(texts: Sequence[str]) -> bool:
    """Tell whether one of some texts begins like one that may say nothing but that a balance stands there."""
    joined = "\n".join(("", *texts))
    # Letters that are compared in any case take several times as long.
    found = _IN_SMALL.search(joined.lower()) if joined.isascii() else _IN_ANY_CASE.search(joined)
    return found is not None


def name_and_memo(named: list[str], memo: list[str]) -> tuple[str, str]:
    """Return the best text for a name, and what the others say, each once."""
    lettered = (each for each in named if any(map(str.isalpha, each)))
    name = next(lettered, "") or (memo.pop(0) if memo else next(iter(named), ""))
    if not memo:
        return name, ""
    return name, " ".join(dict.fromkeys(each for each in memo if each != name))


BALANCE_TEXT = re.compile(
    r"(?:opening|closing|starting|ending|beginning|previous) (?:ledger )?balance|balance (?:brought |carried )?forward"
    r"|(?:open|close) balance(?: (?:open|close))?|(?:opening )?balance [bc] [fd]"
    r"|s ?a ?l ?d ?o(?: (?:anterior|inicial|final|do dia|del dia|atual|actual|previo|iniziale|finale|precedente))?"
    r"|solde(?: (?:initial|final|precedent|anterieur|d ouverture|de cloture|reporte|d [0-9 ]+|au [0-9 ]+))?"
    r"|(?:ancien|nouveau) solde|(?:anfangs|schluss|tages|end|start|slot|eind|begin)saldo|kontostand(?: am [0-9 ]+)?"
    r"|(?:algs|lopps)aldo|kaive|(?:sakuma|beigu) atlikums|apgrozijums|turnover|(?:ingaende|utgaende) saldo(?: [0-9 ]+)?"
    r"|likutis (?:pradziai|pabaigai)|apyvarta|(?:входящии|исходящии) остаток"
)
"""Texts of dated rows that are no transaction; with anything else in it, a text is one of a transaction."""
