"""SimpleFIN: a setup token gives access once; accounts with their lines come by windows of days.

The bridge reads banks once a day and suggests 24 requests a day; windows of more than 90 days are cut without a word,
so that 60 are asked for. Days are those of its seconds in UTC, which is how it means them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote, urlencode, urlsplit

from pydantic import SecretStr

from raccord.plugin import (
    Asked,
    AskKind,
    ConnectorError,
    FetchContext,
    Http,
    Reauthorise,
    Reject,
    RetryLater,
    SignIn,
    SignInContext,
    SourceRefused,
    Text,
)
from raccord_bankfeed.providers.chosen import (
    Choice,
    key_of,
    not_signed_in,
    nothing_chosen,
    offer,
    read_choices,
    taken,
    write_choices,
)
from raccord_bankfeed.providers.contract import Window
from raccord_bankfeed.providers.keeping import keep_answer
from raccord_bankfeed.providers.told import account_missing
from raccord_bankfeed.readers.answers.envelope import read_json
from raccord_bankfeed.readers.answers.json_rows import Row, row_of, rows_of, seconds_of, text
from raccord_bankfeed.readers.questions import digest
from raccord_bankfeed.readers.texts import excerpt
from raccord_bankfeed.records import LINES
from raccord_bankfeed.settings import BankFeedSettings

NAME = "simplefin"
LABEL = "SimpleFIN"
_OK, _FORBIDDEN, _PAYMENT = 200, 403, 402
_MESSAGES_MAX = 20


@dataclass(frozen=True, slots=True)
class _Access:
    """What the token gave: an address with a user and a password in it, which travel in a header instead."""

    address: str
    headers: Mapping[str, str]

    @classmethod
    def read(cls, said: SecretStr) -> _Access:
        parts = urlsplit(said.get_secret_value())
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        port = f":{parts.port}" if parts.port else ""
        basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        return cls(f"{parts.scheme}://{parts.hostname}{port}{parts.path}", {"Authorization": f"Basic {basic}"})

    def ask(self, http: Http, params: Sequence[tuple[str, str]]) -> bytes:
        """Return the bridge's answer; it refuses with 403 what it no longer knows, and 402 what is not paid."""
        answer = http.get(f"{self.address}/accounts?{urlencode(params)}", headers=self.headers)
        if answer.status == _FORBIDDEN:
            raise Reauthorise(
                Text(
                    "SimpleFIN n’accepte plus cet accès. Créez un nouveau jeton sur le pont et donnez-le à la "
                    "connexion ; rien n’est perdu.",
                    "SimpleFIN no longer accepts this access. Make a new token at the bridge and give it to the "
                    "connection; nothing is lost.",
                )
            )
        if answer.status == _PAYMENT:
            raise SourceRefused(
                Text(
                    "SimpleFIN attend un paiement de votre abonnement. Réglez-le sur le pont ; la lecture reprendra.",
                    "SimpleFIN waits for your subscription to be paid. Pay it at the bridge; reading goes on then.",
                )
            )
        if answer.status != _OK:
            raise _unexpected(answer.status)
        return answer.content


class SimpleFin:
    """See :class:`raccord_bankfeed.providers.contract.Provider`."""

    window_days = 60
    requests_a_day = 24
    overlap_days = 10

    def history_days(self, settings: BankFeedSettings) -> int:
        """Return the days that the bridge's banks give."""
        return 90

    def consent_ends(self, settings: BankFeedSettings) -> None:
        """Return nothing: the access holds until somebody ends it."""

    def sign_in(self, context: SignInContext, settings: BankFeedSettings, answers: Mapping[str, str]) -> SignIn:
        """Exchange a token that was given, then let accounts be chosen.

        A token works once, so what it gave is kept before anything else can fail.
        """
        if settings.simplefin_token.get_secret_value():
            access = self._claim(context.http, settings)
            keep = {"simplefin_access": access.get_secret_value(), "simplefin_token": ""}
            try:
                return self._choose(context.http, settings, access, {}, keep)
            except ConnectorError as error:
                go_on = Asked("list", Text("Voir les comptes maintenant", "See the accounts now"), AskKind.PICK, "on")
                return SignIn(keep, (go_on,), error.text)
        if not settings.simplefin_access.get_secret_value():
            raise Reauthorise(
                Text(
                    "Créez un jeton de mise en place sur le pont SimpleFIN et collez-le ici.",
                    "Make a setup token at the SimpleFIN bridge and paste it here.",
                )
            )
        return self._choose(context.http, settings, settings.simplefin_access, answers, {})

    def bring_in(self, context: FetchContext, settings: BankFeedSettings, window: Window) -> Sequence[Reject]:
        """Receive the lines of the chosen accounts."""
        chosen = read_choices(settings.chosen)
        if not (chosen and settings.simplefin_access.get_secret_value()):
            raise not_signed_in(LABEL)
        params = [
            ("start-date", str(seconds_of(window.first))),
            ("end-date", str(seconds_of(window.last + timedelta(1)))),
            ("pending", "1"),
            *(("account", each.id) for each in chosen),
        ]
        answer = _Access.read(settings.simplefin_access).ask(context.http, params)
        read = _read(answer)
        said = {"accounts": [{"id": each.id, "key": each.key, "card": each.card} for each in chosen]}
        keep_answer(context, NAME, window, said, answer)
        here = {text(row_of(each), "id") for each in rows_of(read.get("accounts"))}
        gone = [account_missing(LABEL, each) for each in chosen if each.id not in here]
        return [*(_told(each) for each in _messages(read)), *gone]

    def _claim(self, http: Http, settings: BankFeedSettings) -> SecretStr:
        address = _claim_address(settings)
        answer = http.post(address, headers={"Content-Length": "0"})
        if answer.status == _FORBIDDEN:
            raise Reauthorise(
                Text(
                    "Ce jeton a déjà servi ou n’existe pas. S’il a servi sans vous, révoquez-le sur le pont ; puis "
                    "créez-en un autre.",
                    "This token was used already or does not exist. If somebody else used it, revoke it at the bridge; "
                    "then make another one.",
                )
            )
        if answer.status != _OK:
            raise _unexpected(answer.status)
        access = answer.content.decode("utf-8", "replace").strip()
        if not (_same_place(access, settings.simplefin_server) and urlsplit(access).username):
            raise _not_usable()
        return SecretStr(access)

    def _choose(
        self,
        http: Http,
        settings: BankFeedSettings,
        access: SecretStr,
        answers: Mapping[str, str],
        keep: Mapping[str, str | bool],
    ) -> SignIn:
        read = _read(_Access.read(access).ask(http, [("balances-only", "1")]))
        found = [_choice(row_of(each)) for each in rows_of(read.get("accounts")) if text(row_of(each), "id")]
        told = [excerpt(text(each, "msg")) for each in _messages(read)]
        if not found:
            said = f" ({'; '.join(told)})" if told else ""
            raise SourceRefused(
                Text(
                    f"SimpleFIN ne donne aucun compte{said}. Ajoutez vos banques sur le pont, puis recommencez.",
                    f"SimpleFIN gives no account{said}. Add your banks at the bridge, then try again.",
                )
            )
        held = {each.id: each for each in read_choices(settings.chosen)}
        chosen = taken(found, answers, held)
        if chosen:
            return SignIn({**keep, "chosen": write_choices(chosen)})
        asked = Text("; ".join(told), "; ".join(told)) if told else None
        return SignIn(keep, offer(found, held), nothing_chosen() if answers and "list" not in answers else asked)


def _choice(row: Row) -> Choice:
    org = row_of(row.get("org"))
    bank = text(org, "name") or text(org, "domain") or text(row, "conn_name")
    id_ = text(row, "id")
    return Choice(id_, key_of(NAME, id_), excerpt(" ".join(filter(None, (bank, text(row, "name") or id_)))))


def _claim_address(settings: BankFeedSettings) -> str:
    """Return the address that a token stands for; it is one of the server that the settings name."""
    token = "".join(settings.simplefin_token.get_secret_value().split())
    try:
        address = base64.b64decode(token + "=" * (-len(token) % 4), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        address = ""
    if not address.startswith(("https://", "http://")):
        raise Reauthorise(
            Text(
                "Ce n’est pas un jeton de mise en place : copiez-le entier depuis le pont.",
                "This is no setup token: copy the whole of it from the bridge.",
            )
        )
    if not _same_place(address, settings.simplefin_server):
        host = excerpt(urlsplit(address).hostname or "")
        raise Reauthorise(
            Text(
                f"Ce jeton vient de {host}, pas du serveur indiqué. Si c’est bien votre serveur, indiquez son adresse.",
                f"This token is of {host}, not of the server that is given. If that is your server, give its address.",
            )
        )
    return address


def _same_place(address: str, server: str) -> bool:
    try:
        one, other = ((each.scheme, each.hostname, each.port) for each in (urlsplit(address), urlsplit(server)))
    except ValueError:
        return False
    return one == other


def _read(answer: bytes) -> Row:
    try:
        read = read_json(answer)
    except ValueError:
        read = None
    if not isinstance(read, dict) or not isinstance(read.get("accounts"), list):
        raise _not_usable()
    return read


def _messages(read: Row) -> Sequence[Row]:
    """Return what the bridge tells beside accounts: texts of the first protocol, or objects of the second."""
    plain: list[Row] = [{"msg": each} for each in rows_of(read.get("errors")) if isinstance(each, str)]
    coded = [row_of(each) for each in rows_of(read.get("errlist"))]
    return [each for each in (*coded, *plain) if text(each, "msg")][:_MESSAGES_MAX]


def _told(message: Row) -> Reject:
    said = excerpt(text(message, "msg"))
    return Reject(
        LINES,
        f"{LABEL} {digest(said)}",
        "bankfeed.provider_says",
        Text(
            f"SimpleFIN dit : « {said} ». S’il faut vous reconnecter à une banque, faites-le sur le pont : l’accès de "
            "Raccord reste le même. Les autres comptes sont lus.",
            f"SimpleFIN says: “{said}”. If you have to connect to a bank again, do it at the bridge: Raccord's access "
            "stays the same. The other accounts are read.",
        ),
    )


def _unexpected(status: int) -> RetryLater:
    return RetryLater(
        Text(
            f"SimpleFIN répond d’une façon inattendue ({status}) ; nouvel essai plus tard.",
            f"SimpleFIN answers in an unexpected way ({status}); tried again later.",
        )
    )


def _not_usable() -> SourceRefused:
    return SourceRefused(
        Text(
            "La réponse de SimpleFIN est abîmée ou n’en est pas une. Rien n’est perdu : ces jours seront redemandés.",
            "SimpleFIN's answer is damaged or is none. Nothing is lost: these days are asked for again.",
        )
    )
