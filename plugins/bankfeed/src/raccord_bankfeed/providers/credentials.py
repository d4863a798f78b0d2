"""The credential form of each provider: fields that stand on the form only where that provider is chosen.

A field marked ``kept`` is written by signing in and by nobody else; it is never on a form.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def when(kind: str, fr: str, **more: Any) -> dict[str, Any]:
    """Return what a field says of itself: its French label, and with which kind of input it is asked for."""
    return {"fr": fr, "when": {"input_kind": [kind]}, **more}


def checked_address(value: str) -> str:
    """Return an address without its end; it is ``https``, but for this machine's own."""
    value = value.strip().rstrip("/")
    parts = urlsplit(value)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL)
    if value and not (safe and parts.hostname and parts.username is None):
        raise PydanticCustomError(
            "bankfeed.settings_address",
            "Write the address with https:// and without a password in it. · Écrivez l’adresse avec https:// et sans "
            "mot de passe.",
        )
    return value


class SimpleFinCredentials(BaseModel):
    """SimpleFIN: a token that is exchanged once."""

    simplefin_server: str = Field(
        default="https://bridge.simplefin.org",
        max_length=200,
        title="SimpleFIN server",
        description="Change it only if you run a SimpleFIN server of your own.",
        json_schema_extra=when(
            "simplefin", "Serveur SimpleFIN", fr_hint="À changer seulement si vous tenez votre propre serveur."
        ),
    )
    simplefin_token: SecretStr = Field(
        default=SecretStr(""),
        title="Setup token",
        description="Make one at the bridge under “New connection”; it works once.",
        json_schema_extra=when(
            "simplefin",
            "Jeton de mise en place",
            fr_hint="Créez-le sur le pont, « New connection » ; une seule fois.",
        ),
    )
    simplefin_access: SecretStr = Field(
        default=SecretStr(""),
        title="Access that the token gave",
        json_schema_extra=when("simplefin", "Accès que le jeton a donné", kept=True),
    )

    @field_validator("simplefin_server")
    @classmethod
    def _address(cls, value: str) -> str:
        return checked_address(value)
