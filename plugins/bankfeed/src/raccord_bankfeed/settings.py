"""The settings of a connection: where its files come from, and what its accounts are called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from hashlib import blake2b
from typing import Self

from pydantic import ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from raccord.plugin import ServerFolder
from raccord_bankfeed.providers.chosen import read_choices
from raccord_bankfeed.providers.credentials import (
    EnableBankingCredentials,
    OfxCredentials,
    PayPalCredentials,
    PlaidCredentials,
    SimpleFinCredentials,
)
from raccord_bankfeed.readers.table.layout import check_saved
from raccord_bankfeed.readers.told import ACCOUNT_WORDS, WORDS, YEAR_WORDS, Known


class InputKind(StrEnum):
    """Where the bank's files come from."""

    FOLDER = "folder"
    UPLOAD = "upload"
    SIMPLEFIN = "simplefin"
    OFX = "ofx"
    PAYPAL = "paypal"
    PLAID = "plaid"
    ENABLE_BANKING = "enable_banking"


CARD = "card"
"""What the setting ``kinds`` says of an account that is a card."""
_CURRENCY = re.compile(r"[A-Z]{3}")
OVER_THE_NETWORK = frozenset(InputKind) - {InputKind.FOLDER, InputKind.UPLOAD}
"""Ways on which somebody signs in at the source."""


class BankFeedSettings(
    SimpleFinCredentials, OfxCredentials, PayPalCredentials, PlaidCredentials, EnableBankingCredentials
):
    """What the owner of the accounts chooses once; the ledger accounts themselves are choices, not settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input_kind: InputKind = Field(
        default=InputKind.UPLOAD,
        title="How the bank's lines come",
        json_schema_extra={
            "fr": "Comment viennent les lignes de la banque",
            "options": {
                "folder": ["Un dossier de ce serveur", "A folder of this server"],
                "upload": ["Je les dépose ici", "I upload them here"],
                "simplefin": [
                    "SimpleFIN (banques des États-Unis et du Canada)",
                    "SimpleFIN (banks of the USA and Canada)",
                ],
                "ofx": ["OFX Direct Connect (serveur de la banque)", "OFX Direct Connect (the bank's server)"],
                "paypal": ["PayPal", "PayPal"],
                "plaid": [
                    "Plaid (banques d’Amérique du Nord et d’Europe)",
                    "Plaid (banks of North America and Europe)",
                ],
                "enable_banking": ["Enable Banking (banques d’Europe)", "Enable Banking (banks of Europe)"],
            },
        },
    )
    folder: ServerFolder = ""
    accounts: str = Field(
        default="",
        max_length=20_000,
        title="Names of your accounts",
        description="Leave this empty until a file has come: its accounts are then listed here, each to be named.",
        json_schema_extra={
            "fr": "Noms de vos comptes",
            "fr_hint": "Laissez vide tant qu’aucun fichier n’est venu : ses comptes sont ensuite listés ici, à nommer.",
            "known": {"stream": "lines", "key": "account", "called": ["institution", "account_number"], "says": "name"},
        },
    )
    only_named: bool = Field(
        default=False,
        title="Read only the accounts named above",
        json_schema_extra={"fr": "Ne lire que les comptes nommés ci-dessus"},
    )
    currency_if_missing: str = Field(
        default="",
        pattern=r"^([A-Z]{3})?$",
        examples=["CAD"],
        title="Currency of files that state none (empty: that of the account in the books, once chosen)",
        json_schema_extra={
            "fr": "Devise des fichiers qui n’en indiquent pas (vide : celle du compte des livres, une fois choisi)"
        },
    )

    currencies: str = Field(
        default="",
        max_length=20_000,
        title="Currencies of accounts whose files state none",
        description="Written here when you say beside the file which account it is of, one a line: key = CAD.",
        json_schema_extra={
            "fr": "Devises des comptes dont les fichiers n’en indiquent pas",
            "fr_hint": "Écrites ici quand vous dites à côté du fichier de quel compte il est, une par ligne : "
            "clé = CAD.",
            "fold": ["Ce qui a été dit des fichiers", "What was said of files"],
        },
    )

    kinds: str = Field(
        default="",
        max_length=20_000,
        title="What accounts of files are",
        json_schema_extra={"fr": "Ce que sont les comptes des fichiers", "kept": True},
    )

    details: str = Field(
        default="",
        max_length=20_000,
        title="From which day each payment of a batch is a line of its own (CAMT files)",
        description="Empty: a batch is one line. An account that no file told of yet stands as key = 2026-03-01.",
        json_schema_extra={
            "fr": "Jour à partir duquel chaque paiement d’un lot est une ligne (fichiers CAMT)",
            "fr_hint": "Vide : un lot est une seule ligne. Un compte dont aucun fichier n’a encore parlé s’écrit : "
            "clé = 2026-03-01.",
            "known": {"stream": "lines", "key": "account", "called": ["institution", "account_number"], "says": "day"},
            "fold": ["Avancé", "Advanced"],
        },
    )

    answers: str = Field(
        default="",
        max_length=20_000,
        title="Answers to questions about files",
        description="Written here when you answer beside the file, one a line; take a line out to be asked again.",
        json_schema_extra={
            "fr": "Réponses aux questions sur les fichiers",
            "fr_hint": "Écrites ici quand vous répondez à côté du fichier, une par ligne ; retirez une ligne pour que "
            "la question revienne.",
            "fold": ["Ce qui a été dit des fichiers", "What was said of files"],
        },
    )

    csv_columns: str = Field(
        default="",
        max_length=20_000,
        title="Columns of CSV files",
        description="Written here when you say beside the file what its columns are, one layout a line.",
        json_schema_extra={
            "fr": "Colonnes des fichiers CSV",
            "fr_hint": "Écrites ici quand vous dites à côté du fichier ce que sont ses colonnes, une disposition par "
            "ligne.",
            "fold": ["Ce qui a été dit des fichiers", "What was said of files"],
        },
    )

    chosen: str = Field(
        default="",
        max_length=20_000,
        title="Accounts chosen at the source",
        json_schema_extra={"fr": "Comptes choisis à la source", "kept": True},
    )

    left_out: str = Field(
        default="",
        max_length=20_000,
        title="Accounts of files that are left out",
        json_schema_extra={"fr": "Comptes des fichiers laissés de côté", "kept": True},
    )

    @field_validator("chosen")
    @classmethod
    def _choices(cls, value: str) -> str:
        read_choices(value)
        return value

    @field_validator("details")
    @classmethod
    def _days(cls, value: str) -> str:
        for line in filter(str.strip, value.splitlines()):
            key, _, day = line.partition("=")
            try:
                date.fromisoformat(day.strip())
            except ValueError:
                key = ""
            if not key.strip():
                raise PydanticCustomError(
                    "bankfeed.settings_details",
                    "Write each account as: key = YYYY-MM-DD. This line is not: {line} · "
                    "Écrivez chaque compte ainsi : clé = AAAA-MM-JJ. Cette ligne ne l’est pas : {line}",
                    {"line": line.strip()[:80]},
                )
        return value

    @field_validator("currencies")
    @classmethod
    def _codes(cls, value: str) -> str:
        for line in filter(str.strip, value.splitlines()):
            key, _, code = line.partition("=")
            if not (key.strip() and _CURRENCY.fullmatch(code.strip())):
                raise PydanticCustomError(
                    "bankfeed.settings_currencies",
                    "Write each account as: key = CAD, with the three letters of its currency. This line is not: "
                    "{line} · Écrivez chaque compte ainsi : clé = CAD, avec les trois lettres de sa devise. Cette "
                    "ligne ne l’est pas : {line}",
                    {"line": line.strip()[:80]},
                )
        return value

    @field_validator("csv_columns")
    @classmethod
    def _known_columns(cls, value: str) -> str:
        for line in filter(str.strip, value.splitlines()):
            key, mark, said = line.partition("=")
            try:
                check_saved(said)
            except ValueError:
                mark = ""
            if not (mark and key.strip()):
                raise PydanticCustomError(
                    "bankfeed.settings_columns",
                    "Write each layout as: key = date:1 text:2 amount:3 (or debit:3 credit:4). This line is not: "
                    "{line} · Écrivez chaque disposition ainsi : clé = date:1 text:2 amount:3 (ou debit:3 credit:4). "
                    "Cette ligne ne l’est pas : {line}",
                    {"line": line.strip()[:80]},
                )
        return value

    @field_validator("answers")
    @classmethod
    def _known_words(cls, value: str) -> str:
        for line in filter(str.strip, value.splitlines()):
            key, mark, said = line.partition("=")
            if not (mark and key.strip() and said.strip() and _words(said) <= WORDS):
                raise PydanticCustomError(
                    "bankfeed.settings_answers",
                    "Write each answer as: key = word, with words of {words}. This line is not: {line} · "
                    "Écrivez chaque réponse ainsi : clé = mot, avec des mots parmi {words}. Cette ligne ne l’est "
                    "pas : {line}",
                    {
                        "line": line.strip()[:80],
                        "words": ", ".join(sorted(WORDS - {*ACCOUNT_WORDS[1:], *YEAR_WORDS[1:]})),
                    },
                )
        return value

    @field_validator("accounts")
    @classmethod
    def _one_name_a_line(cls, value: str) -> str:
        for line in filter(str.strip, value.splitlines()):
            key, mark, name = line.partition("=")
            if not (mark and key.strip() and name.strip()):
                raise PydanticCustomError(
                    "bankfeed.settings_accounts",
                    "Write each account as: key = name. This line is not: {line} · "
                    "Écrivez chaque compte ainsi : clé = nom. Cette ligne ne l’est pas : {line}",
                    {"line": line.strip()[:80]},
                )
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.input_kind is InputKind.FOLDER and not self.folder:
            raise PydanticCustomError("bankfeed.settings_folder", "Give the folder. · Indiquez le dossier.")
        if self.only_named and not self.account_names():
            raise PydanticCustomError(
                "bankfeed.settings_only_named",
                "Name at least one account to read. · Nommez au moins un compte à lire.",
            )
        return self

    def known(self) -> Known:
        """Return what people said of the connection's files."""
        answers: dict[str, frozenset[str]] = {}
        for line in filter(str.strip, self.answers.splitlines()):
            key, _, said = line.partition("=")
            answers[key.strip()] = answers.get(key.strip(), frozenset()) | _words(said)
        columns = (line.partition("=") for line in self.csv_columns.splitlines() if line.strip())
        details = (line.partition("=") for line in self.details.splitlines() if line.strip())
        return Known(
            answers,
            {key.strip(): said.strip() for key, _, said in columns},
            {key.strip(): date.fromisoformat(day.strip()).isoformat() for key, _, day in details},
            cards=frozenset(key for key, said in _by_key(self.kinds).items() if said == CARD),
        )

    def said(self) -> str:
        """Return a short digest of all that people said which changes how files are read."""
        said = (self.answers, self.csv_columns, self.accounts, *filter(None, (self.chosen, self.details, self.kinds)))
        return blake2b("\x1f".join(said).encode(), digest_size=6).hexdigest()

    def currency_of(self, key: str) -> str:
        """Return the currency of an account whose files state none; empty where nobody said it."""
        return _by_key(self.currencies).get(key, self.currency_if_missing)

    def is_card(self, key: str) -> bool | None:
        """Tell whether a person said that an account is a card; nothing where nobody said what it is."""
        said = _by_key(self.kinds).get(key)
        return None if said is None else said == CARD

    def is_left_out(self, key: str) -> bool:
        """Tell whether a person leaves an account of files out."""
        return key in set_aside(self.left_out)

    def account_names(self) -> Mapping[str, str]:
        """Return the names that people gave to accounts, by account key."""
        return named_accounts(self.chosen, self.accounts)


def set_aside(left_out: str) -> dict[str, str]:
    """Return the accounts that a person leaves out, by key, with what they were called."""
    return _by_key(left_out)


def named_accounts(chosen: str, accounts: str) -> dict[str, str]:
    """Return the names of accounts by their keys, as the two settings of these names have them."""
    return {each.key: each.name for each in read_choices(chosen)} | _by_key(accounts)


def _by_key(lines: str) -> dict[str, str]:
    rows = (line.partition("=") for line in lines.splitlines() if line.strip())
    return {key.strip(): said.strip() for key, _, said in rows}


def _words(said: str) -> frozenset[str]:
    return frozenset(said.replace(",", " ").lower().split())
