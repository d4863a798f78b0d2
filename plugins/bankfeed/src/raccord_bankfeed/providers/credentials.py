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


class OfxCredentials(BaseModel):
    """OFX Direct Connect: what the person types on the bank's own site, and where its server is."""

    ofx_url: str = Field(
        default="",
        max_length=300,
        title="Address of the bank's OFX server",
        description="The bank tells it, with ORG and FID, where it offers Direct Connect.",
        json_schema_extra=when(
            "ofx",
            "Adresse du serveur OFX de la banque",
            fr_hint="La banque la donne, avec ORG et FID, si elle offre Direct Connect.",
        ),
    )
    ofx_org: str = Field(default="", max_length=32, title="ORG", json_schema_extra=when("ofx", "ORG"))
    ofx_fid: str = Field(default="", max_length=32, title="FID", json_schema_extra=when("ofx", "FID"))
    ofx_user: str = Field(
        default="",
        max_length=64,
        title="User name at the bank",
        json_schema_extra=when("ofx", "Utilisateur à la banque"),
    )
    ofx_password: SecretStr = Field(
        default=SecretStr(""),
        title="Password at the bank",
        json_schema_extra=when("ofx", "Mot de passe à la banque"),
    )
    ofx_version: str = Field(
        default="103",
        pattern=r"^(102|103|151|160|200|201|202|203|211|220)$",
        title="OFX version",
        description="103 or 211 know second factors; take 102 where the bank refuses these.",
        json_schema_extra=when(
            "ofx",
            "Version d’OFX",
            fr_hint="103 ou 211 connaissent le second facteur ; 102 si la banque les refuse.",
        ),
    )
    ofx_history_days: int = Field(
        default=90,
        ge=1,
        le=730,
        title="Days back that the bank gives",
        json_schema_extra=when("ofx", "Jours en arrière que la banque donne"),
    )
    ofx_client: SecretStr = Field(
        default=SecretStr(""),
        title="What this installation is known by at the bank",
        json_schema_extra=when("ofx", "Ce à quoi la banque reconnaît cette installation", kept=True),
    )
    ofx_access_key: SecretStr = Field(
        default=SecretStr(""),
        title="Access that the second factor gave",
        json_schema_extra=when("ofx", "Accès que le second facteur a donné", kept=True),
    )
    ofx_accounts: SecretStr = Field(
        default=SecretStr(""),
        title="Accounts that the bank listed",
        json_schema_extra=when("ofx", "Comptes que la banque a énumérés", kept=True),
    )
    ofx_step: str = Field(
        default="",
        max_length=20,
        title="Where signing in stands",
        json_schema_extra=when("ofx", "Où en est la connexion à la source", kept=True),
    )

    @field_validator("ofx_url")
    @classmethod
    def _server(cls, value: str) -> str:
        # Its end counts: servers tell apart a folder and what is in it.
        checked_address(value)
        return value.strip()


class PayPalCredentials(BaseModel):
    """PayPal: an application of the business account's own, with the right to search transactions."""

    paypal_server: str = Field(
        default="https://api-m.paypal.com",
        max_length=200,
        title="PayPal server",
        description="https://api-m.sandbox.paypal.com for PayPal's sandbox.",
        json_schema_extra=when(
            "paypal", "Serveur PayPal", fr_hint="https://api-m.sandbox.paypal.com pour le bac à sable de PayPal."
        ),
    )
    paypal_client_id: str = Field(
        default="", max_length=200, title="Client ID", json_schema_extra=when("paypal", "Client ID")
    )
    paypal_secret: SecretStr = Field(
        default=SecretStr(""),
        title="Secret",
        description="Of an application made at developer.paypal.com with “Transaction search” ticked.",
        json_schema_extra=when(
            "paypal",
            "Secret",
            fr_hint="D’une application créée sur developer.paypal.com, « Transaction search » cochée.",
        ),
    )

    @field_validator("paypal_server")
    @classmethod
    def _paypal_address(cls, value: str) -> str:
        return checked_address(value)


class PlaidCredentials(BaseModel):
    """Plaid: keys of the company's own Plaid account; the bank's password is typed at Plaid or the bank, never here."""

    plaid_server: str = Field(
        default="https://production.plaid.com",
        max_length=200,
        title="Plaid server",
        description="https://sandbox.plaid.com for Plaid's sandbox.",
        json_schema_extra=when(
            "plaid", "Serveur Plaid", fr_hint="https://sandbox.plaid.com pour le bac à sable de Plaid."
        ),
    )
    plaid_client_id: str = Field(
        default="", max_length=200, title="client_id", json_schema_extra=when("plaid", "client_id")
    )
    plaid_secret: SecretStr = Field(
        default=SecretStr(""),
        title="secret",
        description="Both stand at dashboard.plaid.com under “Keys”; the secret is that of the server above.",
        json_schema_extra=when(
            "plaid",
            "secret",
            fr_hint="Les deux sont sur dashboard.plaid.com, « Keys » ; le secret est celui du serveur ci-dessus.",
        ),
    )
    plaid_countries: str = Field(
        default="CA,US",
        pattern=r"^[A-Z]{2}(,[A-Z]{2})*$",
        max_length=80,
        title="Countries of your banks",
        description="Those that Plaid opened for you, with commas: CA,US.",
        json_schema_extra=when(
            "plaid", "Pays de vos banques", fr_hint="Ceux que Plaid vous a ouverts, avec des virgules : CA,US."
        ),
    )
    plaid_history_days: int = Field(
        default=730,
        ge=1,
        le=730,
        title="Days back to ask for",
        description="Plaid goes 730 days back at most, some banks less; it counts when the bank is connected.",
        json_schema_extra=when(
            "plaid",
            "Jours en arrière à demander",
            fr_hint="730 au plus chez Plaid, moins chez certaines banques ; cela compte au moment de relier la banque.",
        ),
    )
    plaid_bank: str = Field(
        default="",
        max_length=100,
        title="Name of your bank (optional)",
        description="Looked for at Plaid before you go there; empty: you look for it there.",
        json_schema_extra=when(
            "plaid",
            "Nom de votre banque (facultatif)",
            fr_hint="Cherchée chez Plaid avant que vous y alliez ; vide : vous la cherchez là-bas.",
        ),
    )
    plaid_user: str = Field(
        default="",
        max_length=40,
        title="What this connection is known by at Plaid",
        json_schema_extra=when("plaid", "Ce à quoi Plaid reconnaît cette connexion", kept=True),
    )
    plaid_link: SecretStr = Field(
        default=SecretStr(""),
        title="Signing in at Plaid that is under way",
        json_schema_extra=when("plaid", "Connexion en cours chez Plaid", kept=True),
    )
    plaid_access: SecretStr = Field(
        default=SecretStr(""),
        title="Access that Plaid gave",
        json_schema_extra=when("plaid", "Accès que Plaid a donné", kept=True),
    )
    plaid_ends: str = Field(
        default="",
        pattern=r"^(\d{4}-\d{2}-\d{2})?$",
        title="Last day of the bank's consent",
        json_schema_extra=when("plaid", "Dernier jour du consentement de la banque", kept=True),
    )

    @field_validator("plaid_server")
    @classmethod
    def _plaid_address(cls, value: str) -> str:
        return checked_address(value)


class EnableBankingCredentials(BaseModel):
    """Enable Banking: an application of the company's own; the bank's password is typed at the bank, never here."""

    enable_server: str = Field(
        default="https://api.enablebanking.com",
        max_length=200,
        title="Enable Banking server",
        description="The same for its sandbox: the application says which of the two it is of.",
        json_schema_extra=when(
            "enable_banking",
            "Serveur d’Enable Banking",
            fr_hint="Le même pour son bac à sable : l’application dit duquel des deux elle est.",
        ),
    )
    enable_application: str = Field(
        default="",
        max_length=100,
        title="Application ID",
        json_schema_extra=when("enable_banking", "Application ID"),
    )
    enable_key: SecretStr = Field(
        default=SecretStr(""),
        title="Private key of the application",
        description="The whole .pem file that the control panel gave, from BEGIN to END.",
        json_schema_extra=when(
            "enable_banking",
            "Clé privée de l’application",
            fr_hint="Le fichier .pem entier donné par le panneau d’Enable Banking, de BEGIN à END.",
        ),
    )
    enable_return: str = Field(
        default="",
        max_length=300,
        title="Return address (optional)",
        description="Where it is not Raccord's own: as it stands among the application's redirect URLs.",
        json_schema_extra=when(
            "enable_banking",
            "Adresse de retour (facultative)",
            fr_hint="Si ce n’est pas celle de Raccord : telle que parmi les « redirect URLs » de l’application.",
        ),
    )
    enable_country: str = Field(
        default="FR",
        pattern=r"^[A-Z]{2}$",
        title="Country of the bank",
        json_schema_extra=when("enable_banking", "Pays de la banque"),
    )
    enable_bank: str = Field(
        default="",
        max_length=120,
        title="Name of the bank",
        description="Part of it is enough; what is found is offered.",
        json_schema_extra=when(
            "enable_banking", "Nom de la banque", fr_hint="Une partie suffit ; ce qui se trouve est proposé."
        ),
    )
    enable_psu: str = Field(
        default="business",
        pattern=r"^(business|personal)$",
        title="Kind of access at the bank",
        json_schema_extra=when(
            "enable_banking",
            "Genre d’accès à la banque",
            options={"business": ["Entreprise", "Business"], "personal": ["Particulier", "Personal"]},
        ),
    )
    enable_history_days: int = Field(
        default=89,
        ge=1,
        le=730,
        title="Days back",
        description="Most banks give 89 days without a person; some give more.",
        json_schema_extra=when(
            "enable_banking",
            "Jours en arrière",
            fr_hint="La plupart des banques donnent 89 jours sans personne ; certaines davantage.",
        ),
    )
    enable_state: str = Field(
        default="",
        max_length=200,
        title="Signing in that is under way",
        json_schema_extra=when("enable_banking", "Connexion en cours", kept=True),
    )
    enable_session: SecretStr = Field(
        default=SecretStr(""),
        title="Access that the bank gave",
        json_schema_extra=when("enable_banking", "Accès que la banque a donné", kept=True),
    )
    enable_accounts: SecretStr = Field(
        default=SecretStr(""),
        title="Accounts that the bank listed",
        json_schema_extra=when("enable_banking", "Comptes que la banque a énumérés", kept=True),
    )
    enable_ends: str = Field(
        default="",
        pattern=r"^(\d{4}-\d{2}-\d{2})?$",
        title="Last day of the bank's consent",
        json_schema_extra=when("enable_banking", "Dernier jour du consentement de la banque", kept=True),
    )

    @field_validator("enable_server", "enable_return")
    @classmethod
    def _enable_address(cls, value: str) -> str:
        # The end of a return address counts: it is compared with the registered one.
        checked_address(value)
        return value.strip()
