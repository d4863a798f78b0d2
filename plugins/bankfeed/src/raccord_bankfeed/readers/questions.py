"""What readers ask a person instead of guessing, with both readings shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from hashlib import blake2b

from raccord.plugin import Text
from raccord_bankfeed.readers.account import UNNAMED
from raccord_bankfeed.readers.amounts import Mark, read_amount
from raccord_bankfeed.readers.contract import Account, Question, Reading
from raccord_bankfeed.readers.days import Order, Parts
from raccord_bankfeed.readers.tally import Tally
from raccord_bankfeed.readers.told import ACCEPT, COLUMNS, REVERSED

_MONTHS_FR = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)
_MONTHS_EN = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


EXAMPLE_CHARS_MAX = 120
_CENT = Decimal("0.01")
_FRENCH_MARKS = str.maketrans({".": ",", ",": "\u202f", "-": "\u2212"})
_ORDERS = {
    Order.DAY: Text("Le jour d’abord", "The day first"),
    Order.MONTH: Text("Le mois d’abord", "The month first"),
    Order.YEAR: Text("L’année d’abord", "The year first"),
}
_MARKS = {
    Mark.POINT: Text("Le point sépare les décimales", "A point stands before the decimals"),
    Mark.COMMA: Text("La virgule sépare les décimales", "A comma stands before the decimals"),
}


WAITS = Text("Ses lignes attendent ; rien n’en est envoyé.", "Its lines wait; nothing of them is posted.")
"""What is said once of all questions about a file."""


def digest(*parts: str) -> str:
    """Return a short key of some texts."""
    return blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=4).hexdigest()


def together(asked: Sequence[Question], account: Account | None = None) -> list[Question]:
    """Return what is asked about one file as one question, with the account of its lines where it names none."""
    if not asked:
        return []
    first, *others = asked
    unnamed = account.key if account is not None and account.key.startswith(UNNAMED) else ""
    return [replace(first, others=tuple(others), account=unnamed)]


def day_order(
    key: str, layout: str, examples: Sequence[tuple[str, Parts]], orders: tuple[Order, ...], line: int
) -> Question:
    """Ask in which order a file writes its dates: every one of them can be read in several."""
    _, example = examples[0]
    read = [order for order in orders if order in example.days]
    fr = " ou ".join(f"le {_day_fr(example.days[order])}" for order in read)
    en = " or ".join(_day_en(example.days[order]) for order in read)
    readings = [
        Reading(order.value, _ORDERS[order], tuple(day_text(parts.days.get(order)) for _, parts in examples))
        for order in read
    ]
    return _question(
        key,
        layout,
        "date_order",
        f"Aucune date de ce fichier ne dit si le jour ou le mois vient d’abord. « {example.text} » peut être {fr}.",
        f"No date of this file tells whether the day or the month comes first. “{example.text}” may be {en}.",
        readings,
        [row for row, _ in examples],
        line,
        example.days[read[0]],
    )


def year_missing(
    key: str, examples: Sequence[str], readings: Sequence[tuple[str, int, Sequence[date | None]]]
) -> Question:
    """Ask of which year the newest day of a file is whose days have none: each answer, its year and what it makes."""
    return _question(
        key,
        "",
        "year_missing",
        f"Les jours de ce fichier n’ont pas d’année (« {examples[0]} ») et rien n’y dit laquelle. Choisissez celle de "
        "l’opération la plus récente.",
        f"The days of this file have no year (“{examples[0]}”), and nothing in it tells which. Choose that of the "
        "newest transaction.",
        [Reading(answer, Text(f"{year}", f"{year}"), tuple(map(day_text, days))) for answer, year, days in readings],
        examples,
        1,
        None,
    )


def decimal_mark(key: str, layout: str, examples: Sequence[tuple[str, str]], line: int) -> Question:
    """Ask which mark stands before the cents: every amount with a mark can be read in two ways."""
    _, example = examples[0]
    # Whether it comes in or goes out may hang on what nobody has said yet, such as which column is which.
    point, comma = (amount_text(_size(read_amount(example, mark))) for mark in (Mark.POINT, Mark.COMMA))
    readings = [
        Reading(mark.value, _MARKS[mark], tuple(amount_text(read_amount(text, mark)) for _, text in examples))
        for mark in (Mark.POINT, Mark.COMMA)
    ]
    return _question(
        key,
        layout,
        "decimal_mark",
        "Aucun montant de ce fichier ne dit quel signe sépare les décimales. "
        f"« {example.strip()} » est soit {point.fr}, soit {comma.fr}.",
        "No amount of this file tells which mark stands before the decimals. "
        f"“{example.strip()}” is either {point.en} or {comma.en}.",
        readings,
        [row for row, _ in examples],
        line,
        None,
    )


def french(amount: Decimal | str) -> str:
    """Return an amount, or the figures of one, as French writes it."""
    return f"{amount}".replace(".", ",").replace("-", "\u2212")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What of a statement does not agree, in both languages, and where the figures stand that a person compares."""

    fr: str
    en: str
    shown: tuple[tuple[str, Text], ...] = ()


def balance_differs(tally: Tally, opening: Decimal, closing: Decimal, currency: str) -> Contradiction:
    """Say that opening balance and lines do not make the closing balance, by how much, and where both stand."""
    made = opening + tally.total
    begun, lines, ended, off, expected = map(amount_text, (opening, tally.total, closing, closing - made, made))
    return Contradiction(
        f"Le relevé qui commence à la ligne {tally.line} ne tombe pas juste ({currency or '?'}) : solde d’ouverture "
        f"{begun.fr}, somme de ses lignes {lines.fr} ({tally.lines}), ensemble {expected.fr}, et non {ended.fr} comme "
        f"l’écrit la banque. Écart : {off.fr}.",
        f"The statement that begins at line {tally.line} does not add up ({currency or '?'}): opening balance "
        f"{begun.en}, sum of its lines {lines.en} ({tally.lines}), together {expected.en}, not {ended.en} as the bank "
        f"writes. Difference: {off.en}.",
        tuple(
            (f"{place.line} · {place.text}", text)
            for place, text in (
                (tally.opens_at, Text(f"ouverture : {begun.fr}", f"opening: {begun.en}")),
                (
                    tally.closes_at,
                    Text(
                        f"clôture : {ended.fr}, attendu {expected.fr}, écart {off.fr}",
                        f"closing: {ended.en}, expected {expected.en}, difference {off.en}",
                    ),
                ),
            )
            if place is not None
        ),
    )


def total_differs(tally: Tally, announced: Decimal, made: Decimal, where: str) -> Contradiction:
    """Say that a total of the bank is not what the lines make; ``where`` names the tag, element or code."""
    said, summed, off = map(amount_text, (announced, made, announced - made))
    return Contradiction(
        f"Dans le relevé qui commence à la ligne {tally.line}, la banque annonce un total de {said.fr} ({where}) ; ses "
        f"lignes font {summed.fr}. Écart : {off.fr}.",
        f"In the statement that begins at line {tally.line}, the bank announces a total of {said.en} ({where}); its "
        f"lines make {summed.en}. Difference: {off.en}.",
    )


def currencies_differ(tally: Tally, codes: Collection[str]) -> Contradiction:
    """Say that what a statement adds up is in several currencies."""
    said = ", ".join(sorted(codes))
    return Contradiction(
        f"Le relevé qui commence à la ligne {tally.line} est en plusieurs devises ({said}) : ses soldes et ses lignes "
        "ne s’additionnent pas.",
        f"The statement that begins at line {tally.line} is in several currencies ({said}): its balances and lines "
        "cannot be added up.",
    )


def contradicted(key: str, found: Contradiction, tally: Tally, day: date | None) -> Question:
    """Ask whether a statement is to be used although the bank's own figures contradict its lines."""
    return does_not_add_up(f"statement-{key}", found.fr, found.en, tally.line, day, found.shown)


def does_not_add_up(
    key: str, fr: str, en: str, line: int, day: date | None, shown: Sequence[tuple[str, Text]] = ()
) -> Question:
    """Ask whether a statement is to be used although the bank's own figures contradict its lines.

    ``shown`` are the rows that do, as a person finds them in the file, and what each says.
    """
    return _question(
        key,
        "",
        "statement_does_not_add_up",
        f"{fr} Téléchargez de nouveau ce relevé ; si la banque le donne toujours ainsi, faites-le lire tel quel.",
        f"{en} Download this statement again; if the bank still gives it like this, have it read as it is.",
        [Reading(ACCEPT, Text("Le lire tel quel", "Read it as it is"), tuple(said for _, said in shown))],
        [row for row, _ in shown],
        line,
        day,
    )


def balances_broken(key: str, breaks: int, rows: int, line: int, shown: Sequence[tuple[str, Text]] = ()) -> Question:
    """Ask whether a table is to be used although its balances do not follow from its amounts."""
    return does_not_add_up(
        key,
        f"Les soldes ne suivent pas les montants : rupture à {breaks} endroit(s) sur {rows} lignes. Des lignes "
        "manquent, ou un signe est mal lu.",
        f"The balances do not follow from the amounts: they break off in {breaks} place(s) over {rows} rows. Rows are "
        "missing, or a sign is read wrongly.",
        line,
        None,
        shown,
    )


_AS_THEY_ARE = Text("Lire les signes tels quels", "Read the signs as they are")
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


_AS_WRITTEN = {
    "balance": (
        "les soldes ne suivent que les montants tels qu’ils sont écrits",
        "the balances follow only from the amounts as they are written",
    ),
    "words": (
        "le mot de la colonne du sens (débit, crédit) dit celui qui est écrit",
        "the word in the column of directions (debit, credit) says the one that is written",
    ),
}


def signs_contradict(
    key: str, layout: str, about: str, counted: tuple[int, int], line: int, shown: Sequence[tuple[str, Text]] = ()
) -> Question:
    """Ask whether the signs of a file's amounts count although the file contradicts them.

    ``counted`` is in how many of how many rows; ``shown`` are the first of them and what each says. Where every row's
    word contradicts its sign, the other sign may count, in all files that are laid out alike.
    """
    (fr, en), (rows, of) = _AGAINST[about], counted
    other = Text("lu avec l’autre signe", "read with the other sign")
    turned = Reading(REVERSED, Text("Le mot dit le sens", "The word tells the direction"), (other,) * len(shown))
    return _question(
        key,
        layout,
        "signs_contradict",
        f"Lignes du fichier où {fr} : {rows} sur {of} ; aucun solde ne dit ce qui est juste. "
        "Comparez avec votre relevé ; si les signes des montants sont justes, faites-les lire tels quels. "
        + ("Si c’est le mot, dites-le." if layout else "Sinon, téléchargez le fichier dans un autre format."),
        f"Rows of the file in which {en}: {rows} of {of}; no balance tells which is right. Compare with your "
        "statement; if the signs of the amounts are right, have them read as they are. "
        + ("If the word is, say so." if layout else "Otherwise download the file in another format."),
        [
            Reading(ACCEPT, _AS_THEY_ARE, tuple(said for _, said in shown)),
            *([turned] if layout else []),
        ],
        [row for row, _ in shown],
        line,
        None,
    )


def reversal_contradicted(
    key: str, layout: str, about: str, counted: tuple[int, int], line: int, shown: Sequence[tuple[str, Text]]
) -> Question:
    """Ask again whether amounts have the other sign than the file writes, as a person said, where the file says not.

    ``about`` is ``balance`` or ``words``, ``counted`` in how many of how many rows.
    """
    rows, of = counted
    fr, en = _AS_WRITTEN[about]
    return _question(
        key,
        layout,
        "signs_contradict",
        f"Il a été dit que les montants de ce fichier ont le signe contraire, et {fr} : {rows} ligne(s) sur {of} le "
        "contredisent. Comparez avec votre relevé.",
        f"It was said that the amounts of this file have the other sign, and {en}: {rows} row(s) of {of} contradict "
        "it. Compare with your statement.",
        [
            Reading(REVERSED, _AS_THEY_ARE),
            Reading(
                ACCEPT,
                Text(
                    "Lire le signe contraire, comme il a été dit (une carte ; un solde dû)",
                    "Read the other sign, as was said (a card; a balance that is owed)",
                ),
                tuple(said for _, said in shown),
            ),
        ],
        [row for row, _ in shown],
        line,
        None,
    )


def kinds_contradict(key: str, layout: str, rows: int, shown: Sequence[tuple[str, Decimal | None]]) -> Question:
    """Ask whether the kinds of a file's transactions tell where money goes, or the signs of its amounts.

    ``shown`` are rows of money out by their kind, and the amounts that are written there without a minus.
    """
    read = [amount for _, amount in shown]
    return _question(
        key,
        layout,
        "signs_contradict",
        f"Dans ce fichier, aucune sortie d’argent d’après son genre (DEBIT, FEE…) n’a de signe moins : {rows}. "
        "Comparez avec votre relevé.",
        f"In this file no money that goes out by its kind (DEBIT, FEE…) has a minus: {rows} of them. Compare with "
        "your statement.",
        [
            Reading(
                REVERSED,
                Text("Le genre dit le sens", "The kind tells the direction"),
                tuple(amount_text(None if amount is None else -amount) for amount in read),
            ),
            Reading(
                ACCEPT, Text("Lire les signes tels quels", "Read the signs as they are"), tuple(map(amount_text, read))
            ),
        ],
        [row for row, _ in shown],
        1,
        None,
    )


def sections(key: str, line: int, above: str) -> Question:
    """Ask whether all sections of a table are of one account, where a header stands again below another text."""
    return _question(
        key,
        "",
        "sections",
        f"L’en-tête du tableau revient à la ligne {line}, sous un autre texte : ce qui suit est peut-être d’un autre "
        "compte. S’il l’est, faites un fichier de chaque compte et envoyez-les.",
        f"The header of the table comes again in line {line}, below another text: what follows may be of another "
        "account. If it is, make a file of each account and send those.",
        [
            Reading(
                ACCEPT,
                Text("Tout est d’un seul compte", "All of it is of one account"),
                (Text("du même compte", "of the same account"),),
            )
        ],
        [above],
        line,
        None,
    )


def columns(key: str, layout: str, cells: list[str], line: int, chosen: tuple[str, ...] = ()) -> Question:
    """Ask which column is what, with a row of the file as an example."""
    shown = "; ".join(f"{number}: {cell.strip()[:30]!r}" for number, cell in enumerate(cells[:30], 1))
    text = Text(
        f"Rien dans ce fichier ne dit ce que sont ses colonnes. Sa première ligne : {shown}.",
        f"Nothing in this file tells what its columns are. Its first row: {shown}.",
    )
    row = tuple(cell.strip()[:60] for cell in cells[:30])
    return Question(
        key, "bankfeed.csv_columns", text, (COLUMNS,), line, cells=row, chosen=chosen[: len(row)], layout=layout
    )


def _question(
    key: str,
    layout: str,
    code: str,
    fr: str,
    en: str,
    readings: Sequence[Reading],
    examples: Sequence[str],
    line: int,
    day: date | None,
) -> Question:
    answers = tuple(each.answer for each in readings)
    shown = tuple(" ".join(each.split())[:EXAMPLE_CHARS_MAX] for each in examples)
    return Question(
        key,
        f"bankfeed.{code}",
        Text(fr, en),
        answers,
        line,
        day,
        readings=tuple(readings),
        examples=shown,
        layout=layout,
    )


def amount_text(amount: Decimal | None) -> Text:
    """Return an amount as people write it, in both languages."""
    if amount is None:
        return Text("?", "?")
    # As people write money: cents even where the file leaves them out, thousands apart.
    cents = amount.quantize(_CENT) if amount == amount.quantize(_CENT) else amount
    english = format(cents, ",f")
    return Text(english.translate(_FRENCH_MARKS), english)


def _size(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else abs(amount)


def day_text(day: date | None) -> Text:
    """Return a day as people write it, in both languages."""
    return Text("?", "?") if day is None else Text(_day_fr(day), _day_en(day))


def _day_fr(day: date) -> str:
    return f"{'1er' if day.day == 1 else day.day} {_MONTHS_FR[day.month - 1]} {day.year}"


def _day_en(day: date) -> str:
    return f"{day.day} {_MONTHS_EN[day.month - 1]} {day.year}"
