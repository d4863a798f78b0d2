"""Which accounts at a provider a person chose, and what each is: kept with the settings, one a line."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from raccord.plugin import Asked, AskKind, Reauthorise, Text

TAKE = "take:"
ACCOUNTS_MAX = 190
_CARD = re.compile(r"\b(?:credit|cr[ée]dit|card|carte|visa|master ?card|amex|american express)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Choice:
    """An account at a provider that is read."""

    id: str
    key: str
    name: str
    card: bool = False


def key_of(provider: str, *ids: str) -> str:
    """Return a key for an account that is the same whenever the provider names it, whatever a person calls it."""
    tail = "".join(each for each in ids[-1] if each.isascii() and each.isalnum())[-4:]
    digest = hashlib.sha256("\x1f".join(ids).encode("utf-8", "replace")).hexdigest()
    return f"{provider}-{tail}-{digest[:10]}"


def write_choices(choices: Iterable[Choice]) -> str:
    """Return choices as a setting."""
    return "\n".join(
        json.dumps({"id": each.id, "key": each.key, "name": each.name, "card": each.card}, ensure_ascii=False)
        for each in choices
    )


def read_choices(said: str) -> Sequence[Choice]:
    """Return the choices of a setting; raises ``ValueError`` where it holds something else."""
    found = []
    for line in filter(str.strip, said.splitlines()):
        value = json.loads(line, parse_float=Decimal)
        if not isinstance(value, dict) or not {"id", "key", "name", "card"} <= value.keys():
            raise ValueError("no choice of an account")
        found.append(Choice(str(value["id"]), str(value["key"]), str(value["name"]), value["card"] is True))
    return found


def offer(found: Sequence[Choice], held: Mapping[str, Choice]) -> Sequence[Asked]:
    """Ask which of the accounts are to be read, those that are read already first; what each is, is told with its
    account in the books.
    """
    return [
        Asked(
            TAKE + each.id, Text(f"Lire « {each.name} »", f"Read “{each.name}”"), AskKind.PICK,
            "on" if each.id in held or not held else "",
        )
        for each in sorted(found, key=lambda each: each.id not in held)[:ACCOUNTS_MAX]
    ]  # fmt: skip


def taken(
    found: Sequence[Choice], answers: Mapping[str, str], held: Mapping[str, Choice], *, guess: bool = True
) -> Sequence[Choice]:
    """Return the accounts that were ticked; one that was chosen before keeps its key and what it is.

    Whether a new one is a card is guessed by its name where nothing says it.
    """
    return [
        replace(each, key=held[each.id].key, card=held[each.id].card)
        if each.id in held
        else replace(each, card=bool(each.card or (guess and _CARD.search(each.name))))
        for each in found
        if TAKE + each.id in answers
    ]


def with_cards(choices: Iterable[Choice], cards: Mapping[str, bool]) -> Sequence[Choice]:
    """Return choices with what a person said of them by their keys: a card, or not."""
    return [replace(each, card=cards.get(each.key, each.card)) for each in choices]


def nothing_chosen() -> Text:
    return Text("Choisissez au moins un compte.", "Choose at least one account.")


def not_signed_in(provider: str) -> Reauthorise:
    return Reauthorise(
        Text(
            f"{provider} : personne ne s’est encore connecté, ou aucun compte n’est choisi. Ouvrez « Se connecter à la "
            "source » dans la page de la connexion (raccord connect signin). Rien n’est perdu.",
            f"{provider}: nobody has signed in yet, or no account is chosen. Open “Sign in at the source” on the "
            "connection's page (raccord connect signin). Nothing is lost.",
        )
    )
