"""The steps of a bank feed that is fed with files, in a browser, and one file to hand in."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect
from visiting import Journey
from walking import pass_duplicates

FILE = """OFXHEADER:100
DATA:OFXSGML

<OFX><BANKMSGSRSV1>{}</BANKMSGSRSV1></OFX>"""
STATEMENT = (
    "<STMTTRNRS><STMTRS><CURDEF>CAD<BANKACCTFROM><BANKID>0815<ACCTID>{0}<ACCTTYPE>CHECKING</BANKACCTFROM>"
    "<BANKTRANLIST><STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260310<TRNAMT>-12.50<FITID>F{0}<NAME>CAFE DU COIN</STMTTRN>"
    "</BANKTRANLIST></STMTRS></STMTTRNRS>"
)


def begin_bank_feed(
    journey: Journey, mode: str, first: str, files: list[Path], answer: Callable[[Journey], None] | None = None
) -> str:
    """Lead the wizard from the list of sources to the end of its checks; return the connection's own address."""
    page = journey.page
    page.goto("/connect")
    journey.look("sources")
    page.locator('a[href="/connect/bankfeed"]').first.click()
    page.locator(f"input[name=mode][value={mode}]").check()
    journey.look("start-or-running")
    journey.press("wizard.next")
    journey.look("company")
    journey.press("wizard.next")
    page.locator("#label").fill("Banque")
    page.locator("#s_currency_if_missing").fill("CAD")
    journey.look("access")
    journey.press("wizard.keep")
    own = page.url.rpartition("/setup/")[0]
    journey.look("accounts")
    journey.press("wizard.keep")
    page.locator("#files").set_input_files([str(each) for each in files])
    journey.press("files.send")
    expect(page.get_by_role("status")).to_be_visible()
    journey.look("files-kept")
    if answer is not None:
        answer(journey)
    journey.press("wizard.next")
    page.locator("#first").fill(first)
    journey.look("first-day")
    journey.press("wizard.keep")
    journey.look("checks")
    journey.press("doors.connect")
    if mode == "already_running":
        pass_duplicates(journey)
    page.wait_for_url(re.compile("setup/plan"))
    journey.look("first-look")
    return own


def answer_lines(journey: Journey, own: str) -> None:
    """Give every line that waits the first category offered."""
    journey.page.goto(f"/review?connection={own.rpartition('/')[2]}")
    waiting = journey.page.locator(".lines > li")
    while left := waiting.count():
        journey.page.locator("[data-pick]").first.check()
        journey.press("review.accept_category")
        expect(waiting).to_have_count(left - 1)


def tell_accounts(journey: Journey, own: str, count: int) -> None:
    """Say of each account of the bank its type and its account in the books; the way on is shut until all are said."""
    page = journey.page
    page.goto(f"{own}/setup/plan")
    journey.follow("wizard.accounts_tell")
    onwards = page.get_by_role("button", name=journey.said("wizard.next"), exact=True)
    expect(page.locator("select[name^=account_]")).to_have_count(count)
    journey.look("accounts-asked")
    untold = [at for at in range(count) if not page.locator(f"#account_{at}").input_value()]
    assert untold
    for place, at in enumerate(untold):
        expect(onwards).to_be_disabled()
        page.locator(f"#type_{at}").select_option("bank")
        expect(onwards).to_be_disabled()
        page.locator(f"#account_{at}").select_option(index=2 + place)
    expect(onwards).to_be_enabled()
    journey.look("accounts-told")
    onwards.click()
    page.wait_for_url(re.compile("setup/files"))


def plan_again(journey: Journey, own: str) -> None:
    journey.page.goto(f"{own}/setup/checks")
    journey.press("wizard.make_plan")
    journey.page.wait_for_url(re.compile("setup/(plan|lists|duplicates)"))
    while not journey.page.url.endswith("plan"):
        before = journey.page.url
        journey.press("wizard.next")
        expect(journey.page).not_to_have_url(before)


def approve(journey: Journey) -> None:
    """Approve the first plan in the wizard and look at the proof."""
    journey.look("plan")
    journey.page.locator(".wiz-foot .btn-primary").click()
    journey.page.wait_for_url(re.compile("setup/done"))
    expect(journey.page.locator(".proved").first).to_be_visible()
    journey.look("proof")
