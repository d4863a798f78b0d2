"""The settings of a connection: which Plannit account, how its data comes, and when the cut-over was."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from raccord.plugin import ServerFolder
from raccord.plugin.contract import Intake, Pull, checked_columns, known_columns, said_columns
from raccord_plannit.contract import CONTRACT

_COLUMNS_MAX = 200


class InputKind(StrEnum):
    """How the data comes; signed messages are taken in whichever is chosen."""

    UPLOAD = "upload"
    FOLDER = "folder"
    PULL = "pull"


class PlannitSettings(BaseModel):
    """What the person who connects Plannit says once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: str = Field(
        title="Plannit account (the name under which you sign in)",
        min_length=1,
        max_length=100,
        json_schema_extra={"fr": "Compte Plannit (le nom sous lequel vous vous connectez)"},
    )
    input_kind: InputKind = Field(
        InputKind.UPLOAD,
        title="How the data comes, beside signed messages",
        json_schema_extra={
            "fr": "Provenance des données, outre les messages signés",
            "options": {
                "upload": ["Je dépose les fichiers ici", "I upload the files here"],
                "folder": ["Un dossier de ce serveur", "A folder of this server"],
                "pull": ["Une adresse qui suit notre contrat", "An address that follows our contract"],
            },
        },
    )
    folder: ServerFolder = ""
    base_url: str = Field(
        "",
        pattern=r"^(https?://.+)?$",
        title="Address that follows the contract",
        json_schema_extra={"fr": "Adresse qui suit le contrat", "when": {"input_kind": ["pull"]}},
    )
    token: SecretStr = Field(
        SecretStr(""),
        title="Token of that address",
        json_schema_extra={"fr": "Jeton de cette adresse", "when": {"input_kind": ["pull"]}},
    )
    cut_over: str = Field(
        "",
        title="Moment of the cut-over (empty: the beginning of the first day)",
        description="Only invoices that got their number from this moment on are sent, such as 2026-03-02T09:00-05:00.",
        json_schema_extra={
            "fr": "Moment de la bascule (vide : le début du premier jour)",
            "fr_hint": "Seules les factures numérotées dès ce moment sont envoyées, comme 2026-03-02T09:00-05:00.",
        },
    )
    columns: str = Field(
        "",
        title="Columns of your own tables",
        description="Of other headings, one a line: invoice.number = No de facture",
        json_schema_extra={
            "fr": "Colonnes de vos propres tableaux",
            "fr_hint": "D’autres titres, un par ligne : invoice.number = No de facture",
            "known": known_columns(CONTRACT),
        },
    )

    @field_validator("cut_over")
    @classmethod
    def _moment(cls, value: str) -> str:
        if not value.strip():
            return ""
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise PydanticCustomError(
                "plannit.settings_cut_over",
                "Write the moment with its offset, such as 2026-03-02T09:00-05:00. · "
                "Écrivez le moment avec son décalage, comme 2026-03-02T09:00-05:00.",
            )
        return moment.isoformat()

    @field_validator("columns")
    @classmethod
    def _columns(cls, value: str) -> str:
        return checked_columns(CONTRACT, value, "plannit.settings_columns")

    @model_validator(mode="after")
    def _input_is_complete(self) -> Self:
        if self.input_kind is InputKind.FOLDER and not self.folder:
            raise PydanticCustomError("plannit.settings_folder", "Give the folder. · Indiquez le dossier.")
        if self.input_kind is InputKind.PULL and not (self.base_url and self.token.get_secret_value()):
            raise PydanticCustomError(
                "plannit.settings_pull", "Give the address and its token. · Indiquez l’adresse et son jeton."
            )
        return self

    def intake(self) -> Intake:
        """Return how the data comes, as the contract's transport takes it."""
        pull = Pull(self.base_url, self.token) if self.input_kind is InputKind.PULL else None
        folder = self.folder if self.input_kind is InputKind.FOLDER else ""
        return Intake(folder=folder, pull=pull, said=said_columns(CONTRACT, self.columns), asks=True)

    def cut_over_moment(self) -> datetime | None:
        """Return the moment of the cut-over, where one was said."""
        return datetime.fromisoformat(self.cut_over) if self.cut_over else None
