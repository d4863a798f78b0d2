"""Rules for bank lines through the pages: written, tried, ordered, carried out, removed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import till
from harness import choose_usual, sync
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.store.models import BankRule, Company, Connection, DraftRow, Hold
from raccord.sync.bank_rules import BODY, AmountCondition, AmountTest
from raccord.sync.line_answers import RULED
from raccord.sync.workshop import Workshop
from raccord_web.rule_forms import holds_whole, rule_typed, typed_of

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
    assert "Lines that would change: 1, none against your own choice." in tried.text
    assert "CAFÉ &lt;b&gt;OLIMPICO&lt;/b&gt;" in tried.text
    assert rules_of(workshop) == [], "trying keeps nothing"
    incomplete = send(page, listing, do="try", **{**fields, "value1": ""})
    assert (incomplete.status_code, "A text to look for has 1 to 100" in incomplete.text) == (200, True)
    wrong = send(page, listing, do="save", **{**fields, "test1": "amount.under", "value1": "cheap"})
    assert (wrong.status_code, "neither an amount nor a day" in wrong.text) == (409, True)
    assert send(page, listing, do="save", **fields).headers["location"] == f"{listing}?done=bank_rule"
    split = {"test1": "text.word", "value1": "loyer", "answer": "split", "part1": expense[1], "share1": "500,00",
             "part2": expense[1], "share2": ""}  # fmt: skip
    send(page, listing, do="save", name="Loyer", **split)
    first, second = rules_of(workshop)
    assert (first.name, second.name) == ("Cafés", "Loyer")

    own = f"/bank-rules/{first.id}"
    send(listing, f"/bank-rules/{second.id}/up")
    assert [each.name for each in rules_of(workshop)] == ["Loyer", "Cafés"]
    stale = send(own, own, do="save", version="7", **fields)
    assert (stale.status_code, "was changed since you saw it" in stale.text) == (409, True)
    changed = {**fields, "test2": "amount.between", "value2": "1", "upto2": "4,50", "together": "all"}
    assert send(own, own, do="save", version="1", **changed).status_code == 303
    assert "Versions" in browser.get(own).text
    assert browser.post(f"{own}/apply").status_code in (400, 403), "a deed comes from a page of ours only"
    assert send(own, f"{own}/apply").status_code == 303
    assert "Carried out" in browser.get(listing).text
    sync(workshop, connection)
    with workshop.database.read() as session:
        row = session.scalars(select(DraftRow).where(DraftRow.key == "bank/b1")).one()
        assert (row.state, row.decisions[RULED]["version"]) == ("posted", 3)
        waits = session.scalars(select(Hold.id).where(Hold.closed_at.is_(None))).one()
    assert "The rule “Loyer” fits, but: The parts come to" in browser.get(f"/review?line={waits}").text
    send(own, f"{own}/off")
    assert [each.enabled for each in rules_of(workshop)] == [True, False]
    send(own, f"{own}/remove")
    assert (len(rules_of(workshop)), browser.get(own).status_code) == (1, 404)
    for rule in rules_of(workshop):
        body = BODY.validate_python(rule.body)
        assert holds_whole(body)
        in_currency = AmountCondition(test=AmountTest.UNDER, amount=Decimal(5), currency="USD")
        assert not holds_whole(replace(body, conditions=(in_currency,))), "the form has no room for a currency"
        assert rule_typed(typed_of(rule.name, rule.valid_from, body)).body == body, "a form says what filled it"
