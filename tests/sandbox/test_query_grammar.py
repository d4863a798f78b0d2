"""The query language row by row: what the documented grammar has, what it has not, and the words of the refusals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from raccord_sandbox.entities.kind import Family, Operation
from raccord_sandbox.entities.registry import KINDS

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import

ROWS: tuple[tuple[str, str, list[str]], ...] = (
    # rule, what follows "select * from Customer", the names found
    ("select everything", "", ["Bea", "ada", "O'Hare", "100%"]),
    ("operator =", "where DisplayName = 'Bea'", ["Bea"]),
    ("operator < on text", "where DisplayName < 'b'", ["ada", "100%"]),
    ("operator > on text", "where DisplayName > 'b'", ["Bea", "O'Hare"]),
    ("operator <=", "where DisplayName <= 'bea'", ["Bea", "ada", "100%"]),
    ("operator >=", "where DisplayName >= 'bea'", ["Bea", "O'Hare"]),
    ("operator IN", "where DisplayName IN ('bea', 'ada', 'nobody')", ["Bea", "ada"]),
    ("operator IN with one", "where DisplayName in ('bea')", ["Bea"]),
    ("operator LIKE, start", "where DisplayName LIKE 'b%'", ["Bea"]),
    ("operator LIKE, end", "where DisplayName like '%A'", ["Bea", "ada"]),
    ("operator LIKE, middle", "where DisplayName like '%e%'", ["Bea", "O'Hare"]),
    ("operator LIKE, several", "where DisplayName like '%h%r%'", ["O'Hare"]),
    ("operator LIKE without wildcard", "where DisplayName like 'bea'", ["Bea"]),
    ("LIKE has no wildcard but %", "where DisplayName like 'Be_'", []),
    ("LIKE takes dots as they are", "where DisplayName like 'B.a'", []),
    ("AND", "where DisplayName > 'a' and CompanyName = 'Co'", ["Bea", "ada"]),
    ("AND thrice", "where DisplayName > 'a' AND CompanyName = 'Co' and Active = true", ["Bea", "ada"]),
    ("Id with =", "where Id = '{bea}'", ["Bea"]),
    ("Id with IN", "where Id IN ('{ada}', '{bea}')", ["Bea", "ada"]),
    ("Id without quotes", "where Id = {bea}", ["Bea"]),
    ("quotes around a boolean", "where Active = 'true'", ["Bea", "ada", "O'Hare", "100%"]),
    ("no quotes around a boolean", "where Active = false", ["Dora (deleted)"]),
    ("a number in quotes", "where Balance >= '7'", ["Bea"]),
    ("a number without quotes", "where Balance > 6.5", ["Bea"]),
    ("a negative number", "where Balance > -1", ["Bea", "ada", "O'Hare", "100%"]),
    ("escape of an apostrophe", "where DisplayName = 'O\\'Hare'", ["O'Hare"]),
    ("keywords in any case", "WhErE DisplayName = 'Bea' oRdErBy DisplayName", ["Bea"]),
    ("property names in any case", "where DISPLAYNAME = 'Bea'", ["Bea"]),
    ("text compared without case", "where DisplayName = 'BEA'", ["Bea"]),
    ("line breaks", "\nwhere\tDisplayName = 'Bea'\n", ["Bea"]),
    ("date-time with offset", "where MetaData.CreateTime <= '2026-03-02T08:00:00-08:00'", ["Bea", "ada", "O'Hare"]),
    ("date-time in UTC", "where MetaData.CreateTime > '2026-03-02T16:00:00Z'", ["100%"]),
    ("date-time with another offset", "where MetaData.CreateTime > '2026-03-02T17:00:00+01:00'", ["100%"]),
    ("date-time without offset", "where MetaData.CreateTime > '2026-03-02T08:00:00'", ["100%"]),
    ("date where a date-time is", "where MetaData.LastUpdatedTime < '2026-03-02'", []),
    ("reference by id", "where ParentRef = '{bea}'", ["ada"]),
    ("nested property", "where PrimaryEmailAddr.Address = 'BEA@example.com'", ["Bea"]),
    ("activity: active ones unless asked", "where CompanyName = 'Gone'", []),
    ("activity: both asked for", "where Active IN (true, false) and CompanyName = 'Gone'", ["Dora (deleted)"]),
    ("ORDERBY", "ORDERBY DisplayName", ["100%", "ada", "Bea", "O'Hare"]),
    ("ORDERBY ASC", "orderby DisplayName ASC", ["100%", "ada", "Bea", "O'Hare"]),
    ("ORDERBY DESC", "orderby DisplayName desc", ["O'Hare", "Bea", "ada", "100%"]),
    ("ORDER BY in two words", "order by DisplayName", ["100%", "ada", "Bea", "O'Hare"]),
    ("ORDERBY several", "orderby CompanyName desc, DisplayName", ["ada", "Bea", "100%", "O'Hare"]),
    ("ORDERBY a number", "orderby Balance desc, Id maxresults 1", ["Bea"]),
    ("ORDERBY Id", "orderby Id desc", ["100%", "O'Hare", "ada", "Bea"]),
    ("STARTPOSITION", "STARTPOSITION 3", ["O'Hare", "100%"]),
    ("MAXRESULTS", "MAXRESULTS 2", ["Bea", "ada"]),
    ("STARTPOSITION and MAXRESULTS", "startposition 2 maxresults 2", ["ada", "O'Hare"]),
    ("MAXRESULTS and STARTPOSITION", "maxresults 2 startposition 2", ["ada", "O'Hare"]),
    ("MAXRESULTS at most", "maxresults 1000", ["Bea", "ada", "O'Hare", "100%"]),
    ("a page beyond the end", "startposition 99", []),
    ("every clause", "where Active = true orderby DisplayName startposition 2 maxresults 1", ["ada"]),
)

REFUSED: tuple[tuple[str, str, str, str], ...] = (
    # rule, statement, code, detail
    ("empty", "", "4000",
        'QueryParserError: Encountered "<EOF>" at line 0, column 0.\nWas expecting:\n    "select" ...'),
    ("no select", "update Customer", "4000", 'QueryParserError: Encountered "update" at line 1, column 1.'),
    ("no from", "select * Customer", "4000", 'QueryParserError: Encountered "Customer" at line 1, column 10.'),
    ("no entity", "select * from", "4000", 'QueryParserError: Encountered "<EOF>" at line 1, column 14.'),
    ("OR", "{c} where Id = '1' OR Id = '2'", "4000", 'Encountered "OR" at line 1, column 39.'),
    ("NOT", "{c} where NOT Id = '1'", "4000", 'Encountered "Id"'),
    ("!=", "{c} where Id != '1'", "4000", 'Encountered "!=" at line 1, column 33.'),
    ("<>", "{c} where Id <> '1'", "4000", 'Encountered ">"'),
    ("BETWEEN", "{c} where Id between '1' and '2'", "4000", 'Encountered "between"'),
    ("IS NULL", "{c} where CompanyName is null", "4000", 'Encountered "is"'),
    ("NOT IN", "{c} where Id not in ('1')", "4000", 'Encountered "not"'),
    ("NOT LIKE", "{c} where DisplayName not like 'a%'", "4000", 'Encountered "not"'),
    ("grouping", "{c} where (Id = '1')", "4000", 'Encountered "("'),
    ("GROUP BY", "{c} group by Id", "4000", 'Encountered "group"'),
    ("HAVING", "{c} having Id = '1'", "4000", 'Encountered "having"'),
    ("JOIN", "{c} join Invoice", "4000", 'Encountered "join"'),
    ("two entities", "select * from Customer, Vendor", "4000", 'Encountered ","'),
    ("alias", "select * from Customer c", "4000", 'Encountered "c"'),
    ("subquery", "{c} where Id in (select Id from Vendor)", "4000", 'Encountered "select"'),
    ("SUM", "select sum(Balance) from Customer", "4000", 'Encountered "("'),
    ("COUNT of a property", "select count(Id) from Customer", "4000", 'Encountered "Id"'),
    ("DISTINCT", "select distinct CompanyName from Customer", "4000", 'Encountered "CompanyName"'),
    ("LIMIT", "{c} limit 5", "4000", 'Encountered "limit"'),
    ("UNION", "{c} union select * from Vendor", "4000", 'Encountered "union"'),
    ("double quotes", '{c} where DisplayName = "Bea"', "4000",
        'QueryParserError: Invalid content. Lexical error at line 1, column 44.  Encountered: """ (34), after : ""'),
    ("percent left encoded", "{c} where DisplayName %3D 'x'", "4000", 'Lexical error at line 1, column 42.'),
    ("doubled apostrophe", "{c} where DisplayName = 'O''Hare'", "4000", 'Encountered "Hare"'),
    ("open text", "{c} where DisplayName = 'Bea", "4000", "Lexical error"),
    ("word as a value", "{c} where DisplayName = Bea", "4000", 'Encountered "Bea"'),
    ("IN without parentheses", "{c} where Id in '1'", "4000", 'Encountered "1"'),
    ("IN with nothing", "{c} where Id in ()", "4000", 'Encountered ")"'),
    ("IN without commas", "{c} where Id in ('1' '2')", "4000", 'Encountered "2"'),
    ("condition without value", "{c} where Id =", "4000", 'Encountered "<EOF>"'),
    ("WHERE without condition", "{c} where", "4000", 'Encountered "<EOF>"'),
    ("AND without condition", "{c} where Id = '1' and", "4000", 'Encountered "<EOF>"'),
    ("clauses out of order", "{c} orderby Id where Id = '1'", "4000", 'Encountered "where"'),
    ("ORDER without BY", "{c} order Id", "4000", 'Encountered "Id"'),
    ("a second line", "{c}\nwhere Id ?", "4000", "Lexical error at line 2, column 10."),
    ("MAXRESULTS of a word", "{c} maxresults ten", "4000", 'Encountered "ten"'),
    ("MAXRESULTS of a fraction", "{c} maxresults 1.5", "4000", 'Encountered "1.5"'),
    ("MAXRESULTS twice", "{c} maxresults 1 maxresults 2", "4000", 'Encountered "maxresults"'),
    ("two statements", "{c}; select * from Vendor", "4000", 'Encountered "select"'),
    ("STARTPOSITION 0", "{c} startposition 0", "4001",
        "QueryValidationError: value 0 is too small. Min allowed value is 1"),
    ("STARTPOSITION below", "{c} startposition -1", "4001", "value -1 is too small. Min allowed value is 1"),
    ("MAXRESULTS 0", "{c} maxresults 0", "4001", "value 0 is too small. Min allowed value is 1"),
    ("MAXRESULTS above", "{c} maxresults 1001", "4001", "value 1001 is too large. Max allowed value is 1000"),
    ("unknown entity", "select * from Unicorn", "4001", "Entity Unicorn is not queryable"),
    ("plural entity", "select * from Customers", "4001", "Entity Customers is not queryable"),
    ("unknown property", "{c} where Horn = '1'", "4001", "Property Horn not found for Entity Customer"),
    ("unknown property to sort by", "{c} orderby Horn", "4001", "Property Horn not found for Entity Customer"),
    ("unknown property to show", "select Horn from Customer", "4001", "Property Horn not found for Entity Customer"),
    ("property that is not filterable", "{c} where Notes = 'x'", "4001",
        "QueryValidationError: property 'Notes' is not queryable"),
    ("a whole address", "{c} where PrimaryEmailAddr = 'a@b.c'", "4001", "property 'PrimaryEmailAddr' is not queryable"),
    ("DepartmentRef", "select * from SalesReceipt where DepartmentRef = '1'", "4001",
        "property 'DepartmentRef' is not queryable"),
    ("PrivateNote", "select * from SalesReceipt where PrivateNote = 'x'", "4001",
        "property 'PrivateNote' is not queryable"),
    ("a line's property", "select * from SalesReceipt where Line.Amount > '1'", "4001",
        "Property Line.Amount not found for Entity SalesReceipt"),
    ("AccountRef", "select * from Purchase where AccountRef = '1'", "4001", "property 'AccountRef' is not queryable"),
    ("sorting by what is not filterable", "{c} orderby Notes", "4001", "property 'Notes' is not queryable"),
    ("no boolean", "{c} where Active = 'maybe'", "4001", "value maybe of property Active is not a boolean"),
    ("no number", "{c} where Balance > 'much'", "4001", "value much of property Balance is not a number"),
    ("no date", "select * from SalesReceipt where TxnDate > 'soon'", "4001",
        "value soon of property TxnDate is not a date"),
    ("no such day", "select * from SalesReceipt where TxnDate > '2026-02-30'", "4001", "is not a date"),
    ("no date-time", "{c} where MetaData.CreateTime > 'soon'", "4001",
        "value soon of property MetaData.CreateTime is not a date"),
    ("a plus sign lost in the address", "{c} where MetaData.CreateTime > '2026-03-02T08:00:00 01:00'", "4001",
        "is not a date"),
    ("LIKE on a date-time", "{c} where MetaData.CreateTime like '2026%'", "4001",
        "operator LIKE is not supported for property MetaData.CreateTime"),
    ("LIKE on a boolean", "{c} where Active like 't%'", "4001", "operator LIKE is not supported for property Active"),
)  # fmt: skip


@pytest.fixture(scope="module")
def people(own: Books) -> Books:
    """Five customers, one of them gone and one made a minute later."""
    bea = own.make(
        "Customer", {"DisplayName": "Bea", "CompanyName": "Co", "PrimaryEmailAddr": {"Address": "bea@example.com"}}
    )
    ada = own.make(
        "Customer", {"DisplayName": "ada", "CompanyName": "Co", "Job": True, "ParentRef": {"value": bea["Id"]}}
    )
    own.make("Customer", {"DisplayName": "O'Hare"})
    gone = own.make("Customer", {"DisplayName": "Dora", "CompanyName": "Gone"})
    own.deed("deactivate", entity="Customer", id=gone["Id"])
    own.make("Invoice", own.sale(7, CustomerRef={"value": bea["Id"]}))
    own.company.clock.advance(timedelta(minutes=1))
    own.make("Customer", {"DisplayName": "100%", "CompanyName": "A"})
    own.ids = {"bea": bea["Id"], "ada": ada["Id"]}
    return own


@pytest.mark.parametrize(("rule", "clauses", "found"), ROWS, ids=[row[0] for row in ROWS])
def test_the_grammar_finds(people: Books, rule: str, clauses: str, found: list[str]) -> None:
    statement = "select * from Customer " + clauses.format(**people.ids)  # noqa: S608  # the language under test
    names = [doc["DisplayName"] for doc in people.query(statement).get("Customer", [])]
    assert names == found


@pytest.mark.parametrize(("rule", "statement", "code", "detail"), REFUSED, ids=[row[0] for row in REFUSED])
def test_the_grammar_refuses(people: Books, rule: str, statement: str, code: str, detail: str) -> None:
    sent = statement.replace("{c}", "select * from Customer")
    answer = people.http.get(f"{people.base}/query", params={"query": sent})
    error = answer.json()["Fault"]["Error"][0]
    assert (answer.status_code, error["code"]) == (400, code)
    assert error["Message"] == {"4000": "Error parsing query", "4001": "Invalid query"}[code]
    assert detail in error["Detail"]


PROJECTIONS = (
    ("one property", "select DisplayName from Customer", {"DisplayName"}),
    ("several", "select DisplayName, Balance, Active from Customer", {"DisplayName", "Balance", "Active"}),
    ("in any case", "select displayname from customer", {"DisplayName"}),
    ("nested", "select MetaData.CreateTime from Customer", set()),
)


@pytest.mark.parametrize(("rule", "statement", "names"), PROJECTIONS, ids=[row[0] for row in PROJECTIONS])
def test_a_projection_shows(people: Books, rule: str, statement: str, names: set[str]) -> None:
    found = people.query(statement)["Customer"][0]
    assert set(found) == names | {"Id", "SyncToken", "MetaData", "domain", "sparse"}
    assert found["sparse"] is True


def test_everything_and_a_property_is_everything(people: Books) -> None:
    assert people.query("select *, DisplayName from Customer") == people.query("select * from Customer")
    assert people.query("select * from Customer")["Customer"][0]["sparse"] is False


def test_a_count_ignores_pages_and_keeps_conditions(people: Books) -> None:
    assert people.query("select count(*) from Customer") == {"totalCount": 4}
    assert people.query("SELECT COUNT(*) FROM Customer WHERE CompanyName = 'co' STARTPOSITION 2 MAXRESULTS 1") == {
        "totalCount": 2
    }
    assert people.query("select count(*) from Customer where Id = '0'") == {"totalCount": 0}


def test_dates_of_documents_are_compared_by_day(people: Books) -> None:
    def count(where: str) -> int:
        found: int = people.query(f"select count(*) from Invoice where {where}")["totalCount"]  # noqa: S608  # the language under test
        return found

    assert count("TxnDate = '2026-03-01'") == 1
    assert count("TxnDate >= '2026-03-01T10:00:00-08:00'") == 1
    assert count("TxnDate > '2026-03-01'") == 0
    assert count("TotalAmt = '7.00' and TxnDate IN ('2026-03-01', '2026-03-02')") == 1


def test_a_statement_is_sent_by_get_or_as_the_text_of_a_post(people: Books) -> None:
    statement = "select count(*) from Customer where DisplayName = 'O\\'Hare'"
    got = people.http.get(f"{people.base}/query", params={"query": statement}).json()
    for kind in ("application/text", "text/plain", "application/text;charset=UTF-8"):
        posted = people.http.post(f"{people.base}/query", content=statement, headers={"Content-Type": kind}).json()
        assert posted["QueryResponse"] == got["QueryResponse"] == {"totalCount": 1}
    for kind in ("application/json", ""):
        wrong = people.http.post(f"{people.base}/query", content=statement, headers={"Content-Type": kind})
        assert (wrong.status_code, wrong.json()["Fault"]["Error"][0]["code"]) == (415, "1050")


def test_undocumented_habits_are_switches(us: Books) -> None:
    us.make("Customer", {"DisplayName": "Ada"})
    us.make("Customer", {"DisplayName": "Bea"})
    us.here("POST", "switches", accept_not_equal=True, accept_start_position_zero=True, cap_max_results=True)
    assert [doc["DisplayName"] for doc in us.all("Customer", "where DisplayName != 'ADA'")] == ["Bea"]
    assert us.get("query", query="select * from Customer where Id != '1'")["Fault"]["Error"][0]["code"] == "4001"
    assert us.query("select * from Customer startposition 0 maxresults 5000")["maxResults"] == 2
    assert us.query("select * from Customer startposition 0")["startPosition"] == 1


def test_order_by_in_two_words_and_projections_are_switches(us: Books) -> None:
    us.make("Customer", {"DisplayName": "Ada", "Notes": "kept"})
    statement = "select DisplayName from Customer order by DisplayName"
    (projected,) = us.query(statement)["Customer"]
    assert ("Notes" in projected, projected["sparse"]) == (False, True)
    us.here("POST", "switches", project_queries=False)
    (whole,) = us.query(statement)["Customer"]
    assert (whole["Notes"], whole["sparse"]) == ("kept", False)
    us.here("POST", "switches", accept_order_by=False)
    assert us.get("query", query=statement)["Fault"]["Error"][0]["code"] == "4000"
    assert us.query(statement.replace("order by", "orderby"))["Customer"] == [whole]


def test_answers_are_ordered_by_id_even_where_objects_were_not_made_in_that_order(us: Books) -> None:
    table = us.company.table("Department")
    times = {"CreateTime": "2026-03-02T08:00:00-08:00", "LastUpdatedTime": "2026-03-02T08:00:00-08:00"}
    for key in ("30", "4", "200", "NON"):
        table.put({"Id": key, "Name": key, "Active": True, "MetaData": times})
    assert [doc["Id"] for doc in us.all("Department")] == ["NON", "4", "30", "200"]
    assert [doc["Id"] for doc in us.all("Department", "where Name IN ('200', '30', '4')")] == ["4", "30", "200"]
    table.put({"Id": "5", "Name": "5", "Active": True, "MetaData": times})
    table.drop("30")
    assert [doc["Id"] for doc in us.all("Department")] == ["NON", "4", "5", "200"]


USUAL = (
    "Id", "TxnDate", "CustomerRef", "TotalAmt", "DueDate", "Active", "DisplayName",
    "FullyQualifiedName", "AccountType", "AccountSubType", "Classification",
)  # fmt: skip
"""Properties that the documentation marks as filterable wherever an entity has them."""


@pytest.mark.parametrize("name", [kind.name for kind in KINDS.values() if Operation.QUERY in kind.operations])
def test_each_entity_can_be_asked_by_its_usual_properties(us: Books, name: str) -> None:
    kind = KINDS[name]
    value = {"Id": "1", "TxnDate": "2026-01-01", "DueDate": "2026-01-01", "TotalAmt": "1", "Active": "true"}
    asked = [name for name in USUAL if name in kind.queryable]
    missing = [name for name in USUAL if name in kind.properties and name not in kind.queryable]
    assert missing == []
    for prop in (*asked, "MetaData.LastUpdatedTime", "MetaData.CreateTime"):
        text = value.get(prop, "2026-01-01" if prop.startswith("MetaData") else "x")
        assert "QueryResponse" in us.get("query", query=f"select * from {name} where {prop} = '{text}'"), prop  # noqa: S608
    if kind.family is Family.LIST:
        assert "Active" in kind.queryable
