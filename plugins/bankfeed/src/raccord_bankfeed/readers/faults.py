"""Why a row or a file cannot be read, in the product's two languages, each with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from raccord.plugin import Text

_KEPT_FR = "Les autres lignes du fichier sont gardées."
_KEPT_EN = "The other lines of the file are kept."
_ASK_FR = "Demandez un nouveau fichier à la banque, ou saisissez cette opération à la main dans QuickBooks."
_ASK_EN = "Ask the bank for a new file, or enter this transaction by hand in QuickBooks."


@dataclass(frozen=True, slots=True)
class Fault:
    """A stable code and the sentence shown to people."""

    code: str
    reason: Text


class RowFault(Exception):  # noqa: N818 - carries the fault of one row to the place that reports it
    """Raised inside a reader when one row cannot be used."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.reason.en)
        self.fault = fault


def row_fault(code: str, fr: str, en: str) -> Fault:
    return Fault(f"bankfeed.{code}", Text(f"{fr} {_KEPT_FR} {_ASK_FR}", f"{en} {_KEPT_EN} {_ASK_EN}"))


def file_fault(code: str, fr: str, en: str) -> Fault:
    return Fault(f"bankfeed.{code}", Text(fr, en))


def date_missing(tag: str) -> Fault:
    return row_fault(
        "date_missing", f"La ligne n’a pas de date ({tag} absent ou vide).", f"No date ({tag} missing or empty)."
    )


def date_impossible(tag: str, text: str) -> Fault:
    return row_fault(
        "date_impossible",
        f"La date {text[:30]!r} ({tag}) n’existe pas ou n’est pas écrite AAAAMMJJ.",
        f"The date {text[:30]!r} ({tag}) does not exist or is not written YYYYMMDD.",
    )


def amount_missing() -> Fault:
    return row_fault(
        "amount_missing", "La ligne n’a pas de montant (TRNAMT absent ou vide).", "No amount (TRNAMT missing or empty)."
    )


def amount_unreadable(text: str) -> Fault:
    return row_fault(
        "amount_unreadable",
        f"{text[:40]!r} (TRNAMT) n’est pas un montant.",
        f"{text[:40]!r} (TRNAMT) is not an amount.",
    )


def amount_open(text: str) -> Fault:
    return row_fault(
        "amount_open",
        f"{text[:40]!r} (TRNAMT) est un millier ou des décimales : aucun autre montant du fichier ne dit ce que sépare "
        "la virgule. Saisissez l’opération à la main, ou téléchargez le fichier dans un autre format.",
        f"{text[:40]!r} (TRNAMT) is a thousand or has decimals: no other amount of the file tells what the comma "
        "separates. Enter the transaction by hand, or download the file in another format.",
    )


def currency_unreadable(text: str) -> Fault:
    return row_fault(
        "currency_unreadable",
        f"{text[:20]!r} n’est pas un code de devise à trois lettres.",
        f"{text[:20]!r} is not a currency code of three letters.",
    )


def field_repeated(tag: str) -> Fault:
    return row_fault(
        "field_repeated",
        f"{tag} figure deux fois dans la ligne, avec deux valeurs différentes.",
        f"{tag} stands twice in the row, with two different values.",
    )


def correction_unreadable(action: str) -> Fault:
    return row_fault(
        "correction_unreadable",
        f"La banque corrige une ligne antérieure, mais {action[:20]!r} (CORRECTACTION) n’est ni REPLACE ni DELETE.",
        f"The bank corrects an earlier line, but {action[:20]!r} (CORRECTACTION) is neither REPLACE nor DELETE.",
    )


def row_too_long(limit: int) -> Fault:
    return row_fault(
        "row_too_long",
        f"La ligne dépasse {limit} octets : une opération bancaire n’est jamais si longue.",
        f"The row is longer than {limit} bytes: no bank transaction is that long.",
    )


def row_cut_off() -> Fault:
    return row_fault(
        "row_cut_off",
        "Le fichier s’arrête au milieu de cette ligne.",
        "The file ends in the middle of this row.",
    )


def row_without_statement() -> Fault:
    return row_fault(
        "row_without_statement",
        "Cette ligne ne se trouve dans aucun relevé de compte (ni STMTRS ni CCSTMTRS).",
        "This row is in no account's statement (neither STMTRS nor CCSTMTRS).",
    )


def statement_currency(text: str) -> Fault:
    return file_fault(
        "statement_currency_unreadable",
        f"La devise {text[:20]!r} (CURDEF) n’est pas un code à trois lettres : les lignes de ce relevé sont lues sans "
        "devise et attendent que vous l’indiquiez dans les réglages.",
        f"The currency {text[:20]!r} (CURDEF) is not a code of three letters: the lines of this statement are read "
        "without a currency and wait until you state it in the settings.",
    )


def balance_unreadable(text: str) -> Fault:
    return file_fault(
        "balance_unreadable",
        f"Le solde {text[:40]!r} n’est pas un montant : ce relevé est gardé sans solde, ses lignes sont intactes.",
        f"The balance {text[:40]!r} is not an amount: this statement is kept without it, its lines are untouched.",
    )


def text_too_long(limit: int) -> Fault:
    return file_fault(
        "text_too_long",
        f"Plus de {limit} octets sans balise : ce passage est sauté. Vérifiez que le fichier n’est pas abîmé.",
        f"More than {limit} bytes without a tag: this passage is skipped. Check that the file is not damaged.",
    )


def file_cut_off() -> Fault:
    return file_fault(
        "file_cut_off",
        "Le fichier s’arrête avant sa fin (</OFX> manque) : des lignes peuvent manquer. Celles qui sont là "
        "sont gardées ; "
        "téléchargez de nouveau la même période, rien ne sera compté deux fois.",
        "The file ends before its end (</OFX> is missing): lines may be missing. Those that are there are kept; "
        "download the same period again, nothing is counted twice.",
    )


def file_empty() -> Fault:
    return file_fault(
        "file_empty",
        "Le fichier est vide (0 octet). Téléchargez-le de nouveau depuis le site de la banque.",
        "The file is empty (0 bytes). Download it again from the bank's site.",
    )


def format_unknown() -> Fault:
    return file_fault(
        "format_unknown",
        "Ce n’est pas un relevé que ce connecteur sait lire. Il lit OFX, QFX, QBO, QIF, CAMT, MT940, BAI2 et CSV : "
        "choisissez l’un de ces formats sur le site de la banque (souvent nommé « Money », « Quicken » ou "
        "« QuickBooks »).",
        "This is not a statement that this connector can read. It reads OFX, QFX, QBO, QIF, CAMT, MT940, BAI2 and CSV: "
        "choose one of these on the bank's site (often called “Money”, “Quicken” or “QuickBooks”).",
    )


def workbook() -> Fault:
    return file_fault(
        "workbook",
        "C’est un classeur Excel. Ouvrez-le, enregistrez sa feuille en CSV et déposez ce CSV, ou choisissez OFX "
        "ou CSV sur le site de la banque.",
        "This is an Excel workbook. Open it, save its sheet as CSV and hand that in, or choose OFX or CSV on the "
        "bank's site.",
    )


def archive(files: int) -> Fault:
    return file_fault(
        "archive",
        f"C’est une archive ZIP qui contient {files} fichiers, et non un seul. Ouvrez-la et déposez les fichiers qui "
        "sont dedans.",
        f"This is a ZIP archive with {files} files in it, not one. Open it and hand in the files that are inside.",
    )


def packed_too_large(limit: int) -> Fault:
    mega = limit >> 20
    return file_fault(
        "packed_too_large",
        f"Ce fichier comprimé donne plus de {mega} Mo : rien n’en a été lu. Ouvrez-le vous-même, et demandez à la "
        "banque une période plus courte si c’est bien un relevé.",
        f"This compressed file gives more than {mega} MB: nothing of it was read. Open it yourself, and ask the bank "
        "for a shorter period if it is a statement.",
    )


def packed_damaged(why: str) -> Fault:
    return file_fault(
        "packed_damaged",
        f"Ce fichier comprimé est abîmé ou coupé ({why}). Téléchargez-le de nouveau.",
        f"This compressed file is damaged or cut ({why}). Download it again.",
    )


def packed_encrypted() -> Fault:
    return file_fault(
        "packed_encrypted",
        "Cette archive est chiffrée, ou comprimée d’une façon qui n’est pas lue. Ouvrez-la et déposez le fichier qui "
        "est dedans.",
        "This archive is encrypted, or compressed in a way that is not read. Open it and hand in the file inside.",
    )


def packed_twice() -> Fault:
    return file_fault(
        "packed_twice",
        "Ce fichier comprimé en contient un autre, comprimé lui aussi. Ouvrez-le et déposez celui qui est dedans.",
        "This compressed file holds another one that is compressed too. Open it and hand in the one inside.",
    )


def bank_refused(code: str, message: str) -> Fault:
    said = message[:300] or "—"
    return file_fault(
        "bank_refused",
        f"La banque a répondu par une erreur (code {code[:10] or '?'} : {said}) au lieu d’un relevé. "
        "Rien n’a été lu de cette réponse ; téléchargez de nouveau le fichier.",
        f"The bank answered with an error (code {code[:10] or '?'}: {said}) instead of a statement. "
        "Nothing was read from this answer; download the file again.",
    )
