"""What readers ask a person instead of guessing, with both readings shown."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from hashlib import blake2b

from raccord.plugin import Text
from raccord_bankfeed.readers.amounts import Mark, read_amount
from raccord_bankfeed.readers.answers import ACCEPT, COLUMNS
from raccord_bankfeed.readers.contract import Question
from raccord_bankfeed.readers.days import Order, Parts

_MONTHS_FR = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)
_MONTHS_EN = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def digest(*parts: str) -> str:
    """Return a short key of some texts."""
    return blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=4).hexdigest()


def day_order(key: str, example: Parts, orders: tuple[Order, ...], line: int) -> Question:
    """Ask in which order a file writes its dates: every one of them can be read in several."""
    read = [(order, example.days[order]) for order in orders if order in example.days]
    fr = " ; ".join(f"« {order.value} » : {_day_fr(day)}" for order, day in read)
    en = "; ".join(f"“{order.value}”: {_day_en(day)}" for order, day in read)
    return _question(
        key,
        "date_order",
        f"Aucune date de ce fichier ne dit si le jour ou le mois vient d’abord. {example.text!r} se lit : {fr}.",
        f"No date of this file tells whether the day or the month comes first. {example.text!r} reads: {en}.",
        tuple(order.value for order, _ in read),
        line,
        read[0][1],
    )


def decimal_mark(key: str, example: str, line: int, day: date | None) -> Question:
    """Ask which mark stands before the cents: every amount with a mark can be read in two ways."""
    point, comma = (read_amount(example, mark) for mark in (Mark.POINT, Mark.COMMA))
    return _question(
        key,
        "decimal_mark",
        f"Aucun montant de ce fichier ne dit quel signe sépare les décimales. {example!r} se lit : « point » : "
        f"{_plain(point)} ; « comma » (virgule) : {_plain(comma)}.",
        f"No amount of this file tells which mark stands before the decimals. {example!r} reads: “point”: "
        f"{_plain(point)}; “comma”: {_plain(comma)}.",
        (Mark.POINT.value, Mark.COMMA.value),
        line,
        day,
    )


def balance_differs(opening: Decimal, total: Decimal, closing: Decimal, currency: str) -> tuple[str, str]:
    """Say in both languages that opening balance and lines do not make the closing balance."""
    made = opening + total
    return (
        (
            f"Le relevé ne tombe pas juste : solde d’ouverture {opening} + lignes {total} = {made}, et non {closing} "
            f"comme l’écrit la banque ({currency or '?'})."
        ),
        (
            f"The statement does not add up: opening balance {opening} + lines {total} = {made}, not {closing} as the "
            f"bank writes ({currency or '?'})."
        ),
    )


def does_not_add_up(key: str, fr: str, en: str, line: int, day: date | None) -> Question:
    """Ask whether a statement is to be used although the bank's own figures contradict its lines."""
    return _question(
        key,
        "statement_does_not_add_up",
        f"{fr} Téléchargez de nouveau ce relevé ; si la banque le donne toujours ainsi, « {ACCEPT} » le fait lire "
        "tel quel.",
        f"{en} Download this statement again; if the bank still gives it like this, “{ACCEPT}” has it read as it is.",
        (ACCEPT,),
        line,
        day,
    )


def balances_broken(key: str, breaks: int, rows: int, line: int) -> Question:
    """Ask whether a table is to be used although its balances do not follow from its amounts."""
    return does_not_add_up(
        key,
        f"Les soldes ne suivent pas les montants : rupture à {breaks} endroit(s) sur {rows} lignes. Des lignes "
        "manquent, ou un signe est mal lu.",
        f"The balances do not follow from the amounts: they break off in {breaks} place(s) over {rows} rows. Rows are "
        "missing, or a sign is read wrongly.",
        line,
        None,
    )


_AGAINST = {
    "words": (
        "le mot de la colonne du sens (débit, crédit) contredit le signe du montant",
        "the word in the column of directions (debit, credit) contradicts the sign of the amount",
    ),
    "debit": (
        "la colonne des débits mêle montants positifs et négatifs",
        "the column of debits mixes positive and negative amounts",
    ),
    "credit": (
        "la colonne des crédits contient des montants négatifs",
        "the column of credits holds negative amounts",
    ),
}


def signs_contradict(key: str, about: str, rows: int, of: int, line: int) -> Question:
    """Ask whether the signs of a file's amounts count although the file contradicts them."""
    fr, en = _AGAINST[about]
    return _question(
        key,
        "signs_contradict",
        f"Dans {rows} ligne(s) sur {of}, {fr}, et aucun solde ne dit ce qui est juste. Comparez avec votre relevé ; "
        f"si les signes des montants sont justes, « {ACCEPT} » les fait lire tels quels. Sinon, téléchargez le fichier "
        "dans un autre format.",
        f"In {rows} row(s) of {of}, {en}, and no balance tells which is right. Compare with your statement; if the "
        f"signs of the amounts are right, “{ACCEPT}” has them read as they are. Otherwise download the file in another "
        "format.",
        (ACCEPT,),
        line,
        None,
    )


def columns(key: str, cells: list[str], line: int, chosen: tuple[str, ...] = ()) -> Question:
    """Ask which column is what, with a row of the file as an example."""
    shown = "; ".join(f"{number}: {cell.strip()[:30]!r}" for number, cell in enumerate(cells[:30], 1))
    example = f"{key} = date:1 text:2 amount:3"
    text = Text(
        f"Rien dans ce fichier ne dit ce que sont ses colonnes. Sa première ligne : {shown}. Ses lignes attendent. "
        f"Dites-le une fois dans les réglages, sous « Colonnes des fichiers CSV », par exemple : {example} (ou debit:3 "
        "credit:4, balance:5, reference:6, currency:CAD).",
        f"Nothing in this file tells what its columns are. Its first row: {shown}. Its lines wait. Say it once in the "
        f"settings, under “Columns of CSV files”, for instance: {example} (or debit:3 credit:4, balance:5, "
        "reference:6, currency:CAD).",
    )
    row = tuple(cell.strip()[:60] for cell in cells[:30])
    return Question(key, "bankfeed.csv_columns", text, (COLUMNS,), line, cells=row, chosen=chosen[: len(row)])


def _question(key: str, code: str, fr: str, en: str, answers: tuple[str, ...], line: int, day: date | None) -> Question:
    how_fr = f"Répondez dans les réglages, sous « Réponses », par une ligne : {key} = {answers[0]}"
    how_en = f"Answer in the settings, under “Answers”, with a line: {key} = {answers[0]}"
    text = Text(
        f"{fr} Ses lignes attendent ; rien n’en est envoyé. {how_fr}"
        + (f" (ou {', '.join(answers[1:])})." if answers[1:] else "."),
        f"{en} Its lines wait; nothing of them is posted. {how_en}"
        + (f" (or {', '.join(answers[1:])})." if answers[1:] else "."),
    )
    return Question(key, f"bankfeed.{code}", text, answers, line, day)


def _plain(amount: Decimal | None) -> str:
    return "?" if amount is None else format(amount, "f")


def _day_fr(day: date) -> str:
    return f"{'1er' if day.day == 1 else day.day} {_MONTHS_FR[day.month - 1]} {day.year}"


def _day_en(day: date) -> str:
    return f"{day.day} {_MONTHS_EN[day.month - 1]} {day.year}"
