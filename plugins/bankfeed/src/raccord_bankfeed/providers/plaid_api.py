"""Plaid's API: requests with the keys of a Plaid account, and what its error codes ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from raccord.plugin import ConnectorError, Http, Reauthorise, RetryLater, SourceRefused, Text
from raccord_bankfeed.readers.answers.envelope import read_json
from raccord_bankfeed.readers.answers.json_rows import Row, row_of, text
from raccord_bankfeed.readers.texts import excerpt
from raccord_bankfeed.settings import BankFeedSettings

API_VERSION = "2020-09-14"
NOT_READY_AFTER = timedelta(minutes=2)
MUTATION = "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION"
NOT_READY = "PRODUCT_NOT_READY"
LINK_OVER = frozenset({"INVALID_LINK_TOKEN", "INVALID_PUBLIC_TOKEN"})
ITEM_OVER = frozenset({"ITEM_NOT_FOUND", "INVALID_ACCESS_TOKEN", "USER_PERMISSION_REVOKED", "ACCESS_NOT_GRANTED"})
"""The access is gone for good: the bank has to be connected anew."""
_SIGN_IN = frozenset(
    {
        "ITEM_LOGIN_REQUIRED", "ITEM_LOCKED", "INVALID_CREDENTIALS", "INVALID_MFA", "INVALID_UPDATED_USERNAME",
        "INSUFFICIENT_CREDENTIALS", "USER_SETUP_REQUIRED", "USER_INPUT_TIMEOUT", "PASSWORD_RESET_REQUIRED",
        "ADDITIONAL_CONSENT_REQUIRED", "NO_ACCOUNTS", "ITEM_NO_ERROR",
    }
)  # fmt: skip
_KEYS = frozenset({"INVALID_API_KEYS", "UNAUTHORIZED_ENVIRONMENT", "MISSING_FIELDS"})
_LATER_TYPES = frozenset({"INSTITUTION_ERROR", "API_ERROR", "RATE_LIMIT_EXCEEDED"})
_NEVER = frozenset({"INSTITUTION_NO_LONGER_SUPPORTED", "UNSUPPORTED_RESPONSE"})
_OK = 200


class PlaidError(Exception):
    """Raised where Plaid refuses: its own words, before it is decided what they ask for."""

    def __init__(self, type_: str, code: str, said: str) -> None:
        super().__init__(code)
        self.type, self.code, self.said = type_, code, said

    @classmethod
    def of(cls, row: Row) -> PlaidError:
        """Read an error as answers and items bear it."""
        said = text(row, "display_message") or text(row, "error_message")
        return cls(text(row, "error_type")[:60], text(row, "error_code")[:60], excerpt(said))

    def asks(self) -> ConnectorError:
        """Return what the error asks for."""
        if self.code == NOT_READY:
            return not_ready()
        if self.code in ITEM_OVER:
            return Reauthorise(
                Text(
                    f"L’accès à la banque n’existe plus chez Plaid ({self.code}). Connectez-vous de nouveau ; compte, "
                    "liens et historique restent.",
                    f"The access to the bank no longer exists at Plaid ({self.code}). Sign in again; account, links "
                    "and history stay.",
                )
            )
        if self.code in _SIGN_IN:
            return Reauthorise(
                Text(
                    f"La banque veut que vous vous y connectiez de nouveau ({self.code}). Ouvrez « Se connecter à la "
                    "source » : la page de Plaid s’ouvre pour cette banque. Rien n’est perdu.",
                    f"The bank wants you to sign in there again ({self.code}). Open “Sign in at the source”: Plaid's "
                    "page opens for this bank. Nothing is lost.",
                )
            )
        if self.code in _KEYS:
            return Reauthorise(
                Text(
                    f"Plaid refuse les clés ({self.code}). Prenez « client_id » et « secret » sur "
                    "dashboard.plaid.com ; le secret est celui du serveur indiqué.",
                    f"Plaid refuses the keys ({self.code}). Take “client_id” and “secret” from dashboard.plaid.com; "
                    "the secret is that of the server that is given.",
                )
            )
        if self.type in _LATER_TYPES and self.code not in _NEVER:
            return RetryLater(
                Text(
                    f"La banque ou Plaid ne répond pas en ce moment ({self.code}) ; nouvel essai plus tard.",
                    f"The bank or Plaid does not answer at the moment ({self.code}); tried again later.",
                )
            )
        return SourceRefused(
            Text(
                f"Plaid refuse la demande ({self.code}) : « {self.said} ». Si cela dure, importez les fichiers de la "
                "banque.",
                f"Plaid refuses what was asked ({self.code}): “{self.said}”. If that lasts, import the bank's files.",
            )
        )


@dataclass(frozen=True, slots=True)
class PlaidApi:
    """Plaid as one connection asks it; every request is a POST with JSON."""

    http: Http
    server: str
    headers: Mapping[str, str]

    @classmethod
    def of(cls, http: Http, settings: BankFeedSettings) -> PlaidApi:
        """Take the keys from the settings; raises where they are not all there."""
        secret = settings.plaid_secret.get_secret_value()
        if not (settings.plaid_client_id and secret):
            raise Reauthorise(
                Text(
                    "Indiquez « client_id » et « secret » de votre compte Plaid (dashboard.plaid.com, « Keys »).",
                    "Give “client_id” and “secret” of your Plaid account (dashboard.plaid.com, “Keys”).",
                )
            )
        keys = {"PLAID-CLIENT-ID": settings.plaid_client_id, "PLAID-SECRET": secret, "Plaid-Version": API_VERSION}
        return cls(http, settings.plaid_server, keys)

    def ask(self, path: str, said: Mapping[str, object]) -> Row:
        """Return an answer that is well. Raises :class:`PlaidError`."""
        return self.ask_whole(path, said)[0]

    def ask_whole(self, path: str, said: Mapping[str, object]) -> tuple[Row, bytes]:
        """Return an answer that is well, read and as it came. Raises :class:`PlaidError`."""
        answer = self.http.post(f"{self.server}{path}", json=said, headers=self.headers)
        try:
            read = row_of(read_json(answer.content))
        except ValueError:
            read = {}
        if answer.status == _OK and read:
            return read, answer.content
        if text(read, "error_code"):
            raise PlaidError.of(read)
        raise not_usable(answer.status)

    def item(self, access: str) -> Row:
        """Return what Plaid knows of the access to a bank. Raises :class:`PlaidError`."""
        return row_of(self.ask("/item/get", {"access_token": access}).get("item"))


def not_ready() -> RetryLater:
    return RetryLater(
        Text(
            "Plaid va encore chercher les opérations à la banque ; nouvel essai dans quelques minutes.",
            "Plaid is still fetching the transactions from the bank; tried again in some minutes.",
        ),
        NOT_READY_AFTER,
    )


def not_usable(status: int) -> RetryLater:
    return RetryLater(
        Text(
            f"La réponse de Plaid est abîmée ou n’en est pas une ({status}) ; la même chose sera redemandée.",
            f"Plaid's answer is damaged or is none ({status}); the same is asked for again.",
        )
    )
