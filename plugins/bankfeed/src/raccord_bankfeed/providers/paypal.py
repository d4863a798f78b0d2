"""PayPal Transaction Search: what moved in each currency, fees as lines of their own.

PayPal keeps three years, gives 31 days at once and 10 000 records at most (a window of more is halved), and is up to
three hours late. The right to search can take hours to become active.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from raccord.plugin import (
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
from raccord.plugin.contexts import Answer
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
from raccord_bankfeed.providers.contract import TooMuch, Window
from raccord_bankfeed.providers.keeping import keep_answer
from raccord_bankfeed.readers.answers.envelope import read_json
from raccord_bankfeed.readers.answers.json_rows import Row, row_of, rows_of, text
from raccord_bankfeed.readers.ofx.line import is_currency
from raccord_bankfeed.readers.texts import excerpt
from raccord_bankfeed.settings import BankFeedSettings

NAME, LABEL = "paypal", "PayPal"
PAGE_SIZE = 500
RECORDS_MAX = 10_000
_PAGES_MAX = 20
_OK, _BAD, _FORBIDDEN = 200, 400, 403


class PayPal:
    """See :class:`raccord_bankfeed.providers.contract.Provider`."""

    window_days = 31
    requests_a_day = 500
    overlap_days = 31
    """A payment may wait 30 days before it is booked, on the day on which it began."""

    def history_days(self, settings: BankFeedSettings) -> int:
        """Return the three years that PayPal keeps."""
        return 1094

    def consent_ends(self, settings: BankFeedSettings) -> None:
        """Return nothing: the access holds until somebody ends it."""

    def sign_in(self, context: SignInContext, settings: BankFeedSettings, answers: Mapping[str, str]) -> SignIn:
        """Let the currencies be chosen that are read: each is an account of its own."""
        token = _token(context.http, settings)
        answer = context.http.get(f"{settings.paypal_server}/v1/reporting/balances?currency_code=ALL", headers=token)
        read = _read(answer)
        account = text(read, "account_id") or settings.paypal_client_id
        codes = [text(row_of(each), "currency").upper() for each in rows_of(read.get("balances"))]
        found = [Choice(code, key_of(NAME, account, code), f"PayPal {code}") for code in codes if is_currency(code)]
        if not found:
            raise _not_usable()
        held = {each.id: each for each in read_choices(settings.chosen)}
        chosen = taken(found, answers, held)
        if chosen:
            return SignIn({"chosen": write_choices(chosen)})
        return SignIn({}, offer(found, held), nothing_chosen() if answers else None)

    def bring_in(self, context: FetchContext, settings: BankFeedSettings, window: Window) -> Sequence[Reject]:
        """Receive the pages of a window, each as a file."""
        chosen = read_choices(settings.chosen)
        if not (chosen and settings.paypal_secret.get_secret_value()):
            raise not_signed_in(LABEL)
        token = _token(context.http, settings)
        said = {"accounts": [{"id": each.id, "key": each.key} for each in chosen]}
        page = pages = 1
        while page <= pages:
            answer = context.http.get(_page_address(settings, window, page), headers=token)
            if answer.status == _BAD and _nothing_yet(answer):
                return ()
            read = _read(answer)
            pages = _whole(read, "total_pages")
            if _whole(read, "total_items") > RECORDS_MAX or pages > _PAGES_MAX:
                raise TooMuch
            keep_answer(context, NAME, window, {**said, "page": page}, answer.content)
            page += 1
        return ()


def _page_address(settings: BankFeedSettings, window: Window, page: int) -> str:
    asked = {
        "start_date": f"{window.first.isoformat()}T00:00:00Z",
        "end_date": f"{window.last.isoformat()}T23:59:59Z",
        "fields": "transaction_info,payer_info",
        "page_size": str(PAGE_SIZE),
        "page": str(page),
    }
    return f"{settings.paypal_server}/v1/reporting/transactions?{urlencode(asked)}"


def _token(http: Http, settings: BankFeedSettings) -> Mapping[str, str]:
    secret = settings.paypal_secret.get_secret_value()
    if not (settings.paypal_client_id and secret):
        raise Reauthorise(
            Text(
                "Indiquez le « Client ID » et le secret de votre application PayPal.",
                "Give the client id and the secret of your PayPal application.",
            )
        )
    basic = base64.b64encode(f"{settings.paypal_client_id}:{secret}".encode()).decode()
    answer = http.post(
        f"{settings.paypal_server}/v1/oauth2/token",
        content=b"grant_type=client_credentials",
        headers={"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"},
    )
    token = text(_read(answer), "access_token")
    if not token:
        raise _not_usable()
    return {"Authorization": f"Bearer {token}"}


def _read(answer: Answer) -> Row:
    """Return an answer that is well; raises what it asks for otherwise."""
    try:
        read = row_of(read_json(answer.content))
    except ValueError:
        read = {}
    if answer.status == _FORBIDDEN:
        raise Reauthorise(
            Text(
                "PayPal ne permet pas de chercher les transactions. Cochez « Transaction search » dans votre "
                "application sur developer.paypal.com ; PayPal met jusqu’à 9 heures à l’activer. Rien n’est perdu.",
                "PayPal does not allow searching transactions. Tick “Transaction search” in your application at "
                "developer.paypal.com; PayPal takes up to 9 hours to activate it. Nothing is lost.",
            )
        )
    if answer.status == _BAD and text(read, "name") == "RESULTSET_TOO_LARGE":
        raise TooMuch
    if answer.status != _OK:
        said = excerpt(text(read, "message") or text(read, "error_description") or text(read, "name"))
        raise SourceRefused(
            Text(
                f"PayPal refuse la demande ({answer.status}) : « {said} ».",
                f"PayPal refuses what was asked ({answer.status}): “{said}”.",
            )
        )
    if not read:
        raise _not_usable()
    return read


def _nothing_yet(answer: Answer) -> bool:
    """Tell whether PayPal says that these days are too young: it is some hours late, they are asked for again."""
    try:
        read = row_of(read_json(answer.content))
    except ValueError:
        return False
    return "not available" in f"{text(read, 'message')} {read.get('details', '')}"


def _whole(read: Row, name: str) -> int:
    said = text(read, name)
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0


def _not_usable() -> RetryLater:
    return RetryLater(
        Text(
            "La réponse de PayPal est abîmée ou n’en est pas une ; ces jours seront redemandés.",
            "PayPal's answer is damaged or is none; these days are asked for again.",
        )
    )
