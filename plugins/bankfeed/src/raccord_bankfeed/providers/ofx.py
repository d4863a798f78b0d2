"""OFX Direct Connect: the bank's own server, user name and password, and the questions of a second factor.

What the server answers is an OFX file like one that is downloaded by hand, with the same ids, and is kept as one.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from io import BytesIO

from raccord.plugin import (
    Asked,
    AskKind,
    FetchContext,
    Http,
    Reauthorise,
    Reject,
    RetryLater,
    SignIn,
    SignInContext,
    SourceRefused,
)
from raccord_bankfeed.providers import ofx_faults
from raccord_bankfeed.providers.chosen import (
    TAKE,
    Choice,
    not_signed_in,
    nothing_chosen,
    offer,
    read_choices,
    taken,
    write_choices,
)
from raccord_bankfeed.providers.contract import ANSWER_BYTES_MAX, TooMuch, Window
from raccord_bankfeed.providers.ofx_words import (
    SignOn,
    Status,
    Writer,
    answer_text,
    challenge_request,
    groups_of,
    leaf_of,
    leaves_of,
    list_request,
    statement_request,
    status_of,
)
from raccord_bankfeed.readers.account import account_of
from raccord_bankfeed.readers.contract import AccountKind
from raccord_bankfeed.readers.ofx.reader import looks_like_ofx
from raccord_bankfeed.readers.texts import excerpt
from raccord_bankfeed.settings import BankFeedSettings

LABEL = "OFX Direct Connect"
MFA, TOKEN = "mfa:", "authtoken"
_OK = 200
_WELL, _MORE_NEEDED, _WRONG_ANSWER, _NEEDS_TOKEN = 0, 3000, 3001, 15512
_WRONG_TOKEN = 15513
_PHRASES_MAX = 20
_Ids = Mapping[str, str]


class OfxDirect:
    """See :class:`raccord_bankfeed.providers.contract.Provider`."""

    window_days = 90
    requests_a_day = 48
    overlap_days = 10

    def history_days(self, settings: BankFeedSettings) -> int:
        """Return what the bank gives, as the settings say."""
        return settings.ofx_history_days

    def consent_ends(self, settings: BankFeedSettings) -> None:
        """Return nothing: the access holds until somebody ends it."""

    def sign_in(self, context: SignInContext, settings: BankFeedSettings, answers: Mapping[str, str]) -> SignIn:
        """Sign on and list the accounts; a second factor is asked for, and again where the answer is wrong."""
        if not (settings.ofx_url and settings.ofx_user and settings.ofx_password.get_secret_value()):
            raise ofx_faults.incomplete()
        picks = any(key.startswith(TAKE) for key in answers)
        if settings.ofx_step == "accounts" and (picks or "answered" in answers):
            return _choose(settings, answers)
        client = settings.ofx_client.get_secret_value() or secrets.token_hex(16)
        keep: dict[str, str | bool] = {"ofx_client": client, "ofx_step": ""}
        given = tuple((key.removeprefix(MFA), said) for key, said in answers.items() if key.startswith(MFA) and said)
        sign_on = _sign_on(settings, client, given, answers.get(TOKEN, ""))
        writer, now = Writer(settings.ofx_version), context.now()
        answer = _send(context.http, settings, list_request(writer, sign_on, now, _uid()))
        status = _signed_on(answer)
        if status.code in (_MORE_NEEDED, _WRONG_ANSWER):
            return self._challenge(context.http, settings, sign_on, now, keep, wrong=status.code == _WRONG_ANSWER)
        if status.code in (_NEEDS_TOKEN, _WRONG_TOKEN):
            told = ofx_faults.token_wrong() if status.code == _WRONG_TOKEN else ofx_faults.token_needed()
            return SignIn(keep, (Asked(TOKEN, ofx_faults.token_question(), AskKind.SECRET),), told)
        _judge(status)
        listed = status_of(answer, "ACCTINFOTRNRS")
        if listed is not None and listed.code != _WELL:
            _judge(listed)
        found = _accounts(answer)
        if not found:
            raise ofx_faults.no_account()
        if key := leaf_of(answer, "ACCESSKEY"):
            keep["ofx_access_key"] = key
        keep |= {"ofx_accounts": json.dumps(found), "ofx_step": "accounts"}
        held = {each.id: each for each in read_choices(settings.chosen)}
        return SignIn(keep, offer(_choices(found), held))

    def bring_in(self, context: FetchContext, settings: BankFeedSettings, window: Window) -> Sequence[Reject]:
        """Receive the statements of the chosen accounts as an OFX file."""
        listed = _listed(settings)
        accounts = [listed[each.id] for each in read_choices(settings.chosen) if each.id in listed]
        if not (accounts and settings.ofx_password.get_secret_value()):
            raise not_signed_in(LABEL)
        sign_on = _sign_on(settings, settings.ofx_client.get_secret_value())
        writer, days = Writer(settings.ofx_version), (window.first, window.last)
        asked = statement_request(writer, sign_on, context.now(), _uid(), accounts, days)
        content = _post(context.http, settings, asked)
        if len(content) > ANSWER_BYTES_MAX:
            raise TooMuch
        status = _signed_on(answer_text(content))
        if status.code in (_MORE_NEEDED, _WRONG_ANSWER, _NEEDS_TOKEN, _WRONG_TOKEN):
            raise ofx_faults.second_factor_again()
        _judge(status)
        name = f"ofx-{window.first.isoformat()}-{window.last.isoformat()}.ofx"
        context.files.receive(name, BytesIO(content), origin="ofx")
        return ()

    def _challenge(
        self,
        http: Http,
        settings: BankFeedSettings,
        sign_on: SignOn,
        now: datetime,
        keep: Mapping[str, str | bool],
        *,
        wrong: bool,
    ) -> SignIn:
        plain = SignOn(sign_on.user, sign_on.password, sign_on.org, sign_on.fid, sign_on.client)
        answer = _send(http, settings, challenge_request(Writer(settings.ofx_version), plain, now, _uid()))
        status = _signed_on(answer)
        if status.code not in (_WELL, _MORE_NEEDED):
            _judge(status)
        phrases = [leaves_of(each) for each in groups_of(answer, "MFACHALLENGE")][:_PHRASES_MAX]
        asks = {
            MFA + key: Asked(
                MFA + key, ofx_faults.question(key, excerpt(each.get("MFAPHRASELABEL", ""))), AskKind.SECRET
            )
            for each in phrases
            if (key := each.get("MFAPHRASEID", ""))
        }
        if not asks:
            raise ofx_faults.no_question()
        return SignIn(keep, tuple(asks.values()), ofx_faults.answer_wrong() if wrong else ofx_faults.factor_needed())


def _choose(settings: BankFeedSettings, answers: Mapping[str, str]) -> SignIn:
    found = _choices(list(_listed(settings).values()))
    held = {each.id: each for each in read_choices(settings.chosen)}
    chosen = taken(found, answers, held)
    if not chosen:
        return SignIn({}, offer(found, held), nothing_chosen())
    return SignIn({"chosen": write_choices(chosen), "ofx_step": ""})


def _accounts(answer: str) -> list[_Ids]:
    """Return the bank and card accounts of a list, each as the standard names it, with what the bank calls it."""
    found: list[_Ids] = []
    for group in groups_of(answer, "ACCTINFO"):
        said = leaf_of(group, "DESC")
        for inner in groups_of(group, "BANKACCTFROM"):
            ids = leaves_of(inner)
            if ids.get("ACCTID"):
                found.append({**ids, "ACCTTYPE": ids.get("ACCTTYPE", "CHECKING"), "DESC": said})
        cards = (leaves_of(inner).get("ACCTID", "") for inner in groups_of(group, "CCACCTFROM"))
        found += ({"ACCTID": number, "DESC": said} for number in cards if number)
    return found


def _choices(accounts: Sequence[_Ids]) -> list[Choice]:
    choices = {}
    for ids in accounts:
        card = not ids.get("ACCTTYPE")
        account = account_of(AccountKind.CARD if card else AccountKind.BANK, ids)
        name = " ".join(filter(None, (excerpt(ids.get("DESC", "")) or ids.get("ACCTTYPE", "card"), account.masked)))
        choices[account.key] = Choice(account.key, account.key, name, card)
    return list(choices.values())


def _listed(settings: BankFeedSettings) -> dict[str, _Ids]:
    said = settings.ofx_accounts.get_secret_value()
    listed: list[_Ids] = json.loads(said, parse_float=Decimal) if said else []
    return {choice.id: ids for ids in listed for choice in _choices([ids])}


def _sign_on(
    settings: BankFeedSettings, client: str, answers: tuple[tuple[str, str], ...] = (), token: str = ""
) -> SignOn:
    password, key = settings.ofx_password.get_secret_value(), settings.ofx_access_key.get_secret_value()
    return SignOn(settings.ofx_user, password, settings.ofx_org, settings.ofx_fid, client, key, token, answers)


def _send(http: Http, settings: BankFeedSettings, asked: bytes) -> str:
    return answer_text(_post(http, settings, asked))


def _post(http: Http, settings: BankFeedSettings, asked: bytes) -> bytes:
    headers = {"Content-Type": "application/x-ofx", "Accept": "*/*, application/x-ofx"}
    answer = http.post(settings.ofx_url, content=asked, headers=headers)
    if answer.status != _OK or not looks_like_ofx(answer.content[:4096]):
        raise ofx_faults.no_ofx(answer.status)
    return answer.content


def _signed_on(answer: str) -> Status:
    status = status_of(answer, "SONRS")
    if status is None:
        raise ofx_faults.no_ofx(_OK)
    return status


def _judge(status: Status) -> None:
    """Raise what a status means; nothing where it is well."""
    if status.code == _WELL:
        return
    said = excerpt(status.message)
    raised: Reauthorise | RetryLater | SourceRefused = ofx_faults.refused(status.code, said)
    raise raised


def _uid() -> str:
    return secrets.token_hex(16)
