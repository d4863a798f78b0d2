"""From a bank line to a draft that waits for its category."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib.metadata import version

import pytest
from pydantic import ValidationError

import raccord_bankfeed
from raccord.plugin import OWNER_ROLE, BadRecord, Connector, Mapped, Skipped, TermTable
from raccord.plugin.drafts import Accepts, Decision, Deposit, Expense, PaymentType, Role
from raccord.plugin.testing import FakeMapContext, map_records
from raccord_bankfeed.covering import covered_days
from raccord_bankfeed.settings import BankFeedSettings, InputKind
from raccord_bankfeed.twins.bank import Feed, MadeAccount, MadeLine, statement_file

connector: Connector = raccord_bankfeed
DAY = date(2026, 3, 2)
Mapper = Callable[..., Mapped | Skipped | None]
CATEGORY = Decision("category", Accepts.CATEGORY)


@pytest.fixture
def one(feed, mapping):
    """Map one line of a file and return the answer."""

    def answer(
        line: MadeLine, account: MadeAccount | None = None, *, settings=None, home="CAD", pending=False, **changes
    ):
        account = account or MadeAccount()
        content = statement_file(account, [] if pending else [line], pending=[line] if pending else [])
        for old, new in changes.get("change", {}).items():
            content = content.replace(old, new)
        (record,) = feed.put(content).read().records
        context = replace(mapping, settings=settings or BankFeedSettings(), home_currency=home)
        if not changes.get("raises"):
            map_records(connector, context, [record])
        return connector.map_record(context, record)

    return answer


def line(amount: str, **more) -> MadeLine:
    return MadeLine(day=DAY, amount=Decimal(amount), **more)


@pytest.mark.parametrize(
    ("language", "text"),
    [("fr", "Acme Paiement (1\u00a0100,00 EUR, frais 3,20)"), ("en", "Acme Paiement (1,100.00 EUR, fee 3.20)")],
)
def test_the_fee_within_what_paypal_paid_is_told_in_the_language_and_figures_of_the_books(
    mapping: FakeMapContext, feed: Feed, language: str, text: str
) -> None:
    rows = (
        "Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net,From Email Address,To Email Address,Transaction ID"
    )
    paid = '03/14/2026,10:00:00,PST,Acme,Paiement,Completed,EUR,"1,100.00",-3.20,"1,096.80",a@b.ca,c@d.ca,\n'
    record = next(each for each in feed.put(f"{rows}\n{paid}".encode()).read().records if each.raw["type"] != "FEE")
    assert record.raw["memo"] == "Paiement (1100.00 EUR, fee 3.20)", "of which the id of a line without one is made"
    answer = connector.map_record(replace(mapping, language=language, home_currency="EUR"), record)
    assert isinstance(answer, Mapped)
    (deposit,) = answer.drafts
    assert isinstance(deposit, Deposit)
    assert (deposit.memo, deposit.lines[0].description) == (text, text)


@pytest.mark.requirement("BF-01", "BF-02")
def test_money_out_of_a_bank_account_is_an_expense_that_waits_for_its_category(one: Mapper) -> None:
    answer = one(line("-34.510", name="HYDRO", memo="WEB BILL", reference="319", native="T-1001"))
    (expense,) = answer.drafts
    assert isinstance(expense, Expense)
    assert (expense.day, expense.total, expense.currency) == (DAY, Decimal("34.51"), "CAD")
    assert expense.paid_from == Role("ledger_account", of="bank-6789-327e587ead")
    assert expense.payment_type is PaymentType.CASH
    assert (expense.reference, expense.memo, expense.credit) == ("319", "HYDRO WEB BILL", False)
    (category,) = expense.lines
    assert (category.account, category.amount, category.tax_code) == (CATEGORY, Decimal("34.51"), None)


@pytest.mark.parametrize(("card", "paid"), [(False, PaymentType.CHECK), (True, PaymentType.CARD)])
def test_a_line_with_the_number_of_a_cheque_is_one_unless_it_is_a_card_s(
    one: Mapper, card: bool, paid: PaymentType
) -> None:
    account = MadeAccount(number="4111111111111234", card=card)
    (expense,) = one(line("-34.51", name="CHQ", check_number="319"), account).drafts
    assert (expense.payment_type, expense.reference) == (paid, "319")


@pytest.mark.requirement("BF-01", "BF-02")
def test_money_into_a_bank_account_is_a_deposit_that_waits_for_its_category(one: Mapper) -> None:
    (deposit,) = one(line("1500.00", name="ACME", memo="ACME inv 12")).drafts
    assert isinstance(deposit, Deposit)
    assert (deposit.total, deposit.memo) == (Decimal("1500.00"), "ACME inv 12")
    assert deposit.bank.of.startswith("bank-")
    (direct,) = deposit.lines
    assert (direct.account, direct.amount) == (CATEGORY, Decimal("1500.00"))


@pytest.mark.requirement("BF-01")
def test_a_card_purchase_is_a_card_expense_and_a_card_refund_a_credit(one: Mapper, feed: Feed) -> None:
    card = MadeAccount(number="4111111111111234", card=True)
    (purchase,) = one(line("-12.00"), card).drafts
    assert (purchase.payment_type, purchase.credit) == (PaymentType.CARD, False)


def test_money_back_on_a_card_is_a_credit(one: Mapper) -> None:
    (refund,) = one(line("12.00"), MadeAccount(number="4111111111111234", card=True)).drafts
    assert isinstance(refund, Expense)
    assert (refund.credit, refund.total, refund.payment_type) == (True, Decimal("12.00"), PaymentType.CARD)


def test_the_kind_of_transaction_stands_in_where_the_bank_wrote_no_text(one: Mapper) -> None:
    (expense,) = one(line("-5", type="SRVCHG")).drafts
    assert expense.memo == "Service charge"


def test_an_unknown_kind_posts_by_its_sign(one: Mapper) -> None:
    assert isinstance(one(line("5", type="ZELLE")).drafts[0], Deposit)


@pytest.mark.parametrize(
    ("made", "pending", "code"),
    [
        (line("-5"), True, "bankfeed.pending"),
        (line("-5", type="HOLD", native="H-1001"), False, "bankfeed.pending"),
        (line("0.00"), False, "bankfeed.zero"),
    ],
)
def test_what_moves_no_money_yet_is_skipped_with_its_reason(
    made: MadeLine, pending: bool, code: str, one: Mapper
) -> None:
    answer = one(made, pending=pending)
    assert isinstance(answer, Skipped)
    assert answer.code == code


def test_a_company_may_leave_out_a_kind_by_its_term_table(
    feed: Feed, mapping: FakeMapContext, terms: TermTable
) -> None:
    (record,) = feed.put(statement_file(MadeAccount(), [line("-5", type="ATM")])).read().records
    answer = connector.map_record(replace(mapping, terms=terms.with_overrides({"ATM": "left_out"})), record)
    assert isinstance(answer, Skipped)
    assert (answer.code, "Cash machine" in answer.reason.en) == ("bankfeed.type_left_out", True)


@pytest.mark.parametrize(
    ("made", "changes", "code"),
    [
        (line("-5"), {b"<CURDEF>CAD": b"<CURDEF>"}, "bankfeed.currency_missing"),
        (line("-1.234"), {}, "bankfeed.amount_fraction"),
        (line("-5"), {b"<TRNAMT>-5": b"<TRNAMT>-1,2345"}, "bankfeed.amount_fraction"),
        (line("-5"), {b"<ACCTID>0123456789": b"<ACCTID>"}, "bankfeed.account_unnamed"),
        (line("-5"), {b"<ACCTID>0123456789": b"<ACCTID>", b"<CURDEF>CAD": b"<CURDEF>USD"}, "bankfeed.account_unnamed"),
    ],
)
@pytest.mark.requirement("BF-22")
def test_a_line_that_needs_a_person_says_why_in_both_languages(
    made: MadeLine, changes: dict[bytes, bytes], code: str, one: Mapper
) -> None:
    with pytest.raises(BadRecord) as bad:
        one(made, change=changes, raises=True)
    assert bad.value.code == code
    assert len(bad.value.reason.fr) > 40
    assert len(bad.value.reason.en) > 40


@pytest.mark.parametrize(("action", "code"), [("REPLACE", "line_replaced"), ("DELETE", "line_withdrawn")])
@pytest.mark.requirement("BF-22")
def test_a_correction_that_an_earlier_version_kept_asks_before_anything_is_posted(
    action: str, code: str, feed: Feed, mapping: FakeMapContext
) -> None:
    made = line("-5", more={"CORRECTFITID": "T-1", "CORRECTACTION": action})
    (record,) = feed.put(statement_file(MadeAccount(), [made])).read().records
    raw = {name: said for name, said in record.raw.items() if name != "corrects"}
    with pytest.raises(BadRecord) as bad:
        connector.map_record(mapping, replace(record, raw=raw))
    assert bad.value.code == f"bankfeed.{code}"
    assert bad.value.answers is not None
    assert min(len(bad.value.reason.fr), len(bad.value.reason.en)) > 40


def test_a_withdrawn_line_moves_no_money(feed: Feed) -> None:
    made = line("-5", more={"CORRECTFITID": "T-1", "CORRECTACTION": "DELETE"})
    (record,) = feed.put(statement_file(MadeAccount(), [made])).read().records
    assert record.amount is None


def test_settings_answer_for_a_missing_currency_and_an_account_without_number(one: Mapper) -> None:
    settings = BankFeedSettings(accounts="unnamed = Caisse\n", currency_if_missing="CAD")
    changes = {b"<CURDEF>CAD": b"<CURDEF>", b"<ACCTID>0123456789": b"<ACCTID>"}
    (expense,) = one(line("-5"), settings=settings, change=changes).drafts
    assert (expense.paid_from.of, expense.currency) == ("unnamed", "CAD")


@pytest.mark.requirement("BF-13")
def test_of_three_accounts_only_the_chosen_one_posts(feed: Feed, mapping: FakeMapContext) -> None:
    accounts = [MadeAccount(number=number) for number in ("111122223333", "444455556666", "777788889999")]
    feed.put(*(statement_file(account, [line("-5")]) for account in accounts))
    records = feed.read().records
    chosen = str(records[1].raw["account"])
    settings = BankFeedSettings(accounts=f"{chosen} = Chequing", only_named=True)
    answers = [connector.map_record(replace(mapping, settings=settings), record) for record in records]
    assert [type(answer) for answer in answers] == [Skipped, Mapped, Skipped]
    assert answers[0].code == "bankfeed.account_left_out"
    assert "…3333" in answers[0].reason.fr
    settings = BankFeedSettings(left_out=f"{chosen} = Bank …6666")
    answers = [connector.map_record(replace(mapping, settings=settings), record) for record in records]
    assert [type(answer) for answer in answers] == [Mapped, Skipped, Mapped]
    assert (answers[1].code, "…6666" in answers[1].reason.fr) == ("bankfeed.account_set_aside", True)
    aside = {"ledger_balance": {}, "account_kind": "bank", "account": chosen}
    assert covered_days(settings.model_dump(), records[1].day, aside) is None, "no day of it counts as covered"


@pytest.mark.requirement("BF-04")
def test_fifty_accounts_each_ask_for_a_ledger_account_of_their_own(feed: Feed, mapping: FakeMapContext) -> None:
    feed.put(*(statement_file(MadeAccount(number=f"{100000 + n}"), [line("-5")]) for n in range(50)))
    drafts = map_records(connector, mapping, feed.read().records)
    assert len({draft.paid_from for draft in drafts}) == 50


def test_an_account_is_called_by_the_name_that_its_owner_gave_it(feed: Feed, mapping: FakeMapContext) -> None:
    (record,) = feed.put(statement_file(MadeAccount(currency=""), [line("-5")])).read().records
    settings = BankFeedSettings(accounts=f"{record.raw['account']} = Compte chèques")
    with pytest.raises(BadRecord, match="Compte chèques"):
        connector.map_record(replace(mapping, settings=settings), record)


def test_a_record_of_another_stream_is_left_to_others(feed: Feed, mapping: FakeMapContext) -> None:
    (record,) = feed.put(statement_file(MadeAccount(), [line("-5")])).read().records
    assert connector.map_record(mapping, replace(record, stream="invoices")) is None


@pytest.mark.parametrize(
    "values",
    [
        {"input_kind": "folder"},
        {"accounts": "no mark"},
        {"accounts": "= name"},
        {"only_named": True},
        {"currency_if_missing": "dollars"},
        {"colour": "red"},
    ],
)
def test_settings_that_cannot_work_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        BankFeedSettings.model_validate(values)


@pytest.mark.requirement("BF-05")
def test_the_manifest_asks_to_validate_each_line_and_warns_of_mixed_accounts(terms: TermTable) -> None:
    info = raccord_bankfeed.describe()
    assert info.validates_each
    assert info.version == version("raccord-bankfeed")
    role, owner = info.roles
    assert (owner.name, owner.accepts, owner.required) == (OWNER_ROLE, Accepts.EQUITY, False)
    assert (role.accepts, role.required, role.default) == (Accepts.BANK_OR_CARD, True, None)
    assert any("personal" in warning.en for warning in info.warnings)
    assert {term.ledger for term in terms} == {"by_sign", "left_out"}
    assert InputKind.UPLOAD is BankFeedSettings().input_kind
