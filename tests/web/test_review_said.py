"""What the program that wrote a file filed a line under stands beside the question about it, and answers nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

import till
from harness import OWNER, sync
from httpx2 import Response
from programs import program
from review_lines import held, row
from sqlalchemy import event, select
from starlette.testclient import TestClient

from raccord.cli.holds.proposals import proposed
from raccord.cli.terminal.output import Output, State
from raccord.jobs.inline import HandOver
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import RoleName
from raccord.onboarding.deciding.bank_rules import RuleSaid, add_rule
from raccord.onboarding.deciding.decisions import choose
from raccord.overview.lines.said_by_source import with_said
from raccord.overview.questions import Question, open_questions
from raccord.plugin.texts import Language
from raccord.store.models import Company, Connection, LedgerEntry
from raccord.sync.lines.bank_rules import Outcome, RuleBody, RulePart, TextCondition, TextTest
from raccord.sync.lines.treatments import Treated
from raccord.sync.workshop import Workshop
from raccord_web.api.application import PATH
from raccord_web.app import create_app


def test_what_the_file_says_of_a_line_is_shown_and_offered_and_decides_nothing(
    workshop: Workshop,
    company: Company,
    accounts: dict[str, str],
    browser: TestClient,
    connection: Connection,
    send: Callable[..., Response],
) -> None:
    names = sorted(name for name in accounts if name in ("Fournitures de bureau", "Frais de déplacement"))
    till.ROWS["T1"] += [
        row(11, "-7.00", "ALPHA") | {"filed": "[Épargne]"},
        row(12, "-8.00", "BRAVO") | {"filed": f"{names[0]}=5.25;{names[1]}=2.75"},
        row(13, "-9.00", "CHARLIE") | {"filed": f"{names[0]}=5.25;{names[1]}=2.75"},
        row(14, "-10.00", "DELTA") | {"filed": f"{names[0]}=5.25;Groceries=4.75"},
        row(15, "-11.00", "ECHO") | {"filed": names[1]},
        row(16, "-12.00", "FOXTROT") | {"filed": "[savings]"},
    ]
    sync(workshop, connection)
    holds = held(workshop)

    def panel(text: str) -> str:
        return browser.get(f"/review?line={holds[text]}").text

    moved = panel("ALPHA")
    assert ('data-view="transfer"' in moved, "transfer with “Épargne”" in moved) == (True, True)
    assert re.findall(r'value="(\w+)" data-pick checked', moved) == [accounts["Épargne"]]
    split = panel("BRAVO")
    assert ('data-view="split"' in split, "do not come to" in split) == (True, False)
    assert [f'value="{each}"' in split for each in ("5.25", "2.75", names[0], names[1])] == [True] * 4
    assert re.search(r"data-left[^>]*>\D*0\.00", split), "nothing of the line is left"
    assert 'value="5,25"' in browser.get(f"/review?line={holds['BRAVO']}", headers={"accept-language": "fr"}).text
    off = panel("CHARLIE")
    assert ('data-view="split"' in off, "These parts do not come to" in off) == (True, True)
    assert ('name="amount1"' in off, 'value="5.25"' in off) == (True, False)
    unknown = panel("DELTA")
    assert ("Groceries" in unknown, "no account of this name" in unknown) == (True, True)
    assert 'data-view="split"' in unknown, "what is known stands there, what is not is to be chosen"
    assert re.findall(r'name="account[12]"[^>]* value="([^"]*)"', unknown) == [names[0], ""]
    assert re.findall(r'name="amount[12]"[^>]* value="([^"]*)"', unknown) == ["5.25", "4.75"]
    assert 'placeholder="Choose (“Groceries”)"' in unknown
    half = {"kind": "split", "account1": names[0], "amount1": "5.25", "account2": "", "amount2": "4.75"}
    refused = send(f"/review?line={holds['DELTA']}", f"/review/{holds['DELTA']}/treat", **half)
    assert ("DELTA" in held(workshop), 'role="alert"' in refused.text) == (True, True), "no part is dropped"
    assert re.findall(r'value="(\w+)" data-pick checked data-proposed', panel("ECHO")) == [accounts[names[1]]]
    strange = panel("FOXTROT")
    assert ('data-view="transfer"' in strange, "no account of this name" in strange) == (True, True)
    assert "data-pick checked" not in strange, "where no account has that name none is chosen"
    choose(workshop, OWNER, connection.id, "bank", accounts["Épargne"], of="savings")
    assert re.findall(r'value="(\w+)" data-pick checked', panel("FOXTROT")) == [accounts["Épargne"]]
    assert set(held(workshop)) >= {"ALPHA", "BRAVO", "ECHO"}, "nothing is answered by itself"


def test_of_a_split_with_a_name_that_nobody_knows_the_rest_is_filled_in_and_the_nearest_account_offered(
    workshop: Workshop, company: Company, accounts: dict[str, str], browser: TestClient, connection: Connection
) -> None:
    assert "Fournitures de bureau" in accounts
    till.ROWS["T1"] += [
        row(14, "-10.00", "DELTA") | {"filed": "Frais de déplacement=5.25;Fourniture bureau=2.75;Zzyzx=1.50;[Zzy]=0.50"}
    ]
    sync(workshop, connection)
    page = f"/review?line={held(workshop)['DELTA']}"
    said = browser.get(page).text
    fields = dict(re.findall(r'name="((?:account|amount|text)[1-5])"[^>]*? value="([^"]*)"', said))
    assert 'data-view="split"' in said
    assert [fields[f"account{place}"] for place in range(1, 6)] == ["Frais de déplacement", "", "", "", ""]
    assert [fields[f"amount{place}"] for place in range(1, 6)] == ["5.25", "2.75", "1.50", "0.50", ""]
    assert [fields[f"text{place}"] for place in range(1, 4)] == ["Fra", "Fou", "Zzy"]
    assert re.search(r"data-left[^>]*>\D*0\.00", said), "nothing of the line is left"
    rows = re.findall(r'<p class="hint" id="said(\d)"[^>]*>(.*?)</p>', said, re.DOTALL)
    assert [place for place, _ in rows] == ["2", "3", "4"], "what is left to choose has its name beside it"
    told = dict(rows)
    assert ("“Fourniture bureau”" in told["2"], "Fournitures de bureau" in told["2"]) == (True, True)
    assert ("“Zzyzx”" in told["3"], "data-fill" in told["3"]) == (True, False), "nothing is near it"
    assert "Le fichier dit" in browser.get(page, headers={"accept-language": "fr"}).text


def test_programs_and_the_command_line_are_told_what_the_file_says_with_one_read_for_all(
    workshop: Workshop, company: Company, accounts: dict[str, str], connection: Connection
) -> None:
    till.ROWS["T1"] += [
        row(11, "-7.00", "ALPHA") | {"filed": "[Épargne]"},
        row(12, "-8.00", "BRAVO") | {"filed": "Fournitures de bureau=5.25;Frais déplacement=2.75"},
        row(13, "-9.00", "CHARLIE") | {"filed": "[Compte Zzy]"},
    ]
    sync(workshop, connection)
    client = program(workshop, create_app(workshop, HandOver()), RoleName.BOOKKEEPER, Scope.READ, company.id)
    told = {each["text"]: each for each in client.get(f"{PATH}/holds").json()["rows"]}
    alpha, bravo, charlie = (told[text]["said"] for text in ("ALPHA", "BRAVO", "CHARLIE"))
    assert (alpha["kind"], alpha["parts"][0]["account"]) == ("transfer", accounts["Épargne"])
    assert (bravo["kind"], bravo["adds_up"]) == ("split", True)
    assert [(each["account_name"], each["near_name"], each["amount"]) for each in bravo["parts"]] == [
        ("Fournitures de bureau", "", "5.25"), ("", "Frais de déplacement", "2.75"),
    ]  # fmt: skip
    assert (charlie["kind"], charlie["parts"][0]["account"]) == ("transfer", ""), "no account is taken for it"
    assert told["JEU VIDEO"]["said"] is None, "of other lines nothing is said"
    catalog = workshop.scopes.catalog
    with workshop.database.read() as session:
        found = open_questions(session, connection.id).rows
        counts = []
        for some in ([each for each in found if each.text == "ALPHA"], found):
            statements: list[str] = []
            bind = session.get_bind()
            hear = lambda *said: statements.append(said[2])  # noqa: B023, E731
            event.listen(bind, "before_cursor_execute", hear)
            listed = with_said(session, catalog, some)
            event.remove(bind, "before_cursor_execute", hear)
            counts.append(len(statements))
    assert counts == [2, 3], "and the accounts of connections, once of all that are not in the books"
    shown = {each.text: shown_as(each, "fr") for each in listed}
    assert "⇢ Frais déplacement 2,75 (aucun compte de ce nom ; le plus proche : Frais de déplacement)" in shown["BRAVO"]
    assert "⇢ [Compte Zzy] (aucun compte de ce nom)" in shown["CHARLIE"]


def test_accounts_that_nobody_categorises_by_are_not_offered_and_taken_where_their_name_is_typed(
    workshop: Workshop, company: Company, accounts: dict[str, str], browser: TestClient, send: Callable[..., Response]
) -> None:
    with workshop.database.read() as session:
        kept = session.scalars(select(LedgerEntry).where(LedgerEntry.subtype == "RetainedEarnings")).one()
    hold = held(workshop)["COSTCO WHOLESALE"]
    for view in ("category", "split"):
        page = browser.get(f"/review?line={hold}&view={view}").text
        offered = re.findall(
            r'<option value="([^"]+)"', page.partition('<datalist id="accounts">')[2].partition("<da")[0]
        )
        assert ("Fournitures de bureau" in offered, kept.name in offered) == (True, False), view
    new = browser.get(f"/companies/{company.id}/bank-rules/new").text
    assert (f'value="{accounts["Fournitures de bureau"]}"' in new, f'value="{kept.object_id}"' in new) == (True, False)
    body = RuleBody(
        conditions=(TextCondition(test=TextTest.CONTAINS, value="x"),),
        outcome=Outcome(kind=Treated.CATEGORY, parts=(RulePart(account=kept.object_id),)),
    )
    rule = add_rule(workshop, OWNER, company.id, RuleSaid(name="Réserve", body=body))
    assert f'value="{kept.object_id}" selected' in browser.get(f"/bank-rules/{rule.id}").text
    typed = {"kind": "category", "other": kept.name}
    assert send("/review", f"/review/{hold}/treat", **typed).status_code == 303


def shown_as(question: Question, language: Language) -> str:
    """Return what ``raccord holds`` says may be said of a line."""
    return proposed(Output(State(language=language)), question, None).replace("\N{NO-BREAK SPACE}", " ")
