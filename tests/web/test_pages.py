"""Each page renders in both languages with what the pipeline really produced, as well-formed HTML without secrets."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser

import pytest
import till
from harness import OWNER, choose_usual, finish, lab, request, sync
from httpx2 import Response
from sqlalchemy import select
from starlette.requests import Request
from starlette.testclient import TestClient
from till_company import CANARY

from raccord.onboarding.closing.closings import set_closed_policy
from raccord.onboarding.connecting.connections import NewConnection
from raccord.onboarding.setting_up.steps import begin
from raccord.overview.listing import Listing
from raccord.overview.plans import waiting_plan
from raccord.overview.runs import recent_runs
from raccord.store.models import Company, Connection, ConnectionState, DraftRow, DraftState, Hold, LinkRow
from raccord.sync.posting.periods import ClosedPolicy
from raccord.sync.resolving.holds import asked_once
from raccord.sync.resolving.resolve import CHOICE_MISSING
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer
from raccord_web.pages.paging import last_part

VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "path", "line", "circle", "rect", "polyline", "wbr"}
TITLES = {
    "/": ("Une connexion a besoin de vous", "One connection needs you"),
    "/review": ("1 opération à vérifier", "1 line to review"),
    "/questions": ("1 opération à vérifier", "1 line to review"),
    "/problems": ("Une cause à régler", "One cause to settle"),
    "/runs": ("Synchros", "Runs"),
}


class Checker(HTMLParser):
    """Collects what is wrong with a page: tags left open, ids given twice, inline code and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.wrong: list[str] = []
        self.references: list[str] = []
        self.headings = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        ours = tag == "script" and (given.get("src") or "").startswith("/static/")
        code = tag == "style" or (tag == "script" and not ours)
        if code or "style" in given or any(name.startswith(("on", "hx-on", "hx-live")) for name in given):
            self.wrong.append(f"inline code in <{tag}>")
        self.headings += tag == "h1"
        self.ids += [given["id"] or ""] if "id" in given else []
        self.references += [
            given[name] or "" for name in ("for", "aria-labelledby", "aria-describedby") if name in given
        ]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes nothing")


def faults_of(html: str) -> list[str]:
    checker = Checker()
    checker.feed(html)
    checker.close()
    twice = {each for each in checker.ids if checker.ids.count(each) > 1}
    lost = set(checker.references) - set(checker.ids)
    return [
        *checker.wrong,
        *(f"<{tag}> stays open" for tag in checker.open),
        *(f"id {each} twice" for each in twice),
        *(f"nothing has the id {each}" for each in lost),
        *([] if checker.headings == 1 else [f"{checker.headings} main headings"]),
    ]


@pytest.fixture
def addresses(workshop: Workshop, synced: Connection) -> list[str]:
    """Every page there is, once with something to show."""
    till.ROWS["T1"].append({"stream": "sales", "id": "s9", "day": "2026-03-05", "amount": "7.00"})
    dry = finish(workshop, request(workshop, synced, stop_after="plan"))
    with workshop.database.read() as session:
        run = recent_runs(session, synced.id).rows[-1]
        plan = waiting_plan(session, synced.id)
    assert plan is not None
    return [
        *TITLES,
        f"/connections/{synced.id}",
        f"/connections/{synced.id}/proof",
        f"/connections/{synced.id}/proof?month=2026-03-09",
        f"/connections/{synced.id}/proof?only=unequal",
        f"/connections/{synced.id}/proof?month=2020-01-01",
        f"/runs?connection={synced.id}",
        f"/runs/{run.id}",
        f"/runs/{dry.id}?done=started",
        f"/plans/{run.plan_id}",
        f"/plans/{plan.id}",
        f"/plans/{plan.id}?action=create&kind=SalesReceipt",
        f"/plans/{plan.id}?action=link",
        f"/review?connection={synced.id}",
        f"/problems?connection={synced.id}",
        "/problems?code=mapping.bad_record",
        "/problems?code=no.such",
        "/nothing/here",
    ]


def test_every_figure_that_leads_to_a_list_is_the_length_of_that_list(
    browser: TestClient, workshop: Workshop, synced: Connection, sandbox: SandboxServer
) -> None:
    with workshop.database.begin() as session:
        receipt = session.scalars(select(LinkRow).where(LinkRow.kind == "SalesReceipt").order_by(LinkRow.id)).first()
        assert receipt is not None
        for draft in session.scalars(select(DraftRow).where(DraftRow.state == DraftState.POSTED).limit(3)):
            # One role for which several drafts wait is one question.
            params = {"role": "customer", "of": "", "accepts": "customer"}
            asked = {"connection_id": synced.id, "draft_id": draft.id, "opened_at": workshop.clock.now()}
            session.add(Hold(code=CHOICE_MISSING, params=params, asked=asked_once(CHOICE_MISSING, params), **asked))
    lab(sandbox, "delete", entity="SalesReceipt", id=receipt.document_id)
    till.ROWS["T1"].append({"stream": "sales", "id": "s9", "day": "2026-03-05", "amount": "7.00"})
    sync(workshop, synced)
    walked: dict[str, int] = {}
    with workshop.database.read() as session:
        wrote = max(recent_runs(session, synced.id).rows, key=lambda each: each.to_send)
    plan = f"/plans/{wrote.plan_id}"
    own = f"/connections/{synced.id}"
    for page in ("/", own, f"{own}/proof", "/runs", "/problems", "/records", f"/records?connection={synced.id}", plan):
        for attributes in re.findall(r"<a ([^>]*data-count[^>]*)>", browser.get(page).text):
            found = {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', attributes)}
            address, count = found["href"], found["data-count"]
            totals = re.findall(r'data-total="(\d+)"', browser.get(address).text)
            assert totals[:1] == [count], f"{page} says {count}, {address} says {totals}"
            walked[address] = int(count)
    assert len(walked) >= 8, walked
    assert walked["/review"] == 2, "the menu counts bank lines and other questions, and so does the page it leads to"
    for page, tabs in (
        ("/review", {"Bank": 1, "Other questions": 1}),
        ("/questions", {"Bank": 1, "Other questions": 1}),
    ):
        shown = browser.get(page).text
        assert re.findall(r'data-total="(\d+)"', shown)[:1] == ["2"], page
        found = {name.strip(): int(n) for name, n in re.findall(r">\s*([\w ]+) <span class=\"n\">(\d+)</span>", shown)}
        assert found == tabs, page
    assert walked[f"/questions?connection={synced.id}"] == 1
    assert walked["/problems"] == walked[f"/problems?connection={synced.id}"] > 0
    assert walked["/drift"] == 1
    assert walked[f"/runs/{wrote.id}"] == wrote.posted
    assert wrote.to_send > wrote.posted, "a plan counts objects, entries of lists among them; a run counts records"
    assert "Atelier Boréal inc." in browser.get("/runs").text.partition("<tbody>")[2], "a run names its company"
    assert f"Its plan had {wrote.to_send} objects to write" in browser.get(f"/runs/{wrote.id}").text
    assert walked[f"{plan}?action=create#lines"] == wrote.to_send
    assert any("fate=review" in address for address in walked)
    assert walked["/records?"] == walked["/records?fate=posted"] + 2 > walked["/records?fate=failed"] == 1
    searched = browser.get("/records?q=s").text.partition('id="fates"')[2].partition("</nav>")[0]
    assert searched.count("data-count") == 1, "while something is searched only what is shown is counted"


def test_every_page_is_sound_in_both_languages_and_shows_no_secret(browser: TestClient, addresses: list[str]) -> None:
    for address in addresses:
        for language in ("fr", "en"):
            answer = browser.get(address, headers={"accept-language": language})
            where = f"{address} in {language}"
            assert answer.status_code == (404 if address == "/nothing/here" else 200), where
            assert faults_of(answer.text) == [], where
            assert f'<html lang="{language}">' in answer.text
            assert CANARY not in answer.text, where
            assert "raccord-sandbox-secret" not in answer.text, where
            assert "<script>" not in answer.text, where


def test_a_pages_title_is_the_answer(browser: TestClient, synced: Connection) -> None:
    for address, titles in TITLES.items():
        for title, language in zip(titles, ("fr", "en"), strict=True):
            assert f">{title}</h1>" in browser.get(address, headers={"accept-language": language}).text


def test_pain_2_t3_a_connections_page_says_how_to_match_the_lines_of_quickbooks_own_feed(
    browser: TestClient, synced: Connection
) -> None:
    page = browser.get(f"/connections/{synced.id}").text
    assert "QuickBooks&#39; own bank feed" in page
    assert "“Match” each downloaded line" in page
    assert "/app/banking?deeplinkcompanyid=" in page


def test_what_a_source_says_is_text_and_never_code(browser: TestClient, synced: Connection) -> None:
    page = browser.get("/review").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>" not in page


def test_pain_12_t1_the_proof_names_what_a_closed_period_moved_on_both_days(
    workshop: Workshop, connection: Connection, company: Company, browser: TestClient, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "10.00"}]
    choose_usual(workshop, connection, company)
    set_closed_policy(workshop, OWNER, connection.id, ClosedPolicy.NEXT_OPEN_DAY)
    lab(sandbox, "close-books", realm=company.realm, date="2026-03-10")
    sync(workshop, connection)
    page = browser.get(f"/connections/{connection.id}/proof").text
    assert page.count("Period closed: true date") == 2
    assert page.count("sales/s1") == 2


def test_money_and_its_proof_stand_on_the_home_page(
    workshop: Workshop, browser: TestClient, synced: Connection
) -> None:
    paid = {"stream": "deposits", "id": "d1", "day": "2026-03-04", "amount": "1115.01"}
    till.ROWS["T1"].append({**paid, "of": "sales/s1=1114.98,sales/s2=0.03"})
    sync(workshop, synced)
    english, french = (browser.get("/", headers={"accept-language": each}).text for each in ("en", "fr"))
    assert '<span class="cur">$</span>1,115.01' in english
    assert "1\u00a0115,01\u00a0<span" in french
    assert english.count('<span class="proved"><span class="money"><span class="cur">$</span>1,115.01') == 4, (
        "sales and the deposit that pays them out, each on both sides"
    )
    assert "2,210.02" not in english, "no sum of the two"
    assert re.search("records? posted by", english)
    assert re.search("opérations? transmises? par «", french)
    assert re.search("documents? dated .* to ", english)
    assert re.search("documents? datés? du .* au ", french)


def test_a_difference_takes_the_double_rule_away_and_names_the_document(
    workshop: Workshop, company: Company, browser: TestClient, synced: Connection
) -> None:
    # A sale that waits is in the source's total and in no other.
    page = browser.get(f"/connections/{synced.id}/proof").text
    assert "<h1>Both sides agree to the cent, less what is left out or waiting</h1>" in page
    client = workshop.client(company)
    [receipt] = [row for row in client.query_all("SalesReceipt") if str(row["TotalAmt"]) == "0.03"]
    client.delete("SalesReceipt", receipt["Id"], receipt["SyncToken"], "by-hand")
    sync(workshop, synced)
    page = browser.get(f"/connections/{synced.id}/proof").text
    assert ">One day does not agree</h1>" in page
    assert "A document that we wrote is no longer in QuickBooks." in page
    assert f'<span class="mono xs">{receipt["Id"]}</span>' in page
    red = page.partition('<tr class="gap" data-tone="bad"><td colspan="5"')[2].partition("</tr>")[0]
    assert re.search(r'href="/records/\d+">See the record<', red)
    assert "txnId=" not in red, "what is gone from QuickBooks has no page there"
    assert 'class="proved"><span class="money"><span class="cur">$</span>2,210.02' not in browser.get("/").text
    assert faults_of(page) == []


def test_empty_lists_say_what_to_do_next(browser: TestClient, workshop: Workshop) -> None:
    assert "Connect to QuickBooks" in browser.get("/").text
    for address, words in {
        "/questions": "after the next run",
        "/problems": "what to do about it",
        "/runs": "Sync now",
    }.items():
        page = browser.get(address).text
        assert words in page
        assert faults_of(page) == []


def test_a_company_without_connections_says_how_to_join_one(browser: TestClient, company: Company) -> None:
    assert 'href="/connect"' in browser.get("/").text


@pytest.mark.requirement("BF-07")
def test_the_first_account_is_connected_and_later_ones_are_added(
    browser: TestClient, company: Company, request: pytest.FixtureRequest
) -> None:
    def buttons(page: str) -> set[str]:
        links = re.findall(r'href="/connect">(.*?)</a>', browser.get(f"{page}lang=fr").text, re.DOTALL)
        return {re.sub(r"<[^>]*>", "", each).strip() for each in links}

    pages = ("/?", "/connections?")

    def title() -> list[str]:
        return re.findall(r"<h1[^>]*>(.*?)</h1>", browser.get("/connect?lang=fr").text)

    assert [buttons(page) for page in pages] == [{"Connexion au compte"}] * 2
    assert title() == ["Connexion au compte"], "the page is called as the button that leads to it"
    request.getfixturevalue("connection")
    assert [buttons(page) for page in pages] == [{"Ajouter un compte"}] * 2
    assert title() == ["Ajouter un compte"]


def test_quickbooks_in_the_menu_shows_the_companies_first(browser: TestClient, synced: Connection) -> None:
    for page, title, first in (("/quickbooks", "QuickBooks", True), ("/connections", "Connections", False)):
        text = browser.get(page).text
        assert f"<h1>{title}</h1>" in text
        assert (text.index('id="companies"') < text.index(f'href="/connections/{synced.id}"')) is first
        assert faults_of(text) == []


@pytest.mark.parametrize(("language", "name"), [("fr", "Caisse"), ("en", "Till")])
def test_a_connection_bears_the_name_that_was_offered(
    browser: TestClient, workshop: Workshop, company: Company, send: Callable[..., Response], language: str, name: str
) -> None:
    browser.headers["accept-language"] = language
    page = f"/connect/till/source?mode=first_time&company={company.id}"
    assert f'placeholder="{name}"' in browser.get(page).text
    send(page, "/connect/till/source", mode="first_time", company=company.id, s_till="T8", s_code="x")
    with workshop.database.read() as session:
        assert session.scalars(select(Connection.label)).all() == [name]


def test_the_language_asked_for_is_remembered(browser: TestClient, workshop: Workshop) -> None:
    assert '<html lang="fr">' in browser.get("/?lang=fr").text
    assert '<html lang="fr">' in browser.get("/runs").text


def test_the_other_language_keeps_the_page_and_its_filters(browser: TestClient, synced: Connection) -> None:
    page = browser.get(f"/runs?connection={synced.id}").text
    assert f'href="/runs?connection={synced.id}&amp;lang=fr"' in page


def test_a_refused_form_changes_its_language_where_it_was_sent_from(
    browser: TestClient, company: Company, send: Callable[..., Response]
) -> None:
    asked = f"mode=first_time&company={company.id}"

    def other(answer: Response) -> str:
        assert answer.status_code in (409, 422)
        [found] = set(re.findall(r'href="([^"]*lang=fr)"', answer.text))
        return unescape(found)

    page, deed = f"/connect/till/source?{asked}", "/connect/till/source"
    first = other(send(page, deed, mode="first_time", company=company.id, q="desjardins"))
    assert first == f"{page}&q=desjardins&lang=fr", "also where the browser does not say where the form stood"
    kept = {"month": "2026-12", "company": company.id}
    certify = f"/companies/{company.id}/certificates"
    browser.headers["referer"] = f"{browser.base_url}/proof?month=2026-02"
    assert other(send("/proof", certify, **kept)) == "/proof?month=2026-02&lang=fr"
    for elsewhere in ("https://elsewhere.test/proof", f"{browser.base_url}/connections/x/pause", ""):
        browser.headers["referer"] = elsewhere
        assert other(send("/proof", certify, **kept)) == f"{certify}?lang=fr", "which leads to the form's page"
    assert f'action="{certify}"' in browser.get(certify).text


def test_a_set_up_that_is_not_finished_waits_on_home_and_brought_nothing_over(
    browser: TestClient, workshop: Workshop, company: Company, synced: Connection
) -> None:
    values = {"till": "T9", "code": "x"}
    draft = begin(workshop, OWNER, NewConnection(company_id=company.id, connector="till", values=values))
    with workshop.database.begin() as session:
        # Its files may be read before anybody approves what comes of them.
        session.get_one(Connection, draft.id).state = ConnectionState.CONNECTED
    go_on = f'href="/connections/{draft.id}/setup/'
    for language, working in (("en", "0 of 2 work normally."), ("fr", "0 sur 2 fonctionne")):
        page = browser.get("/", headers={"accept-language": language}).text
        assert working in page
        assert go_on in page
    assert go_on not in browser.get("/?company=another").text


def test_a_deeds_address_that_is_reloaded_leads_to_its_page(browser: TestClient, synced: Connection) -> None:
    for deed, page in (("pause", f"/connections/{synced.id}"), ("files/answer", f"/connections/{synced.id}/files")):
        answer = browser.get(f"/connections/{synced.id}/{deed}")
        assert (answer.status_code, answer.headers["location"]) == (303, page)


def test_health_answers_a_machine(browser: TestClient, workshop: Workshop) -> None:
    answer = browser.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("address", ["/connections/x", "/connections/x/proof", "/runs/x", "/plans/x"])
def test_what_does_not_exist_is_said_so(browser: TestClient, workshop: Workshop, address: str) -> None:
    answer = browser.get(address)
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.text
    assert "What to do:" in answer.text


def test_a_value_without_sense_is_refused_with_words(browser: TestClient, workshop: Workshop) -> None:
    answer = browser.get("/runs?offset=minus")
    assert answer.status_code == 400
    assert "cannot be understood" in answer.text


def test_past_the_end_of_a_list_its_last_part_is_shown(browser: TestClient, synced: Connection) -> None:
    for address, last in {
        "/records?offset=500&q=": "/records?q=",
        "/runs?offset=50": "/runs",
        "/audit?actor=&offset=10000000": "/audit?actor=",
        f"/connections/{synced.id}/mapping?view=terms&offset=400": f"/connections/{synced.id}/mapping?view=terms",
        "/status?offset=50": "/status",
    }.items():
        answer = browser.get(address)
        assert (answer.status_code, answer.headers.get("location")) == (303, last), address
    nothing = browser.get("/records?offset=50&q=nowhere")
    assert nothing.status_code == 200, "an empty list has no part to lead to"


def test_a_list_of_several_parts_leads_to_the_last_of_them() -> None:
    asked = Request({"type": "http", "method": "GET", "path": "/runs", "query_string": b"connection=c&offset=9000",
                     "headers": []})  # fmt: skip
    assert last_part(asked, [Listing([], 101, 9000, 50), None]) == "/runs?connection=c&offset=100"
    assert last_part(asked, [Listing([], 100, 9000, 50)]) == "/runs?connection=c&offset=50"
    assert last_part(asked, [Listing([], 0, 9000, 50)]) == ""
    assert last_part(asked, [Listing([], 5, 9000, 50), Listing([1], 9001, 9000, 50)]) == ""
