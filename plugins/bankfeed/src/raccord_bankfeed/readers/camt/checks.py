"""Whether a CAMT statement's lines make up what the bank says of them: balances and totals."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Protocol

from raccord_bankfeed.readers import questions
from raccord_bankfeed.readers.contract import Balance, Question
from raccord_bankfeed.readers.tally import Tally
from raccord_bankfeed.readers.texts import is_number


class Walked(Protocol):
    """What was counted of a statement."""

    @property
    def tally(self) -> Tally: ...
    @property
    def entries(self) -> int: ...
    @property
    def credits(self) -> Decimal: ...
    @property
    def debits(self) -> Decimal: ...
    @property
    def currencies(self) -> set[str]: ...


def problem_of(head: Mapping[str, str], balances: Mapping[str, tuple[Balance, str]], walked: Walked) -> Question | None:
    """Return what to ask where the bank's figures contradict the entries; nothing where they agree or are not given.

    A statement with an unreadable entry, which is told apart, or of which other pages are elsewhere cannot be added up.
    """
    tally = walked.tally
    found: questions.Contradiction | None
    if tally.unreadable:
        return None
    found = (
        _currency_problem(balances, walked)
        or _count_problem(head, walked)
        or (None if _is_page(head) else _balance_problem(balances, walked))
    )
    if found is None:
        return None
    key = questions.digest(tally.account.key, head.get("Id", ""), head.get("CreDtTm", ""), str(tally.total))
    return questions.contradicted(key, found, tally, tally.last_day)


def _is_page(head: Mapping[str, str]) -> bool:
    number, last = head.get("StmtPgntn/PgNb", "1"), head.get("StmtPgntn/LastPgInd", "true")
    return number.lstrip("0") != "1" or last not in ("true", "1")


def _currency_problem(balances: Mapping[str, tuple[Balance, str]], walked: Walked) -> questions.Contradiction | None:
    """Compare the currencies of the booked balances, and of the entries."""
    booked = (balances[code][1] for code in ("OPBD", "PRCD", "CLBD") if code in balances)
    found = {*filter(None, booked), *filter(None, walked.currencies)}
    return questions.currencies_differ(walked.tally, found) if len(found) > 1 else None


def _balance_problem(balances: Mapping[str, tuple[Balance, str]], walked: Walked) -> questions.Contradiction | None:
    first, last = balances.get("OPBD") or balances.get("PRCD"), balances.get("CLBD")
    if first is None or last is None:
        return None
    (opening, currency), (closing, _) = first, last
    if opening.amount + walked.tally.total == closing.amount:
        return None
    return questions.balance_differs(walked.tally, opening.amount, closing.amount, currency)


def _count_problem(head: Mapping[str, str], walked: Walked) -> questions.Contradiction | None:
    """Compare with ``TxsSummry``; banks count the pending entries in or leave them out, so both will do."""
    tally = walked.tally
    said = head.get("TxsSummry/TtlNtries/NbOfNtries", "")
    if is_number(said) and int(said) not in (walked.entries, tally.lines):
        return questions.Contradiction(
            f"La banque annonce {int(said)} écritures dans le relevé qui commence à la ligne {tally.line} "
            f"(NbOfNtries), le fichier en contient {walked.entries}.",
            f"The bank announces {int(said)} entries in the statement that begins at line {tally.line} "
            f"(NbOfNtries), the file holds {walked.entries}.",
        )
    if tally.pending:
        return None
    for path, counted in (("TtlCdtNtries", walked.credits), ("TtlDbtNtries", walked.debits)):
        total = _decimal(head.get(f"TxsSummry/{path}/Sum", ""))
        if total is not None and total != counted:
            return questions.total_differs(tally, total, counted, path)
    return None


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text) if text.isascii() and len(text) < 40 and text.strip("0123456789.") == "" else None
    except InvalidOperation:
        return None
