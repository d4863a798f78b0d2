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


def document_type() -> Fault:
    return file_fault(
        "document_type",
        "Le fichier contient une définition de type (DOCTYPE) : aucune banque n’en envoie, et elle peut servir à "
        "attaquer. Rien n’en est lu au-delà ; demandez un nouveau fichier à la banque.",
        "The file holds a document type (DOCTYPE): no bank sends one, and it may serve an attack. Nothing is read "
        "beyond it; ask the bank for a new file.",
    )


def nested_too_deeply() -> Fault:
    return file_fault(
        "nested_too_deeply",
        "Les balises s’emboîtent sans fin : ce n’est pas un relevé. Demandez un nouveau fichier à la banque.",
        "Tags are nested without end: it is no statement. Ask the bank for a new file.",
    )


def tag_too_long(limit: int) -> Fault:
    return file_fault(
        "tag_too_long",
        f"Plus de {limit} octets sans fin de balise : le fichier est abîmé. Ce qui précède est gardé ; demandez un "
        "nouveau fichier à la banque.",
        f"More than {limit} bytes without the end of a tag: the file is damaged. What stands before is kept; ask the "
        "bank for a new file.",
    )


def second_message() -> Fault:
    return file_fault(
        "second_message",
        "Un second message CAMT suit le premier dans ce fichier : il n’est pas lu. Séparez-les en deux fichiers et "
        "envoyez-les de nouveau ; rien ne sera compté deux fois.",
        "A second CAMT message follows the first in this file: it is not read. Split them into two files and send "
        "them again; nothing is counted twice.",
    )


def second_table() -> Fault:
    return file_fault(
        "second_table",
        "Un second tableau, aux colonnes autres, commence à cette ligne : lui et ce qui suit ne sont pas lus. "
        "Faites-en un fichier à part et envoyez-le ; rien ne sera compté deux fois.",
        "A second table, whose columns are others, begins at this row: it and what follows are not read. Make it a "
        "file of its own and send that; nothing is counted twice.",
    )


def xml_broken(line: int, column: int) -> Fault:
    return file_fault(
        "xml_broken",
        f"Le fichier n’est plus du XML à partir de la ligne {line}, colonne {column} : il est coupé ou abîmé. Les "
        "lignes qui précèdent sont gardées ; téléchargez de nouveau la même période, rien ne sera compté deux fois.",
        f"The file is no XML any more from line {line}, column {column} on: it is cut off or damaged. The lines "
        "before are kept; download the same period again, nothing is counted twice.",
    )


def no_statement() -> Fault:
    return file_fault(
        "no_statement",
        "Le fichier est du bon format, mais ne contient aucun relevé de compte (ni Stmt, Rpt ou Ntfctn, ni "
        "STMTRS ou CCSTMTRS, ni enregistrement 03, ni :25: ou :61:). Demandez un nouveau fichier à la banque.",
        "The file is of the right format, but holds no account's statement (no Stmt, Rpt or Ntfctn, no STMTRS or "
        "CCSTMTRS, no record 03, no :25: or :61:). Ask the bank for a new file.",
    )


def balance_unreadable(where: str, text: str) -> Fault:
    return file_fault(
        "balance_unreadable",
        f"Le solde {text[:40]!r} ({where}) n’est pas un montant : ce relevé est gardé sans solde, ses lignes sont "
        "intactes.",
        f"The balance {text[:40]!r} ({where}) is not an amount: this statement is kept without it, its lines are "
        "untouched.",
    )


def group_not_new(status: str) -> Fault:
    return file_fault(
        "group_not_new",
        f"Ce groupe ne porte pas de nouvelles opérations (état {status[:10]!r} : 2 suppression, 3 correction, 4 essai)"
        " : ses lignes ne sont pas lues. Corrigez à la main ce qui a été envoyé, s’il y a lieu.",
        f"This group brings no new transactions (status {status[:10]!r}: 2 deletion, 3 correction, 4 test): its lines "
        "are not read. Correct by hand what was posted, if need be.",
    )


def row_without_account() -> Fault:
    return row_fault(
        "row_without_account",
        "Cette ligne ne se trouve dans aucun compte (pas d’enregistrement 03 avant elle).",
        "This row is in no account (no 03 record before it).",
    )


def control_total(code: str, said: str, made: str) -> Fault:
    return file_fault(
        "control_total",
        f"Le total de contrôle {said} (enregistrement {code}) diffère de la somme des comptes, {made}. Les lignes sont "
        "gardées ; vérifiez auprès de la banque qu’aucun compte ne manque.",
        f"The control total {said} (record {code}) differs from the sum of the accounts, {made}. The lines are kept; "
        "check with the bank that no account is missing.",
    )


def control_count(code: str, said: int, made: int) -> Fault:
    return file_fault(
        "control_count",
        f"L’enregistrement {code} annonce {said} enregistrements, le fichier en contient {made}. Des banques se "
        "trompent dans ce compte ; les lignes sont gardées.",
        f"Record {code} announces {said} records, the file holds {made}. Some banks get this count wrong; the "
        "lines are kept.",
    )


def control_parts(code: str, said: int, made: int) -> Fault:
    """``code`` is that of the trailer: 98 counts the accounts of a group, 99 the groups of the file."""
    fr, en = ("comptes", "accounts") if code == "98" else ("groupes", "groups")
    return file_fault(
        "control_parts",
        f"L’enregistrement {code} annonce {said} {fr}, le fichier en contient {made}. Les lignes sont gardées ; "
        "vérifiez auprès de la banque que rien ne manque.",
        f"Record {code} announces {said} {en}, the file holds {made}. The lines are kept; check with the bank that "
        "nothing is missing.",
    )


def item_count(code: str, said: int, made: int) -> Fault:
    return file_fault(
        "item_count",
        f"Le total {code} est annoncé pour {said} opérations, le fichier en contient {made}. Les lignes sont gardées ; "
        "vérifiez auprès de la banque qu’aucune ne manque.",
        f"The total {code} is said to be of {said} transactions, the file holds {made}. The lines are kept; check with "
        "the bank that none is missing.",
    )


def cells_extra(columns: int, cells: int) -> Fault:
    return row_fault(
        "cells_extra",
        f"La ligne a {cells} cellules pour {columns} colonnes : le signe qui sépare les colonnes s’y trouve aussi dans "
        "un montant ou un texte, et aucune cellule n’est sûre.",
        f"The row has {cells} cells for {columns} columns: the mark between columns stands in an amount or a text of "
        "it too, and no cell is sure.",
    )


def two_amounts(*columns: str) -> Fault:
    return row_fault(
        "two_amounts",
        f"La ligne a deux montants à la fois ({', '.join(columns)}).",
        f"The row has two amounts at once ({', '.join(columns)}).",
    )


def amounts_contradict(tag: str, text: str, other: str, said: str) -> Fault:
    return row_fault(
        "amounts_contradict",
        f"La ligne dit deux montants : {text[:40]!r} ({tag}) et {said[:40]!r} ({other}).",
        f"The row says two amounts: {text[:40]!r} ({tag}) and {said[:40]!r} ({other}).",
    )


def fee_differs(gross: str, fee: str, net: str) -> Fault:
    return row_fault(
        "fee_differs",
        f"Le brut {gross} et les frais {fee} ne font pas le net {net}.",
        f"Gross {gross} and fee {fee} do not make net {net}.",
    )


def answer_damaged() -> Fault:
    return file_fault(
        "answer_damaged",
        "La réponse de la source est abîmée : aucune ligne n’en est lue. Les mêmes jours seront redemandés.",
        "The source's answer is damaged: no line of it is read. The same days are asked for again.",
    )


def id_missing(field: str) -> Fault:
    return row_fault("id_missing", f"La ligne n’a pas d’identifiant ({field}).", f"The row has no id ({field}).")


def status_unknown(field: str, text: str) -> Fault:
    return row_fault(
        "status_unknown",
        f"L’état {text[:20]!r} ({field}) n’est pas connu : on ne sait pas si l’argent a bougé.",
        f"The state {text[:20]!r} ({field}) is not known: whether money moved cannot be told.",
    )
