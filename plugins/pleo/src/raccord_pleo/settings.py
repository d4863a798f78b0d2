"""The settings of a connection: which company at Pleo, and what opens it, a key or a sign-in."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from raccord_pleo.access import Place


class Way(StrEnum):
    """How the company is opened."""

    API_KEY = "api_key"
    OAUTH = "oauth"


_HERE = ("127.0.0.1", "::1", "localhost")


def _kept(title: str, french: str) -> Any:
    """Return a secret that signing in writes and no form shows."""
    return Field(SecretStr(""), title=title, json_schema_extra={"fr": french, "kept": True})


class PleoSettings(BaseModel):
    """What the owner of the Pleo account enters once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    company_id: str = Field(
        title="Company id at Pleo",
        pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
        examples=["3f2504e0-4f89-41d3-9a0c-0305e82c3301"],
        json_schema_extra={"fr": "Identifiant de la société chez Pleo"},
    )
    way: Way = Field(
        Way.API_KEY,
        title="How Pleo lets you in",
        json_schema_extra={
            "fr": "Comment Pleo vous laisse entrer",
            "options": {
                "api_key": ["Une clé d’API", "An API key"],
                "oauth": ["Une autorisation donnée chez Pleo (OAuth)", "An authorisation given at Pleo (OAuth)"],
            },
        },
    )
    api_key: SecretStr = Field(
        SecretStr(""),
        title="API key of Pleo",
        json_schema_extra={"fr": "Clé d’API de Pleo", "when": {"way": ["api_key"]}},
    )
    client_id: str = Field(
        "",
        title="Client id that Pleo gave",
        description="Pleo registers clients, with the address of these pages that people come back to.",
        json_schema_extra={
            "fr": "Identifiant de client donné par Pleo",
            "fr_hint": "Pleo inscrit les clients, avec l’adresse de ces pages où l’on revient.",
            "when": {"way": ["oauth"]},
        },
    )
    client_secret: SecretStr = Field(
        SecretStr(""),
        title="Client secret that Pleo gave",
        json_schema_extra={"fr": "Secret de client donné par Pleo", "when": {"way": ["oauth"]}},
    )
    pending: SecretStr = Field(
        SecretStr(""), title="Authorisation under way", json_schema_extra={"fr": "Autorisation en cours", "kept": True}
    )
    """An authorisation that somebody set out for: the state and the PKCE verifier."""
    access_token: SecretStr = Field(
        SecretStr(""), title="Access token", json_schema_extra={"fr": "Jeton d’accès", "kept": True}
    )
    refresh_token: SecretStr = Field(
        SecretStr(""), title="Refresh token", json_schema_extra={"fr": "Jeton de renouvellement", "kept": True}
    )
    access_ends: SecretStr = Field(
        SecretStr(""), title="End of the access token", json_schema_extra={"fr": "Fin du jeton d’accès", "kept": True}
    )
    messages_at: SecretStr = Field(
        SecretStr(""),
        title="Where Pleo sends its messages",
        json_schema_extra={"fr": "Où Pleo envoie ses messages", "kept": True},
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
    auth_address: str = Field(
        "",
        title="Another address of the sign-in, for a trial",
        json_schema_extra={"fr": "Autre adresse de l’autorisation, pour un essai", "when": {"way": ["oauth"]}},
    )
    receipts_address: str = Field(
        "",
        title="Address that the receipts come from, where it is another one",
        json_schema_extra={"fr": "Adresse d’où viennent les justificatifs, si c’en est une autre"},
    )

    @model_validator(mode="after")
    def _addresses_are_safe(self) -> Self:
        for name in ("address", "receipts_address", "auth_address"):
            parts = urlsplit(getattr(self, name))
            safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
            if getattr(self, name) and not (safe and parts.hostname):
                raise PydanticCustomError(
                    "address_unsafe",
                    "{field}: begin with https:// and name a host",
                    {"field": name, "fr": "{field} : commencez par https:// et nommez un hôte"},
                )
        return self

    @model_validator(mode="after")
    def _something_opens_it(self) -> Self:
        if self.way is Way.API_KEY and not self.api_key.get_secret_value():
            raise PydanticCustomError(
                "key_missing", "Give the API key of Pleo.", {"fr": "Donnez la clé d’API de Pleo."}
            )
        return self

    @property
    def auth(self) -> str:
        """Return the address of Pleo's sign-in, without a slash at its end."""
        return self.auth_address.rstrip("/") or self.place.auth

    @property
    def base(self) -> str:
        """Return the address of the interface, without a slash at its end."""
        return self.address.rstrip("/") or self.place.api
