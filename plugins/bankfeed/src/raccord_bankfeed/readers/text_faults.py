"""Why a row, a statement or a file of the text and XML formats cannot be used, each with what to do about it."""

from __future__ import annotations

from raccord_bankfeed.readers.faults import Fault, file_fault, row_fault


def line_too_long(limit: int) -> Fault:
    return row_fault(
        "line_too_long",
        f"La ligne dépasse {limit} caractères : une opération bancaire n’est jamais si longue.",
        f"The line is longer than {limit} characters: no bank transaction is that long.",
    )


def date_missing(field: str) -> Fault:
    return row_fault("date_missing", f"La ligne n’a pas de date ({field}).", f"The row has no date ({field}).")


def date_impossible(field: str, text: str) -> Fault:
    return row_fault(
        "date_impossible",
        f"La date {text[:30]!r} ({field}) n’existe pas ou n’est pas écrite comme les autres du fichier.",
        f"The date {text[:30]!r} ({field}) does not exist or is not written like the others of the file.",
    )


def amount_missing(field: str) -> Fault:
    return row_fault("amount_missing", f"La ligne n’a pas de montant ({field}).", f"The row has no amount ({field}).")


def amount_unreadable(field: str, text: str) -> Fault:
    return row_fault(
        "amount_unreadable",
        f"{text[:40]!r} ({field}) n’est pas un montant.",
        f"{text[:40]!r} ({field}) is not an amount.",
    )


def direction_unknown(field: str, text: str) -> Fault:
    return row_fault(
        "direction_unknown",
        f"{text[:40]!r} ({field}) ne dit pas si l’argent entre ou sort.",
        f"{text[:40]!r} ({field}) does not say whether money comes in or goes out.",
    )


def row_unreadable(what_fr: str, what_en: str) -> Fault:
    return row_fault("row_unreadable", what_fr, what_en)


def row_cut_off(mark: str) -> Fault:
    return row_fault(
        "row_cut_off",
        f"Le fichier s’arrête au milieu de cette ligne ({mark} manque).",
        f"The file ends in the middle of this row ({mark} is missing).",
    )


def file_cut_off(mark: str) -> Fault:
    return file_fault(
        "file_cut_off",
        f"Le fichier s’arrête avant sa fin ({mark} manque) : des lignes peuvent manquer. Celles qui sont là sont "
        "gardées ; téléchargez de nouveau la même période, rien ne sera compté deux fois.",
        f"The file ends before its end ({mark} is missing): lines may be missing. Those that are there are kept; "
        "download the same period again, nothing is counted twice.",
    )
