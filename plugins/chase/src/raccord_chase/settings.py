"""The settings of a connection: which merchant, where its files come from, when its data and its money are expected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, field_validator, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from raccord.plugin import ServerFolder


class InputKind(StrEnum):
    """Where the report files come from."""

    UPLOAD = "upload"
    FOLDER = "folder"
    SFTP = "sftp"


class ChargebackSource(StrEnum):
    """What tells of chargebacks: the exception reports, or only the CB line of the deposit summary."""

    DETAIL = "detail"
    SUMMARY = "summary"


class ChargeSource(StrEnum):
    """What tells of charges debited apart: a transfer of its own in the deposit summary, or the charge detail alone."""

    SUMMARY = "summary"
    DETAIL = "detail"


Weekday = Annotated[int, Field(ge=1, le=7)]
"""An ISO weekday: 1 is Monday, 7 is Sunday."""


_SFTP: JsonDict = {"input_kind": ["sftp"]}
"""What only this way needs."""
_SELDOM: list[JsonValue] = ["Formats, calendrier et soutien", "Formats, calendar and support"]
"""The heading under which a form keeps what few people touch."""

_WEEKDAYS: JsonDict = {
    "1": ["Lundi", "Monday"],
    "2": ["Mardi", "Tuesday"],
    "3": ["Mercredi", "Wednesday"],
    "4": ["Jeudi", "Thursday"],
    "5": ["Vendredi", "Friday"],
    "6": ["Samedi", "Saturday"],
    "7": ["Dimanche", "Sunday"],
}


class ChaseSettings(BaseModel):
    """What the owner of the merchant account chooses once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    merchant_id: str = Field(
        title="Merchant number (PID)",
        pattern=r"^\d{1,15}$",
        examples=["123456789012"],
        json_schema_extra={"fr": "Numéro de commerçant (PID)"},
    )
    input_kind: InputKind = Field(
        InputKind.UPLOAD,
        title="Where the report files come from",
        json_schema_extra={
            "fr": "Provenance des fichiers de rapport",
            "options": {
                "upload": ["Je les dépose ici", "I upload them here"],
                "folder": ["Un dossier de ce serveur", "A folder of this server"],
                "sftp": ["Le serveur SFTP de Chase", "Chase's SFTP server"],
            },
        },
    )
    folder: ServerFolder = ""
    sftp_host: str = Field("", title="SFTP server", json_schema_extra={"when": _SFTP, "fr": "Serveur SFTP"})
    sftp_port: int = Field(22, ge=1, le=65535, title="SFTP port", json_schema_extra={"when": _SFTP, "fr": "Port SFTP"})
    sftp_user: str = Field("", title="SFTP user", json_schema_extra={"when": _SFTP, "fr": "Utilisateur SFTP"})
    sftp_password: SecretStr = Field(
        SecretStr(""), title="SFTP password", json_schema_extra={"when": _SFTP, "fr": "Mot de passe SFTP"}
    )
    sftp_key: SecretStr = Field(
        SecretStr(""),
        title="SFTP private key (instead of a password)",
        json_schema_extra={"when": _SFTP, "fr": "Clé privée SFTP (au lieu d’un mot de passe)"},
    )
    sftp_host_key: str = Field(
        "",
        title="Fingerprint of the server's key (SHA256:…)",
        description="Chase tells it to you; a server that shows another key is refused.",
        json_schema_extra={
            "when": _SFTP,
            "fr": "Empreinte de la clé du serveur (SHA256:…)",
            "fr_hint": "Chase vous la donne ; un serveur qui montre une autre clé est refusé.",
        },
    )
    sftp_folder: str = Field(
        ".", title="Folder on the server", json_schema_extra={"when": _SFTP, "fr": "Dossier sur le serveur"}
    )
    zip_password: SecretStr = Field(
        SecretStr(""),
        title="Password of the ZIP files",
        json_schema_extra={"fold": _SELDOM, "fr": "Mot de passe des fichiers ZIP"},
    )
    layout: str = Field(
        "2022",
        pattern=r"^[0-9a-z-]{1,20}$",
        title="Version of the record layouts",
        json_schema_extra={"fold": _SELDOM, "fr": "Version des formats d’enregistrement"},
    )
    layout_file: str = Field(
        "",
        title="Own file of record layouts (instead of a version)",
        json_schema_extra={"fold": _SELDOM, "fr": "Fichier de formats propre (au lieu d’une version)"},
    )
    chargebacks_from: ChargebackSource = Field(
        ChargebackSource.DETAIL,
        title="Chargebacks come from the detail (PDE reports) or only from the deposit summary",
        json_schema_extra={
            "fold": _SELDOM,
            "fr": "Rétrofacturations selon le détail (rapports PDE) ou seulement le sommaire du dépôt",
            "options": {
                "detail": ["Le détail (rapports PDE)", "The detail (PDE reports)"],
                "summary": ["Le sommaire du dépôt", "The deposit summary"],
            },
        },
    )
    charges_from: ChargeSource = Field(
        ChargeSource.SUMMARY,
        title="Charges debited apart come as transfers of the deposit summary, or only in the charge detail (FIN0011)",
        description="Choose the detail only if the summary (FIN0010) never lists those debits.",
        json_schema_extra={
            "fold": _SELDOM,
            "fr": "Frais débités à part selon les virements du sommaire, ou seulement selon leur détail (FIN0011)",
            "fr_hint": "Choisissez le détail seulement si le sommaire (FIN0010) ne donne jamais ces débits.",
            "options": {
                "summary": ["Les virements du sommaire (FIN0010)", "Transfers of the summary (FIN0010)"],
                "detail": ["Leur détail seulement (FIN0011)", "Their detail only (FIN0011)"],
            },
        },
    )
    currency: str = Field(
        "",
        pattern=r"^([A-Z]{3})?$",
        examples=["CAD"],
        title="Currency of the merchant account (empty: the company's)",
        json_schema_extra={"fold": _SELDOM, "fr": "Devise du compte de commerçant (vide : celle de la société)"},
    )
    funding_days: int = Field(
        1,
        ge=0,
        le=10,
        title="Business days from the end of a report to the money at the bank",
        json_schema_extra={"fold": _SELDOM, "fr": "Jours ouvrables entre la fin d’un rapport et l’argent à la banque"},
    )
    delivery_lag_days: int = Field(
        1,
        ge=1,
        le=7,
        title="Days after which a day's data is expected",
        json_schema_extra={"fold": _SELDOM, "fr": "Jours après lesquels les données d’un jour sont attendues"},
    )
    delivery_days: frozenset[Weekday] = Field(
        frozenset({1, 2, 3, 4, 5}),
        min_length=1,
        title="Weekdays on which files are delivered",
        json_schema_extra={"fold": _SELDOM, "fr": "Jours de livraison des fichiers", "options": _WEEKDAYS},
    )
    holidays: frozenset[date] = Field(
        frozenset(),
        max_length=500,
        title="Holidays: no delivery, no deposit",
        json_schema_extra={"fold": _SELDOM, "fr": "Jours fériés : ni livraison, ni dépôt"},
    )
    support_phone: str = Field(
        "1-800-507-0782",
        title="Chase support phone",
        json_schema_extra={"fold": _SELDOM, "fr": "Téléphone du soutien Chase"},
    )

    @model_validator(mode="before")
    @classmethod
    def _folder_says_its_kind(cls, values: object) -> object:
        """Take a folder that is named for where the files come from, where nothing else is said of that."""
        if isinstance(values, Mapping) and values.get("folder") and "input_kind" not in values:
            return {**values, "input_kind": InputKind.FOLDER}
        return values

    @field_validator("sftp_host_key")
    @classmethod
    def _fingerprint(cls, value: str) -> str:
        value = value.strip().rstrip("=")
        if value and not (value.startswith("SHA256:") and len(value) == 50):
            raise PydanticCustomError(
                "chase.settings_fingerprint",
                "The fingerprint looks like SHA256: followed by 43 characters. · "
                "L’empreinte s’écrit SHA256: suivi de 43 caractères.",
            )
        return value

    @model_validator(mode="after")
    def _input_is_complete(self) -> Self:
        if self.input_kind is InputKind.FOLDER and not self.folder:
            raise PydanticCustomError("chase.settings_folder", "Give the folder. · Indiquez le dossier.")
        if self.input_kind is InputKind.SFTP:
            if not (self.sftp_host and self.sftp_user and self.sftp_host_key):
                raise PydanticCustomError(
                    "chase.settings_sftp",
                    "SFTP needs the server, the user and the fingerprint of the server's key. · "
                    "SFTP demande le serveur, l’utilisateur et l’empreinte de la clé du serveur.",
                )
            if not (self.sftp_password.get_secret_value() or self.sftp_key.get_secret_value()):
                raise PydanticCustomError(
                    "chase.settings_sftp_secret",
                    "SFTP needs a password or a private key. · SFTP demande un mot de passe ou une clé privée.",
                )
        return self
