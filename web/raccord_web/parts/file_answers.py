"""What a form says of files: a card for each file or account, several cards on one form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.requests import Request

from raccord.errors import RaccordError
from raccord.onboarding.arriving.answering import FileAnswer
from raccord_web.pages.rendering import said_by
from raccord_web.parts.asking_accounts import AskedAccounts, Fault, told_in

CARD = re.compile(r"q([0-9]{1,3})\.(.{1,200})")
COLUMN, ANSWER = "column_", "answer:"
COLUMN_NAME = re.compile(r"column_[0-9]{1,2}")
OF_ANSWERS = "files.answer"
"""Begins the codes of what is wrong with how a file is read; anything else is wrong with which account it is."""
CHOSEN = "chosen"
"""The field that says what each column was taken for when the form was shown."""


@dataclass(frozen=True, slots=True)
class Card:
    """What was typed of one file or account, by the names that its fields have on a form of their own."""

    key: str
    fields: Mapping[str, str]

    @property
    def answer(self) -> FileAnswer:
        """What is to be kept of it; columns come one by one and are put together here."""
        said = {
            name.removeprefix(ANSWER): value for name, value in self.fields.items() if name.startswith(ANSWER) and value
        }
        if self.fields.get("columns"):
            columns = self._columns
            sign = ["sign:reversed"] if self.fields.get("sign") == "reversed" and columns else []
            said[self.fields["columns"]] = " ".join([*columns, *sign])
        return FileAnswer(self.key, said, self.fields.get("scope") != "one", told_in(self.fields))

    @property
    def says(self) -> bool:
        """Whether anything was answered: what stood there already is no answer."""
        answered = any(name.startswith(ANSWER) and value for name, value in self.fields.items())
        account = bool(self.fields.get("ledger") or self.fields.get("name"))
        turned = self.fields.get("sign") == "reversed"
        return answered or account or turned or " ".join(self._columns) != self.fields.get(CHOSEN, "")

    @property
    def _columns(self) -> list[str]:
        named = [(name, part) for name, part in self.fields.items() if COLUMN_NAME.fullmatch(name) and part]
        return [f"{part}:{number}" for number, part in sorted((int(n.removeprefix(COLUMN)), p) for n, p in named)]


def cards_in(fields: Mapping[str, str]) -> list[Card]:
    """Return the cards of a form in their order."""
    found: dict[int, dict[str, str]] = {}
    for name, value in fields.items():
        if (card := CARD.fullmatch(name)) is not None:
            found.setdefault(int(card[1]), {})[card[2]] = value
    return [Card(each.get("key", ""), each) for _, each in sorted(found.items())]


@dataclass(frozen=True, slots=True)
class Refused:
    """Answers that were not kept: why, by the card's key, and what was typed on all cards that stay."""

    errors: Mapping[str, RaccordError]
    typed: Sequence[Card] = ()
    kept: int = 0
    """How many others were kept."""
    nothing: bool = False
    """Whether nothing was answered at all."""

    def on(self, asked: AskedAccounts, request: Request) -> AskedAccounts:
        """Return what is asked with what was typed, and each refusal beside its card."""
        faults = {
            key: Fault(said_by(error, request), of_account=not error.code.startswith(OF_ANSWERS))
            for key, error in self.errors.items()
        }
        typed = {each.key: each.fields for each in self.typed}
        return replace(asked, faulty=faults, typed=typed, kept=self.kept, nothing=self.nothing)
