"""One damaged row of a table: it is named with its line, column and value, and the good ones are read."""

from __future__ import annotations

import pytest

from raccord_bankfeed.twins.bank import Read

GOOD = ["-1.00", "-3.00", "-4.00"]


def semicolons(*rows: str) -> str:
    return "\n".join((*rows, ""))


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        pytest.param(
            semicolons("Date;Libellé;Montant", "2026-03-01;A;-1,00", "2026-03-02;B;12,3x", "2026-03-13;C;-3,00",
                       "2026-03-14;D;-4,00"),
            3, "'12,3x' (Montant [3])", id="below a header",
        ),
        pytest.param(
            semicolons("2026-03-01;A;-1,00", "2026-03-02;B;12,3x", "2026-03-13;C;-3,00", "2026-03-14;D;-4,00"),
            2, "'12,3x' (column 3 [3])", id="without a header",
        ),
        pytest.param(
            semicolons("03/01/2026,A,1.00,,99.00", "03/02/2026,B,12.3x,,86.70", "03/13/2026,C,3.00,,83.70",
                       "03/14/2026,D,4.00,,79.70", "03/15/2026,E,,5.00,84.70"),
            2, "'12.3x' (column 3 [3])", id="two columns without names, which the bad amount must not hide",
        ),
        pytest.param(
            semicolons("03/01/2026,A,-1.00,99.00", "03/02/2026,B,-12.3x,86.70", "03/13/2026,C,-3.00,83.70",
                       "03/14/2026,D,-4.00,79.70"),
            2, "'-12.3x' (column 3 [3])", id="an amount and a balance without names",
        ),
        pytest.param(
            semicolons("Date,Description,Amount", "2026-03-01,A,-1.00", "2026-03-02,B,-12,30", "2026-03-13,C,-3.00",
                       "2026-03-14,D,-4.00"),
            3, "4 cells for 3 columns", id="an amount that the mark between columns cuts in two",
        ),
        pytest.param(
            semicolons("2026-03-01,A,-1.00", "2026-03-02,B,-12,30", "2026-03-13,C,-3.00", "2026-03-14,D,-4.00"),
            2, "4 cells for 3 columns", id="the same without a header",
        ),
        pytest.param(
            semicolons("Date,Amount,Description", "2026-03-01,-1.00,A", "2026-03-02,-12,30,B", "2026-03-13,-3.00,C",
                       "2026-03-14,-4.00,D"),
            3, "4 cells for 3 columns", id="the same before a text",
        ),
    ],
)  # fmt: skip
def test_one_bad_amount_is_named_and_the_good_rows_are_read(content: str, line: int, says: str) -> None:
    read = Read(content.encode())
    assert [str(each.amount) for each in read.lines if each.amount < 0] == GOOD
    (bad,) = read.unreadable
    assert bad.line == line
    assert says in bad.reason.en
    assert "enter this transaction by hand" in bad.reason.en


def test_a_text_at_the_end_may_hold_the_mark_between_columns() -> None:
    read = Read(semicolons("Date,Amount,Description", "2026-03-01,-1.00,A", "2026-03-02,-12.30,Coffee, cake").encode())
    assert [str(each.amount) for each in read.lines] == ["-1.00", "-12.30"]
    assert not read.codes


@pytest.mark.parametrize("content", ["2026-03-02;B;12,3x\n", "When;What;How much\n2026-03-02;B;12,3x\n"])
def test_a_file_whose_only_row_is_bad_is_a_statement_all_the_same(content: str) -> None:
    read = Read(content.encode())
    (bad,) = read.unreadable
    assert (bad.code, bad.line) == ("bankfeed.amount_unreadable", content.count("\n"))
    assert "'12,3x' (column 3)" in bad.reason.en
    assert "12,3x" in bad.excerpt


def test_a_day_that_does_not_exist_is_what_is_said_of_the_only_row() -> None:
    read = Read("Date;Libellé;Montant\n33/03/2026;A;1,00\n".encode())
    assert read.codes == ["bankfeed.date_impossible"]


def test_a_row_whose_day_cannot_be_read_is_no_row_without_a_day() -> None:
    """Danske Bank in Lithuania writes 2026:03:14, and fewer cells than names."""
    header = "Date,Bank,Address,City,Country,Name,Amount,"
    rows = f'{header}\n2026:03:14,,"Vilnius,LT",ACME,-7.8,\n2026-03-15,X,Y,Z,LT,N,1.00,\n'
    result = Read(rows.encode())
    assert [str(line.amount) for line in result.lines] == ["1.00"]
    assert [(bad.code, bad.line) for bad in result.unreadable] == [("bankfeed.date_impossible", 2)]
    footer = Read(rows.replace("2026:03:14", "Page 1/2").replace("-7.8", "").encode())
    assert footer.codes == []
    (statement,) = footer.statements
    assert statement.left_out == 1


def test_names_of_columns_that_nobody_knows_are_no_damaged_row() -> None:
    """Fio of the Czech Republic writes what the account held above them, and calls the amount a volume."""
    rows = '"openingBalance";"100,00"\n\n"ID";"Datum";"Objem";"Typ"\n' + "".join(
        f'"{day}";"{day}.03.2026";"{amount}";"KARTA"\n' for day, amount in ((14, "-4,20"), (15, "9,00"), (16, "-1,00"))
    )
    result = Read(rows.encode())
    assert [str(line.amount) for line in result.lines] == ["-4.20", "9.00", "-1.00"]
    assert result.codes == []
    assert Read(rows.replace("9,00", "9,0O").encode()).codes == ["bankfeed.amount_unreadable"]
