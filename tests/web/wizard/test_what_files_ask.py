"""What files leave open is asked and answered where it is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from browsing import TOKEN
from harness import finish
from httpx2 import Response
from sqlalchemy import select
from starlette.testclient import TestClient
from wizards import count, ofx

import raccord_bankfeed
from raccord.onboarding.arriving.answering import questions_of
from raccord.store.models import (
    Choice,
    Company,
    Connection,
    Problem,
    Run,
    SourceRecord,
)
from raccord.sync.workshop import Workshop

BANK = Path(raccord_bankfeed.__file__).with_name("samples")


def test_all_that_a_file_leaves_open_is_answered_once_wherever_it_is_told(
    workshop: Workshop, bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token

    def hand_in(name: str, *rows: str) -> None:
        content = "\n".join(["Date,Description,Montant", *rows]).encode()
        browser.post(f"{bank}/files", data={"form_token": token[1]}, files=[("files", (name, content))])

    def told(page: str) -> str:
        return browser.get(page).text.replace("\u202f", " ").replace("\u00a0", " ")

    def read() -> set[tuple[str, str]]:
        """Finish the run that was asked for, and return the days and amounts of all lines."""
        with workshop.database.read() as session:
            run = session.scalars(select(Run).order_by(Run.id.desc())).first()
        assert run is not None
        finish(workshop, run.id)
        with workshop.database.read() as session:
            lines = session.scalars(select(SourceRecord).where(SourceRecord.stream == "lines")).all()
        return {(each.day.isoformat(), str(each.amount)) for each in lines}

    hand_in("avril.csv", '03/04/2026,PAPETERIE,"-1,234"', '05/04/2026,LOYER,"-5,678"')
    hand_in("mai.csv", '03/05/2026,PAPETERIE,"-2,345"')
    browser.get("/?lang=fr")
    shown = told(f"{bank}/setup/files")
    for words in ("avril.csv", "mai.csv", "3 questions, une seule fois", "Le jour d’abord", "Le mois d’abord",
                  "<code>03/04/2026 | PAPETERIE | -1,234</code>", "3 avril 2026", "4 mars 2026", "\u22121 234,00",
                  "\u22121,234"):  # fmt: skip
        assert words in shown, words
    assert shown.count("file-question") == 2
    assert "est soit 1 234,00, soit 1,234" in shown
    assert not re.search(r"(entré|sorti) (sur|du) ", shown), "whether money came in is not known yet"
    assert count(workshop, SourceRecord) == count(workshop, Run) == 0, "looking ahead keeps nothing"

    key = dict(zip(("avril", "mai"), re.findall(r'name="(?:q[0-9]+\.)?key" value="([^"]+)"', shown), strict=True))
    books = re.search(r'<option value="(\d+)">Compte chèques</option>', shown)
    assert books
    whole = {"answer:bankfeed.date_order": "day-first", "answer:bankfeed.decimal_mark": "point", "ledger": books[1]}
    for wrong in ({"answer:bankfeed.date_order": ""}, {"answer:bankfeed.decimal_mark": "accept"}, {"ledger": "0"}):
        assert send(bank, f"{bank}/files/answer", **{**whole, **wrong}, key=key["avril"]).status_code == 409, wrong
    assert send(bank, f"{bank}/files/answer", **whole, key="other").status_code == 409

    send(f"{bank}/setup/checks", f"{bank}/setup/checks")
    assert read() == set(), "nothing of them is read before"
    waits = told("/review")
    assert "attend vos réponses" in waits
    assert f'href="{bank}/files"' in waits, "who looks for the lines is told where they are"
    problems = told("/problems")
    assert all(f"{name}.csv</a>" in problems for name in key), "no day is told of a file that is asked about its days"
    connection_id = bank.rpartition("/")[2]
    for page in (f"{bank}/setup/plan", f"{bank}/setup/files", f"{bank}/files", f"/problems?connection={connection_id}"):
        assert told(page).count("file-question") == 2, page
    plan = told(f"{bank}/setup/plan").partition("<main")[2].partition(f'action="{bank}/setup/checks"')[2]
    assert "Préparer le plan de nouveau</button>" in plan.partition("</form>")[0], "files may come, or go, meanwhile"
    assert "dans les réglages" not in shown + told(f"/problems?connection={connection_id}")
    with workshop.database.read() as session:
        waiting = session.scalars(select(SourceRecord.id).where(SourceRecord.source_id.like("question/%"))).all()
    pages = {each: told(f"/records/{each}") for each in waiting}
    assert {page.count("file-question") for page in pages.values()} == {1}, "its own file, and no other"
    assert all("Répondez" in page for page in pages.values())

    # For this file only: the other of the same kind stays asked; what was said of the account counts for both.
    answer = {**whole, "key": key["avril"], "scope": "one", "then": "problems"}
    kept = send(f"/problems?connection={connection_id}", f"{bank}/files/answer", **answer)
    assert kept.headers["location"] == f"/problems?connection={connection_id}&done=file_answered"
    assert read() == {("2026-04-03", "-1234"), ("2026-04-05", "-5678")}
    shown = told(f"{bank}/setup/plan")
    assert ("avril.csv" in shown, "mai.csv" in shown, 'name="ledger"' in shown) == (False, True, False)
    open_ = questions_of(workshop, connection_id)
    assert [(each.file, [ask.code for ask in each.asks]) for each in open_] == [
        ("mai.csv", ["bankfeed.date_order", "bankfeed.decimal_mark"])
    ]

    # From now on: a third one is read without a question.
    answer = {**whole, "key": key["mai"], "answer:bankfeed.decimal_mark": "comma", "then": "plan"}
    kept = send(f"{bank}/setup/plan", f"{bank}/files/answer", **answer)
    assert kept.headers["location"] == f"{bank}/setup/plan?done=file_answered"
    assert read() == {("2026-04-03", "-1234"), ("2026-04-05", "-5678")}, "nothing shows whose account the second one is"
    asked = told(f"{bank}/files")
    for words in ("mai.csv", "Ce fichier ne dit pas de quel compte il est", "Un autre compte", "rien ne le dit"):
        assert words in asked, words
    [whose] = re.findall(r'name="(?:q[0-9]+\.)?key" value="(place-[^"]+)"', asked)
    send(f"{bank}/files", f"{bank}/files/answer", **{"key": whose, "answer:bankfeed.which_account": "account-1"})
    assert read() >= {("2026-05-03", "-2.345")}
    # What was said counts for files of such a name, whatever their month.
    hand_in("juin.csv", '03/06/2026,PAPETERIE,"-3,456"')
    assert "file-question" not in told(f"{bank}/setup/files")
    send(f"{bank}/files", f"{bank}/runs")
    assert read() >= {("2026-06-03", "-3.456")}
    assert "file-question" not in told(f"{bank}/files") + told(f"/problems?connection={connection_id}")
    assert f"{key['mai'].rpartition('-')[0]} = day-first comma" in told(f"{bank}/settings")

    # While a run reads what was answered, its problem is open still: it asks for nothing that has no form.
    with workshop.database.begin() as session:
        session.add(
            Problem(
                connection_id=connection_id, code="bankfeed.date_order", subject="lines/x",
                opened_at=workshop.clock.now(),
            )
        )  # fmt: skip
    between = told(f"/problems?connection={connection_id}")
    assert "Répondu. La prochaine synchro relit" in between
    assert "Répondez ci-dessous" not in between


def test_one_button_keeps_the_answers_about_several_files_and_what_is_left_open_stays_asked(
    workshop: Workshop, bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    page, token = f"{bank}/setup/files", TOKEN.search(browser.get(f"{bank}/files").text)
    assert token
    files = {
        "mars.csv": 'Date,Description,Montant\n03/04/2026,PAPETERIE,"-1,234"\n',
        "autre.csv": 'Date;Libelle;Montant\n05/04/2026;LOYER;"-5,678"\n',
        "sans.csv": "A;14/01/2026;7;COFFEE;12,30\nB;15/01/2026;8;RENT;700,00\nC;16/01/2026;9;PAPER;3,10\n",
    }
    parts = [("files", (name, text.encode())) for name, text in files.items()]
    browser.post(f"{bank}/files", data={"form_token": token[1]}, files=parts)

    def cards(shown: str) -> dict[str, str]:
        """Return how the fields of each file's card begin."""
        form = shown.partition('id="answers"')[2].partition("</form>")[0]
        assert form.count("<button") == 1
        assert " required" not in form, "what is left open does not stop the others"
        named = re.findall(r'<h3 class="wrapped-value">([^<]+)</h3>.*?name="(q[0-9]+\.)key"', form, re.DOTALL)
        return dict(named)

    shown = browser.get(page).text
    place = cards(shown)
    assert set(place) == set(files)
    assert 'form="answers" name="go" value="scope"' in shown, "the way on keeps them too"
    sent = dict(re.findall(r'name="(q[0-9]+\.(?:key|columns|chosen))" value="([^"]*)"', shown))
    sent |= dict(re.findall(r'name="(q[0-9]+\.scope)" value="(every)" checked', shown))
    for name, menu in re.findall(r'name="(q[0-9]+\.column_[0-9]+)">(.*?)</select>', shown, re.DOTALL):
        sent[name] = "".join(re.findall(r'value="([^"]+)" selected', menu))
    assert any(value for name, value in sent.items() if ".column_" in name), "what was guessed is no answer"
    sent["then"], action = "files", f"{bank}/files/answers"
    nothing = send(page, action, **sent)
    assert nothing.status_code == 422
    assert "Answer at least one question." in nothing.text
    mars, autre = place["mars.csv"], place["autre.csv"]
    books = re.search(r'<option value="(\d+)">Compte chèques</option>', shown)
    assert books
    sent |= {
        f"{mars}answer:bankfeed.date_order": "day-first", f"{mars}answer:bankfeed.decimal_mark": "point",
        f"{mars}ledger": books[1], f"{autre}answer:bankfeed.date_order": "month-first",
        f"{autre}name": "Épargne", f"{autre}ledger": "+", f"{autre}kind": "savings",
    }  # fmt: skip
    answer = send(page, action, **sent)
    assert answer.status_code == 409
    for words in ("One answer is not kept yet", "One other was kept.", "Answer this too.", "autre.csv is missing"):
        assert words in answer.text, words
    left = cards(answer.text)
    assert set(left) == {"autre.csv", "sans.csv"}, "what was answered is kept, what was not touched stays asked"
    prefix = re.escape(left["autre.csv"])
    assert re.search(rf'name="{prefix}answer:bankfeed.date_order" value="month-first" checked', answer.text)
    assert re.search(rf'name="{prefix}name" [^>]*value="Épargne"', answer.text), "with all that was typed"
    assert answer.text.partition('id="answers"')[2].count('class="error') == 2, "beside autre.csv alone"
    with workshop.database.read() as session:
        connection = session.scalars(select(Connection)).one()
    said = {name: value for name, value in connection.settings.items() if "day-first" in str(value)}
    assert len(said) == 1, said


def test_a_table_of_an_unknown_bank_is_read_once_a_person_says_its_columns(
    workshop: Workshop, bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token
    rows = b"A;14/01/2026;7;COFFEE;12,30\nB;15/01/2026;8;RENT;700,00\nC;16/01/2026;9;PAPER;3,10\n"
    browser.post(f"{bank}/files", data={"form_token": token[1]}, files=[("files", ("x.csv", rows))])
    send(f"{bank}/setup/checks", f"{bank}/setup/checks")
    asked = browser.get(f"{bank}/files").text
    key = re.search(r'name="key" value="([^"]+)"', asked)
    assert key, asked[asked.index("<main") :]
    assert "COFFEE" in asked

    # What cannot be meant is refused, and the question stays.
    assert send(f"{bank}/files", f"{bank}/files/answer", key=key[1]).status_code == 409
    columns = {"column_2": "date", "column_4": "text", "column_5": "amount", "column_1": "", "name": "Chequing"}
    columns["columns"] = "bankfeed.csv_columns"
    assert send(f"{bank}/files", f"{bank}/files/answer", **columns, key="other").status_code == 409
    assert send(f"{bank}/files", f"{bank}/files/answer", **{**columns, "name": ""}, key=key[1]).status_code == 409
    # An account to add and columns that cannot be: nothing of it is kept, in QuickBooks neither.
    without_day = {**columns, "column_2": "", "ledger": "+", "name": "Compte neuf", "kind": "checking"}
    assert send(f"{bank}/files", f"{bank}/files/answer", **without_day, key=key[1]).status_code in (409, 422)
    with workshop.database.read() as session:
        company = session.scalars(select(Company)).one()
        assert [each.of for each in session.scalars(select(Choice)) if each.of] == []
    assert workshop.client(company).query("SELECT * FROM Account WHERE Name = 'Compte neuf'") == []
    kept = send(f"{bank}/files", f"{bank}/files/answer", key=key[1], sign="reversed", **columns)
    assert kept.headers["location"] == f"{bank}/files?done=file_answered"
    with workshop.database.read() as session:
        lines = session.scalars(select(SourceRecord).where(SourceRecord.stream == "lines")).all()
        connection = session.scalars(select(Connection)).one()
    layout = key[1].rpartition("-")[0]
    assert connection.settings["csv_columns"] == f"{layout} = date:2 text:4 amount:5 sign:reversed"
    assert connection.settings["accounts"] == f"unnamed-{layout} = Chequing"
    assert {(each.source_id.partition("/")[0], str(each.amount)) for each in lines} == {
        (f"unnamed-{layout}", amount) for amount in ("-12.30", "-700.00", "-3.10")
    }
    assert f'value="{key[1]}"' not in browser.get(f"{bank}/files").text


def test_a_line_that_contradicts_itself_is_answered_where_it_is_told(
    workshop: Workshop, bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token
    content = ofx("0001").replace(b"<TRNTYPE>DEBIT", b"<TRNTYPE>CREDIT")
    browser.post(f"{bank}/files", data={"form_token": token[1]}, files=[("files", ("x.ofx", content))])
    send(f"{bank}/setup/checks", f"{bank}/setup/checks")
    with workshop.database.read() as session:
        problem = session.scalars(select(Problem)).one()
    assert problem.code == "bankfeed.sign_contradicted"
    for page in ("/problems", f"/problems?code={problem.code}"):
        shown = browser.get(page, headers={"accept-language": "en"}).text
        assert "The sign of the amount is right</button>" in shown, page
        assert problem.params["answers"]["key"] not in shown, "nobody types a key"
    with workshop.database.read() as session:
        of = session.scalars(select(SourceRecord.id).where(SourceRecord.stream == "lines")).one()
    shown = browser.get(f"/records/{of}", headers={"accept-language": "en"}).text
    assert "The sign of the amount is right</button>" in shown, "answered below, as it says"
    own = f"/problems/{problem.id}/answer"
    assert send("/problems", own, word="same").status_code == 409, "what is not offered is refused"
    assert send("/problems", own, word="accept").headers["location"].endswith("done=file_answered")
    with workshop.database.read() as session:
        assert session.get_one(Connection, problem.connection_id).settings["answers"].endswith(" = accept")
        assert session.scalars(select(SourceRecord.state).where(SourceRecord.stream == "lines")).all() == ["mapped"]
    assert send(f"{bank}/files", own, word="accept").status_code == 409, "it is open no more"

    # Its account is there to be named and to say from when batches count: by the end of its number, never by its key.
    page = f"{bank}/settings"
    shown = browser.get(page).text
    key = re.search(r'name="s_accounts:([^"]+)"', shown)
    assert key
    assert re.search(rf'<label for="s_accounts-1"[^>]*>[^<]*…0001</label><input [^>]*name="s_accounts:{key[1]}"', shown)
    dated, other = f"s_details:{key[1]}", "card-9999-0123456789 = Visa"
    named = {f"s_accounts:{key[1]}": " Chèques ", "s_accounts": f"{other}\n", "s_only_named": "on"}
    assert send(page, page, **named, **{dated: "no day"}, s_details="").status_code == 422
    assert send(page, page, **named, **{dated: "2026-03-01"}, s_details="").status_code == 303
    with workshop.database.read() as session:
        held = session.get_one(Connection, problem.connection_id).settings
    assert (held["accounts"], held["details"]) == (f"{key[1]} = Chèques\n{other}", f"{key[1]} = 2026-03-01")
    shown = browser.get(page).text
    assert 'value="Chèques"' in shown
    assert re.search(rf'name="s_accounts" [^>]*>{other}</textarea>', shown), "what no file told of stays"
    assert held["answers"].endswith(" = accept"), "what was not on the form stands"
