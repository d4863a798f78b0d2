"""Enable Banking: consent given on the bank's own page, then the lines of each account by windows of days.

A consent holds 90 to 180 days, as the bank says; its end is kept and told beforehand. Banks let a program ask four
times a day while no person is there, so that each run asks once for each account, and four runs a day do. Accounts get
another ``uid`` with each consent and keep their identification hash, by which they stay what they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qsl, quote, urlsplit

from raccord.plugin import (
    Asked,
    AskKind,
    FetchContext,
    Reauthorise,
    Reject,
    SignIn,
    SignInContext,
    SourceRefused,
    Text,
)
from raccord_bankfeed.providers.chosen import (
    TAKE,
    Choice,
    key_of,
    not_signed_in,
    nothing_chosen,
    offer,
    read_choices,
    taken,
    write_choices,
)
from raccord_bankfeed.providers.contract import ANSWER_BYTES_MAX, TooMuch, Window
from raccord_bankfeed.providers.enable_banking_api import (
    ACCOUNT_OVER,
    CODE_OVER,
    SESSION_OVER,
    EnableBankingApi,
    EnableBankingError,
    not_usable,
)
from raccord_bankfeed.providers.keeping import keep_answer
from raccord_bankfeed.providers.told import account_missing
from raccord_bankfeed.readers.account import account_of
from raccord_bankfeed.readers.answers.json_rows import Row, row_of, rows_of, text
from raccord_bankfeed.readers.contract import AccountKind
from raccord_bankfeed.readers.texts import excerpt
from raccord_bankfeed.settings import BankFeedSettings

NAME, LABEL = "enable_banking", "Enable Banking"
BACK, BANK, RENEW = "back", "bank:", "renew"
PAGES_MAX = 200
BANKS_SHOWN = 20
CONSENT_DAYS_MAX = 180
_KEY = "enable"
_Ids = Mapping[str, str]


class EnableBanking:
    """See :class:`raccord_bankfeed.providers.contract.WindowProvider`."""

    window_days = 90
    requests_a_day = 4
    overlap_days = 10

    def history_days(self, settings: BankFeedSettings) -> int:
        """Return what the bank gives, as the settings say."""
        return settings.enable_history_days

    def consent_ends(self, settings: BankFeedSettings) -> date | None:
        """Return the last day of the bank's consent."""
        return date.fromisoformat(settings.enable_ends) if settings.enable_ends else None

    def sign_in(self, context: SignInContext, settings: BankFeedSettings, answers: Mapping[str, str]) -> SignIn:
        """Find the bank, send the person to its page, take up the address that they come back on, offer accounts."""
        api = EnableBankingApi.of(context.http, settings, context.now())
        try:
            if settings.enable_state and (address := answers.get(BACK)):
                return _back(api, context, settings, address)
            picked = [key.removeprefix(BANK) for key in answers if key.startswith(BANK)]
            session = settings.enable_session.get_secret_value()
            if picked or not session or RENEW in answers:
                return _find(api, context, settings, picked[0] if picked else settings.enable_bank)
            if any(key.startswith(TAKE) for key in answers) or "answered" in answers:
                return _choose(settings, answers)
            if not _holds(api, session):
                return _find(api, context, settings, settings.enable_bank)
            return _choose(settings, {}, renew=True)
        except EnableBankingError as error:
            raise error.asks() from None

    def close(self, context: SignInContext, settings: BankFeedSettings) -> None:
        """End the session: the bank's consent ends with it."""
        session = settings.enable_session.get_secret_value()
        if session:
            api = EnableBankingApi.of(context.http, settings, context.now())
            try:
                api.delete(f"/sessions/{quote(session, safe='')}")
            except Reauthorise:
                # A session that is over is refused as a wrong key is: which of them it is, the list of banks tells.
                api.get("/aspsps", {"country": "FR"})
            except EnableBankingError as error:
                if error.code not in SESSION_OVER | {"NOT_FOUND"}:
                    raise error.asks() from None

    def bring_in(self, context: FetchContext, settings: BankFeedSettings, window: Window) -> Sequence[Reject]:
        """Receive the lines of each chosen account as a file, all of its pages together."""
        chosen, listed = read_choices(settings.chosen), _listed(settings)
        if not (chosen and settings.enable_session.get_secret_value()):
            raise not_signed_in(LABEL)
        api = EnableBankingApi.of(context.http, settings, context.now())
        until_now = window.last >= context.days.day_of(context.now())
        told = []
        for each in chosen:
            ids = listed.get(each.id)
            try:
                body = None if ids is None else _account(api, ids["uid"], window, with_balance=until_now)
            except EnableBankingError as error:
                if error.code not in ACCOUNT_OVER:
                    raise error.asks() from None
                body = None
            if ids is None or body is None:
                told.append(account_missing(LABEL, each))
                continue
            account = {
                "id": each.id, "key": each.key, "card": each.card, "tail": ids["tail"], "number": ids["number"],
                "currency": ids["currency"],
            }  # fmt: skip
            keep_answer(context, NAME, window, {"accounts": [account], "institution": settings.enable_bank}, body)
        return told


def _account(api: EnableBankingApi, uid: str, window: Window, *, with_balance: bool) -> bytes:
    """Return all pages of an account's transactions and its balances as one JSON text, each as it came."""
    pages: list[bytes] = []
    path, following = f"/accounts/{quote(uid, safe='')}", ""
    asked = {"date_from": window.first.isoformat(), "date_to": window.last.isoformat()}
    while len(pages) < PAGES_MAX:
        more = {"continuation_key": following} if following else {}
        read, content = api.get_whole(f"{path}/transactions", asked | more)
        pages.append(content)
        if sum(map(len, pages)) > ANSWER_BYTES_MAX // 2:
            raise TooMuch
        before, following = following, text(read, "continuation_key")
        if not following:
            balances = api.get_whole(f"{path}/balances")[1] if with_balance else b"null"
            return b'{"pages":[' + b",".join(pages) + b'],"balances":' + balances + b"}"
        if following == before:
            raise not_usable()
    raise TooMuch


def _find(
    api: EnableBankingApi, context: SignInContext, settings: BankFeedSettings, name: str, told: Text | None = None
) -> SignIn:
    """Look the bank up in its country; the one of exactly that name is gone to, several are offered."""
    asked = {"country": settings.enable_country, "psu_type": settings.enable_psu, "service": "AIS"}
    banks = [row_of(each) for each in rows_of(api.get("/aspsps", asked).get("aspsps"))]
    exact = [each for each in banks if text(each, "name").casefold() == name.strip().casefold()]
    if name and exact:
        return _go(api, context, settings, exact[0], told)
    words = name.casefold().split()
    found = sorted(text(each, "name") for each in banks if all(word in text(each, "name").casefold() for word in words))
    if not found:
        raise SourceRefused(
            Text(
                f"Enable Banking n’atteint aucune banque nommée « {name} » dans ce pays ({settings.enable_country}). "
                "Corrigez le nom ou le pays, ou importez ses fichiers (CSV, CAMT…).",
                f"Enable Banking reaches no bank called “{name}” in that country ({settings.enable_country}). Correct "
                "the name or the country, or import its files (CSV, CAMT…).",
            )
        )
    asks = [Asked(BANK + each, Text(each, each), AskKind.PICK) for each in dict.fromkeys(found[:BANKS_SHOWN])]
    return SignIn({}, asks, told or Text("Choisissez votre banque.", "Choose your bank."))


def _go(
    api: EnableBankingApi, context: SignInContext, settings: BankFeedSettings, bank: Row, told: Text | None
) -> SignIn:
    """Ask for a page of the bank on which the person consents, as long as the bank allows."""
    said = text(bank, "maximum_consent_validity")
    most = timedelta(seconds=int(said)) if said.isascii() and said.isdigit() else timedelta(90)
    until = context.now() + min(most, timedelta(CONSENT_DAYS_MAX))
    state, name = context.new_state(), text(bank, "name")
    back = settings.enable_return or context.callback
    if not back:
        raise SourceRefused(
            Text(
                "Indiquez l’adresse de retour, telle qu’elle est parmi celles de l’application.",
                "Give the return address, as it stands among those of the application.",
            )
        )
    made = api.post(
        "/auth",
        {
            "access": {"valid_until": until.isoformat(), "balances": True, "transactions": True},
            "aspsp": {"name": name, "country": settings.enable_country}, "state": state,
            "redirect_url": back, "psu_type": settings.enable_psu, "language": str(context.language),
        },
    )  # fmt: skip
    page = text(made, "url")
    if not page.startswith("https://"):
        raise not_usable()
    ask = Asked(
        BACK,
        Text(
            "Adresse de la page où vous êtes arrivé, si ce n’est pas ici",
            "Address of the page on which you ended, if not here",
        ),
        AskKind.SECRET,
    )
    go = Text(
        "Connectez-vous à votre banque sur la page indiquée et consentez : vous revenez ici. Si vous arrivez ailleurs, "
        "copiez l’adresse entière de cette page (elle contient « code= », même si la page est vide) et collez-la ici.",
        "Sign in at your bank on the page that is shown and consent: you come back here. If you end elsewhere, copy "
        "the whole address of that page (it contains “code=”, even if the page is empty) and paste it here.",
    )
    return SignIn({"enable_state": state, "enable_bank": name}, (ask,), told or go, page)


def _back(api: EnableBankingApi, context: SignInContext, settings: BankFeedSettings, address: str) -> SignIn:
    """Exchange the code in the address for a session with its accounts; a code works once."""
    said = dict(parse_qsl(urlsplit(address.strip()).query or address.strip()))
    if said.get("state") != settings.enable_state or not (said.get("code") or said.get("error")):
        told = Text(
            "Cette adresse n’est pas celle de la fin de cette connexion. Recommencez sur la page indiquée.",
            "This address is not that of the end of this signing in. Begin again on the page that is shown.",
        )
        return _find(api, context, settings, settings.enable_bank, told)
    if why := said.get("error"):
        shown = excerpt(said.get("error_description") or why)
        told = Text(
            f"La banque n’a pas donné l’accès : « {shown} ». Recommencez sur la page indiquée.",
            f"The bank gave no access: “{shown}”. Begin again on the page that is shown.",
        )
        return _find(api, context, settings, settings.enable_bank, told)
    try:
        session = api.post("/sessions", {"code": said["code"]})
    except EnableBankingError as error:
        if error.code not in CODE_OVER:
            raise
        told = Text(
            f"Ce code ne vaut plus ({error.code}). Recommencez sur la page indiquée.",
            f"This code no longer holds ({error.code}). Begin again on the page that is shown.",
        )
        return _find(api, context, settings, settings.enable_bank, told)
    if not text(session, "session_id"):
        raise not_usable()
    found = _accounts(session)
    keep: dict[str, str | bool] = {
        "enable_session": text(session, "session_id"), "enable_accounts": json.dumps(found), "enable_state": "",
        "enable_ends": _last_day(text(row_of(session.get("access")), "valid_until")),
    }  # fmt: skip
    held = {each.id: each for each in read_choices(settings.chosen)}
    if not found:
        raise SourceRefused(Text("La banque n’a donné aucun compte.", "The bank gave no account."))
    return SignIn(keep, offer(_choices(found, settings), held))


def _choose(settings: BankFeedSettings, answers: Mapping[str, str], *, renew: bool = False) -> SignIn:
    found = _choices(list(_listed(settings).values()), settings)
    held = {each.id: each for each in read_choices(settings.chosen)}
    chosen = taken(found, answers, held, guess=False)
    if chosen:
        return SignIn({"chosen": write_choices(chosen)})
    again = Asked(
        RENEW,
        Text("Donner de nouveau le consentement à la banque", "Give the consent at the bank again"),
        AskKind.PICK,
    )
    ends = settings.enable_ends
    told = Text(
        f"Le consentement donné à la banque tient jusqu’au {ends}.",
        f"The consent given at the bank holds until {ends}.",
    )
    asks = (*offer(found, held), *((again,) if renew else ()))
    return SignIn({}, asks, nothing_chosen() if answers else told if ends else None)


def _holds(api: EnableBankingApi, session: str) -> bool:
    """Tell whether the consent still holds, as Enable Banking says."""
    try:
        return text(api.get(f"/sessions/{quote(session, safe='')}"), "status") == "AUTHORIZED"
    except Reauthorise:
        # A key that is refused is told by the very next question.
        return False
    except EnableBankingError as error:
        if error.code in SESSION_OVER:
            return False
        raise


def _accounts(session: Row) -> list[_Ids]:
    """Return what has to be known of the accounts of a session; those that cannot be read have no ``uid``."""
    found: list[_Ids] = []
    for each in (row_of(row) for row in rows_of(session.get("accounts"))):
        uid, hashed = text(each, "uid"), text(each, "identification_hash")
        if not (uid and hashed):
            continue
        named = row_of(each.get("account_id"))
        number = text(named, "iban") or text(row_of(named.get("other")), "identification")
        known = account_of(AccountKind.BANK, {"ACCTID": number})
        currency = text(each, "currency").upper()
        found.append(
            {
                "id": f"{hashed}/{currency}", "uid": uid, "currency": currency, "number": known.number,
                "tail": known.masked.removeprefix("…"), "type": text(each, "cash_account_type"),
                "name": excerpt(text(each, "details") or text(each, "product") or text(each, "name")),
            }
        )  # fmt: skip
    return found


def _choices(found: Sequence[_Ids], settings: BankFeedSettings) -> list[Choice]:
    return [
        Choice(
            each["id"],
            key_of(_KEY, each["id"], each["tail"]),
            " ".join(filter(None, (settings.enable_bank, each["name"], each["tail"] and f"…{each['tail']}"))),
            each["type"] == "CARD",
        )
        for each in found
    ]


def _listed(settings: BankFeedSettings) -> dict[str, _Ids]:
    said = settings.enable_accounts.get_secret_value()
    listed: list[_Ids] = json.loads(said, parse_float=Decimal) if said else []
    return {each["id"]: each for each in listed}


def _last_day(said: str) -> str:
    try:
        return datetime.fromisoformat(said).date().isoformat()
    except ValueError:
        return ""
