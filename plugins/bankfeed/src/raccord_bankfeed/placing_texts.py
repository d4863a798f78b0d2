"""The question which account a file is of that names none, with what is known of each that it may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from raccord.plugin import Text
from raccord_bankfeed.readers.account import UNNAMED_STATEMENT, is_unnamed
from raccord_bankfeed.readers.contract import AccountKind, Question, Reading
from raccord_bankfeed.readers.questions import amount_text, day_text
from raccord_bankfeed.readers.told import ACCOUNT_WORDS
from raccord_bankfeed.seen_files import Nameless, name_pattern
from raccord_bankfeed.words import FACT_VALUES

_SHOWN_MAX = 9
_NAME_CHARS_MAX = 60
_CARD = Text("Carte", "Card")


class _Slot(Protocol):
    number: int
    key: str
    files: list[tuple[str, Nameless]]

    @property
    def word(self) -> str: ...


class _Compared(Protocol):
    @property
    def shared(self) -> int: ...
    @property
    def contradicts(self) -> bool: ...
    @property
    def chained(self) -> bool: ...
    @property
    def balances(self) -> tuple[Decimal, Decimal] | None: ...
    @property
    def other_form(self) -> bool: ...
    @property
    def other_sums(self) -> bool: ...
    @property
    def called_otherwise(self) -> bool: ...


def which_account(
    key: str,
    layout: str,
    name: str,
    mine: Nameless,
    slots: Sequence[_Slot],
    compared: Mapping[int, _Compared],
    names: Mapping[str, str],
) -> Question:
    """Ask which of some accounts a file is of, or whether it is another one's; the likely ones first."""
    against = {number: (found.contradicts, found.other_form, -found.shared) for number, found in compared.items()}
    ranked = sorted(slots, key=lambda slot: (against[slot.number], slot.number))
    readings = [
        Reading(slot.word, _called(slot, names), (_said(slot, compared[slot.number]),)) for slot in ranked[:_SHOWN_MAX]
    ]
    if (free := max(slot.number for slot in slots)) < len(ACCOUNT_WORDS):
        another = Text("aucun fichier d’avant n’en est", "no file before is of it")
        readings.append(Reading(ACCOUNT_WORDS[free], Text("Un autre compte", "Another account"), (another,)))
    text = Text(
        "Ce fichier ne dit pas de quel compte il est, et d’autres, écrits comme lui, sont déjà venus : rien ne prouve "
        "qu’il continue l’un d’eux (des lignes en commun, un solde qui se poursuit).",
        "This file does not say which account it is of, and others that are written like it came before: nothing "
        "proves that it goes on from one of them (lines in common, a balance that goes on).",
    )
    if is_unnamed(mine.account.key):
        text = Text(
            "Un relevé de ce fichier ne porte pas de numéro de compte, et d’autres relevés sans numéro sont déjà venus "
            ": rien ne prouve qu’il continue l’un d’eux (des lignes en commun, un solde qui se poursuit).",
            "A statement of this file has no account number, and other statements without one came before: nothing "
            "proves that it goes on from one of them (lines in common, a balance that goes on).",
        )
    if layout:
        called = name_pattern(name)[:_NAME_CHARS_MAX]
        text = Text(
            f"{text.fr} « Pour tous » vaut pour les fichiers nommés comme « {called} », tant que rien n’y contredit.",
            f"{text.en} “For all” counts for files named like “{called}”, as long as nothing contradicts it.",
        )
    which = mine.account.key.removeprefix(UNNAMED_STATEMENT) if is_unnamed(mine.account.key) else ""
    which = f" ({which})" if which.isdigit() else ""
    return Question(
        key,
        "bankfeed.which_account",
        text,
        tuple(each.answer for each in readings),
        1,
        mine.last,
        readings=tuple(readings),
        examples=(f"{name[:_NAME_CHARS_MAX]}{which}: {mine.first.isoformat()} – {mine.last.isoformat()}",),
        layout=layout,
    )


def _called(slot: _Slot, names: Mapping[str, str]) -> Text:
    if name := names.get(slot.key, ""):
        return Text(name, name)
    file = slot.files[0][0][:_NAME_CHARS_MAX] if slot.files else slot.key
    kind = _kind(slot.files[0][1]) if slot.files else None
    fr, en = (f" ({kind.fr})", f" ({kind.en})") if kind is not None else ("", "")
    return Text(f"Le compte de « {file} »{fr}", f"The account of “{file}”{en}")


def _kind(mine: Nameless) -> Text | None:
    """Return what a statement that numbers no account says of it; nothing of a file whose format numbers none."""
    account = mine.account
    if not is_unnamed(account.key):
        return None
    card = account.kind is AccountKind.CARD
    kind = _CARD if card else FACT_VALUES["account_type"].get(account.type, Text(account.type, account.type))
    said = [mine.institution or account.called, mine.currency]
    return Text(", ".join(filter(None, (kind.fr.lower(), *said))), ", ".join(filter(None, (kind.en.lower(), *said))))


def _said(slot: _Slot, found: _Compared) -> Text:
    """Say which file of an account came last, and what speaks for it or against it."""
    if not slot.files:
        return Text("aucun fichier", "no file")
    name, file = max(slot.files, key=lambda each: each[1].last)
    first, last = day_text(file.first), day_text(file.last)
    fr, en = f"{name[:_NAME_CHARS_MAX]}, {first.fr} – {last.fr}", f"{name[:_NAME_CHARS_MAX]}, {first.en} – {last.en}"
    why = []
    if found.balances is not None:
        ends, begins = map(amount_text, found.balances)
        why.append(
            Text(
                f"il finit à {ends.fr}, celui-ci commence à {begins.fr}",
                f"it ends with {ends.en}, this one begins with {begins.en}",
            )
        )
    if found.shared:
        why.append(Text(f"lignes en commun : {found.shared}", f"lines in common: {found.shared}"))
    if found.other_form:
        why.append(
            Text(
                "ses lignes sont écrites autrement (colonnes, dates)", "its rows are written otherwise (columns, dates)"
            )
        )
    if found.called_otherwise:
        why.append(
            Text(
                "une autre banque, une autre sorte de compte ou une autre devise",
                "another bank, another kind of account or another currency",
            )
        )
    if found.other_sums:
        why.append(Text("un autre solde le même jour", "another balance on the same day"))
    elif (
        found.contradicts
        and not found.called_otherwise
        and (found.balances is None or found.balances[0] == found.balances[1])
    ):
        why.append(Text("d’autres montants les mêmes jours", "other amounts on the same days"))
    why = why or [Text("rien ne le dit ni ne le contredit", "nothing says so and nothing contradicts it")]
    return Text(
        "; ".join((fr, *(each.fr for each in why))).replace(";", " ;"), "; ".join((en, *(each.en for each in why)))
    )
