"""The real statements read with the counts, totals and periods of their manifest."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fnmatch import fnmatch
from pathlib import Path

import pytest

import raccord_bankfeed
from raccord_bankfeed.readers.contract import AccountKind, Balance
from raccord_bankfeed.twins.bank import Read

NO_LINE = (0, "0", "", None, None)
SAMPLES = Path(raccord_bankfeed.__file__).parent / "samples"
THREE_CURRENCIES = "mt940/cmxl_mt940.sta"

EXPECTED = {
    "ofx1/checking.ofx": (3, "-59.50", "USD", date(2011, 3, 31), date(2011, 4, 7)),
    "ofx1/ofx-v102-empty-tags.ofx": (1, "12.34", "AUD", date(2018, 5, 7), date(2018, 5, 7)),
    "ofx1/fail_date_missing.ofx": NO_LINE,
    "ofx1/fidelity.ofx": NO_LINE,
    "ofx1/signon_fail.ofx": NO_LINE,
    "ofx2/suncorp.ofx": (1, "-16.85", "AUD", date(2013, 12, 15), date(2013, 12, 15)),
    "ofx2/multiple_accounts.ofx": NO_LINE,
    "ofx2/anzcc.ofx": (1, "-5.50", "AUD", date(2017, 5, 8), date(2017, 5, 8)),
    "qfx/bank_medium_cad.qfx": (3, "-345.27", "CAD", date(2009, 4, 1), date(2009, 4, 3)),
    "qfx/multi_decimal.qfx": (2, "-33.77000", "USD", date(2019, 1, 23), date(2019, 1, 23)),
    "camt052/camt052.v1.xml": (1, "-200000", "SEK", date(2007, 10, 18), date(2007, 10, 18)),
    "camt052/camt052.v2.xml": (1, "-200000", "SEK", date(2007, 10, 18), date(2007, 10, 18)),
    "camt053/camt053.v2.minimal.xml": (1, "8.85", "EUR", date(2014, 12, 31), date(2014, 12, 31)),
    "camt053/camt053.v2.multi.statement.xml": (2, "1.85", "EUR", date(2014, 12, 31), date(2014, 12, 31)),
    "camt053/camt053.v4.xml": (1, "8.85", "EUR", date(2014, 12, 31), date(2014, 12, 31)),
    "camt053/camt053.v8.xml": (1, "8.85", "EUR", date(2014, 12, 31), date(2014, 12, 31)),
    "camt053/camt053.v2.wrong.xml": NO_LINE,
    "camt054/camt054.v2.xml": (1, "-200000", "SEK", date(2007, 10, 18), date(2007, 10, 18)),
    "camt054/camt054.v4.xml": (1, "-200000", "SEK", date(2007, 10, 18), date(2007, 10, 18)),
    "mt940/ASNB_0708271685_09022020_164516.940.txt": (8, "56.94", "EUR", date(2020, 1, 1), date(2020, 1, 31)),
    "mt940/betterplace_sepa_mt9401.sta": (97, "-9269135.90", "EUR", date(2007, 9, 4), date(2007, 9, 4)),
    "mt940/jejik_abnamro.sta": (10, "-345.93", "EUR", date(2011, 5, 23), date(2011, 5, 24)),
    "mt940/jejik_ing.sta": (7, "-45.59", "EUR", date(2010, 7, 22), date(2010, 7, 23)),
    "mt940/jejik_postfinance.sta": (4, "159.4", "CHF", date(2013, 12, 9), date(2013, 12, 18)),
    "mt940/self-provided_february_30.sta": (1, "-6.00", "EUR", date(2016, 3, 1), date(2016, 3, 1)),
    "bai2/moov_sample1_cad.bai": (17, "0.00", "CAD", date(2006, 3, 17), date(2006, 3, 17)),
    "bai2/citi_example.bai2": (1, "0.01", "GBP", date(2015, 7, 15), date(2015, 7, 15)),
    "bai2/account_trailer_amount_blank_example.bai2": NO_LINE,
    "bankcsv/reckon_chase.csv": (9, "6922.11", "", date(2009, 12, 10), date(2009, 12, 24)),
    "bankcsv/reckon_french_example.csv": (9, "-337.44", "", date(2014, 1, 21), date(2014, 1, 22)),
    "bankcsv/reckon_nationwide.csv": (4, "360.23", "GBP", date(2013, 10, 9), date(2013, 12, 10)),
    "bankcsv/reckon_suntrust.csv": (7, "700.00", "", date(2014, 11, 1), date(2014, 11, 17)),
    "bankcsv/reckon_two_money_columns.csv": (5, "-548.51", "", date(2008, 3, 26), date(2008, 4, 1)),
    "bankcsv/reckon_danish_kroner_nordea_example.csv": (6, "-4732.00", "", date(2012, 8, 27), date(2012, 11, 16)),
    "bankcsv/b2y_2019-03-02_11-50-46_bunq-statement.csv": (7, "-23.82", "", date(2018, 12, 6), date(2018, 12, 17)),
    "bankcsv/b2y_20180226-1000594757-umsatz.CSV": (1, "-36.99", "EUR", date(2018, 2, 22), date(2018, 2, 22)),
    "bankcsv/b2y_test_raiffeisen_01.csv": (73, "-4580.70", "EUR", date(2017, 9, 18), date(2017, 10, 19)),
    "bankcsv/b2y_MonzoDataExport_February2018_2018-02-26_174335.csv": (
        *(1, "-10", "GBP"),
        date(2018, 2, 25),
        date(2018, 2, 25),
    ),
    "paypalcsv/activity_en_nw.csv": (5, "493.85", "USD", date(2025, 9, 15), date(2025, 10, 5)),
    "paypalcsv/activity_bom.csv": (1, "-7.49", "USD", date(2019, 12, 27), date(2019, 12, 27)),
    "qif/test.qif": (6, "-35.50", "", date(2020, 2, 10), date(2020, 2, 14)),
    "qif/test_split.qif": (1, "-10.00", "", date(2000, 1, 1), date(2000, 1, 1)),
    "qif/test_option_autoswitch.qif": NO_LINE,
    "qif/with_categories.qif": (3, "-161.33", "", date(2018, 12, 19), date(2018, 12, 19)),
}


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.requirement("BF-20")
def test_a_real_statement_reads_with_the_count_total_and_period_of_its_manifest(
    name: str, sample: Callable[[str], bytes]
) -> None:
    lines = Read(sample(name)).lines
    days = [line.day for line in lines]
    total = sum((line.amount for line in lines), Decimal(0))
    currencies = "".join({line.currency for line in lines})
    # The manifest counts rows; a row of PayPal with a fee is a line and its fee.
    rows = [line for line in lines if not line.native.endswith(".fee")]
    assert (len(rows), str(total), currencies, min(days, default=None), max(days, default=None)) == EXPECTED[name]


def test_a_file_of_three_currencies_reads_each(sample: Callable[[str], bytes]) -> None:
    lines = Read(sample(THREE_CURRENCIES)).lines
    totals = {
        currency: sum(line.amount for line in lines if line.currency == currency) for currency in ("DEM", "EUR", "PLN")
    }
    assert len(lines) == 16
    assert totals == {"DEM": Decimal("87.30"), "EUR": 2200, "PLN": Decimal("10040.00")}


def test_every_sample_is_read_above_and_named_with_its_origin_and_its_licence(sample: Callable[[str], bytes]) -> None:
    files = {str(path.relative_to(SAMPLES)) for path in SAMPLES.glob("*/*") if path.parent.name != "LICENSES"}
    assert files == {*EXPECTED, THREE_CURRENCIES}, "every sample is read by a test above"
    origins = sample("README.md").decode()
    wholes = re.findall(r"`([a-z0-9]+/[^`]+)`", origins)
    assert [name for name in EXPECTED if not any(fnmatch(name, whole) for whole in wholes)] == []
    assert b"MIT" in sample("LICENSES/jseutter_ofxparse.MIT.txt")
    assert b"MIT" in sample("LICENSES/actualbudget_actual.MIT.txt")


def test_lines_keep_what_the_bank_wrote(sample: Callable[[str], bytes]) -> None:
    first, _, cheque = Read(sample("ofx1/checking.ofx")).lines
    assert first.native == "0000486"
    assert first.type == "CREDIT"
    assert first.name == "DIVIDEND EARNED FOR PERIOD OF 03"
    assert first.fields["DTPOSTED"] == "20110331120000.000"
    assert cheque.check_number == "319"
    assert cheque.memo == "RETURNED CHECK FEE, CHECK # 319 FOR $45.33 ON 04/07/11"
    (cdata,) = Read(sample("ofx2/suncorp.ofx")).lines
    assert cdata.name == "EFTPOS WDL HANDYWAY ALDI STORE"
    assert cdata.check_number == "", "0 is no cheque number"
    assert [line.amount.as_tuple().exponent for line in Read(sample("qfx/multi_decimal.qfx")).lines] == [-3, -5]


def test_accounts_balances_and_periods_are_kept_for_each_statement(sample: Callable[[str], bytes]) -> None:
    checking, savings = Read(sample("ofx2/multiple_accounts.ofx")).statements
    assert checking.ledger == Balance(Decimal(111), date(2012, 6, 3))
    assert savings.ledger == Balance(Decimal(222), date(2012, 6, 3))
    assert checking.account.key != savings.account.key
    assert (checking.account.masked, savings.account.type) == ("…9100", "SAVINGS")
    (card,) = Read(sample("ofx2/anzcc.ofx")).statements
    assert card.account.kind is AccountKind.CARD
    assert (card.starts, card.ends) == (date(2017, 3, 11), date(2017, 5, 9))
    assert card.available == Balance(Decimal("123.45"), date(2017, 5, 10))
    (empty,) = Read(sample("ofx1/ofx-v102-empty-tags.ofx")).statements
    assert empty.ledger is None
    (named,) = Read(sample("qfx/multi_decimal.qfx")).statements
    assert named.institution == "Bank of America"


@pytest.mark.requirement("BF-22")
def test_each_row_without_a_usable_date_is_reported_where_it_stands(sample: Callable[[str], bytes]) -> None:
    bad = Read(sample("ofx1/fail_date_missing.ofx"))
    assert [(row.code, row.line) for row in bad.unreadable] == [
        ("bankfeed.date_missing", 33),
        ("bankfeed.date_missing", 40),
        ("bankfeed.date_impossible", 48),
    ]
    assert "20120231" in bad.unreadable[2].reason.fr
    assert "YYYYMMDD" in bad.unreadable[2].reason.en
    assert "TestFail1" in bad.unreadable[0].excerpt
    assert bad.statements[0].unreadable == 3


def test_cash_lines_of_an_investment_account_are_counted_and_not_read(sample: Callable[[str], bytes]) -> None:
    (statement,) = Read(sample("ofx1/fidelity.ofx")).statements
    assert statement.account.kind is AccountKind.INVESTMENT
    assert (statement.lines, statement.left_out) == (0, 3)


@pytest.mark.requirement("BF-22")
def test_a_bank_that_refuses_the_sign_on_is_reported_in_its_own_words(sample: Callable[[str], bytes]) -> None:
    (refusal,) = Read(sample("ofx1/signon_fail.ofx")).unreadable
    assert refusal.code == "bankfeed.bank_refused"
    assert "15500" in refusal.reason.fr
    assert "invalid identification code or your password was incorrect" in refusal.reason.en
