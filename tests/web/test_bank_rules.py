"""Rules for bank lines through the pages: written, tried, ordered, carried out, removed; once in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
import till
from harness import OWNER, choose_usual, sync
from playwright.sync_api import Route, expect
from sqlalchemy import select
from starlette.testclient import TestClient
from visiting import Travel, door, travel

from raccord.onboarding.deciding.bank_rules import RuleSaid, add_rule
from raccord.plugin.drafts import PaymentType
from raccord.plugin.texts import Language
from raccord.store.models import BankRule, Company, Connection, DraftRow, Hold, LedgerEntry
from raccord.sync.lines.bank_rules import (
    BODY,
    AmountCondition,
    AmountTest,
    Outcome,
    RuleBody,
    RulePart,
    TextCondition,
    TextTest,
)
from raccord.sync.lines.line_answers import RULED
from raccord.sync.lines.treatments import Treated
from raccord.sync.workshop import Workshop
from raccord_web.parts.rule_forms import rule_typed, typed_of

__all__ = ["door", "travel"]

Send = Callable[..., Any]


def rules_of(workshop: Workshop) -> list[BankRule]:
    with workshop.database.read() as session:
        return list(
            session.scalars(select(BankRule).where(BankRule.removed_at.is_(None)).order_by(BankRule.place)).all()
        )


def test_a_rule_is_tried_while_it_is_written_then_kept_ordered_and_carried_out(
    workshop: Workshop, company: Company, connection: Connection, browser: TestClient, send: Send
) -> None:
    choose_usual(workshop, connection, company)
    memos = [("-3.75", "CAFÉ <b>OLIMPICO</b>"), ("-40.00", "LOYER")]
    till.ROWS["T1"] = [
        {"stream": "bank", "id": f"b{place}", "day": "2026-03-04", "amount": amount, "memo": memo}
        for place, (amount, memo) in enumerate(memos, 1)
    ]
    sync(workshop, connection)
    listing = f"/companies/{company.id}/bank-rules"
    assert browser.get("/bank-rules").headers["location"] == listing
    assert "No rule yet" in browser.get(listing).text
    page = f"{listing}/new"
    with workshop.database.read() as session:
        rows = session.execute(select(DraftRow.key, Hold.id).join(Hold, Hold.draft_id == DraftRow.id))
        hold_ids = {row.key: row.id for row in rows}
    shown = browser.get(page, params={"line": hold_ids["bank/b1"]}).text
    assert 'name="value1" maxlength="100" value="cafe"' in shown, "words that stand in the line's text"
    assert '<option value="direction.out" selected>' in shown
    elsewhere = browser.get(page, params={"line": "0" * 32}).text
    assert 'name="value1" maxlength="100" value=""' in elsewhere
    expense = re.search(r'<optgroup|<option value="(\d+)">[^<]*</option>', shown.split('name="account"')[1])
    assert expense
    fields = {"name": "Cafés", "test1": "text.contains", "value1": "café", "answer": "category", "account": expense[1]}
    tried = send(page, listing, do="try", **fields)
    assert tried.status_code == 200
    assert "Waiting lines that would change: 1." in tried.text
    assert "CAFÉ &lt;b&gt;OLIMPICO&lt;/b&gt;" in tried.text
    assert rules_of(workshop) == [], "trying keeps nothing"
    assert tried.text.count('<select class="select" name="test') == 1, "one condition, until more are asked for"
    roomier = send(page, listing, do="condition", **fields).text
    assert ('name="test2"' in roomier, 'name="test3"' in roomier, 'value="café"' in roomier) == (True, False, True)
    assert roomier.index('value="save"') < roomier.index('value="condition"'), "Enter in a field keeps the rule"
    assert 'name="part3"' in send(page, listing, do="part", **fields).text
    incomplete = send(page, listing, do="try", **{**fields, "value1": ""})
    assert (incomplete.status_code, "A text to look for has 1 to 100" in incomplete.text) == (200, True)
    wrong = send(page, listing, do="save", **{**fields, "test1": "amount.under", "value1": "cheap"})
    assert (wrong.status_code, "neither an amount nor a day" in wrong.text) == (409, True)
    led = send(page, listing, do="save", **fields).headers["location"]
    assert led == f"/bank-rules/{rules_of(workshop)[0].id}?done=bank_rule"
    shown = browser.get(led).text
    assert ("1 line waits for this rule’s answer" in shown, "Accept for this line" in shown) == (True, True)
    assert ("1 line waits" in browser.get(listing).text, "open it to accept" in browser.get(listing).text) == (
        True,
        True,
    )
    split = {"test1": "text.word", "value1": "loyer", "answer": "split", "part1": expense[1], "share1": "500,00",
             "part2": expense[1], "share2": ""}  # fmt: skip
    # A rule that was made of a line leads back to it, in the list as it was.
    line = hold_ids["bank/b2"]
    link = re.search(r'href="([^"]*/bank-rules/new\?[^"]*)"', browser.get(f"/review?q=e&line={line}").text)
    assert link
    form = browser.get(unescape(link[1])).text
    kept = re.search(r'name="back" value="([^"]*)"', form)
    assert kept
    back = unescape(kept[1])
    assert f"q=e&line={line}" in back
    led = send(page, listing, do="save", name="Loyer", back=back, **split).headers["location"]
    first, second = rules_of(workshop)
    assert led == f"/review?{back}&said=rule&rule={second.id}"
    assert ("Rule kept." in browser.get(led).text, f'href="/bank-rules/{second.id}"' in browser.get(led).text) == (
        True, True,
    )  # fmt: skip
    assert (first.name, second.name) == ("Cafés", "Loyer")

    own = f"/bank-rules/{first.id}"
    send(listing, f"/bank-rules/{second.id}/up")
    assert [each.name for each in rules_of(workshop)] == ["Loyer", "Cafés"]
    stale = send(own, own, do="save", version="7", **fields)
    assert (stale.status_code, "was changed since you saw it" in stale.text) == (409, True)
    changed = {**fields, "test2": "amount.between", "value2": "1", "upto2": "4,50", "together": "all"}
    assert send(own, own, do="save", version="1", **changed).status_code == 303
    kept = browser.get(own, params={"lang": "fr"}).text
    assert "Versions" in kept
    assert "En attente, qui changeraient : 1." in kept.replace("\N{NO-BREAK SPACE}", " ")
    assert 'value="4,50"' in kept, "a number as the language writes it"
    assert "montant de 1 à 4,50" in browser.get(listing, params={"lang": "fr"}).text
    browser.get(own, params={"lang": "en"})
    assert browser.post(f"{own}/apply").status_code in (400, 403), "a deed comes from a page of ours only"
    assert send(own, f"{own}/apply").status_code == 303
    assert "Carried out" in browser.get(listing).text
    sync(workshop, connection)
    with workshop.database.read() as session:
        row = session.scalars(select(DraftRow).where(DraftRow.key == "bank/b1")).one()
        assert (row.state, row.decisions[RULED]["version"]) == ("posted", 3)
        record = row.record_id
        waits = session.scalars(select(Hold.id).where(Hold.closed_at.is_(None))).one()
    told = browser.get(f"/records/{record}").text.partition('class="timeline')[2]
    named = re.findall(r"<b>([^<]+)</b>\s*<p>([^<]+)</p>", told)
    name = re.search(rf'<option value="{expense[1]}">([^<]+)</option>', shown)
    assert name
    assert [("Posted", name[1]), ("Answered by a bank rule", name[1])] == [
        (what.partition(":")[0].strip(), account) for what, account in named if account == name[1]
    ], named
    assert "The rule “Loyer” fits, but: The parts come to" in browser.get(f"/review?line={waits}").text
    send(own, f"{own}/off")
    assert [each.enabled for each in rules_of(workshop)] == [True, False]
    send(own, f"{own}/remove")
    assert (len(rules_of(workshop)), browser.get(own).status_code) == (1, 404)
    for rule in rules_of(workshop):
        body = BODY.validate_python(rule.body)
        assert rule_typed(typed_of(rule.name, rule.valid_from, body, "fr")).body == body, "a form says what filled it"


def test_what_a_rule_says_is_accepted_for_the_lines_that_wait_by_one_button(
    workshop: Workshop, company: Company, connection: Connection, browser: TestClient, send: Send
) -> None:
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [
        {"stream": "bank", "id": f"b{place}", "day": "2026-03-04", "amount": "-3.75", "memo": f"CAFE {place}"}
        for place in range(1, 4)
    ]
    sync(workshop, connection)
    new = f"/companies/{company.id}/bank-rules/new"
    account = re.search(r'<option value="(\d+)">', browser.get(new).text.split('name="account"')[1])
    assert account
    fields = {"name": "Cafés", "test1": "text.contains", "value1": "cafe", "answer": "category", "account": account[1]}
    own = send(new, new.removesuffix("/new"), do="save", **fields).headers["location"].partition("?")[0]
    shown = browser.get(own, params={"lang": "fr"}).text
    assert ("3 opérations attendent la réponse" in shown, "Accepter pour ces 3 opérations" in shown) == (True, True)
    assert "bank_rule.changed" in send(own, f"{own}/accept", version="9").text
    done = send(own, f"{own}/accept", version="1").headers["location"]
    assert done == f"{own}?accepted=3&refused=0&left=0"
    told = browser.get(f"{done}&lang=en").text
    assert ("3 lines answered by this rule." in told, 'id="waiting"' in told) == (True, False)
    assert browser.get("/review?state=answered").text.count("/undo") == 3
    with workshop.database.read() as session:
        assert session.scalars(select(Hold.id).where(Hold.closed_at.is_(None))).all() == []


PAST = [("-3.25", "CAFE OLIMPICO 1"), ("-4.25", "CAFE OLIMPICO 2"), ("-5.25", "CAFE OLIMPICO 3"), ("-900.00", "LOYER")]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_part_of_a_rule_has_its_own_tax_class_and_description(language: Language) -> None:
    parts = (
        RulePart(account="1", percent=Decimal("33.5"), tax_code="5", class_id="9", description="Bureau"),
        RulePart(account="2", amount=Decimal("-12.50"), tax_code="6"),
        RulePart(account="3"),
    )
    conditions = (TextCondition(test=TextTest.CONTAINS, value="LOYER"),)
    body = RuleBody(conditions=conditions, outcome=Outcome(kind=Treated.SPLIT, parts=parts))
    typed = typed_of("Loyer", None, body, language)
    assert rule_typed(typed).body == body
    one = replace(body, outcome=Outcome(kind=Treated.CATEGORY, parts=(replace(parts[2], tax_code="5", class_id="9"),)))
    assert rule_typed(typed_of("Loyer", None, one, language)).body == one
    told = replace(body, outcome=Outcome(kind=Treated.CATEGORY, parts=(replace(parts[2], description="Bureau"),)))
    assert rule_typed(typed_of("Loyer", None, told, language)).body == told, "of one part too"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_form_has_room_for_several_accounts_and_connections_a_currency_and_a_cheque(language: Language) -> None:
    in_currency = (
        AmountCondition(test=AmountTest.BETWEEN, amount=Decimal(5), upto=Decimal("7.50"), currency="USD"),
        AmountCondition(test=AmountTest.OVER, amount=Decimal(5)),
    )
    outcome = Outcome(
        kind=Treated.CATEGORY, parts=(RulePart(account="3", description="Bureau"),), payment_type=PaymentType.CHECK,
    )  # fmt: skip
    body = RuleBody(
        conditions=in_currency, outcome=outcome, accounts=("12", "7"), connections=("01ab", "02cd"),
    )  # fmt: skip
    assert rule_typed(typed_of("Loyer", None, body, language)).body == body


def test_a_rule_of_several_accounts_is_changed_in_its_form(
    workshop: Workshop, company: Company, connection: Connection, browser: TestClient, send: Send
) -> None:
    with workshop.database.read() as session:
        banks = session.execute(
            select(LedgerEntry.object_id, LedgerEntry.name)
            .where(LedgerEntry.company_id == company.id, LedgerEntry.type == "Bank", LedgerEntry.active.is_(True))
            .order_by(LedgerEntry.name_key)
        ).all()
        meals = session.scalars(select(LedgerEntry.object_id).where(LedgerEntry.type == "Expense")).first()
    assert len(banks) > 2
    conditions = (AmountCondition(test=AmountTest.UNDER, amount=Decimal(5), currency="USD"),)
    outcome = Outcome(kind=Treated.CATEGORY, parts=(RulePart(account=meals or ""),))
    body = RuleBody(conditions=conditions, outcome=outcome, accounts=(banks[0][0], banks[1][0]))
    rule = add_rule(workshop, OWNER, company.id, RuleSaid(name="Petits", body=body))
    own = f"/bank-rules/{rule.id}"
    shown = browser.get(own).text
    ticked = re.findall(r'name="on_account\.(\w+)" value="on" checked', shown)
    assert (sorted(ticked), 'name="currency1"' in shown) == (sorted(each[0] for each in banks[:2]), True)
    assert re.search(r'name="currency1"[^>]* value="USD"', shown)
    fields = {"name": "Petits", "version": "1", "test1": "amount.under", "value1": "5", "currency1": "usd",
              "answer": "category", "account": meals or "", "of_connection." + connection.id: "on",
              **{f"on_account.{each[0]}": "on" for each in banks[1:3]}}  # fmt: skip
    assert send(own, own, do="save", **fields).status_code == 303
    kept = BODY.validate_python(rules_of(workshop)[0].body)
    assert kept == replace(body, accounts=(banks[1][0], banks[2][0]), connections=(connection.id,))
    many = {f"on_account.{each}": "on" for each in range(60)}
    assert send(own, own, do="save", **{**fields, "version": "2"}, **many).status_code == 409, "there is a limit"


@pytest.mark.requirement("BF-21")
@pytest.mark.parametrize(
    ("language", "script"),
    [("fr", True), pytest.param("en", True, marks=pytest.mark.slow), pytest.param("en", False, marks=pytest.mark.slow)],
)
def test_a_rule_shows_its_effect_on_the_past_while_it_is_written_then_is_carried_out(
    workshop: Workshop, company: Company, connection: Connection, travel: Travel, language: Language, script: bool
) -> None:
    till.ROWS["T1"] = [
        {"stream": "bank", "id": f"b{place}", "day": f"2026-03-0{place}", "amount": amount, "memo": text}
        for place, (amount, text) in enumerate(PAST, 1)
    ]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    journey = travel(f"rule-on-the-past{'' if script else '-without-script'}", language, script=script)
    page = journey.page

    # One of the coffees a person has answered, with the first category offered.
    page.goto(f"/review?connection={connection.id}&q=olimpico+3")
    page.locator("[data-pick]").first.check()
    journey.press("review.accept_category")
    page.goto(f"/companies/{company.id}/bank-rules/new")
    journey.look("empty")
    effect = page.locator("#effect")

    def tried() -> None:
        """Without a script a person asks for the effect; with one it follows what is typed."""
        if not script:
            journey.press("bank_rules.try")

    asked, spared = ("value1", "account"), ("upto1", "other_account", "why", "part1", "share1")
    assert [page.locator(f"[name={each}]").is_visible() for each in (*asked, *spared)] == [True] * 2 + [False] * 5
    form, side = page.locator("#rule").bounding_box(), page.locator("#effect").bounding_box()
    assert form, "what is asked"
    assert side, "its effect"
    assert side["x"] > form["x"] + form["width"], "the effect stands beside the form"
    page.locator("#name").fill("Cafés")
    page.locator("[name=test1]").select_option("text.contains")
    page.locator("[name=value1]").fill("loyer")
    other = page.locator("[name=account] option").nth(6).get_attribute("value")
    page.locator("[name=account]").select_option(other)
    tried()
    expect(effect).to_contain_text(_changed(language, 1, 0))
    page.locator("[name=value1]").fill("olimpico")
    tried()
    expect(effect).to_contain_text(_changed(language, 2, 1))
    expect(effect.locator("td").get_by_text(journey.said("bank_rules.yours"))).to_have_count(1)
    journey.look("three-changed-one-against")
    journey.press("bank_rules.add_condition")
    # The answer to what is half typed never comes, and keeps nobody from what is meant.
    held: list[Route] = []
    page.route("**/bank-rules*", lambda route: route.continue_() if held or not script else held.append(route))
    page.locator("[name=test2]").select_option("amount.under")
    page.locator("[name=value2]").fill("5")
    tried()
    expect(effect).to_contain_text(_changed(language, 2, 0))
    assert bool(held) is script
    page.unroute_all(behavior="ignoreErrors")
    journey.look("two-changed")
    journey.press("keeping.save")
    journey.look("kept-and-lines-wait")
    journey.press("bank_rules.let_apply")
    page.get_by_role("link", name="Cafés").first.click()
    journey.look("carried-out")
    sync(workshop, connection)
    with workshop.database.read() as session:
        rows = session.scalars(select(DraftRow).order_by(DraftRow.key)).all()
    said = {each.key: (RULED in each.decisions, each.state) for each in rows}
    assert said["bank/b1"] == said["bank/b2"] == (True, "posted")
    assert said["bank/b3"] == (False, "posted"), "what a person chose stays"
    assert said["bank/b4"][0] is False


def _changed(language: Language, changed: int, against: int) -> str:
    """Return what the page says of a rule's effect."""
    now, left = (
        (f"En attente, qui changeraient : {changed}.", "laissées telles quelles : 1 dont elle dirait autre chose")
        if language == "fr"
        else (f"Waiting lines that would change: {changed}.", "left alone: 1 of which it would say something else")
    )
    if not against:
        return now
    kept, others = (
        ("Déjà répondues, ", f" (0 dans QuickBooks), {against} contre votre choix.")
        if language == "fr"
        else ("Answered already and ", f" (0 in QuickBooks), {against} against your own choice.")
    )
    return f"{now} {kept}{left}{others}"
