"""A set of choices in a connector's settings is ticked, days stand one a line, and what few people touch is folded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import pytest
from chromium import served
from harness import NOW, OWNER, make_workshop
from playwright.sync_api import Browser, expect
from pydantic import BaseModel, Field
from visiting import PATIENCE_MS, Visits

import raccord_bankfeed
import raccord_chase
from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.plugin.settings import label
from raccord.plugin.texts import Language
from raccord.store.database import Database
from raccord.store.models import Company, Connection
from raccord.sync.workshop import Workshop
from raccord_bankfeed.settings import BankFeedSettings
from raccord_chase.settings import ChaseSettings
from raccord_web.app import create_app
from raccord_web.pages import typed
from raccord_web.words.wording import wording

expect.set_options(timeout=PATIENCE_MS)


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


class Made(BaseModel):
    """Sets of each sort, of no connector of ours."""

    sizes: Annotated[
        frozenset[Size], label("Tailles", "Sizes", options={"small": ("Petit", "Small"), "large": ("Grand", "Large")})
    ] = frozenset({Size.SMALL})
    ways: list[Literal["in", "out"]] = Field([], title="Ways")
    days: Annotated[
        frozenset[Annotated[int, Field(ge=1, le=3)]],
        label("Jours", "Days", options={"1": ("Lundi", "Monday"), "3": ("Mercredi", "Wednesday")}, min_length=1),
    ] = frozenset({3})
    words: frozenset[str] = Field(frozenset(), title="Words")
    closed: tuple[date, ...] = Field((), title="Closed", max_length=8)
    seldom: Annotated[str, label("Rare", "Rare", fold=("Avancé", "Advanced"))] = "usual"


def fields(language: Language = "fr", **values: object) -> dict[str, typed.Field]:
    held = Made.model_validate(values).model_dump(mode="json")
    return {each.name: each for each in typed.shown(Made, held, language)}


def test_any_set_of_choices_is_boxes_in_the_words_and_the_order_of_the_model() -> None:
    found = fields(ways=["out"])
    assert {name: each.kind for name, each in found.items()} == {
        "sizes": "set", "ways": "set", "days": "set", "words": "list", "closed": "days", "seldom": "text",
    }  # fmt: skip
    assert [(row.name, row.label, row.value) for row in found["sizes"].rows] == [
        ("s_sizes:small", "Petit", "on"), ("s_sizes:large", "Grand", ""),
    ]  # fmt: skip
    assert [(row.label, row.value) for row in found["ways"].rows] == [("in", ""), ("out", "on")]
    assert [(row.label, row.value) for row in fields("en")["days"].rows] == [("Monday", ""), ("Wednesday", "on")]


def test_what_is_ticked_is_read_and_what_was_not_on_the_form_stays() -> None:
    held = Made(days=frozenset({1}), sizes=frozenset({Size.LARGE}))
    form = {"s_sizes": "", "s_sizes:small": "on", "s_ways": "", "s_days": "", "s_days:1": "on", "s_days:3": "on"}
    values, wrong = typed.read(Made, form, held, "en")
    assert wrong == {}
    assert Made.model_validate(values).model_dump() | {"seldom": ""} == {
        "sizes": {Size.SMALL}, "ways": [], "days": {1, 3}, "words": frozenset(), "closed": (), "seldom": "",
    }  # fmt: skip
    values, wrong = typed.read(Made, {}, held, "en")
    assert (values["days"], values["sizes"], wrong) == ({1}, {Size.LARGE}, {})
    values, wrong = typed.read(Made, {"s_days": ""}, held, "fr")
    assert (values["days"], wrong["days"]) == ([], "Il faut en choisir au moins 1.")
    _, wrong = typed.read(Made, {"s_days": "", "s_days:9": "on"}, held, "en")
    assert wrong["days"] == "“9”: It must be at most 3."


def test_of_days_each_line_that_is_none_is_named_and_all_that_was_typed_comes_again() -> None:
    said = "2026-12-25\nNoël\n86400\n2026-02-30 2026-07-01"
    values, wrong = typed.read(Made, {"s_closed": said}, Made(), "fr")
    why = "Il faut des dates comme 2026-03-31."
    assert wrong == {
        "closed": " ".join(f"«\u00a0{each}\u00a0»\u00a0: {why}" for each in ("Noël", "86400", "2026-02-30"))
    }
    again = next(each for each in typed.shown(Made, values, "fr", wrong=wrong) if each.name == "closed")
    assert sorted(again.value.splitlines()) == sorted(said.split())
    values, wrong = typed.read(Made, {"s_closed": "2026-12-25\n2026-07-01"}, Made(), "fr")
    assert (Made.model_validate(values).closed, wrong) == ((date(2026, 12, 25), date(2026, 7, 1)), {})
    _, wrong = typed.read(Made, {"s_closed": "\n".join(f"x{n}" for n in range(8))}, Made(), "en")
    assert (wrong["closed"].count("“"), wrong["closed"].endswith(" And 3 more.")) == (5, True)


def test_a_setting_that_says_something_else_than_usual_is_told_from_those_that_do_not() -> None:
    assert not any(each.changed for each in fields().values())
    assert [name for name, each in fields(seldom="other", days=[1]).items() if each.changed] == ["days", "seldom"]
    usual = ChaseSettings.model_construct().model_dump(mode="json")
    assert not any(each.changed for each in typed.shown(ChaseSettings, usual, "en"))


def test_the_bank_feed_folds_what_only_camt_files_need() -> None:
    shown = {each.name: each for each in typed.shown(BankFeedSettings, {}, "en")}
    assert (shown["details"].fold, shown["accounts"].fold) == ("Advanced", "")


@pytest.fixture
def workshop(database: Database, data_dir: Path) -> Iterator[Workshop]:
    """Chase and the bank feed, connected to a company that nobody asks anything of."""
    made = make_workshop(database, data_dir, "http://127.0.0.1:1", FixedClock(NOW), raccord_chase, raccord_bankfeed)
    with made.database.begin() as session:
        session.add(
            Company(id="c", realm="1", name="Boréale", environment="sandbox", home_currency="CAD", created_at=NOW)
        )
        session.flush()
        for connector, values in (("chase", {"merchant_id": "12345"}), ("bankfeed", {})):
            told = {"input_kind": "upload", **values}
            session.add(
                Connection(
                    id=connector, company_id="c", connector=connector, label=connector, settings=told,
                    source_identity=told.get("merchant_id", ""),
                    starts_on=NOW.date(), set_up_at=NOW, created_by="test",
                )
            )  # fmt: skip
    yield made
    made.close()


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.every(2)
def test_weekdays_are_ticked_and_holidays_kept_line_by_line_without_scripts(
    workshop: Workshop, chromium: Browser, language: Language
) -> None:
    words = wording(language)
    with served(create_app(workshop, HandOver(), OWNER)) as url:
        visits = Visits(chromium, url)
        page = visits.open(language, 390, script=False)
        page.goto("/connections/chase/settings")
        fold = page.locator("details.fold", has=page.locator("[name=s_holidays]"))
        expect(fold).not_to_have_attribute("open", "")
        fold.locator("summary").click()
        tuesday, saturday = {"fr": ("Mardi", "Samedi"), "en": ("Tuesday", "Saturday")}[language]
        expect(page.get_by_role("checkbox", name=tuesday)).to_be_checked()
        page.get_by_role("checkbox", name=tuesday).uncheck()
        page.get_by_role("checkbox", name=saturday).check()
        page.locator("[name=s_holidays]").fill("2026-12-25\nbientôt")
        page.get_by_role("button", name=words("keeping.save")).click()
        expect(page.locator("#s_holidays-e")).to_contain_text("bientôt")
        expect(page.locator("details.fold", has=page.locator("[name=s_holidays]"))).to_have_attribute("open", "")
        expect(page.get_by_role("checkbox", name=tuesday)).not_to_be_checked()
        page.locator("[name=s_holidays]").fill("2026-12-25\n2026-07-01")
        page.get_by_role("button", name=words("keeping.save")).click()
        page.wait_for_url("**done=settings")
        page.goto("/connections/chase/settings")
        expect(page.locator("[name=s_holidays]")).to_have_value("2026-07-01\n2026-12-25")
        expect(page.locator("details.fold").first).to_have_attribute("open", "")
        expect(page.get_by_role("checkbox", name=saturday)).to_be_checked()
        with workshop.database.read() as session:
            held = ChaseSettings.model_validate(session.get_one(Connection, "chase").settings)
        assert held.delivery_days == {1, 3, 4, 5, 6}

        page.goto("/connections/bankfeed/settings")
        fold = page.locator("details.fold", has=page.locator("[name=s_details]"))
        expect(fold).not_to_have_attribute("open", "")
        fold.locator("summary").click()
        page.locator("[name=s_details]").fill("x")
        page.get_by_role("button", name=words("keeping.save")).click()
        expect(page.locator("[name=s_details]")).to_be_visible()
        page.locator("[name=s_details]").fill("acc = 2026-03-01")
        page.get_by_role("button", name=words("keeping.save")).click()
        page.wait_for_url("**done=settings")
        page.goto("/connections/bankfeed/settings")
        expect(page.locator("[name=s_details]")).to_be_visible()
        visits.close()
    assert visits.complaints == []
