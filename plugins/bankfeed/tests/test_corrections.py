"""A line that its bank replaces or withdraws (OFX ``CORRECTFITID``), file by file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from raccord.plugin import BadRecord, Mapped, Record, Skipped
from raccord.plugin.testing import FakeMapContext
from raccord_bankfeed import corrections, map_record
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed, MadeAccount, MadeLine, connector, statement_file
from raccord_bankfeed.twins.csv import csv_chunks

ACCOUNT = MadeAccount(number="0123456789", currency="CAD")


def made(day: str, amount: str, native: str, fix: str = "", action: str = "REPLACE") -> MadeLine:
    more = {"CORRECTFITID": fix, "CORRECTACTION": action} if fix else {}
    return MadeLine(
        day=date.fromisoformat(f"2026-{day}"), amount=Decimal(amount), name="EAU VIVE", native=native, more=more
    )


WAS, NOW = made("03-04", "-50", "T-1001"), made("03-05", "-5", "T-1002", "T-1001")
GONE = made("03-05", "-50", "T-1002", "T-1001", "DELETE")


class House:
    """A connection as core keeps it: of each record what was told last."""

    def __init__(self, feed: Feed, mapping: FakeMapContext) -> None:
        self.feed, self.mapping = feed, mapping
        self.kept: dict[str, Record] = {}
        self.cursor: str | None = None
        self.settings = BankFeedSettings(currency_if_missing="CAD")

    def come(self, *files: Sequence[MadeLine] | bytes) -> House:
        for file in files:
            self.feed.put(file if isinstance(file, bytes) else statement_file(ACCOUNT, file))
            more = True
            while more:
                before = {("lines", id_): each.raw for id_, each in self.kept.items()}
                page = connector.fetch_records(replace(self.feed.context(), before=before), "lines", self.cursor)
                assert page is not None
                self.cursor, more = page.cursor, page.more
                self.kept |= {each.source_id: each for each in page.records}
        return self

    def brought(self, answers: str = "") -> dict[str, str]:
        """Return by the bank's id and amount what becomes of each line: ``maps``, or the code of why not."""
        context = replace(self.mapping, settings=self.settings.model_copy(update={"answers": answers}))
        found = {}
        for each in self.kept.values():
            try:
                told = map_record(context, each)
            except BadRecord as bad:
                said = bad.code if bad.answers else "unanswerable"
            else:
                said = told.code.partition(".")[2] if isinstance(told, Skipped) else "maps"
                assert isinstance(told, Mapped | Skipped)
            found[f"{each.source_id.partition('/')[2][:6]} {each.raw['amount']}"] = said
        return found

    def answer(self, native: str) -> str:
        raw = next(each.raw for each in self.kept.values() if each.raw["native"] == native)
        said = raw.get("corrects", raw.get("corrected"))
        assert isinstance(said, dict)
        return str(said["answer"])


@pytest.fixture
def house(feed: Feed, mapping: FakeMapContext) -> House:
    return House(feed, mapping)


def test_what_replaces_a_line_is_told_under_its_id_and_says_what_it_was(house: House) -> None:
    assert house.come([WAS], [NOW]).brought() == {"T-1001 -5": "maps", "T-1002 -5": "corrects_another"}
    (line,) = (each for each in house.kept.values() if each.amount is not None)
    assert (str(line.amount), line.day, line.raw["corrects"]["amount"]) == ("-5 CAD", date(2026, 3, 5), "-50")
    told = map_record(house.mapping, line)
    assert isinstance(told, Mapped)
    assert "replaces the bank's line T-1001" in told.drafts[0].memo
    before = dict(house.kept)
    assert house.come([NOW, WAS], [WAS]).kept == before, "told again in whatever order, nothing is another"


def test_what_withdraws_a_line_sets_it_aside_and_moves_no_money(house: House) -> None:
    assert house.come([WAS], [GONE]).brought() == {"T-1001 -50": "withdrawn_by_bank", "T-1002 -50": "withdraws_another"}
    assert [each.amount for each in house.kept.values()] == [None, None]
    assert "T-1002" in str(house.kept.popitem()[1].raw)
    assert house.come([WAS, GONE]).brought()["T-1001 -50"] == "withdrawn_by_bank"


@pytest.mark.parametrize(
    ("fix", "said"),
    [
        (NOW, {"T-1001 -50": "replaced_by_bank", "T-1002 -5": "maps"}),
        (GONE, {"T-1001 -50": "withdrawn_by_bank", "T-1002 -50": "withdraws_unknown"}),
    ],
    ids=["replaced", "withdrawn"],
)
def test_a_line_that_comes_after_its_correction_is_set_aside(house: House, fix: MadeLine, said: dict[str, str]) -> None:
    assert house.come([fix]).brought() == {key: each for key, each in said.items() if "T-1002" in key}
    assert house.come([WAS], [fix, WAS]).brought() == said


def test_of_several_lines_that_came_after_it_is_asked_which_was_corrected(house: House) -> None:
    house.come([NOW], [WAS, made("03-04", "-60", "T-1001")])
    assert house.brought() == {
        "T-1001 -50": "bankfeed.perhaps_corrected", "T-1001 -60": "bankfeed.perhaps_corrected", "T-1002 -5": "maps"
    }  # fmt: skip
    keys = [str(each.raw["corrected"]["answer"]) for each in house.kept.values() if "corrected" in each.raw]
    assert sorted(house.brought(f"{keys[0]} = same\n{keys[1]} = separate").values()) == [
        "maps", "maps", "replaced_by_bank"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "before",
    [[WAS, made("03-04", "-60", "T-1001")], [replace(WAS, day=date(2025, 3, 4))]],
    ids=["two bear the id", "of last year"],
)
@pytest.mark.parametrize("fix", [NOW, GONE], ids=["replaced", "withdrawn"])
def test_what_may_be_another_line_is_asked(house: House, before: list[MadeLine], fix: MadeLine) -> None:
    code = "bankfeed.line_replaced" if fix is NOW else "bankfeed.line_withdrawn"
    key = f"T-1002 {fix.amount}"
    assert house.come(before, [fix]).brought() == {f"T-1001 {each.amount}": "maps" for each in before} | {key: code}
    answer = house.answer("T-1002")
    if fix is NOW:
        assert house.brought(f"{answer} = same")[key] == "corrects_another"
        assert house.brought(f"{answer} = separate")[key] == "maps"
    else:
        assert house.brought(f"{answer} = accept")[key] == "withdraws_another"


def test_what_was_not_all_looked_at_is_no_reason_to_post_a_correction(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corrections, "FILES_MAX", 1)
    assert house.come([WAS], [NOW]).brought() == {"T-1001 -50": "maps", "T-1002 -5": "bankfeed.line_replaced"}


@pytest.mark.parametrize(("fix", "said"), [(None, "known_by_another_road"), (GONE, "bankfeed.perhaps_known")])
def test_a_table_that_has_a_withdrawn_line_still_is_asked_about(house: House, fix: MadeLine | None, said: str) -> None:
    house.come([WAS], *([] if fix is None else [[fix]]), b"".join(csv_chunks(ACCOUNT, [WAS])))
    assert house.brought()["T-1001 -50.00"] == said


def test_a_table_that_had_a_line_before_it_was_withdrawn_stays_left_out(house: House) -> None:
    table = b"".join(csv_chunks(ACCOUNT, [WAS]))
    assert house.come([WAS], table, [GONE], table + b"\r\n").brought() == {
        "T-1001 -50": "withdrawn_by_bank",
        "T-1001 -50.00": "known_by_another_road",
        "T-1002 -50": "withdraws_another",
    }


def test_a_line_that_only_withdraws_one_is_not_taken_for_a_purchase_of_a_table(house: House) -> None:
    house.come([WAS], [GONE], b"".join(csv_chunks(ACCOUNT, [replace(GONE, native="T-2001", more={})])))
    assert house.brought()["T-2001 -50.00"] == "bankfeed.perhaps_known", "it may be the first one, not the second"


def test_what_replaces_a_line_that_a_table_told_waits_for_a_person(house: House) -> None:
    house.come(b"".join(csv_chunks(ACCOUNT, [WAS])), [WAS], [NOW])
    assert house.brought()["T-1002 -5"] == "bankfeed.line_replaced"
    assert house.brought()["T-1001 -50"] == "known_by_another_road"
