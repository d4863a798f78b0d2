"""The settings of a connection: which company at Pleo, and the key that opens it."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from raccord_pleo.access import Place

_HERE = ("127.0.0.1", "::1", "localhost")


class PleoSettings(BaseModel):
    """What the owner of the Pleo account enters once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    company_id: str = Field(
        title="Company id at Pleo",
        pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
        json_schema_extra={"fr": "Identifiant de l’entreprise chez Pleo"},
    )
    api_key: SecretStr = Field(
        title="API key of Pleo",
        min_length=1,
        json_schema_extra={"fr": "Clé d’API de Pleo"},
    )
    place: Place = Field(
        Place.PRODUCTION,
        title="Which of Pleo's installations",
        json_schema_extra={
            "fr": "Quelle installation de Pleo",
            "options": {
                "production": ["Pleo", "Pleo"],
                "staging": ["L’installation d’essai de Pleo", "Pleo's staging installation"],
            },
        },
    )
    address: str = Field(
        "",
        title="Another address of the interface, for a trial",
        json_schema_extra={"fr": "Autre adresse de l’interface, pour un essai"},
    )
    receipts_address: str = Field(
        "",
        title="Address that the receipts come from, where it is another one",
        json_schema_extra={"fr": "Adresse d’où viennent les justificatifs, si c’en est une autre"},
    )

    @model_validator(mode="after")
    def _addresses_are_safe(self) -> Self:
        for name in ("address", "receipts_address"):
            parts = urlsplit(getattr(self, name))
            safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
            if getattr(self, name) and not (safe and parts.hostname):
                raise PydanticCustomError(
                    "address_unsafe",
                    "{field}: begin with https:// and name a host",
                    {"field": name, "fr": "{field} : commencez par https:// et nommez un hôte"},
                )
        return self

    @property
    def base(self) -> str:
        """Return the address of the interface, without a slash at its end."""
        return self.address.rstrip("/") or self.place.api
