from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from raccord_sandbox.keeping.table import Table
from raccord_sandbox.querying.query import Comparison, Condition, parse

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import


def fault(books: Books, statement: str) -> tuple[str, str]:
    error = books.get("query", query=statement)["Fault"]["Error"][0]
    return error["code"], error["Detail"]


def names(books: Books, statement: str, entity: str = "Customer") -> list[str]:
    return [doc["DisplayName"] for doc in books.query(statement).get(entity, [])]


@pytest.fixture
def people(us: Books) -> Books:
    for name in ("Bea", "ada", "Chris O'Hare", "Dora"):
        us.make("Customer", {"DisplayName": name, "CompanyName": "Co" if name != "Dora" else "Other"})
    us.deed("deactivate", entity="Customer", id=us.all("Customer", "where DisplayName = 'Dora'")[0]["Id"])
    return us


def test_a_statement_is_parsed_with_every_clause() -> None:
    query = parse(
        "select Id, DocNumber from Invoice where TxnDate >= '2026-01-01' and DocNumber IN ('a','b') "
        "and PrivateNote like 'x\\'%' ORDER BY TxnDate DESC, Id startposition 11 maxresults 20"
    )
    assert (query.entity, query.names, query.start, query.limit) == ("Invoice", ("Id", "DocNumber"), 11, 20)
    assert query.conditions[1] == Condition("DocNumber", Comparison.IN, ("a", "b"))
    assert query.conditions[2].values == ("x'%",)
    assert query.order == (("TxnDate", True), ("Id", False))


@pytest.mark.parametrize(
    "statement",
    [
        "selekt * from Customer",
        "select * from",
        "select * Customer",
        "select * from Customer where DisplayName = \"Bea\"",
        "select * from Customer where DisplayName = 'Bea' or DisplayName = 'ada'",
        "select * from Customer where not Active = true",
        "select * from Customer where (Active = true)",
        "select * from Customer where Id between '1' and '2'",
        "select * from Customer where CompanyName is null",
        "select * from Customer where Id != '3'",
        "select sum(Balance) from Customer",
        "select * from Customer group by Id",
        "select * from Customer where DisplayName = 'O''Hare'",
        "select * from Customer where DisplayName = 'open",
        "select * from Customer maxresults ten",
        "select * from Customer; drop table Customer",
        "select * from Customer where DisplayName in ('a' 'b')",
    ],
)  # fmt: skip
def test_what_the_grammar_does_not_have_is_4000(people: Books, statement: str) -> None:
    code, detail = fault(people, statement)
    assert code == "4000"
    # A character that no word of the language begins with is a lexical error in the service's parser.
    assert re.match(
        r'QueryParserError: (Encountered "|Invalid content\. Lexical error at line 1, column \d+\.)', detail
    )


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("select * from Unicorn", "Entity Unicorn"),
        ("select * from Customer where Nonsense = '1'", "Property Nonsense not found for Entity Customer"),
        ("select * from Customer where Notes = '1'", "property 'Notes' is not queryable"),
        ("select * from SalesReceipt where DepartmentRef = '1'", "property 'DepartmentRef' is not queryable"),
        ("select * from Customer startposition 0", "value 0 is too small. Min allowed value is 1"),
        ("select * from Customer maxresults 1001", "value 1001 is too large"),
        ("select Nonsense from Customer", "Property Nonsense not found"),
        ("select * from Customer where MetaData.CreateTime > 'soon'", "is not a date"),
    ],
)
def test_what_is_not_valid_is_4001(people: Books, statement: str, words: str) -> None:
    code, detail = fault(people, statement)
    assert code == "4001"
    assert words in detail


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("", ["Bea", "ada", "Chris O'Hare"]),
        ("where displayname = 'ADA'", ["ada"]),
        ("WHERE DisplayName LIKE '%a'", ["Bea", "ada"]),
        ("where DisplayName = 'Chris O\\'Hare'", ["Chris O'Hare"]),
        ("where Active in (true, false) orderby DisplayName", ["ada", "Bea", "Chris O'Hare", "Dora (deleted)"]),
        ("where Active = false", ["Dora (deleted)"]),
        ("where Active = 'true' and CompanyName = 'co' order by DisplayName desc", ["Chris O'Hare", "Bea", "ada"]),
        ("where DisplayName > 'b' and DisplayName <= 'bea'", ["Bea"]),
        ("orderby DisplayName startposition 2 maxresults 1", ["Bea"]),
        ("startposition 9", []),
        ("where MetaData.LastUpdatedTime >= '2026-03-02T08:00:00-08:00'", ["Bea", "ada", "Chris O'Hare"]),
        ("where MetaData.LastUpdatedTime > '2026-03-02T16:00:00Z'", []),
        ("where DisplayName in ('bea', 'nobody', 'ada')", ["Bea", "ada"]),
    ],
)
def test_conditions_order_and_paging_select(people: Books, where: str, found: list[str]) -> None:
    assert names(people, f"select * from Customer {where}") == found  # noqa: S608  # the query language under test


def test_counts_pages_and_empty_answers_have_their_shapes(people: Books) -> None:
    assert people.query("select count(*) from Customer maxresults 1") == {"totalCount": 3}
    assert people.query("select * from Vendor") == {}
    page = people.query("select * from Customer maxresults 2")
    assert (page["startPosition"], page["maxResults"], "totalCount" in page) == (1, 2, False)
    assert people.query("select * from Customer")["totalCount"] == 3


def test_a_page_holds_a_hundred_unless_told(us: Books) -> None:
    for start in range(0, 120, 30):
        items = [
            {"bId": str(n), "operation": "create", "Customer": {"DisplayName": f"c{start + n}"}} for n in range(30)
        ]
        us.post("batch", {"BatchItemRequest": items})
    assert us.query("select * from Customer")["maxResults"] == 100
    assert us.query("select * from Customer maxresults 1000")["maxResults"] == 120


def test_a_projection_gives_the_named_and_core_properties(people: Books) -> None:
    found = people.query("select DisplayName from Customer")["Customer"][0]
    assert set(found) == {"DisplayName", "Id", "SyncToken", "MetaData", "domain", "sparse"}
    assert found["sparse"] is True


def test_a_statement_can_be_posted_as_text(people: Books) -> None:
    for kind in ("application/text", "text/plain"):
        answer = people.http.post(
            f"{people.base}/query", content="select count(*) from Customer", headers={"Content-Type": kind}
        )
        assert answer.json()["QueryResponse"] == {"totalCount": 3}


def test_documents_are_found_by_number_date_total_and_customer(us: Books) -> None:
    customer = us.make("Customer", {"DisplayName": "Lu"})
    for day in range(1, 6):
        us.make(
            "SalesReceipt", us.sale(day, f"N{day}", TxnDate=f"2026-02-0{day}", CustomerRef={"value": customer["Id"]})
        )

    def numbers(where: str) -> list[str]:
        return [doc["DocNumber"] for doc in us.all("SalesReceipt", where)]

    assert numbers("where DocNumber in ('n4','N2','zz')") == ["N2", "N4"]
    assert numbers("where TxnDate > '2026-02-02' and TxnDate <= '2026-02-04'") == ["N3", "N4"]
    assert numbers("where TxnDate = '2026-02-05'") == ["N5"]
    assert numbers("where TotalAmt >= '4'") == ["N4", "N5"]
    assert numbers(f"where CustomerRef = '{customer['Id']}' and TxnDate < '2026-02-02'") == ["N1"]
    key = us.all("SalesReceipt", "where DocNumber = 'N3'")[0]["Id"]
    assert numbers(f"where Id in ('{key}')") == ["N3"]
    us.deed("delete", entity="SalesReceipt", id=key)
    assert numbers("where DocNumber = 'N3'") == []
    us.deed("edit", entity="SalesReceipt", id=us.all("SalesReceipt", "where DocNumber = 'N4'")[0]["Id"],
            changes={"DocNumber": "M4", "TxnDate": "2026-03-01"})  # fmt: skip
    assert numbers("where DocNumber in ('N4', 'M4')") == ["M4"]
    assert numbers("where TxnDate >= '2026-02-04'") == ["M4", "N5"]
    assert all(isinstance(doc["TotalAmt"], Decimal) for doc in us.all("SalesReceipt"))


def test_indexes_forget_what_was_changed_or_removed() -> None:
    table = Table()
    for moment, number, day in (("08:00", "A", "2026-01-01"), ("09:00", "B", "2026-01-02")):
        stamp = f"2026-03-02T{moment}:00-08:00"
        times = {"CreateTime": stamp, "LastUpdatedTime": stamp}
        table.put({"Id": "1", "DocNumber": number, "TxnDate": day, "MetaData": times})
    assert list(table.updated(float("-inf"), float("inf"))) == ["1"]
    assert (list(table.having("DocNumber", "a")), list(table.having("DocNumber", "b"))) == ([], ["1"])
    assert list(table.dated("2026-01-01", "2026-01-31")) == ["1"]
    table.drop("1")
    assert list(table.updated(float("-inf"), float("inf"))) == []
    assert list(table.dated("", "9999")) == []
    assert len(table) == 0


class Watched(dict[str, Any]):
    """A stored document that notes when somebody looks into it."""

    read: ClassVar[set[str]] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(self["Id"])
        return super().get(name, default)


def test_a_lookup_by_number_does_not_read_every_document(us: Books) -> None:
    table = us.company.table("SalesReceipt")
    stamp = "2026-03-02T08:00:00-08:00"
    for number in range(1000):
        table.put(
            Watched(
                Id=str(10**6 + number),
                DocNumber=f"P{number}",
                TxnDate=f"20{number % 20:02}-01-01",
                TotalAmt=1,
                MetaData={"CreateTime": stamp, "LastUpdatedTime": stamp},
            )
        )
    wanted = ",".join(f"'P{number}'" for number in range(0, 1000, 100))
    asked = {
        f"DocNumber in ({wanted})": (10, 10),
        "TxnDate = '2007-01-01'": (50, 50),
        "TxnDate = '2007-01-01' and DocNumber = 'P7'": (1, 1),
        "TxnDate > '2018-12-31'": (50, 50),
        "TotalAmt > '5'": (0, 1000),
    }
    for where, (found, read) in asked.items():
        Watched.read.clear()
        count = us.query(f"select count(*) from SalesReceipt where {where}")["totalCount"]  # noqa: S608  # the language under test
        assert (where, count, len(Watched.read)) == (where, found, read)


@pytest.mark.parametrize("made", [["2", "9", "10", "11"], ["10", "word", "9", "11", "2"]])
def test_what_an_index_finds_comes_by_id_like_everything_else(made: list[str]) -> None:
    table = Table()
    for key in made:
        table.put({"Id": key, "CustomerRef": {"value": "1"}, "MetaData": {"LastUpdatedTime": "2026-01-01T00:00:00Z"}})
    again = made[1]
    table.put({"Id": again, "CustomerRef": {"value": "1"}, "MetaData": {"LastUpdatedTime": "2026-01-02T00:00:00Z"}})
    assert table.in_order([*table.having("CustomerRef", "1"), again]) == [doc["Id"] for doc in table.by_id()]
