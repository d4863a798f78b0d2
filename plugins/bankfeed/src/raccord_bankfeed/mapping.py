"""From a bank line to an expense or a deposit whose category a person decides; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from raccord.plugin import JSON, BadRecord, MapContext, Mapped, Money, Record, Skipped, Text
from raccord.plugin.drafts import Accepts, Decision, Deposit, DirectLine, Expense, ExpenseLine, PaymentType, Role
from raccord_bankfeed import correction_texts as texts
from raccord_bankfeed import refusals
from raccord_bankfeed.elsewhere import ELSEWHERE
from raccord_bankfeed.paypal_ids import CONVERSION
from raccord_bankfeed.readers.account import UNNAMED
from raccord_bankfeed.readers.contract import AccountKind, CorrectionAction
from raccord_bankfeed.readers.questions import digest
from raccord_bankfeed.readers.told import ACCEPT, REVERSED, SAME, SEPARATE, Known
from raccord_bankfeed.records import (
    ASKED,
    CORRECTED,
    LINES,
    QUESTION,
    SIGNS,
    STATEMENTS,
    TOLD_THERE,
    TURNED,
)
from raccord_bankfeed.replacing import answer_key
from raccord_bankfeed.said_to_be import CORRECTS, REPLACES, TWIN
from raccord_bankfeed.series import FILLED, SERIES
from raccord_bankfeed.settings import BankFeedSettings

LEDGER_ACCOUNT = "ledger_account"
CATEGORY = "category"
LEFT_OUT = "left_out"

_MEMO_CHARS_MAX = 1000
_SHOWN_CHARS_MAX = 60
_REFERENCE_CHARS_MAX = 21
"""QuickBooks' document number holds no more."""


def map_line_or_statement(context: MapContext, record: Record) -> Mapped | Skipped | None:
    """Map one record; raises ``BadRecord`` for a line that a person has to look at before it can be posted."""
    match record.stream:
        case str(stream) if stream == LINES:
            return _why_not(context, record) or _line(context, record)
        case str(stream) if stream == STATEMENTS:
            if SERIES in record.raw:
                return refusals.series_kept()
            return _question(context, record) if QUESTION in record.raw else _statement(record)
        case _:
            return None


def _why_not(context: MapContext, record: Record) -> Skipped | None:
    """Say why a line posts nothing, or raise for one that may post only after an answer; nothing where all is well."""
    settings = _settings(context)
    names = settings.account_names()
    key, type_ = _field(record, "account"), _field(record, "type")
    account = names.get(key) or _field(record, "account_number") or key
    if _action(record) == CorrectionAction.GONE:
        return refusals.line_gone()
    if (over := _set_aside(settings, record)) is not None:
        return over
    if record.raw.get("pending"):
        return refusals.pending()
    if key.startswith(ELSEWHERE):
        return refusals.account_elsewhere(_field(record, "account_number"))
    if settings.is_left_out(key):
        return refusals.account_set_aside(account)
    if settings.only_named and key not in names:
        return refusals.account_left_out(account, key)
    if key.startswith(UNNAMED) and key not in names:
        raise refusals.account_unnamed(key)
    if (known := _correcting(settings, record) or _replacing(settings, record) or _twin(settings, record)) is not None:
        return known
    _check_sign(settings, record)
    _check_card(settings, record)
    _check_conversion(settings, record, account)
    term = context.terms.get(type_)
    if term is not None and term.ledger == LEFT_OUT:
        return refusals.type_left_out(term.label)
    if record.amount is None or not record.amount:
        return refusals.zero()
    currency = _field(record, "currency") or settings.currency_of(key)
    if not currency:
        raise refusals.currency_missing(account)
    if record.amount.rounded() != record.amount:
        raise refusals.amount_fraction(str(record.amount))
    return None


def _line(context: MapContext, record: Record) -> Mapped:
    if record.amount is None:
        raise ValueError(f"{record.key()}: a line that posts has an amount")
    amount = Money(abs(record.amount.amount), record.amount.currency).rounded()
    account = Role(LEDGER_ACCOUNT, of=_field(record, "account"))
    category = Decision(CATEGORY, Accepts.CATEGORY)
    on_card = _on_card(_settings(context), record)
    text = _noted(context, record, bank_text(context, record))
    if record.amount.amount > 0 and not on_card:
        line = DirectLine(account=category, amount=amount.amount, description=text)
        return Mapped(
            [
                Deposit(
                    key=record.key(),
                    day=record.day,
                    currency=amount.currency,
                    bank=account,
                    lines=(line,),
                    total=amount.amount,
                    memo=text,
                )
            ]
        )
    return Mapped(
        [
            Expense(
                key=record.key(),
                day=record.day,
                currency=amount.currency,
                paid_from=account,
                payment_type=_payment_type(record, on_card=on_card),
                lines=(ExpenseLine(account=category, amount=amount.amount, description=text),),
                total=amount.amount,
                credit=record.amount.amount > 0,
                reference=(_field(record, "check_number") or _field(record, "reference"))[:_REFERENCE_CHARS_MAX],
                memo=text,
            )
        ]
    )


def _payment_type(record: Record, *, on_card: bool) -> PaymentType:
    """Say how money was spent: by card, by a cheque whose number the bank tells, or otherwise from the account."""
    if on_card:
        return PaymentType.CARD
    return PaymentType.CHECK if _field(record, "check_number") else PaymentType.CASH


def bank_text(context: MapContext, record: Record) -> str:
    """Return what the bank wrote of a line, name before memo, each once; else the kind of transaction."""
    name, memo = (" ".join(_field(record, part).split()) for part in ("name", "memo"))
    memo = _with_fee(memo, context) if _field(record, "account").startswith("paypal-") else memo
    text = memo if name.casefold() in memo.casefold() else f"{name} {memo}".strip()
    if not text:
        type_ = _field(record, "type")
        term = context.terms.get(type_)
        text = type_ if term is None else term.label.get(context.language)
    return text[:_MEMO_CHARS_MAX]


_CHARGED = re.compile(r"\((-?[0-9.]+) ([A-Z]{3})?, fee ([0-9.]+)\)$")
"""What PayPal's reader writes of a fee, in the file's figures: the ids of lines without one hold it as it stands."""


def _with_fee(memo: str, context: MapContext) -> str:
    """Return PayPal's text with the fee in the language of the books, and their figures."""
    charged = _CHARGED.search(memo)
    if charged is None:
        return memo
    paid, fee = (_figures(charged[number], context) for number in (1, 3))
    word = _FEE_WORD.get(context.language)
    return f"{memo[: charged.start()]}({' '.join(filter(None, (paid, charged[2])))}, {word} {fee})"


_FEE_WORD = Text("frais", "fee")
_FRENCH_FIGURES = str.maketrans({",": "\u00a0", ".": ","})


def _figures(amount: str, context: MapContext) -> str:
    english = format(Decimal(amount), ",f")
    return Text(english.translate(_FRENCH_FIGURES), english).get(context.language)


def _noted(context: MapContext, record: Record, text: str) -> str:
    """Say behind the text of a line which one its bank corrects by it."""
    correction = record.raw.get("correction")
    if not isinstance(correction, Mapping) or CORRECTS not in record.raw:
        return text
    note = texts.noted(str(correction.get("native", ""))).get(context.language)
    return f"{text[: _MEMO_CHARS_MAX - len(note) - 1]} {note}"[:_MEMO_CHARS_MAX]


def _twin(settings: BankFeedSettings, record: Record) -> Skipped | None:
    """Say that a line came before by another road; raises where a person has to say whether it did."""
    twin = record.raw.get(TWIN)
    if not isinstance(twin, Mapping):
        return None
    other, key = str(twin.get("id", "")), str(twin.get("answer", ""))
    said = settings.known().says(key, SAME, SEPARATE)
    if twin.get("certain") or said == SAME:
        return refusals.known_elsewhere() if other.startswith(ELSEWHERE) else refusals.known_by_another_road(other)
    if not said:
        raise refusals.perhaps_known(other, key)
    return None


def _replacing(settings: BankFeedSettings, record: Record) -> Skipped | None:
    """Say that a line goes on as an earlier one; raises where a person has to say whether it does."""
    replaces = record.raw.get(REPLACES)
    # Looked up by the line's own id as well: it may come again where the earlier one is out of sight.
    key = answer_key(record.source_id) if replaces is None and REPLACES in settings.answers else ""
    if isinstance(replaces, Mapping):
        key = str(replaces.get("answer", ""))
    said = settings.known().says(key, SAME, SEPARATE) if key else ""
    if said == SAME:
        return refusals.goes_on_as_another()
    if isinstance(replaces, Mapping) and not said:
        day, amount, id_ = (str(replaces.get(name, "")) for name in ("day", "amount", "id"))
        same_amount = Decimal(amount) == Decimal(str(record.raw.get("amount", "0")))
        on, was = date.fromisoformat(day), Decimal(amount)
        if same_amount:
            raise refusals.perhaps_moved(on, was, id_, key)
        raise refusals.perhaps_replaces(on, was, id_, key, told_elsewhere=record.amount is None)
    return None


_KIND_SAYS = {"CREDIT": 1, "DEBIT": -1}
"""Kinds of OFX transactions that name a direction; of the others, some come both ways."""


def _check_sign(settings: BankFeedSettings, record: Record) -> None:
    """Raise where an OFX line's kind contradicts the sign of its amount, until a person says that the sign counts."""
    fields = record.raw.get("fields")
    kind = str(fields.get("TRNTYPE", "")).upper() if isinstance(fields, Mapping) else ""
    if kind not in _KIND_SAYS or record.amount is None or record.amount.amount * _KIND_SAYS[kind] >= 0:
        return
    key = f"sign-{_field(record, 'account')}"
    if not settings.known().says(key, ACCEPT):
        raise refusals.sign_contradicted(kind, str(record.amount), key)


def _check_card(settings: BankFeedSettings, record: Record) -> None:
    """Raise for a card's line until a person says which sign its purchases have in files that do not tell."""
    key = _field(record, SIGNS)
    if not (key and record.amount and _on_card(settings, record)):
        return
    said = settings.known().says(key, ACCEPT, REVERSED)
    # Until the file is read again as was said, its lines stay what they were.
    if not said or (said == REVERSED) is not bool(record.raw.get(TURNED)):
        shown = " ".join(f"{_field(record, 'name')} {_field(record, 'memo')}".split())[:_SHOWN_CHARS_MAX]
        raise refusals.card_signs(record.day, shown, -record.amount if record.raw.get(TURNED) else record.amount, key)


def _check_conversion(settings: BankFeedSettings, record: Record, account: str) -> None:
    """Raise for what became of one own balance in another currency, until a person says that the other is not kept."""
    if _field(record, "type") != CONVERSION or record.amount is None:
        return
    key = f"conversion-{_field(record, 'account')}"
    if not settings.known().says(key, ACCEPT):
        raise refusals.conversion(account, record.amount, key)


def _on_card(settings: BankFeedSettings, record: Record) -> bool:
    said = settings.is_card(_field(record, "account"))
    return _field(record, "account_kind") == AccountKind.CARD if said is None else said


def _action(record: Record) -> object:
    correction = record.raw.get("correction")
    return correction.get("action") if isinstance(correction, Mapping) else None


def _set_aside(settings: BankFeedSettings, record: Record) -> Skipped | None:
    """Say that a line was replaced or withdrawn by its bank; raises where a person has to say whether it was."""
    over = record.raw.get(CORRECTED)
    if not isinstance(over, Mapping):
        return None
    by, withdrawn = str(over.get("native", "")), over.get("action") == CorrectionAction.DELETE
    key = str(over.get("answer", ""))
    said = settings.known().says(key, SAME, SEPARATE) if key else SAME
    if not said:
        raise texts.perhaps_corrected(by, key, withdrawn=withdrawn)
    return None if said == SEPARATE else texts.corrected(by, withdrawn=withdrawn)


def _correcting(settings: BankFeedSettings, record: Record) -> Skipped | None:
    """Say what a line corrects that posts nothing for it; raises where a person has to say what it is."""
    correction = record.raw.get("correction")
    if not isinstance(correction, Mapping):
        return None
    native, deletes = str(correction.get("native", "")), correction.get("action") == CorrectionAction.DELETE
    corrects = record.raw.get(CORRECTS)
    # Records of earlier versions say nothing more: what they correct may be posted.
    said = corrects if isinstance(corrects, Mapping) else {"how": ASKED}
    key = str(said.get("answer", f"corrects-{digest(record.source_id)}"))
    like = str(said.get("id", ""))
    match said.get("how"):
        case str(how) if how == ASKED:
            if deletes:
                if not settings.known().says(key, ACCEPT):
                    raise texts.line_withdrawn(native, key, like)
                return texts.withdraws_another(native)
            answer = settings.known().says(key, SAME, SEPARATE)
            if not answer:
                raise texts.line_replaced(native, key, like)
            return texts.corrects_another(native) if answer == SAME else None
        case str(how) if how == TOLD_THERE:
            return texts.withdraws_another(native) if deletes else texts.corrects_another(native)
        case _:
            return texts.withdraws_unknown(native) if deletes else None


def _question(context: MapContext, record: Record) -> Skipped:
    """Raise what is asked, until the settings answer it."""
    if record.raw.get(FILLED):
        return refusals.gap_filled()
    known, key, layout = _settings(context).known(), _field(record, QUESTION), _field(record, "layout")
    asks = record.raw.get("asks")
    # Records of earlier versions ask one thing, and say it without a list.
    asked = [each for each in asks if isinstance(each, dict)] if isinstance(asks, list | tuple) else [record.raw]
    if not all(_is_answered(known, each, key, layout) for each in asked):
        raise BadRecord(
            "answers", Text(_field(record, "fr"), _field(record, "en")), _field(record, "code") or "bankfeed.question"
        )
    return refusals.answered()


def _is_answered(known: Known, asked: Mapping[str, JSON], key: str, layout: str) -> bool:
    """Tell whether one thing about a file is answered: under its own key where it has one, else under the file's."""
    words, own = _words(asked.get("answers")), asked.get("key")
    return known.answered(own, words) if isinstance(own, str) else known.answered(key, words, layout)


def _words(said: JSON) -> list[str]:
    return [word for word in said if isinstance(word, str)] if isinstance(said, list | tuple) else []


def _statement(record: Record) -> Skipped:
    if _field(record, "account_kind") in (AccountKind.BANK, AccountKind.CARD):
        return refusals.balance_only()
    left_out = record.raw.get("left_out")
    rows = left_out if isinstance(left_out, int) else 0
    return refusals.not_a_bank_account(_field(record, "account_number"), _field(record, "account_kind"), rows)


def _settings(context: MapContext) -> BankFeedSettings:
    if not isinstance(context.settings, BankFeedSettings):
        raise TypeError(f"settings of {type(context.settings).__name__}, not BankFeedSettings")
    return context.settings


def _field(record: Record, name: str) -> str:
    value = record.raw.get(name)
    return value if isinstance(value, str) else ""
