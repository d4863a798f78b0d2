"""The review page as forms: filters, splits, transfers with their other side, personal lines, several at once, undo."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from html import unescape
from typing import Any

import till
from browsing import browser_of
from harness import OWNER, sync
from httpx import Response
from review_lines import documents, held, row, shown
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.jobs.inline import HandOver
from raccord.onboarding.access.people import Actor, RoleName
from raccord.onboarding.deciding.bank_rules import RuleSaid, add_rule
from raccord.onboarding.setting_up.baseline import baseline_rows
from raccord.overview.connections import connection_view
from raccord.overview.waiting import waiting
from raccord.store.models import Company, Connection, DraftRow, DraftState, Hold, LedgerEntry
from raccord.sync.lines.bank_rules import Outcome, RuleBody, RulePart, TextCondition, TextTest
from raccord.sync.lines.line_answers import LEARNED
from raccord.sync.lines.treatments import TREATMENT, Treated
from raccord.sync.workshop import Workshop
from raccord_web.app import create_app

Send = Callable[..., Response]


def test_lines_are_found_by_account_direction_text_amount_and_day(
    workshop: Workshop,
    company: Company,
    connection: Connection,
    accounts: dict[str, str],
    browser: TestClient,
    send: Send,
) -> None:
    def of(**wanted: Any) -> list[str]:
        return list(held(workshop, **wanted))

    page = browser.get(f"/review?account={company.id}|{accounts['Épargne']}").text
    link = re.search(r'href="(/review/upload[^"]+part=1)"', page)
    assert link
    there = browser.get(unescape(link[1]))
    assert there.headers["content-disposition"] == 'attachment; filename="quickbooks-1.csv"'
    assert there.text.splitlines() == ["Date,Description,Amount", "04/03/2026,VIREMENT RECU,500.00"]
    assert "Nothing is posted for them" in browser.get("/review/upload").text, "a file is for one account"
    assert 'id="upload"' not in browser.get("/review").text
    one = browser.get(f"/review?connection={connection.id}").text
    assert f"account={company.id}%7C" in one.partition('id="upload"')[2], "a connection's only account needs no choice"

    assert of() == [
        "COSTCO WHOLESALE",
        "VIREMENT VERS EPARGNE",
        "RISTOURNE",
        "VIREMENT RECU",
        "JEU VIDEO",
        "COSTCO CAFE",
    ]
    assert of(account=accounts["Épargne"], company_id=company.id) == ["VIREMENT RECU"]
    assert of(connection_id=connection.id, arriving=True) == ["RISTOURNE"]
    assert of(search="costco") == ["COSTCO WHOLESALE", "COSTCO CAFE"]
    assert of(search="costco %") == []
    assert of(search="500") == ["VIREMENT VERS EPARGNE", "VIREMENT RECU"], "either direction"
    assert of(search="25,50 $") == of(search="25.5") == ["RISTOURNE"], "however its cents are written"
    assert of(search="NaN") == of(search="1e999") == []
    assert of(first=date(2026, 3, 5), arriving=False) == ["JEU VIDEO", "COSTCO CAFE"]
    assert of(last=date(2026, 3, 2)) == ["COSTCO WHOLESALE"]
    page = browser.get(f"/review?account={company.id}|{accounts['Épargne']}").text
    assert "1 line to review" in page
    assert "RISTOURNE" not in page
    alone = browser.get("/review").text
    assert ">Épargne (1)" in alone
    assert company.name not in alone.partition('id="lines"')[2].partition("</ul>")[0], "there is no other"
    with workshop.database.begin() as session:
        now = workshop.clock.now()
        session.add(Company(environment="sandbox", realm="2", name="Riverain", home_currency="CAD", created_at=now))
    beside = browser.get("/review").text
    assert f">{company.name} · Épargne (1)" in beside
    assert beside.partition('id="lines"')[2].partition("</ul>")[0].count(f"<span>{company.name}</span>") == 6
    assert "Épargne (" not in browser.get(f"/review?connection={connection.id}").text, "accounts of its own lines"
    assert browser.get("/review?offset=9999&first=x&view=none&direction=up&account=no|no").status_code == 200
    guest = browser_of(create_app(workshop, HandOver(), Actor("Gaston", RoleName.ACCOUNTANT))).get("/review").text
    assert "Your role allows looking, not answering." in guest
    # What may be in the books already is called as people know it, on the page where they decide.
    with workshop.database.begin() as session:
        hold = session.get_one(Hold, held(workshop)["COSTCO CAFE"])
        there = {"kind": "Purchase", "id": "277", "document": "Purchase 277", "day": "2026-03-05", "amount": "-4.00"}
        hold.code, hold.params, hold.line = "conflict.already_exists", there, False
        hold_id = hold.id
    listed = browser.get(f"/connections/{connection.id}/baseline").text
    assert "COSTCO CAFE" in listed
    assert "bank/b6" not in listed
    with workshop.database.read() as session:
        seen = baseline_rows(session, connection.id, 1)[0].seen
        before = waiting(session)
    assert (before.questions, before.decided) == (6, 0)
    said = send("/questions", f"/questions/{hold_id}/conflict", way="skip", seen=seen)
    assert said.headers["location"] == "/questions?done=by_hand", "it does not go with the next run"
    assert "<b>Decided. The next run acts on it.</b>" in browser.get(said.headers["location"]).text
    # What is decided waits for nobody: it goes with the next run, and may still be decided otherwise.
    with workshop.database.read() as session:
        after, view = waiting(session), connection_view(session, connection.id)
    assert (after.questions, after.others, after.decided) == (5, 0, 1)
    assert view is not None
    assert (view.questions, view.decided) == (4, 1), "one line waits in the other connection"
    decided = browser.get("/questions").text
    assert "One answer given: it goes with the next run" in decided
    assert ('data-count="5"' in decided, 'data-total="5"' in decided) == (True, True)
    assert "Decided" in decided
    for keys_or_answers in ("review-keys", 'data-do="category"', "What is this line?"):
        assert (keys_or_answers in browser.get("/review").text, keys_or_answers in guest) == (True, False)


def test_a_line_is_split_moved_personal_or_left_out_and_an_answer_taken_back(
    workshop: Workshop,
    company: Company,
    connection: Connection,
    accounts: dict[str, str],
    browser: TestClient,
    send: Send,
) -> None:
    holds = held(workshop)
    office, travel = accounts["Fournitures de bureau"], accounts["Frais de déplacement"]

    def say(text: str, **fields: str) -> Response:
        return send("/settings", f"/review/{holds[text]}/treat?q=o", **fields)

    wrong = say("COSTCO WHOLESALE", kind="split", account1="fournitures", amount1="70", account2="déplac", amount2="1")
    assert wrong.status_code == 409
    assert 'value="fournitures"' in wrong.text, "what was typed stays"
    assert "come to" in wrong.text
    assert "is not an amount" in say("COSTCO WHOLESALE", kind="split", account1="fournitures", amount1="7o").text
    assert "No account is chosen" in say("COSTCO WHOLESALE", kind="category").text
    assert "knows nobody" in say("COSTCO WHOLESALE", kind="category", other="fournitures", payee="Nobody").text
    kept = say(
        "COSTCO WHOLESALE", kind="split", account1="fournitures", amount1="40,25", account2=travel, text2="essence"
    )
    assert kept.headers["location"] == f"/review?q=o&said=kept_split&last={holds['COSTCO WHOLESALE']}"

    panel = browser.get(f"/review?line={holds['VIREMENT VERS EPARGNE']}").text
    side = f"side:{holds['VIREMENT RECU']}"
    assert panel.index(f'value="{side}" data-pick checked'), "the other account's line is found"
    assert say("VIREMENT VERS EPARGNE", kind="transfer", account=side).status_code == 303
    with workshop.database.read() as session:
        savings = session.scalars(select(Connection.id).where(Connection.id != connection.id)).one()
    assert "Nothing left to review here" in browser.get(f"/review?connection={savings}").text
    assert "Nothing found" in browser.get("/review?q=zzz").text
    assert "Nothing left to review here" in browser.get("/review?q=zzz&said=kept_category").text, "the last one found"
    done = browser.get("/review?state=answered").text
    assert re.search(r"Other side of the transfer[^<]*<span class=\"soft\">VIREMENT VERS EPARGNE</span>", done)
    assert "bank/b3" not in done
    of_side = send("/settings", f"/review/{holds['VIREMENT RECU']}/undo")
    assert "other side of a transfer (VIREMENT VERS EPARGNE)" in of_side.text
    assert say("JEU VIDEO", kind="personal", account=accounts["Apports"]).status_code == 303
    assert "needs a reason" in say("COSTCO CAFE", kind="exclude").text
    assert say("COSTCO CAFE", kind="exclude", why="Already in QuickBooks").status_code == 303
    assert say("RISTOURNE", kind="category", other="produit non cat").status_code == 303
    assert say("RISTOURNE", kind="category", account=office).headers["location"].endswith("said=gone")

    answered = browser.get("/review?state=answered").text
    assert "Nothing is posted for them until you answer" in browser.get("/review").text
    assert "Nothing is posted for them until you answer" not in answered
    assert answered.count("/undo?") == int(re.findall(r'data-total="(\d+)"', answered)[0]), (
        "its heading counts its list"
    )
    for words in (
        "Split",
        "Fournitures de bureau, Frais de déplacement",
        "Transfer",
        "Personal",
        "Excluded",
        "Apports",
    ):
        assert words in answered
    assert send("/settings", f"/review/{holds['RISTOURNE']}/undo").status_code == 303
    assert list(held(workshop)) == ["RISTOURNE"]
    assert send("/settings", f"/review/{holds['RISTOURNE']}/undo").status_code == 409, "nothing to take back"

    with workshop.database.read() as session:
        other = session.scalars(select(Connection).where(Connection.id != connection.id)).one()
    for each in (connection, other):
        sync(workshop, each)
    spent = {str(each["TotalAmt"]): each["Line"] for each in documents(workshop, company, "Purchase")}
    assert [
        (str(part["Amount"]), part["AccountBasedExpenseLineDetail"]["AccountRef"]["value"], part["Description"])
        for part in spent.pop("60.00")
    ] == [("40.25", office, "COSTCO WHOLESALE"), ("19.75", travel, "essence")]
    assert [str(each["Amount"]) for each in documents(workshop, company, "Transfer")] == ["500.00"]
    [personal] = spent.pop("9.99")
    assert personal["AccountBasedExpenseLineDetail"]["AccountRef"]["value"] == accounts["Apports"], "never an expense"
    assert spent == {}
    assert documents(workshop, company, "Deposit") == []
    with workshop.database.read() as session:
        left = session.scalars(select(DraftRow).where(DraftRow.key == "bank/b6")).one()
        assert (left.state, left.reason) == (DraftState.SKIPPED, "person: Already in QuickBooks")
    assert send("/settings", f"/review/{holds['JEU VIDEO']}/undo").status_code == 409, "it is posted"


def test_what_the_books_do_not_have_is_added_from_the_line_that_needs_it(
    workshop: Workshop, company: Company, accounts: dict[str, str], browser: TestClient, send: Send
) -> None:
    hold = held(workshop)["COSTCO CAFE"]

    def add(what: str, name: str) -> Response:
        return send("/settings", f"/review/{hold}/add", add=what, add_name=name)

    assert f"/review/{hold}/add" in browser.get(f"/review?line={hold}&view=personal").text
    there = browser.get(add("owner", "Dû au  propriétaire").headers["location"]).text
    assert "Added to QuickBooks" in there
    assert re.search(r'id="other"[^>]* value="Dû au propriétaire"', there), "its name is in the field"
    assert 'data-view="personal"' in there
    again = add("owner", "dû au propriétaire")
    assert (again.status_code, "exists already" in again.text) == (409, True)
    assert re.search(r'value="dû au propriétaire"', again.text), "what was typed stays"
    assert add("expense", "Stationnement").headers["location"].endswith("other=Stationnement&put=category")
    payee = browser.get(add("vendor", "Tremblay").headers["location"]).text
    assert re.search(r'id="payee"[^>]* value="Tremblay"', payee)
    assert "exists already" in add("customer", "TREMBLAY").text, "payees share one space of names"
    assert add("expense", "a:b").status_code == 409
    assert add("bank", "Épargne").status_code == 400
    said = {"kind": "category", "other": "Stationnement", "payee": "Tremblay"}
    assert send("/settings", f"/review/{hold}/treat", **said).status_code == 303
    client = workshop.client(company)
    made = {str(each["Name"]): str(each["AccountType"]) for each in client.query_all("Account")}
    assert (made["Dû au propriétaire"], made["Stationnement"]) == ("Equity", "Expense")
    assert [str(each["DisplayName"]) for each in client.query_all("Vendor")].count("Tremblay") == 1


def test_what_was_said_last_of_the_same_text_is_offered_first_with_its_day_and_not_chosen(
    workshop: Workshop, connection: Connection, accounts: dict[str, str], browser: TestClient, send: Send
) -> None:
    office, travel = accounts["Fournitures de bureau"], accounts["Frais de déplacement"]

    def offered(text: str) -> list[str]:
        page = browser.get(f"/review?line={held(workshop)[text]}&view=category").text
        return re.findall(r'value="(\d+)" data-pick( checked)? data-proposed>.*as on ([^<]*)<', page)

    def say(text: str, account: str) -> str:
        hold = held(workshop)[text]
        assert send("/settings", f"/review/{hold}/treat", kind="category", account=account).status_code == 303
        return hold

    till.ROWS["T1"] += [row(7, "-5.00", "COSTCO CAFE 0012"), row(8, "5.00", "COSTCO CAFE 0013")]
    till.ROWS["T1"] += [row(9, "-6.00", "PETRO-CANADA 91823")]
    sync(workshop, connection)
    assert offered("COSTCO CAFE 0012") == []
    say("COSTCO CAFE", office)
    assert offered("COSTCO CAFE 0012") == [(office, "", "6\u00a0Mar\u00a02026")]
    assert offered("COSTCO CAFE 0013") == [], "money the other way is something else"
    rule = f"/companies/{connection.company_id}/bank-rules/new?line="
    assert f'value="{office}" selected' in browser.get(f"{rule}{held(workshop)['COSTCO CAFE 0012']}").text
    named = browser.get(f"{rule}{held(workshop)['PETRO-CANADA 91823']}").text
    assert 'value="petro-canada"' in named, "what is one name is not cut at its hyphen"
    assert offered("COSTCO WHOLESALE") == []
    say("COSTCO WHOLESALE", travel)
    page = browser.get(f"/review?line={held(workshop)['JEU VIDEO']}").text
    [listed] = re.findall(r'<datalist id="accounts">(.*?)</datalist>', page)
    first = set(re.findall(r'value="([^"]*)"', listed)[:2])
    assert first == {"Frais de déplacement", "Fournitures de bureau"}, "what was used comes first"
    taken = say("COSTCO CAFE 0012", travel)
    send("/settings", f"/review/{taken}/undo")
    assert offered("COSTCO CAFE 0012") == [(office, "", "6\u00a0Mar\u00a02026")], "what was taken back is not said"
    # After an answer of one's own, lines that read the same are offered it; nothing else, and only those ticked get it.
    till.ROWS["T1"] += [row(number, "-7.00", f"COSTCO CAFE 10{number}") for number in range(10, 13)]
    sync(workshop, connection)
    hold = held(workshop)["COSTCO CAFE 0012"]
    back = send("/settings", f"/review/{hold}/treat", kind="category", account=travel).headers["location"]
    page = browser.get(back).text
    assert "3 similar lines wait: the same answer?" in page
    form = page.partition('id="alike"')[2].partition("</form>")[0]
    ticks = re.findall(r'name="(hold_\w+)" value="yes" checked', form)
    assert (len(ticks), "COSTCO CAFE 0013" in form, "COSTCO WHOLESALE" in form) == (3, False, False)
    other = f"hold_{held(workshop)['JEU VIDEO']}"
    given = send(back, f"/review/{hold}/alike", **dict.fromkeys((*ticks[:2], other), "yes"))
    assert given.headers["location"] == "/review?said=together&n=2&refused=1", "and no line that is not alike"
    assert [each for each in held(workshop) if each.startswith("COSTCO")] == ["COSTCO CAFE 0013", "COSTCO CAFE 1012"]
    last = held(workshop)["COSTCO CAFE 1012"]
    proposed = send("/settings", f"/review/{last}/treat", kind="category", account=travel).headers["location"]
    assert "similar" not in browser.get(proposed).text, "none is left"


def test_several_lines_get_one_answer_and_what_does_not_allow_it_stays(
    workshop: Workshop, accounts: dict[str, str], browser: TestClient, send: Send
) -> None:
    holds = held(workshop)

    def ticked(*texts: str) -> dict[str, str]:
        return shown(browser, *(holds[each] for each in texts))

    both = ticked("COSTCO WHOLESALE", "COSTCO CAFE")
    assert "No account is chosen" in send("/settings", "/review/together", do="category", **both).text
    answer = send("/settings", "/review/together?direction=out", do="category", account="Fournitures de bureau", **both)
    assert answer.headers["location"] == "/review?direction=out&said=together&n=2&refused=0"
    assert "2 lines settled" in browser.get(answer.headers["location"]).text
    again = send("/settings", "/review/together", do="exclude", why="twice", **both, **ticked("JEU VIDEO"))
    assert again.headers["location"] == "/review?said=together&n=1&refused=2"
    assert (
        send("/settings", "/review/together", do="accept", **ticked("RISTOURNE"))
        .headers["location"]
        .endswith("n=0&refused=1")
    )
    assert list(held(workshop)) == ["VIREMENT VERS EPARGNE", "RISTOURNE", "VIREMENT RECU"]
    usual = browser.get(f"/review?line={holds['VIREMENT VERS EPARGNE']}&view=category").text
    assert usual.index("Fournitures de bureau") < usual.index("Coût des marchandises"), (
        "what was answered last is first"
    )


def test_pain_8_t3_what_a_rule_or_earlier_answers_propose_is_accepted_and_posted_with_its_reason(
    workshop: Workshop,
    company: Company,
    connection: Connection,
    accounts: dict[str, str],
    browser: TestClient,
    send: Send,
) -> None:
    holds = held(workshop)
    body = RuleBody(
        conditions=(TextCondition(test=TextTest.CONTAINS, value="costco"),),
        outcome=Outcome(kind=Treated.CATEGORY, parts=(RulePart(account=accounts["Fournitures de bureau"]),)),
    )
    rule = add_rule(workshop, OWNER, company.id, RuleSaid(name="Entrepôt", body=body))
    with workshop.database.begin() as session:
        hold = session.get_one(Hold, holds["JEU VIDEO"])
        example = {"connection_id": "c", "key": "bank/b0", "day": "2026-02-03", "text": "JEU", "amount": "-5.00",
                   "kind": "", "document": ""}  # fmt: skip
        learned = {"kind": "category", "account": accounts["Frais de déplacement"], "name": "Frais de déplacement",
                   "confidence": 970, "examples": [example], "tax_code": "T9"}  # fmt: skip
        tax = LedgerEntry(company_id=company.id, kind="TaxCode", object_id="T9", name="TPS/TVQ", active=True)
        tax.name_key, tax.seen_at = "tps/tvq", workshop.clock.now()
        session.add(tax)
        hold.params = {**hold.params, LEARNED: learned}
    page = browser.get(f"/review?line={holds['JEU VIDEO']}").text
    assert "97.0 % sure" in page
    assert page.index('value="proposed" data-pick checked') < page.index('value="' + accounts["Fournitures de bureau"])
    assert "Rule “Entrepôt”" in page
    assert "<small>TPS/TVQ</small>" in page, "the tax that accepting writes stands with the proposal"
    assert '<option value="beside" selected>' in page
    assert "Rule “Entrepôt”" in browser.get(f"/review?line={holds['COSTCO CAFE']}&view=category").text

    conditions = TextCondition(test=TextTest.CONTAINS, value="ristourne")
    action = f"/review/{holds['JEU VIDEO']}/treat"
    assert send("/settings", action, kind="category", account="proposed", tax="").status_code == 303
    with workshop.database.read() as session:
        drafts = {each.key: each for each in session.scalars(select(DraftRow))}
    assert "tax_code" not in drafts["bank/b5"].decisions[TREATMENT]["parts"][0], "what was chosen beside it counts"
    ticked = shown(browser, holds["COSTCO CAFE"], holds["RISTOURNE"])
    stale = {**ticked, f"hold_{holds['COSTCO CAFE']}": "another"}
    answer = send("/settings", "/review/together", do="accept", **stale)
    assert answer.headers["location"] == "/review?said=together&n=0&refused=1&changed=1"
    assert (
        "1 left: what is proposed for it is not what you saw any more" in browser.get(answer.headers["location"]).text
    )
    assert "COSTCO CAFE" in held(workshop), "what was not seen is not said"
    proposed = f"/review/{holds['COSTCO CAFE']}/treat"
    other = send("/settings", proposed, kind="category", account="proposed", seen="another")
    assert (other.status_code, "not what you saw any more" in other.text) == (409, True)
    answer = send("/settings", "/review/together", do="accept", **ticked)
    assert answer.headers["location"] == "/review?said=together&n=1&refused=1"
    with workshop.database.read() as session:
        rows = {each.key: each.decisions.get(TREATMENT) for each in session.scalars(select(DraftRow))}
    assert rows["bank/b5"]["origin"] == "suggestion"
    assert (rows["bank/b6"]["origin"], rows["bank/b4"]) == (f"rule:{rule.id}", None)

    # What a rule proposes is open and chosen, whatever kind it is; what is typed beside it counts more.
    share = RulePart(account=accounts["Fournitures de bureau"], percent=Decimal(40))
    rest = RulePart(account=accounts["Frais de déplacement"])
    for kind, outcome in {
        "split": Outcome(kind=Treated.SPLIT, parts=(share, rest)),
        "transfer": Outcome(kind=Treated.TRANSFER, other_account=accounts["Épargne"]),
        "personal": Outcome(kind=Treated.PERSONAL, parts=(RulePart(account=accounts["Apports"]),)),
        "exclude": Outcome(kind=Treated.EXCLUDE, why="ailleurs"),
    }.items():
        said = RuleSaid(name=f"Ristournes {kind}", body=RuleBody(conditions=(conditions,), outcome=outcome))
        other = add_rule(workshop, OWNER, company.id, said)
        page = browser.get(f"/review?line={holds['RISTOURNE']}").text
        assert f'data-view="{kind}"' in page
        assert page.count("data-pick checked data-proposed") == page.count("data-pick checked") == 1
        assert f"Rule “Ristournes {kind}”" in page
        again = f"/review/{holds['RISTOURNE']}"
        name = "why" if kind == "exclude" else "account"
        kept = send("/settings", f"{again}/treat", kind=kind, **{name: "proposed"})
        assert f"said=kept_{kind}" in kept.headers["location"]
        assert send("/settings", f"{again}/undo").status_code == 303
        if kind == "split":
            part = {"account1": "fournitures", "amount1": "99"}
            assert "come to" in send("/settings", f"{again}/treat", kind=kind, account="proposed", **part).text
        send("/settings", f"/bank-rules/{other.id}/remove")

    # The posted record's page says why, and a line becomes a rule that says the same of its like.
    sync(workshop, connection)
    with workshop.database.read() as session:
        drafts = {each.key: each for each in session.scalars(select(DraftRow))}
        records = {key: each.record_id for key, each in drafts.items()}
    assert {drafts["bank/b5"].state, drafts["bank/b6"].state} == {DraftState.POSTED}
    page = browser.get(f"/records/{records['bank/b6']}").text
    assert f'<a class="link" href="/bank-rules/{rule.id}">the rule “Entrepôt”, version 1</a>' in page
    assert "Fournitures de bureau" in page
    page = browser.get(f"/records/{records['bank/b5']}").text
    assert "what you answered before: 97.0% sure" in page
    assert "said or accepted by" in page
    new = f"/companies/{company.id}/bank-rules/new?line={holds['JEU VIDEO']}"
    assert f'href="{new}"' in page
    form = browser.get(new).text
    assert 'value="jeu video"' in form
    assert f'<option value="{accounts["Frais de déplacement"]}" selected>' in form
    assert (
        f'href="{new.replace(holds["JEU VIDEO"], holds["RISTOURNE"])}&amp;back='
        in browser.get(f"/review?line={holds['RISTOURNE']}").text
    )
    send("/settings", f"/bank-rules/{rule.id}/remove")
    page = browser.get(f"/records/{records['bank/b6']}").text
    assert ("the rule “Entrepôt”" in page, f"/bank-rules/{rule.id}" in page) == (True, False)
