"""A line of a file that was left out as one that a provider told comes back once the provider takes that one back."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from raccord.plugin import BadRecord, Mapped, Record
from raccord.plugin.testing import FakeMapContext
from raccord_bankfeed import feed as feed_module
from raccord_bankfeed import map_record
from raccord_bankfeed.crossing import answer_key
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed, MadeAccount, MadeLine, connector, statement_file
from raccord_bankfeed.twins.csv import csv_chunks

ACCOUNT = MadeAccount(number="0123456789", currency="CAD")
P = ("03-10", "-61.37", "BOULANGERIE GAGNON")
ENDS = [("03-02", "-80.00", "GAZ METRO"), ("03-20", "-12.00", "KIOSK VIAU")]
KEYS = ("bank-6789-17b8f5f7ed", "bank-6789-327e587ead")
"""Of the account as a table names it, and as an OFX file does."""
Told = tuple[str, str, str]


def made(*lines: Told) -> list[MadeLine]:
    return [MadeLine(day=date.fromisoformat(f"2026-{day}"), amount=Decimal(amount), name=name)
            for day, amount, name in lines]  # fmt: skip


def csv(*lines: Told) -> bytes:
    return b"".join(csv_chunks(ACCOUNT, made(*lines)))


def ofx(*lines: Told) -> bytes:
    return statement_file(ACCOUNT, made(*lines))


def answer(provider: str, **said: object) -> bytes:
    accounts = [{"id": "A1", "key": "theirs", "card": False}]
    head = {"raccord-provider": provider, "first": "2026-03-01", "last": "2026-03-31", "accounts": accounts}
    return json.dumps(head).encode() + b"\n" + json.dumps(said).encode()


def simplefin(*lines: Told, without: Told | None = None) -> bytes:
    """Return all that the bridge has of the month."""
    rows = [
        {"id": f"S-{day}", "posted": int(datetime.fromisoformat(f"2026-{day}T17:00").replace(tzinfo=UTC).timestamp()),
         "amount": amount, "description": name}
        for day, amount, name in lines if (day, amount, name) != without
    ]  # fmt: skip
    account = {"id": "A1", "currency": "CAD", "balance": f"{len(rows)}.00", "balance-date": 1774915200}
    return answer("simplefin", accounts=[{**account, "transactions": rows}], errors=[])


def plaid(*lines: Told, without: Told | None = None) -> bytes:
    """Return what changed: lines are added, or one removed."""
    rows = [{"transaction_id": f"T-{day}", "account_id": "A1", "date": f"2026-{day}", "amount": str(-Decimal(amount)),
             "iso_currency_code": "CAD", "name": name} for day, amount, name in lines]  # fmt: skip
    gone = [{"transaction_id": f"T-{without[0]}", "account_id": "A1"}] if without else []
    return answer("plaid", added=[] if gone else rows, modified=[], removed=gone,
                  accounts=[{"account_id": "A1", "balances": {"iso_currency_code": "CAD"}}])  # fmt: skip


class House:
    """A connection as core keeps it: of each record what was told last."""

    def __init__(self, feed: Feed, mapping: FakeMapContext) -> None:
        self.feed, self.mapping = feed, mapping
        self.kept: dict[str, Record] = {}
        self.cursor: str | None = None
        self.accounts = "".join(f"{key} = Chequing\n" for key in ("theirs", *KEYS))
        self.say("")

    def say(self, answers: str) -> None:
        self.feed.settings = BankFeedSettings(accounts=self.accounts, answers=answers, currency_if_missing="CAD")

    def come(self, *files: bytes) -> None:
        for file in files:
            self.feed.put(file)
            self.read()

    def read(self, pages: int = 1000) -> None:
        """Read on, so many pages at most, as who is killed then."""
        more = True
        while more and (pages := pages - 1) >= 0:
            before = {("lines", id_): each.raw for id_, each in self.kept.items()}
            page = connector.fetch_records(replace(self.feed.context(), before=before), "lines", self.cursor)
            assert page is not None
            assert len(ids := {each.source_id for each in page.records}) == len(page.records), ids
            self.cursor, more = page.cursor, page.more
            self.kept |= {each.source_id: each for each in page.records}

    def brought(self) -> list[str]:
        """Return the lines that are brought over, and of which are asked."""
        context, found = replace(self.mapping, settings=self.feed.settings), []
        for each in self.kept.values():
            try:
                told = map_record(context, each)
            except BadRecord:
                found.append(f"{each.day:%m-%d}?")
            else:
                found += [f"{each.day:%m-%d}"] if isinstance(told, Mapped) else []
        return sorted(found)

    @property
    def of_files(self) -> list[str]:
        """The names under which the files tell the line in question, as far as it is brought over from them."""
        mine = [each for id_, each in self.kept.items() if each.day.day == 10 and not id_.startswith("theirs")]
        return [str(each.raw["fields"]) for each in mine if each.amount is not None]


@pytest.fixture
def house(feed: Feed, mapping: FakeMapContext) -> House:
    return House(feed, mapping)


ALL = (ENDS[0], P, ENDS[1])
ONCE = ["03-02", "03-10", "03-20"]


@pytest.mark.parametrize("provider", [simplefin, plaid])
def test_what_a_file_has_of_a_line_that_its_provider_takes_back_comes_to_review(
    house: House, provider: Callable[..., bytes]
) -> None:
    house.come(provider(*ALL), csv(*ALL))
    assert (house.brought(), house.of_files) == (ONCE, [])
    house.come(provider(*ALL, without=P))
    assert (house.brought(), len(house.of_files)) == (ONCE, 1), "told by the file alone"
    house.say("unknown-1 = same")
    house.read()
    assert (house.brought(), len(house.of_files)) == (ONCE, 1), "also where all files are read again"
    house.come(ofx(*ALL))
    assert (house.brought(), len(house.of_files)) == (ONCE, 1), "a third one has the same line"
    house.come(provider(*ALL, ("03-28", "-3.00", "CAFE")))
    assert house.brought() == [*ONCE, "03-28"], "told again, it is the line that the file brought"
    house.say("unknown-2 = same")
    house.read()
    assert house.brought() == [*ONCE, "03-28"]


def test_of_two_files_that_have_it_one_brings_it(house: House) -> None:
    house.come(simplefin(*ALL), csv(*ALL), ofx(*ALL))
    assert house.brought() == ONCE
    house.come(simplefin(*ALL, without=P))
    assert (house.brought(), len(house.of_files)) == (ONCE, 1)
    house.come(csv(*ALL, ("03-28", "-3.00", "CAFE")), ofx(*ALL, ("03-29", "-3.50", "CAFE")))
    assert (house.brought(), len(house.of_files)) == ([*ONCE, "03-28", "03-29"], 1)


@pytest.mark.parametrize("answered", [False, True])
def test_what_was_asked_about_such_a_line_is_asked_no_more_and_what_was_said_is_forgotten(
    house: House, *, answered: bool
) -> None:
    late = ("03-11", "-61.37", "BOULANGERIE GAGNON MTL")
    house.come(simplefin(*ALL), csv(late))
    assert house.brought() == ["03-02", "03-10", "03-11?", "03-20"]
    (asked,) = [each for each in house.kept.values() if each.raw.get("twin")]
    if answered:
        house.say(f"{answer_key(asked.source_id)} = same")
        house.read()
        assert house.brought() == ONCE
    house.come(simplefin(*ALL, without=P))
    assert house.brought() == ["03-02", "03-11", "03-20"]


@pytest.mark.parametrize("provider", [simplefin, plaid])
def test_more_lines_taken_back_than_a_page_holds_all_go_and_what_was_taken_for_them_all_comes(
    house: House, provider: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [("03-10", f"-{number}.37", f"BOULANGERIE {number}") for number in range(1, 50)]
    house.come(several(provider, *ENDS, *many), csv(*ENDS[:1], *many, *ENDS[1:]))
    assert (len(house.brought()), house.of_files) == (len(many) + 2, [])
    monkeypatch.setattr(feed_module, "_KEPT_MAX", 0)
    monkeypatch.setattr(feed_module, "PAGE_RECORDS_MAX", 20)
    house.feed.put(several(provider, *ENDS, gone=many))
    for _ in range(10):
        house.read(pages=1)
    assert (len(house.brought()), len(house.of_files)) == (len(many) + 2, len(many))
    assert sum(id_.startswith("theirs") and each.amount is None for id_, each in house.kept.items()) == len(many)


def several(provider: Callable[..., bytes], *lines: Told, gone: Sequence[Told] = ()) -> bytes:
    """Return what a provider tells of more than one line a day."""
    rows = [{"id": f"S-{day}{amount}", "transaction_id": f"S-{day}{amount}", "account_id": "A1",
             "date": f"2026-{day}", "posted": int(datetime.fromisoformat(f"2026-{day}T17:00+00:00").timestamp()),
             "amount": amount if provider is simplefin else str(-Decimal(amount)), "description": name, "name": name,
             "iso_currency_code": "CAD"} for day, amount, name in (*lines, *gone)]  # fmt: skip
    rows, removed = (rows[: len(lines)], rows[len(lines) :]) if gone else (rows, [])
    if provider is simplefin:
        account = {"id": "A1", "currency": "CAD", "balance": f"{len(rows)}.00", "balance-date": 1774915200}
        return answer("simplefin", accounts=[{**account, "transactions": rows}], errors=[])
    return answer("plaid", added=[] if gone else rows, modified=[], removed=removed,
                  accounts=[{"account_id": "A1", "balances": {"iso_currency_code": "CAD"}}])  # fmt: skip


def test_a_line_whose_other_one_is_taken_back_is_not_left_out_for_a_third_that_was(house: House) -> None:
    house.come(plaid(*ALL), simplefin(*ALL), csv(*ALL), simplefin(*ALL, without=P))
    assert (house.brought(), house.of_files) == (ONCE, [])
    house.come(plaid(*ALL, without=P))
    assert (house.brought(), len(house.of_files)) == (ONCE, 1)
