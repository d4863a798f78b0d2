"""Enable Banking's API: requests signed with the application's private key, and what its error codes ask for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from raccord.plugin import ConnectorError, Http, Reauthorise, RetryLater, SourceRefused, Text
from raccord.plugin.contexts import Answer
from raccord_bankfeed.readers.answers.envelope import read_json
from raccord_bankfeed.readers.answers.json_rows import Row, row_of, text
from raccord_bankfeed.readers.texts import excerpt
from raccord_bankfeed.settings import BankFeedSettings

TOKEN_LASTS = timedelta(hours=1)
WAIT = timedelta(hours=1)
"""A bank that refuses to be asked is left alone so long: it counts its four times over a day."""
CODE_OVER = frozenset({"WRONG_AUTHORIZATION_CODE", "EXPIRED_AUTHORIZATION_CODE", "ALREADY_AUTHORIZED"})
ACCOUNT_OVER = frozenset({"ACCOUNT_DOES_NOT_EXIST", "ASPSP_ACCOUNT_NOT_ACCESSIBLE"})
SESSION_OVER = frozenset(
    {"CLOSED_SESSION", "EXPIRED_SESSION", "REVOKED_SESSION", "SESSION_DOES_NOT_EXIST", "WRONG_SESSION_STATUS"}
)
_PERSON = SESSION_OVER | {"ASPSP_PSU_ACTION_REQUIRED", "PSU_HEADER_NOT_PROVIDED"}
_LATER = frozenset({"ASPSP_ERROR", "ASPSP_TIMEOUT", "ASPSP_RATE_LIMIT_EXCEEDED"})
_KEYS = frozenset({"UNAUTHORIZED_ACCESS", "ACCESS_DENIED", "UNAUTHORIZED_IP", "NO_ACCOUNTS_ADDED"})
_OK = 200
_PEM = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----(.*?)-----END \1-----", re.DOTALL)
_LINE_CHARS = 64


class EnableBankingError(Exception):
    """Raised where Enable Banking refuses: its own words, before it is decided what they ask for."""

    def __init__(self, code: str, said: str) -> None:
        super().__init__(code)
        self.code, self.said = code, said

    def asks(self) -> ConnectorError:
        """Return what the error asks for."""
        if self.code in _PERSON:
            return consent_over(self.code)
        if self.code in _LATER:
            return RetryLater(
                Text(
                    f"La banque ne répond pas ou a été assez interrogée pour aujourd’hui ({self.code}) ; nouvel essai "
                    "plus tard.",
                    f"The bank does not answer, or was asked often enough today ({self.code}); tried again later.",
                ),
                WAIT,
            )
        if self.code == "WRONG_TRANSACTIONS_PERIOD":
            return SourceRefused(
                Text(
                    "La banque ne remonte pas si loin. Diminuez « Jours en arrière » dans les réglages de la "
                    "connexion ; les jours d’avant viennent par un fichier (CSV ou autre).",
                    "The bank does not go back that far. Lower “Days back” in the connection's settings; the days "
                    "before come by a file (CSV or other).",
                )
            )
        if self.code == "REDIRECT_URI_NOT_ALLOWED":
            return SourceRefused(
                Text(
                    "L’adresse de retour n’est pas celle de votre application chez Enable Banking. Écrivez-la "
                    "pareille.",
                    "The return address is not that of your application at Enable Banking. Write it the same.",
                )
            )
        if self.code in _KEYS:
            return Reauthorise(
                Text(
                    f"Enable Banking ne permet pas cela à votre application ({self.code}) : « {self.said} ».",
                    f"Enable Banking does not allow your application this ({self.code}): “{self.said}”.",
                )
            )
        return SourceRefused(
            Text(
                f"Enable Banking refuse la demande ({self.code}) : « {self.said} ». Si cela dure, importez les "
                "fichiers de la banque.",
                f"Enable Banking refuses what was asked ({self.code}): “{self.said}”. If that lasts, import the bank's "
                "files.",
            )
        )


@dataclass(frozen=True, slots=True)
class EnableBankingApi:
    """Enable Banking as one application asks it."""

    http: Http
    server: str
    headers: Mapping[str, str]

    @classmethod
    def of(cls, http: Http, settings: BankFeedSettings, now: datetime) -> EnableBankingApi:
        """Sign a token with the key of the settings; raises where application or key are missing or no such."""
        application = settings.enable_application
        try:
            key = RSAKey.import_key(_pem(settings.enable_key.get_secret_value()))
        except (JoseError, ValueError):
            key = None
        if not application or key is None:
            raise Reauthorise(
                Text(
                    "Indiquez l’« application ID » d’Enable Banking et la clé privée de l’application : le fichier "
                    ".pem entier, de « BEGIN PRIVATE KEY » à « END PRIVATE KEY ».",
                    "Give Enable Banking's application ID and the application's private key: the whole .pem file, from "
                    "“BEGIN PRIVATE KEY” to “END PRIVATE KEY”.",
                )
            )
        claims = {
            "iss": "enablebanking.com", "aud": "api.enablebanking.com", "iat": int(now.timestamp()),
            "exp": int((now + TOKEN_LASTS).timestamp()),
        }  # fmt: skip
        token = jwt.encode({"typ": "JWT", "alg": "RS256", "kid": application}, claims, key)
        return cls(http, settings.enable_server, {"Authorization": f"Bearer {token}"})

    def get(self, path: str, asked: Mapping[str, str] | None = None) -> Row:
        """Return an answer that is well. Raises :class:`EnableBankingError`."""
        return self.get_whole(path, asked)[0]

    def get_whole(self, path: str, asked: Mapping[str, str] | None = None) -> tuple[Row, bytes]:
        """Return an answer that is well, read and as it came. Raises :class:`EnableBankingError`."""
        query = f"?{urlencode(asked)}" if asked else ""
        try:
            answer = self.http.get(f"{self.server}{path}{query}", headers=self.headers)
        except Reauthorise:
            raise consent_over("401") from None
        except RetryLater as error:
            raise RetryLater(error.text, max(error.after, WAIT)) from None
        return _read(answer), answer.content

    def post(self, path: str, said: Mapping[str, object]) -> Row:
        """Return an answer that is well. Raises :class:`EnableBankingError`."""
        try:
            return _read(self.http.post(f"{self.server}{path}", json=said, headers=self.headers))
        except Reauthorise:
            raise consent_over("401") from None

    def delete(self, path: str) -> Row:
        """Return an answer that is well. Raises :class:`EnableBankingError`."""
        try:
            return _read(self.http.delete(f"{self.server}{path}", headers=self.headers))
        except Reauthorise:
            raise consent_over("401") from None


def consent_over(code: str) -> Reauthorise:
    """Say that the bank wants the person again."""
    return Reauthorise(
        Text(
            f"L’accès est refusé ({code}) : le consentement donné à la banque a pris fin ou a été retiré, ou "
            "la clé n’est pas celle de l’application. Connectez-vous de nouveau ; compte, liens et historique restent.",
            f"The access is refused ({code}): the consent given at the bank has ended or was taken back, or the key is "
            "not the application's. Sign in at the source again; account, links and history stay.",
        )
    )


def not_usable() -> RetryLater:
    return RetryLater(
        Text(
            "La réponse d’Enable Banking est abîmée ou n’en est pas une ; ces jours seront redemandés.",
            "Enable Banking's answer is damaged or is none; these days are asked for again.",
        )
    )


def _read(answer: Answer) -> Row:
    try:
        read = row_of(read_json(answer.content))
    except ValueError:
        read = {}
    if answer.status == _OK and read:
        return read
    if code := text(read, "error")[:60] or text(read, "code")[:60]:
        raise EnableBankingError(code, excerpt(text(read, "message")))
    raise not_usable()


def _pem(said: str) -> str:
    """Return a key in lines: a form makes one line of what is pasted, other places write ``\\n`` as two characters."""
    found = _PEM.search(said.replace("\\n", "\n"))
    if found is None:
        raise ValueError("no private key")
    plain = "".join(found[2].split())
    lines = [plain[place : place + _LINE_CHARS] for place in range(0, len(plain), _LINE_CHARS)]
    return "\n".join((f"-----BEGIN {found[1]}-----", *lines, f"-----END {found[1]}-----", ""))
