"""Plaid: a person signs in at their bank on Plaid's own page, then changes come from a cursor on.

The bank's password is typed at Plaid or at the bank and never comes here. Changes are taken in only once all their
pages are here: Plaid says to begin anew where the data changes in between. A cursor belongs to one access and to one
choice of accounts; with another it is begun anew, and what comes again has the ids that it had before. Plaid's own
messages are signed in a way of its own, which the intake of messages does not know, so that each run asks.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Mapping, Sequence
from datetime import date

from raccord.plugin import (
    Asked,
    AskKind,
    ConnectorError,
    FetchContext,
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
from raccord_bankfeed.providers.contract import ANSWER_BYTES_MAX, Look, Window
from raccord_bankfeed.providers.keeping import keep_answer
from raccord_bankfeed.providers.plaid_api import ITEM_OVER, LINK_OVER, MUTATION, PlaidApi, PlaidError, not_ready
from raccord_bankfeed.providers.plaid_api import not_usable as _not_usable
from raccord_bankfeed.providers.told import account_missing
from raccord_bankfeed.readers.answers.json_rows import Row, row_of, rows_of, text
from raccord_bankfeed.readers.questions import digest
from raccord_bankfeed.readers.texts import excerpt
from raccord_bankfeed.settings import BankFeedSettings

NAME, LABEL = "plaid", "Plaid"
PAGE_SIZE = 250
PAGES_MAX = 800
"""A bank of more than 200 000 changes at once is refused rather than held in memory."""
STARTS_MAX = 4
RENEW, LIST = "renew", "list"
_READ = frozenset({"depository", "credit"})
"""Types of account that have a bank's lines; loans and investments have not."""
_NAMES_SHOWN = 5


class Plaid:
    """See :class:`raccord_bankfeed.providers.contract.ChangesProvider`."""

    requests_a_day = 200

    def history_days(self, settings: BankFeedSettings) -> int:
        """Return the days that were asked for when the bank was connected."""
        return settings.plaid_history_days

    def consent_ends(self, settings: BankFeedSettings) -> date | None:
        """Return the last day of the bank's consent, where Plaid tells one."""
        return date.fromisoformat(settings.plaid_ends) if settings.plaid_ends else None

    def sign_in(self, context: SignInContext, settings: BankFeedSettings, answers: Mapping[str, str]) -> SignIn:
        """Send the person to Plaid's page and take them back, then let accounts be chosen."""
        api = PlaidApi.of(context.http, settings)
        access = settings.plaid_access.get_secret_value()
        try:
            if settings.plaid_link.get_secret_value():
                return _back(api, context, settings, answers)
            if not access:
                told = _reaches(api, settings) if settings.plaid_bank else None
                return _go(api, context, settings, told=told)
            if RENEW in answers:
                return _go(api, context, settings, access)
            return _with_access(api, context, settings, access, answers)
        except PlaidError as error:
            raise error.asks() from None

    def close(self, context: SignInContext, settings: BankFeedSettings) -> None:
        """Remove the item: Plaid forgets the access to the bank, and counts it no more."""
        access = settings.plaid_access.get_secret_value()
        if not access:
            return
        try:
            PlaidApi.of(context.http, settings).ask("/item/remove", {"access_token": access})
        except PlaidError as error:
            if error.code not in ITEM_OVER:
                raise error.asks() from None

    def bring_changes(
        self, context: FetchContext, settings: BankFeedSettings, look: Look
    ) -> tuple[str, Sequence[Reject]]:
        """Receive all pages of changes, each as a file; one without a change is kept once a day, for its balances."""
        chosen = read_choices(settings.chosen)
        access = settings.plaid_access.get_secret_value()
        if not (chosen and access):
            raise not_signed_in(LABEL)
        api = PlaidApi.of(context.http, settings)
        belongs = digest("\x1f".join((access, *sorted(each.id for each in chosen))))
        mine, _, cursor = look.mark.partition(":")
        try:
            item = api.item(access)
            if row_of(item.get("error")):
                raise PlaidError.of(row_of(item.get("error")))
            last, pages, told = _pages(api, access, cursor if mine == belongs else "")
        except PlaidError as error:
            raise error.asks() from None
        said = {
            "accounts": [{"id": each.id, "key": each.key, "card": each.card} for each in chosen],
            "institution": _institution(item),
        }
        window = Window(min(context.starts_on, look.today), look.today)
        for number, (changes, page) in enumerate(pages, 1):
            if changes or (look.first_today and number == len(pages)):
                keep_answer(context, NAME, window, {**said, "page": number}, zlib.decompress(page))
        here = {text(row_of(each), "account_id") for each in told}
        return f"{belongs}:{last}", [account_missing(LABEL, each) for each in chosen if each.id not in here]


def _pages(api: PlaidApi, access: str, since: str) -> tuple[str, list[tuple[bool, bytes]], Sequence[object]]:
    """Return the next cursor, all pages (whether one tells a change, and its bytes, packed), and the accounts."""
    for _ in range(STARTS_MAX):
        try:
            return _pages_once(api, access, since)
        except PlaidError as error:
            if since and error.code == "INVALID_FIELD" and "cursor" in error.said:
                # Forgotten after a year: all is told anew, under the same ids.
                since = ""
            elif error.code != MUTATION:
                raise
    raise RetryLater(
        Text(
            "Les opérations changent sans cesse chez Plaid pendant la lecture ; nouvel essai plus tard.",
            "The transactions keep changing at Plaid while they are read; tried again later.",
        )
    )


def _pages_once(api: PlaidApi, access: str, since: str) -> tuple[str, list[tuple[bool, bytes]], Sequence[object]]:
    cursor, pages = since, list[tuple[bool, bytes]]()
    while len(pages) < PAGES_MAX:
        asked = {
            "access_token": access, "count": PAGE_SIZE, "options": {"include_original_description": True},
            **({"cursor": cursor} if cursor else {}),
        }  # fmt: skip
        read, content = api.ask_whole("/transactions/sync", asked)
        if len(content) > ANSWER_BYTES_MAX:
            raise _not_usable(len(content))
        changes = any(rows_of(read.get(name)) for name in ("added", "modified", "removed"))
        following = text(read, "next_cursor")
        if not following or (not cursor and not changes and text(read, "transactions_update_status") == "NOT_READY"):
            raise not_ready()
        pages.append((changes, zlib.compress(content)))
        cursor = following
        if read.get("has_more") is not True:
            return cursor, pages, rows_of(read.get("accounts"))
    raise SourceRefused(
        Text(
            "Plaid donne trop d’opérations à la fois. Reliez la banque de nouveau avec moins de jours en arrière, et "
            "importez les plus anciennes par un fichier.",
            "Plaid gives too many transactions at once. Connect the bank again with fewer days back, and import the "
            "older ones by a file.",
        )
    )


def _reaches(api: PlaidApi, settings: BankFeedSettings) -> Text:
    """Tell under which names Plaid knows the bank; raises where it does not reach it."""
    asked = {
        "query": settings.plaid_bank, "products": ["transactions"],
        "country_codes": settings.plaid_countries.split(","),
    }  # fmt: skip
    found = rows_of(api.ask("/institutions/search", asked).get("institutions"))
    names = [excerpt(text(row_of(each), "name")) for each in found]
    if not names:
        raise SourceRefused(
            Text(
                f"Plaid n’atteint aucune banque nommée « {settings.plaid_bank} » dans ces pays. Corrigez le nom, ou "
                "importez ses fichiers (CSV, OFX…).",
                f"Plaid reaches no bank called “{settings.plaid_bank}” in these countries. Correct the name, or import "
                "its files (CSV, OFX…).",
            )
        )
    shown = ", ".join(names[:_NAMES_SHOWN])
    return Text(
        f"Plaid connaît : {shown}. Choisissez votre banque sur sa page et connectez-vous-y, puis revenez ici.",
        f"Plaid knows: {shown}. Choose your bank on its page and sign in there, then come back here.",
    )


def _go(
    api: PlaidApi, context: SignInContext, settings: BankFeedSettings, access: str = "", told: Text | None = None
) -> SignIn:
    """Make a page at Plaid: for a new access, or to mend the one that there is."""
    user, own = settings.plaid_user or secrets.token_hex(8), context.callback
    # The pages know by the state to which connection a person comes back; what was done there, Plaid tells itself.
    back = {"completion_redirect_uri": f"{own}?state={context.new_state()}"} if own.startswith("https://") else {}
    purpose: dict[str, object] = (
        {"access_token": access, "update": {"account_selection_enabled": True}}
        if access
        else {"products": ["transactions"], "transactions": {"days_requested": settings.plaid_history_days}}
    )
    made = api.ask(
        "/link/token/create",
        {
            "client_name": "Raccord", "language": str(context.language), "user": {"client_user_id": user},
            "country_codes": settings.plaid_countries.split(","), "hosted_link": back, **purpose,
        },
    )  # fmt: skip
    token, page = text(made, "link_token"), text(made, "hosted_link_url")
    if not token or not page.startswith("https://"):
        raise SourceRefused(
            Text(
                "Plaid ne donne pas de page où se connecter : demandez-lui d’ouvrir « Hosted Link » à votre compte.",
                "Plaid gives no page to sign in on: ask it to open “Hosted Link” for your account.",
            )
        )
    keep: dict[str, str | bool] = {"plaid_link": f"{token} {page}", "plaid_user": user}
    return SignIn(keep, (), told or _go_there(), page)


def _back(api: PlaidApi, context: SignInContext, settings: BankFeedSettings, answers: Mapping[str, str]) -> SignIn:
    """Take up what the person did on Plaid's page."""
    token, _, page = settings.plaid_link.get_secret_value().partition(" ")
    access = settings.plaid_access.get_secret_value()
    try:
        link = api.ask("/link/token/get", {"link_token": token})
    except PlaidError as error:
        if error.code in LINK_OVER:
            return _go(api, context, settings, access)
        raise
    sessions = [row_of(each) for each in rows_of(link.get("link_sessions"))]
    public = [each for session in sessions for each in _public_tokens(session)]
    done: dict[str, str | bool] = {"plaid_link": ""}
    if public:
        access = text(api.ask("/item/public_token/exchange", {"public_token": public[-1]}), "access_token")
        if not access:
            raise _not_usable(0)
        try:
            # A public token works once: what it gave is kept before anything else can fail.
            return _with_access(api, context, settings, access, {}, {**done, "plaid_access": access})
        except (PlaidError, ConnectorError) as error:
            on = Asked(LIST, Text("Voir les comptes maintenant", "See the accounts now"), AskKind.PICK, "on")
            told = error.asks() if isinstance(error, PlaidError) else error
            return SignIn({**done, "plaid_access": access}, (on,), told.text)
    ended = [each for each in sessions if text(each, "finished_at")]
    if not ended:
        return SignIn({}, (), _not_done(), page)
    left = row_of(ended[-1].get("exit"))
    if access and not left:
        return _with_access(api, context, settings, access, {}, done)
    why = PlaidError.of(row_of(left.get("error")))
    return _go(api, context, settings, access, _left(why))


def _public_tokens(session: Row) -> Sequence[str]:
    results = rows_of(row_of(session.get("results")).get("item_add_results"))
    plain = row_of(session.get("on_success"))
    return [token for each in (*results, plain) if (token := text(row_of(each), "public_token"))]


def _with_access(
    api: PlaidApi,
    context: SignInContext,
    settings: BankFeedSettings,
    access: str,
    answers: Mapping[str, str],
    keep: Mapping[str, str | bool] | None = None,
) -> SignIn:
    """Let accounts be chosen; where the bank wants the person again, or the access is gone, go to Plaid's page."""
    try:
        item = api.item(access)
        trouble = row_of(item.get("error"))
        found = [] if trouble else _choices(api.ask("/accounts/get", {"access_token": access}), item)
    except PlaidError as error:
        if error.code in ITEM_OVER and not keep:
            return _go(api, context, settings, told=error.asks().text)
        raise
    if trouble:
        return _go(api, context, settings, access, PlaidError.of(trouble).asks().text)
    kept = {**(keep or {}), "plaid_ends": _day(text(item, "consent_expiration_time"))}
    held = _held(settings, found)
    chosen = taken(found, answers, held, guess=False)
    if chosen:
        return SignIn({**kept, "chosen": write_choices(chosen)})
    if not found:
        raise SourceRefused(
            Text(
                "Plaid ne donne aucun compte courant, d’épargne ou de carte de cette banque.",
                "Plaid gives no chequing, savings or card account of this bank.",
            )
        )
    renew = Asked(
        RENEW,
        Text("Se connecter de nouveau à la banque, chez Plaid", "Sign in at the bank again, at Plaid"),
        AskKind.PICK,
    )
    asks = (*offer(found, held), *(() if keep else (renew,)))
    return SignIn(kept, asks, nothing_chosen() if answers and LIST not in answers else None)


def _choices(read: Row, item: Row) -> list[Choice]:
    bank = _institution(item)
    found = []
    for each in (row_of(row) for row in rows_of(read.get("accounts"))):
        id_, kind = text(each, "account_id"), text(each, "type")
        if not id_ or kind not in _READ:
            continue
        mask = text(each, "mask")
        name = " ".join(filter(None, (bank, text(each, "name") or text(each, "subtype"), mask and f"…{mask}")))
        lasting = text(each, "persistent_account_id") or id_
        found.append(Choice(id_, key_of(NAME, lasting, mask or id_), excerpt(name), kind == "credit"))
    return found


def _held(settings: BankFeedSettings, found: Sequence[Choice]) -> Mapping[str, Choice]:
    """Return what was chosen before, by the ids that the accounts have now: a new access gives them new ones."""
    before = read_choices(settings.chosen)
    held = {each.id: each for each in before}
    here = {each.id for each in found}
    for each in found:
        same = [old for old in before if old.id not in here and (old.key == each.key or old.name == each.name)]
        if each.id not in held and len(same) == 1:
            held[each.id] = same[0]
    return held


def _institution(item: Row) -> str:
    return excerpt(text(item, "institution_name") or text(item, "institution_id"))


def _day(said: str) -> str:
    try:
        return date.fromisoformat(said[:10]).isoformat()
    except ValueError:
        return ""


def _go_there() -> Text:
    return Text(
        "Connectez-vous à votre banque sur la page de Plaid, choisissez-y les comptes, puis revenez ici.",
        "Sign in at your bank on Plaid's page, choose the accounts there, then come back here.",
    )


def _not_done() -> Text:
    return Text(
        "La connexion n’est pas finie sur la page de Plaid. Finissez-la, puis revenez ici.",
        "Signing in is not finished on Plaid's page. Finish it, then come back here.",
    )


def _left(why: PlaidError) -> Text:
    fr, en = (f" Plaid dit : « {why.said} ».", f" Plaid says: “{why.said}”.") if why.said else ("", "")
    return Text(
        f"La page de Plaid a été quittée avant la fin.{fr} Recommencez sur la nouvelle page.",
        f"Plaid's page was left before the end.{en} Begin again on the new page.",
    )
