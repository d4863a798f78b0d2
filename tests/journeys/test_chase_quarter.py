"""Ninety days of a Chase merchant: the clearing account at every midnight, every deposit, every cent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from harness import lab
from shop import Shop, open_shop
from sqlalchemy import select

from raccord.overview.books import balances
from raccord.store.models import LinkRow, Problem, ProblemState, Proof, RunCount, RunState
from raccord_chase.sandbox import Merchant, damaged_files
from raccord_sandbox.keeping.company import assert_books_balance

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop whose ninety days have been brought in once."""
    folder = tmp_path_factory.mktemp("quarter")
    with open_shop(folder, Merchant(sales_per_day=5)) as shop:
        written = folder / "written"
        written.mkdir()
        shop.deliver(*shop.merchant.write_files(written))
        run = shop.sync()
        assert (run.state, run.error_params) == (RunState.DONE, {})
        yield shop


def documents(shop: Shop, kind: str) -> list[dict[str, Any]]:
    return list(shop.workshop.client(shop.company).query_all(kind))


def clearing_account(shop: Shop) -> str:
    client = shop.workshop.client(shop.company)
    return str(client.query("SELECT * FROM Account WHERE AccountSubType = 'UndepositedFunds'")[0]["Id"])


@pytest.mark.requirement("CH-26", "CH-27", "CH-30", "CH-34", "K6")
def test_pain_3_t1_at_each_midnight_the_clearing_account_holds_what_is_not_paid_out(quarter: Shop) -> None:
    account, client = clearing_account(quarter), quarter.workshop.client(quarter.company)
    days = [quarter.merchant.start + timedelta(days=number) for number in range(quarter.merchant.days + 5)]
    held = {day: balances(client, day).get(account, Decimal(0)) for day in days}
    assert held == {day: quarter.merchant.unpaid_balance(day) for day in days}
    assert len({value for value in held.values() if value}) > 20


@pytest.mark.requirement("CH-30", "K6")
def test_every_settlement_reaches_the_bank_with_its_own_amount(quarter: Shop) -> None:
    links = _links(quarter)
    bank = {link.money_account for link in links if link.kind == "Deposit"}
    moved: Counter[date] = Counter()
    for link in links:
        if link.stream == "settlements":
            assert link.day is not None
            assert link.amount is not None
            moved[link.day] += link.amount
    expected: Counter[date] = Counter()
    for day, amount in quarter.merchant.settlements():
        expected[day] += amount
    assert moved == expected
    assert len(bank) == 1
    assert any(amount < 0 for _, amount in quarter.merchant.settlements())


def test_the_books_hold_the_expected_documents_and_balance(quarter: Shop) -> None:
    expected = quarter.merchant.expected_documents()
    found = Counter(
        {kind: len(documents(quarter, kind)) for kind in ("SalesReceipt", "RefundReceipt", "Deposit", "JournalEntry")}
    )
    found["Expense"] = len(documents(quarter, "Purchase"))
    assert found == expected
    assert_books_balance(quarter.sandbox.store.of_template("quebec"))


def test_every_day_of_every_stream_is_proven_equal(quarter: Shop) -> None:
    with quarter.workshop.database.read() as session:
        proofs = session.scalars(select(Proof)).all()
    assert len(proofs) > 150
    assert [proof for proof in proofs if not proof.equal] == []
    assert {proof.left_out_total for proof in proofs} == {Decimal(0)}


@pytest.mark.requirement("CH-31", "CH-32", "CH-33")
def test_every_receipt_is_linked_to_the_deposit_that_paid_it_out(quarter: Shop) -> None:
    for kind in ("SalesReceipt", "RefundReceipt"):
        for receipt in documents(quarter, kind):
            assert [each["TxnType"] for each in receipt["LinkedTxn"]] == ["Deposit"], receipt


@pytest.mark.requirement("CH-11", "CH-12")
def test_every_receipt_bears_the_default_customer_and_has_its_tax_inside(quarter: Shop) -> None:
    receipts = documents(quarter, "SalesReceipt")
    assert {receipt["CustomerRef"]["name"] for receipt in receipts} == {"Client Chase"}
    amounts = {link.document_id: link.amount for link in _links(quarter) if link.kind == "SalesReceipt"}
    assert all(receipt["TotalAmt"] == amounts[receipt["Id"]] for receipt in receipts)
    assert sum(receipt["TxnTaxDetail"]["TotalTax"] for receipt in receipts) > 0


def test_importing_everything_again_posts_nothing(quarter: Shop) -> None:
    before = len(quarter.sandbox.store.of_template("quebec").writes)
    run = quarter.sync()
    assert run.state == RunState.DONE
    assert len(quarter.sandbox.store.of_template("quebec").writes) == before
    with quarter.workshop.database.read() as session:
        posted = session.scalars(select(RunCount.posted).where(RunCount.run_id == run.id)).all()
    assert set(posted) <= {0}


def test_a_document_deleted_in_quickbooks_is_found_by_the_next_proof(quarter: Shop) -> None:
    expense = documents(quarter, "Purchase")[0]
    lab(quarter.sandbox, "delete", entity="Purchase", id=expense["Id"])
    quarter.sync()
    with quarter.workshop.database.read() as session:
        unequal = session.scalars(select(Proof).where(Proof.equal.is_(False))).all()
    assert [(each.stream, each.differences[0]["document_id"]) for each in unequal] == [("charges", expense["Id"])]


@pytest.mark.parametrize("chance", [0, *(pytest.param(each, marks=pytest.mark.slow) for each in range(1, 6))])
@pytest.mark.at_length
def test_the_same_files_in_another_order_overlapping_or_in_pieces_end_in_the_same_books(
    chance: int, tmp_path: Path
) -> None:
    fortune = Random(chance)
    books = []
    for way in ("straight", "shuffled"):
        with open_shop(tmp_path / way, Merchant(seed=chance + 1, days=14, sales_per_day=3)) as shop:
            written = tmp_path / way / "written"
            written.mkdir()
            paths = shop.merchant.write_files(written)
            if way == "straight":
                shop.deliver(*paths)
                shop.sync()
            else:
                fortune.shuffle(paths)
                middle = fortune.randrange(len(paths))
                # The second delivery repeats files of the first under other names.
                for number, part in enumerate((paths[:middle], paths[middle // 2 :], paths)):
                    shop.deliver(*part, prefix=f"{number}-")
                    shop.sync()
            books.append(_fingerprint(shop))
    assert books[0] == books[1]


def test_damaged_files_are_reported_and_the_good_rows_beside_them_kept(tmp_path: Path) -> None:
    with open_shop(tmp_path / "shop", Merchant(days=7, sales_per_day=3)) as shop:
        written = tmp_path / "written"
        written.mkdir()
        shop.deliver(*shop.merchant.write_files(written))
        broken = tmp_path / "broken"
        broken.mkdir()
        damage = damaged_files(broken, shop.merchant.start + timedelta(days=7), long_line=5_000_000)
        shop.deliver(*(broken / each.name for each in damage), prefix="bad-")
        run = shop.sync()
        assert run.state == RunState.DONE
        with shop.workshop.database.read() as session:
            problems = session.scalars(select(Problem)).all()
            told = {(problem.code, problem.subject.split(" ")[0].split(":")[0]) for problem in problems}
            assert all(problem.params.get("fr") and problem.params.get("en") for problem in problems)
        assert {each.code for each in damage} <= {code for code, _ in told}
        good = shop.merchant.expected_documents()
        extra = sum(each.good_sales for each in damage)
        assert len(documents(shop, "SalesReceipt")) == good["SalesReceipt"] + extra
        assert len(documents(shop, "Deposit")) >= good["Deposit"]
        assert_books_balance(shop.sandbox.store.of_template("quebec"))


def _links(shop: Shop) -> list[LinkRow]:
    with shop.workshop.database.read() as session:
        return list(session.scalars(select(LinkRow).where(LinkRow.connection_id == shop.connection.id)))


def _fingerprint(shop: Shop) -> Counter[tuple[str, str, Decimal, int]]:
    """Return what the books say, without the ids that differ from one company to the next."""
    found: Counter[tuple[str, str, Decimal, int]] = Counter()
    for kind in ("SalesReceipt", "RefundReceipt", "Deposit", "JournalEntry", "Purchase"):
        for row in documents(shop, kind):
            found[kind, row["TxnDate"], Decimal(row["TotalAmt"]), len(row["Line"])] += 1
    return found


def test_a_settlement_whose_report_comes_in_two_files_is_posted_when_the_rest_arrives(tmp_path: Path) -> None:
    with open_shop(tmp_path / "shop", Merchant(days=5, sales_per_day=3)) as shop:
        written = tmp_path / "written"
        written.mkdir()
        paths = shop.merchant.write_files(written, zipped=False)
        first = next(path for path in paths if b"HACT0010" in path.read_bytes() and b"HFIN0010" in path.read_bytes())
        rows = first.read_text().splitlines(keepends=True)
        is_detail = [row.startswith(("HACT0010", "RACT0010")) for row in rows]
        summary = [row for row, detail in zip(rows, is_detail, strict=True) if not detail]
        detail = [rows[0], *(row for row, detail in zip(rows, is_detail, strict=True) if detail), rows[-1]]
        (written / "summary.dfr").write_text("".join(summary))
        (written / "detail.dfr").write_text("".join(detail))
        shop.deliver(written / "summary.dfr")
        shop.sync()
        assert documents(shop, "Deposit") == []
        with shop.workshop.database.read() as session:
            [waiting] = session.scalars(select(Problem).where(Problem.state == ProblemState.OPEN)).all()
        assert waiting.subject.startswith("settlements/")
        shop.deliver(written / "detail.dfr")
        shop.sync()
        assert len(documents(shop, "Deposit")) == 1
        with shop.workshop.database.read() as session:
            assert session.get_one(Problem, waiting.id).state == ProblemState.GONE
