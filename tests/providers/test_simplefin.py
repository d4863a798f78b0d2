"""SimpleFIN against a bridge on this machine: a token once, windows from any cursor, never twice."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from provided import Held

import raccord_bankfeed
from raccord.plugin import Mapped, Reauthorise, RetryLater, SourceRefused
from raccord.plugin.testing import FakeMapContext, read_stream
from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import Line, Statement
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, statement_file
from raccord_bankfeed.twins.http import Answered, TwinServer
from raccord_bankfeed.twins.simplefin import SimpleFinTwin


def seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())


def line(key: str, day: date, amount: str, text: str = "CAFE", **more: object) -> dict[str, object]:
    return {"id": key, "posted": seconds(day), "amount": amount, "description": text, **more}


def account(key: str, name: str, *lines: dict[str, object]) -> dict[str, object]:
    return {
        "org": {"domain": "bank.test", "name": "Banque Test"},
        "id": key,
        "name": name,
        "currency": "CAD",
        "balance": "100.25",
        "available-balance": "90.00",
        "balance-date": seconds(date(2026, 6, 30)),
        "transactions": list(lines),
    }


EVERY_WEEK = [
    line(f"TRN-{number:03}", date(2026, 4, 1) + timedelta(7 * number), f"-{number + 1}.50") for number in range(13)
]


@pytest.fixture
def bridge() -> Iterator[SimpleFinTwin]:
    twin = SimpleFinTwin(
        [account("ACT-1", "Chequing", *EVERY_WEEK), account("ACT-2", "Visa Gold"), account("ACT-3", "Savings")]
    )
    with TwinServer(twin) as server:
        twin.url = server.url
        yield twin


@pytest.fixture
def held(bridge: SimpleFinTwin, connected: Callable[..., Held]) -> Held:
    return connected(input_kind="simplefin", simplefin_server=bridge.url, simplefin_token=bridge.token())


@pytest.mark.requirement("BF-10", "BF-13", "BF-23", "BF-24", "K20")
def test_a_token_gives_access_once_and_one_of_three_accounts_is_read(
    bridge: SimpleFinTwin, held: Held, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    step = held.sign_in()
    assert [ask.key for ask in step.asks if ask.key.startswith("take:")] == ["take:ACT-1", "take:ACT-2", "take:ACT-3"]
    assert len(step.asks) == 3
    assert held.settings.simplefin_token.get_secret_value() == ""
    assert not held.sign_in({"answered": "yes"}).done, "nothing chosen is asked again"
    assert held.sign_in({"take:ACT-1": "on"}).done
    reading = held.run()
    assert {record.raw["account"] for record in reading.records} == {
        record.raw["account"] for record in reading.records[:1]
    }
    assert bridge.log[-1].all("account") == ["ACT-1"], "what was not chosen is not even downloaded"
    assert len(reading.records) == 13

    # New credentials in place: the same accounts under the same keys, and nothing comes again as new.
    before = held.settings.chosen.splitlines()
    held.change({"simplefin_token": bridge.token("two")})
    again = held.sign_in()
    assert [ask.key for ask in again.asks if ask.key.startswith("take:") and ask.preset] == ["take:ACT-1"]
    held.sign_in({"take:ACT-1": "on"})
    assert held.settings.chosen.splitlines() == before
    assert set(held.run().ids()) <= set(reading.ids())

    told = (
        caplog.text + repr(held.settings) + (held.cursor or "") + "".join(file.path.read_text() for file in held.shelf)
    )
    for secret in ("pass-one", "pass-two", "/claim/"):
        assert secret not in told


def test_a_token_used_before_says_to_revoke_it_and_a_foreign_one_goes_nowhere(
    bridge: SimpleFinTwin, held: Held, connected: Callable[..., Held]
) -> None:
    bridge.claimed.add("one")
    with pytest.raises(Reauthorise, match="used already"):
        held.sign_in()
    asked = len(bridge.log)
    other = connected(input_kind="simplefin", simplefin_token=bridge.token())
    with pytest.raises(Reauthorise, match="not of the server"):
        other.sign_in()
    broken = connected(input_kind="simplefin", simplefin_server=bridge.url, simplefin_token="not a token")
    with pytest.raises(Reauthorise, match="no setup token"):
        broken.sign_in()
    assert len(bridge.log) == asked


def test_what_a_token_gave_is_kept_though_the_bridge_fails_right_after(bridge: SimpleFinTwin, held: Held) -> None:
    bridge.trouble += [Answered(b"", 500)] * 3
    step = held.sign_in()
    assert [ask.key for ask in step.asks] == ["list"]
    assert held.settings.simplefin_access.get_secret_value()
    assert held.sign_in({"list": "on"}).asks
    assert held.sign_in({"take:ACT-1": "on"}).done


@pytest.mark.requirement("BF-20")
def test_windows_are_short_overlap_and_bring_each_line_once(bridge: SimpleFinTwin, held: Held) -> None:
    held.sign_in()
    held.sign_in({"take:ACT-1": "on"})
    first = held.run()
    windows = [asked for asked in bridge.log if asked.one("start-date")]
    spans = [int(asked.one("end-date")) - int(asked.one("start-date")) for asked in windows]
    assert len(windows) == 2
    assert max(spans) <= 60 * 86_400
    assert len(first.ids()) == len(set(first.ids())) == 13
    assert sum(record.amount.amount for record in first.records) == -sum(Decimal(n) + Decimal("1.5") for n in range(13))

    # A pending line is booked under another id, one is booked late within the overlap, one moves to another day.
    bridge.lines(0)[:] += [
        {
            "id": "PND-1",
            "posted": 0,
            "transacted_at": seconds(date(2026, 6, 30)),
            "amount": "-9.99",
            "description": "X",
            "pending": True,
        }
    ]
    pending = held.run()
    assert [r.amount for r in pending.records if r.raw["pending"]] == [None]
    bridge.lines(0).pop()
    bridge.lines(0)[:] += [
        line("TRN-900", date(2026, 6, 30), "-9.99", "X"),
        line("TRN-901", date(2026, 6, 23), "-1.00"),
    ]
    bridge.lines(0)[12] = line("TRN-012", date(2026, 6, 25), "-13.50")
    held.clock.advance(timedelta(1))
    known = set(first.ids()) | set(pending.ids())
    later = held.run()
    assert {i.split("/")[1][:7] for i in later.ids() if i not in known} == {"TRN-900", "TRN-901"}
    asked = next(a for a in reversed(bridge.log) if a.one("start-date"))
    assert int(asked.one("start-date")) // 86_400 * 86_400 == (seconds(date(2026, 6, 20)) // 86_400) * 86_400


def test_a_line_that_vanishes_among_others_is_taken_back_and_comes_back_as_itself(
    bridge: SimpleFinTwin, held: Held
) -> None:
    bridge.lines(0)[:] += [line(f"DAY-{day}", date(2026, 6, day), f"-{day}.10") for day in range(21, 31)]
    held.sign_in()
    held.sign_in({"take:ACT-1": "on"})
    held.run()
    kept = [*bridge.lines(0)]

    def taken_back(*gone: str, errors: bool = False) -> list[str]:
        """Return what a run of the next day takes back, where the bank tells some lines no more."""
        bridge.lines(0)[:] = [each for each in kept if not str(each["id"]).startswith(gone or ("none",))]
        bridge.errors = ["Connection to Banque Test may need attention"] if errors else []
        held.clock.advance(timedelta(1))
        return [
            record.source_id.rpartition("/")[2]
            for record in held.run().records
            if record.amount is None and record.raw["correction"] and record.raw["name"] == "CAFE"
        ]

    assert taken_back("DAY-25", errors=True) == [], "where a bank may be told of in part, nothing is taken back"
    assert taken_back("DAY-29", "DAY-30") == [], "nor at the ends of what is told"
    (gone,) = taken_back("DAY-25")
    assert gone.startswith("DAY-25")
    assert not taken_back("DAY-25"), "said once"
    (id_of_25,) = (id_ for _, id_ in held.before if "DAY-25" in id_)
    assert held.before["lines", id_of_25]["amount"] == "-25.10"
    assert taken_back() == []
    assert held.before["lines", id_of_25]["correction"] is None, "told again, it is a line again"


@pytest.mark.parametrize("word", ["same", "separate"])
def test_a_line_told_with_another_amount_is_that_line_or_the_first_one_is_taken_back(
    bridge: SimpleFinTwin, held: Held, word: str
) -> None:
    days = {day: line(f"DAY-{day}", date(2026, 6, day), f"-{day}.10", f"SHOP {chr(day + 40)}") for day in range(24, 31)}
    bridge.lines(0)[:] = [*days.values()]
    held.sign_in()
    held.sign_in({"take:ACT-1": "on"})
    told = {each.source_id: each for each in held.run().records}
    (first,) = (id_ for id_ in told if "DAY-28" in id_)

    def run(amount: str) -> dict[str, str]:
        """Return what the lines of that day are after a run of the next day, by whether it is the first one."""
        days[28]["amount"] = amount
        held.clock.advance(timedelta(1))
        told.update((each.source_id, each) for each in held.run().records)
        return {
            ("first" if id_ == first else "other"): str(each.amount and each.amount.amount)
            for id_, each in told.items()
            if "DAY-28" in id_
        }

    assert run("-29.99") == {"first": "-28.10", "other": "-29.99"}
    (key,) = (str(each.raw["replaces"]["answer"]) for each in told.values() if "replaces" in each.raw)
    held.change({"answers": f"{key} = {word}"})
    assert run("-29.99")["first"] == ("-29.99" if word == "same" else "None"), "corrected, or told no more"
    assert run("-28.10")["first"] == "-28.10", "told as at first again, it is that"


def test_a_sweep_goes_on_from_any_cursor_and_a_crash_between_brings_nothing_twice(
    bridge: SimpleFinTwin, held: Held
) -> None:
    held.sign_in()
    held.sign_in({"take:ACT-1": "on"})
    context = held.context()
    page = raccord_bankfeed.fetch_records(context, "lines", None)
    assert page is not None
    assert page.more
    # The page was lost: the same window again, then the rest.
    again = read_stream(raccord_bankfeed, context, "lines", None)
    rest = read_stream(raccord_bankfeed, context, "lines", page.cursor)
    ids = {record.source_id for record in page.records} | set(rest.ids())
    assert set(again.ids()) == ids
    assert len(ids) == 13


def test_no_more_than_24_windows_are_asked_for_in_a_day(bridge: SimpleFinTwin, held: Held) -> None:
    held.sign_in()
    held.sign_in({"take:ACT-1": "on"})
    for _ in range(30):
        held.run()
    assert sum(1 for asked in bridge.log if asked.one("start-date")) == 24
    held.clock.advance(timedelta(1))
    held.run()
    assert sum(1 for asked in bridge.log if asked.one("start-date")) == 25


def test_bad_rows_are_told_and_the_good_ones_stay(bridge: SimpleFinTwin, held: Held) -> None:
    bridge.errors = ["Connection to Banque Test may need attention <4111 1111 1111 1111>"]
    bridge.lines(0)[:] = [
        line("TRN-1", date(2026, 6, 1), "-5.00"),
        line("TRN-2", date(2026, 6, 1), "five"),
        {"id": "TRN-3", "amount": "1.00", "description": "NO DAY"},
        {"id": "TRN-4", "posted": "99999999999999999999", "amount": "1.00"},
        "no object",
    ]
    held.sign_in()
    held.sign_in({"take:ACT-1": "on"})
    reading = held.run()
    assert len(reading.records) == 1
    assert set(reading.codes()) == {
        "bankfeed.provider_says", "bankfeed.amount_unreadable", "bankfeed.date_missing", "bankfeed.date_impossible",
    }  # fmt: skip
    says = next(each for each in reading.rejects if each.code == "bankfeed.provider_says")
    assert "4111 1111" not in says.reason.fr
    assert says.reason.fr != says.reason.en
    held.clock.advance(timedelta(1))
    where = {each.where for each in held.run().rejects if each.code == "bankfeed.provider_says"}
    assert where == {says.where}, "said again it is the same problem"


@pytest.mark.requirement("BF-22")
def test_refusals_say_what_to_do_and_move_nothing(bridge: SimpleFinTwin, held: Held) -> None:
    with pytest.raises(Reauthorise, match="nobody has signed in"):
        held.run()
    held.sign_in()
    held.sign_in({"take:ACT-1": "on"})
    for answered, kind in (
        (Answered(b"", 402), SourceRefused),
        (Answered(b'{"accounts": [', 200), SourceRefused),
        (Answered(b"[" * 100_000, 200), SourceRefused),
        (Answered(b"", 418), RetryLater),
        (Answered(b"", 403), Reauthorise),
    ):
        bridge.trouble = [answered]
        with pytest.raises(kind):
            held.run()
        assert held.cursor is None
    bridge.trouble = [Answered(b"", 429, {"Retry-After": "120"})] * 3
    with pytest.raises(RetryLater) as waits:
        held.run()
    assert waits.value.after == timedelta(seconds=120)
    assert len(held.run().records) == 13
    held.clock.advance(timedelta(1))
    bridge.accounts.pop(0)
    assert held.run().codes() == ["bankfeed.provider_account_missing"]


def test_a_window_too_long_to_hold_is_halved(
    bridge: SimpleFinTwin, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raccord_bankfeed.providers.keeping.ANSWER_BYTES_MAX", 1_000)
    held.sign_in()
    held.sign_in({"take:ACT-1": "on"})
    assert len(set(held.run().ids())) == 13
    assert all(file.size < 2_000 for file in held.shelf)
    monkeypatch.setattr("raccord_bankfeed.providers.keeping.ANSWER_BYTES_MAX", 10)
    held.clock.advance(timedelta(1))
    with pytest.raises(SourceRefused, match="too many lines"):
        held.run()


def test_a_line_of_a_file_and_then_of_the_bridge_is_one(bridge: SimpleFinTwin, held: Held) -> None:
    held.sign_in()
    held.sign_in({"take:ACT-1": "on"})
    key = json.loads(held.settings.chosen)["key"]
    made = [
        MadeLine(
            day=date(2026, 4, 1) + timedelta(7 * n), amount=Decimal(f"-{n + 1}.50"), native=f"F{n:05}", name="CAFE"
        )
        for n in range(13)
    ]
    content = statement_file(MadeAccount(), made)
    held.shelf.receive("bank.qfx", BytesIO(content), origin="upload")
    own = next(
        each for each in reader_for(BytesIO(content)).events(BytesIO(content)) if isinstance(each, Line)
    ).account.key
    held.change({"accounts": f"{own} = Chequing\n{key} = Chequing"})
    reading = held.run()
    twins = [record for record in reading.records if "twin" in record.raw]
    assert len(twins) == 13
    assert all(record.raw["twin"]["certain"] and record.amount is None for record in twins)


def test_lines_become_drafts_of_bank_or_card(bridge: SimpleFinTwin, held: Held) -> None:
    bridge.lines(1)[:] = [line("TRN-1", date(2026, 6, 2), "-20.00", payee="Shop", memo="Paper")]
    held.sign_in()
    held.sign_in({"take:ACT-2": "on"})
    info = raccord_bankfeed.describe()
    role = info.roles[0]
    assert role.known_accounts is not None
    assert role.keep_cards is not None
    (card,) = role.known_accounts(held.settings)
    assert card.card, "by its name"
    held.change(dict(role.keep_cards(held.settings, {card.key: False})))
    assert not role.known_accounts(held.settings)[0].card
    held.change(dict(role.keep_cards(held.settings, {card.key: True})))
    record = held.run().records[0]
    mapped = raccord_bankfeed.map_record(FakeMapContext(settings=held.settings, terms=info.terms), record)
    assert isinstance(mapped, Mapped)
    assert record.raw["account_kind"] == "card"
    assert record.day == date(2026, 6, 2)
    assert record.raw["name"] == "Shop"
    statements = read_stream(raccord_bankfeed, held.context(), "statements").records
    assert statements[0].raw["ledger_balance"] == {"amount": "100.25", "day": "2026-06-30"}
    with held.shelf.after(0).open() as stream:
        assert any(isinstance(each, Statement) for each in reader_for(stream).events(stream))
