"""Twenty bank lines are reviewed in a real Chromium with the keyboard alone, without a word typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import pytest
import till
from chromium import AXE, RULES, served
from harness import OWNER, choose_usual, sync
from playwright.sync_api import Browser, Page, Route, expect

from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.store.models import Company, Connection
from raccord.sync.workshop import Workshop
from raccord_web.app import create_app
from raccord_web.parts.reviewing import View


@pytest.fixture
def lines(workshop: Workshop, connection: Connection, company: Company) -> None:
    client = workshop.client(company)
    vendor = client.create("Vendor", '{"DisplayName":"Imprimerie Simard"}', "vendor").value["Id"]
    [expense, *_] = client.query("SELECT * FROM Account WHERE AccountType = 'Expense'")
    for number, amount in (("77412", "88.20"), ("77413", "91.35")):
        client.create(
            "Bill",
            f'{{"TxnDate":"2026-02-20","DocNumber":"{number}","VendorRef":{{"value":"{vendor}"}},'
            f'"GlobalTaxCalculation":"NotApplicable","Line":[{{"Amount":{amount},"DetailType":'
            f'"AccountBasedExpenseLineDetail","AccountBasedExpenseLineDetail":{{"AccountRef":{{"value":'
            f'"{expense["Id"]}"}}}}}}]}}',
            number,
        )
    texts = ["IMPRIMERIE SIMARD 77412", "IMPRIMERIE SIMARD 77413", "DEP VIR CLINIQUE RIVARD", "BELL MOBILITE",
             "ELECTRICITE MENARD & FILS", "HYDRO-QUEBEC", "VIREMENT INTERAC S GAGNON", "PETRO-CANADA 3312",
             "COSTCO WHOLESALE 535", "GOOGLE WORKSPACE", "FRAIS MENSUELS DU FORFAIT", "TRANSFERT A 8810",
             "RETRAIT GAB", "ACHAT EN DOUBLE", *["CAFE DU COIN"] * 6]  # fmt: skip
    amounts = ["-88.20", "-91.35", "1379.70", "-92.44", "-862.31", "-418.06", "500.00", "-71.80", "-318.92", "-158.13",
               "-27.95", "-1500.00", "-60.00", "-4.00", *[f"-{n}.25" for n in range(2, 8)]]  # fmt: skip
    till.ROWS["T1"] = [
        {"stream": "bank", "id": f"b{n:02}", "day": f"2026-03-{n:02}", "amount": amount, "memo": text}
        for n, (amount, text) in enumerate(zip(amounts, texts, strict=True), 1)
    ]
    client.create("Account", '{"Name":"Retraits","AccountType":"Equity","AccountSubType":"OwnersEquity"}', "equity")
    choose_usual(workshop, connection, company)
    sync(workshop, connection)


@pytest.fixture
def page(workshop: Workshop, chromium: Browser, lines: None) -> Iterator[Page]:
    complaints: list[str] = []
    with served(create_app(workshop, HandOver(), OWNER)) as base:
        context = chromium.new_context(base_url=base, locale="fr-CA", viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        yield page
        context.close()
    assert complaints == []


def press(page: Page, *keys: str) -> None:
    """Press keys one after the other, as a person does who waits for what each brings."""
    for key in keys:
        page.evaluate("document.getElementById('review').dataset.old = 'yes'")
        page.keyboard.press(key)
        expect(page.locator("#review:not([data-old]) :focus")).to_have_count(1)


def _amount(page: Page) -> str:
    """Return the amount of the line that is open, as QuickBooks writes it."""
    figures = re.sub(r"\D", "", page.locator("#detail p.h-lg .money").inner_text())
    return f"{figures[:-2]}.{figures[-2:]}"


def wrong_of(page: Page) -> list[str]:
    """Return what axe finds on the page as it is, and whether it scrolls sideways."""
    page.evaluate(AXE.read_text("utf-8"))
    found: list[str] = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(r => r.violations.map("
        "v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(', ')))",
        RULES,
    )
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [*found, *(["scrolls sideways"] if wide else [])]


@pytest.mark.requirement("BF-03")
@pytest.mark.parametrize("language", ["fr", pytest.param("en", marks=pytest.mark.slow)])
def test_twenty_lines_are_reviewed_with_the_keyboard_and_without_typing(
    workshop: Workshop, company: Company, connection: Connection, page: Page, language: str
) -> None:
    page.goto(f"/review?lang={language}")
    assert isinstance(workshop.clock, FixedClock)
    workshop.clock.advance(timedelta(seconds=1))
    title = page.get_by_role("heading", level=1)
    expect(title).to_have_text({"fr": "20 opérations à vérifier", "en": "20 lines to review"}[language])
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")

    # What matches a bill for certain is chosen already; the answer is told, and the next line has the focus.
    press(page, "a", "a")
    said = {"fr": "Rapprochement gardé.", "en": "Match kept."}[language]
    space, following = {"fr": (" ", "Opération suivante : "), "en": ("", "Next line: ")}[language]
    expect(page.locator("#announced")).to_have_text(
        f"IMPRIMERIE SIMARD 77413{space}: {said} {following}DEP VIR CLINIQUE RIVARD"
    )
    expect(page.locator(".side [data-key=q] .count")).to_have_text("18")
    assert page.evaluate("document.activeElement.matches('.lines > [aria-current] a:focus-visible')")
    # A browser may have given a part a style of its own (a text area somebody resized): no script copies it.
    page.evaluate("document.getElementById('dh').style.color = 'inherit'")
    press(page, "j", "k")
    expect(page.locator("#dh")).to_have_text("DEP VIR CLINIQUE RIVARD")

    # A category from the numbered list, a transfer, a personal line, one left out; a split is opened and left.
    chosen: dict[str, str] = {}
    thirds: set[str] = set()
    answers = [("", "1"), *[("", "3")] * 3, ("", "1"), *[("", "2")] * 4, ("", "1"), ("p", "1"), ("e", "2")]
    for view, place in [*answers, *[("", "2")] * 5]:
        if view:
            press(page, view)
        if page.locator("#dh").inner_text() == "TRANSFERT A 8810":
            called = {
                "fr": "La banque appelle cette opération un virement.",
                "en": "The bank calls this line a transfer.",
            }
            expect(page.locator("[data-view=transfer]")).to_contain_text(called[language])
        page.keyboard.press(place)
        if not view and place == "3":
            thirds.add(page.locator("[data-pick]:checked").input_value())
        chosen[_amount(page)] = page.locator("[data-pick]:checked").input_value()
        press(page, "a")
    assert len(thirds) == 1, "a number keeps its category from answer to answer"
    press(page, "s")
    expect(page.locator("form[data-total] output")).to_be_visible()
    page.locator("[name=amount1]").focus()
    page.keyboard.press("Escape")
    expect(page.locator("[data-view=split]")).to_be_focused()
    press(page, "Escape")
    expect(page.locator("form[data-total]")).to_have_count(0)
    assert page.evaluate("document.activeElement.matches('.lines > [aria-current] a')"), "closed, back at the line"
    page.keyboard.press("c")
    expect(page.locator("#other")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    press(page, "a")
    expect(title).to_have_text({"fr": "Aucune opération à vérifier", "en": "No line to review"}[language])
    expect(page.locator(".side [data-key=q] .count")).to_have_count(0)
    press(page, "u")
    expect(page.locator(".side [data-key=q] .count")).to_have_text("1")
    expect(title).to_have_text({"fr": "1 opération à vérifier", "en": "1 line to review"}[language])
    page.keyboard.press("2")
    chosen["7.25"] = page.locator("[data-pick]:checked").input_value()
    press(page, "a")

    sync(workshop, connection)
    client = workshop.client(company)
    posted = {
        kind: {str(each[field]): each for each in client.query_all(kind, "TxnDate >= '2026-03-01'")}
        for kind, field in (("BillPayment", "TotalAmt"), ("Purchase", "TotalAmt"), ("Transfer", "Amount"),
                            ("Deposit", "TotalAmt"))
    }  # fmt: skip
    assert set(posted["BillPayment"]) == {"88.20", "91.35"}
    assert set(posted["Deposit"]) == {"1379.70", "500.00"}
    assert set(posted["Transfer"]) == {"1500.00"}
    [moved] = posted["Transfer"].values()
    assert moved["ToAccountRef"]["value"] == chosen["1500.00"]
    spent = {
        amount: each["Line"][0]["AccountBasedExpenseLineDetail"]["AccountRef"]["value"]
        for amount, each in posted["Purchase"].items()
    }
    assert spent == {amount: account for amount, account in chosen.items() if amount in spent}
    assert set(chosen) - set(spent) == {"1379.70", "500.00", "1500.00", "4.00"}, "all but money in, moved or left out"


def test_keys_go_where_they_were_meant_and_never_to_a_line_that_was_not_seen(page: Page) -> None:
    held: list[Route] = []
    field, open_line, chosen = page.locator("#other"), page.locator("#dh"), page.locator("[data-pick]:checked")

    def come() -> None:
        for _ in range(500):
            if held:
                break
            page.wait_for_timeout(10)
        held.pop(0).continue_()

    def seen(text: str) -> None:
        expect(open_line).to_have_text(text)

    page.goto("/review")
    page.keyboard.type("u")
    expect(page.locator("[data-no-undo]")).to_be_visible()
    page.route(re.compile(r"/review[/?]"), lambda route: held.append(route))
    page.keyboard.type("x")
    # The letters of a category go into its field, those typed before it is there too; Escape leaves it.
    page.keyboard.type("crep")
    come()
    expect(field).to_be_focused()
    expect(field).to_have_value("rep")
    page.keyboard.type("as")
    expect(field).to_have_value("repas")
    page.keyboard.press("Escape")

    # What is pressed while another line comes is not an answer to it; moving on goes on, and ticks stay.
    page.keyboard.type("jja")
    come()
    come()
    seen("DEP VIR CLINIQUE RIVARD")
    page.keyboard.type("X")
    expect(page.locator(".lines .tick input:checked")).to_have_count(2)
    page.keyboard.type("J")
    come()
    seen("BELL MOBILITE")
    expect(page.locator(".lines .tick input:checked")).to_have_count(2)
    page.keyboard.type("l")
    expect(page.locator(".lines .tick input:checked")).to_have_count(10)
    page.keyboard.type("l")
    expect(page.locator(".bulkbar")).to_be_hidden()

    # A number that was chosen stays where the category's field is asked for; nothing is chosen under Exclude.
    page.keyboard.type("3c")
    expect(field).to_be_focused()
    expect(chosen).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.type("e")
    come()
    expect(page.locator("[data-view=exclude]")).to_be_focused()
    expect(chosen).to_have_count(0)

    # E, 2, A pressed faster than the page comes leave this line out, and the A after them is nobody's.
    page.keyboard.type("p")
    come()
    page.keyboard.type("e2aa")
    come()
    come()
    seen("ELECTRICITE MENARD & FILS")
    expect(page.locator(".told")).to_contain_text("Opération exclue.")
    page.wait_for_timeout(100)
    assert held == [], "the second A is no answer to the line that followed"


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), pytest.param("dark", 320, marks=pytest.mark.slow)])
def test_axe_finds_nothing_on_any_side_of_the_panel(page: Page, theme: Literal["light", "dark"], width: int) -> None:
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/review")
    wrong = {"list": wrong_of(page)}
    line = page.locator(".lines a").nth(0).get_attribute("href")
    for view in View:
        page.goto(f"{line}&view={view}")
        wrong[view] = wrong_of(page)
    page.goto("/review?state=answered")
    wrong["answered"] = wrong_of(page)
    page.goto("/review")
    page.keyboard.press("x")
    page.keyboard.press("?")
    wrong["ticked, keys"] = wrong_of(page)
    assert {each: found for each, found in wrong.items() if found} == {}
