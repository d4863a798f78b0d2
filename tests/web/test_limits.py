"""What a settings model allows stands on its fields, so that a browser says it at once; the server still decides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from browsing import browser_of
from chromium import served
from harness import NOW, OWNER, make_workshop
from playwright.sync_api import Browser, expect
from pydantic import BaseModel, Field, SecretStr
from visiting import PATIENCE_MS, Visits

import raccord_chase
from raccord.catalog import load_catalog
from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.keeping.retention import DAYS_MAX, DEVICES_MIN, MESSAGES_MIN
from raccord.onboarding.access.people import Actor, RoleName
from raccord.plugin.texts import Language
from raccord.store.database import Database
from raccord.store.models import Company, Connection
from raccord.sync.workshop import Workshop
from raccord_web.app import create_app
from raccord_web.pages import typed
from raccord_web.words.wording import wording

expect.set_options(timeout=PATIENCE_MS)
OPERATOR = Actor("Ophélie", RoleName.OPERATOR)
CONNECTORS = {name: each.info for name, each in load_catalog().admitted.items()}


class Made(BaseModel):
    """A rule of each sort, of no connector of ours."""

    port: int = Field(22, ge=1, le=65535)
    above: int = Field(1, gt=0, lt=10)
    fives: int = Field(10, ge=3, le=99, multiple_of=5)
    based: int = Field(10, multiple_of=5)
    rate: Decimal = Field(Decimal("1.50"), gt=0, le=Decimal("9.999"), decimal_places=2)
    free: Decimal | None = Field(None, gt=0)
    code: str = Field("", max_length=12, pattern=r"^[a-z-]{0,12}$", examples=["a-b"])
    inside: str = Field("ab", pattern=r"a")
    lines: str = Field("", max_length=5000)
    password: SecretStr = Field(SecretStr(""), max_length=40)


def on_form(language: Language = "en") -> dict[str, dict[str, str]]:
    return {each.name: dict(each.limits) for each in typed.shown(Made, {}, language)}


def test_the_rules_of_a_model_are_attributes_of_its_fields() -> None:
    assert on_form() == {
        "port": {"step": "1", "min": "1", "max": "65535"},
        "above": {"step": "1", "min": "1", "max": "9"},
        "fives": {"step": "5", "min": "5", "max": "95"},
        # Without a least number a browser would count its steps from what stands in the field.
        "based": {"step": "1"},
        "rate": {"step": "0.01", "min": "0.01", "max": "9.99"},
        "free": {"step": "any", "min": "0"},
        "code": {"maxlength": "12", "pattern": r"^[a-z\-]{0,12}$", "title": "For example: a-b"},
        "inside": {}, "lines": {}, "password": {},
    }  # fmt: skip
    assert {each.name for each in typed.shown(Made, {}, "fr") if each.kind == "number"} == {
        "port", "above", "fives", "based", "rate", "free",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "said", "french", "english"),
    [
        ("port", "0", "Il faut au moins 1.", "It must be at least 1."),
        ("above", "10", "Il faut moins de 10.", "It must be less than 10."),
        ("fives", "12", "Il faut un multiple de 5.", "It must be a multiple of 5."),
        ("rate", "abc", "Il faut un nombre.", "A number is needed."),
        ("rate", "1.234", "Décimales\u00a0: 2 au plus.", "Decimals: 2 at most."),
        ("code", "a" * 13, "Ce texte dépasse 12 caractères.", "This text is longer than 12 characters."),
    ],
)
def test_the_server_says_the_same_rules_in_a_sentence(name: str, said: str, french: str, english: str) -> None:
    for language, sentence in (("fr", french), ("en", english)):
        _, wrong = typed.read(Made, {f"s_{name}": said}, Made(), language)  # type: ignore[arg-type]
        assert wrong[name].startswith(sentence)


def test_a_number_that_may_be_left_out_may_be_left_empty() -> None:
    values, wrong = typed.read(Made, {"s_free": ""}, Made(free=Decimal(2)), "en")
    assert (values["free"], wrong) == (None, {})


@pytest.mark.parametrize("name", sorted(CONNECTORS))
def test_no_connector_has_a_number_that_its_form_does_not_limit_as_its_model_does(name: str) -> None:
    model = CONNECTORS[name].settings
    for each in typed.shown(model, {}, "en"):
        rules = {key for rule in model.model_fields[each.name].metadata for key in ("ge", "le") if hasattr(rule, key)}
        if each.kind == "number":
            assert {"ge": "min", "le": "max"}.keys() >= rules
            assert set(each.limits) == {"step", *({"ge": "min", "le": "max"}[rule] for rule in rules)}, each.name


@pytest.fixture
def workshop(database: Database, data_dir: Path) -> Iterator[Workshop]:
    """A company with a connection of Chase."""
    made = make_workshop(database, data_dir, "http://127.0.0.1:1", FixedClock(NOW), raccord_chase)
    told = {"input_kind": "upload", "merchant_id": "12345"}
    with made.database.begin() as session:
        session.add(
            Company(id="c", realm="1", name="Boréale", environment="sandbox", home_currency="CAD", created_at=NOW)
        )
        session.flush()
        session.add(
            Connection(
                id="chase", company_id="c", connector="chase", label="chase", settings=told, source_identity="12345",
                starts_on=NOW.date(), set_up_at=NOW, created_by="test",
            )
        )  # fmt: skip
    yield made
    made.close()


def test_the_pages_numbers_of_our_own_are_limited_too(workshop: Workshop) -> None:
    page = browser_of(create_app(workshop, HandOver(), OPERATOR)).get("/settings/start").text
    for name, least in (("messages", MESSAGES_MIN), ("devices", DEVICES_MIN)):
        (field,) = re.findall(rf'<input[^>]* name="{name}"[^>]*>', page)
        assert f'type="number" min="{least}" max="{DAYS_MAX}"' in field


def test_a_browser_refuses_at_once_what_the_server_would_and_opens_what_was_folded(
    workshop: Workshop, chromium: Browser
) -> None:
    with served(create_app(workshop, HandOver(), OWNER)) as url:
        visits = Visits(chromium, url)
        page = visits.open("en", 390)
        page.goto("/connections/chase/settings")
        layout, days = page.locator("[name=s_layout]"), page.locator("[name=s_funding_days]")
        fold = page.locator("details.fold", has=days)
        fold.locator("summary").click()
        for said, right in (("2022", True), ("2022-b", True), ("B!", False)):
            layout.fill(said)
            assert layout.evaluate("field => field.checkValidity()") is right, said
        layout.fill("2022")
        days.fill("11")
        fold.locator("summary").click()
        expect(days).not_to_be_visible()
        page.get_by_role("button", name=wording("en")("keeping.save")).click()
        expect(days).to_be_visible()
        expect(days).to_be_focused()
        assert page.url.endswith("/connections/chase/settings"), "nothing was sent"
        days.fill("2")
        page.get_by_role("button", name=wording("en")("keeping.save")).click()
        page.wait_for_url("**done=settings")
        visits.close()
    assert visits.complaints == []
