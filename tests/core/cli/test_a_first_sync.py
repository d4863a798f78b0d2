"""From nothing to proven books with the command line alone, and what it says on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import till
from harness import lab

from raccord.cli import run
from raccord.cli.terminal.exits import Exit
from raccord.jobs.locks import company_locks
from raccord.jobs.steps import Steps
from raccord.plugin import Text
from raccord.store.database import Database
from raccord.sync.execution import SourceAway
from raccord_sandbox.serving.server import SandboxServer

Told = Callable[..., tuple[int, Any]]
Said = Callable[..., tuple[int, str]]


def sale(number: int, amount: str = "10.00", day: str = "2026-03-02") -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": day, "amount": amount}


@pytest.mark.requirement("K22")
def test_a_plan_is_read_approved_by_its_hash_posted_and_proven(told: Told, chosen: str) -> None:
    till.ROWS["T1"] = [sale(1), sale(2, "20.25")]
    status, plan = told("plan", "Shop", "--lines")
    assert status == Exit.NEEDS_PERSON
    receipts = next(group for group in plan["groups"] if group["kind"] == "SalesReceipt")
    assert (receipts["action"], receipts["lines"], receipts["total"]) == ("create", 2, 30.25)
    assert sum(round(each["amount"] * 100) for each in plan["effect"]) == 0
    assert {line["key"]: line["before"] for line in plan["lines"] if line["kind"] == "SalesReceipt"} == {
        "sales/s1": None,
        "sales/s2": None,
    }
    assert all(json.loads(line["payload"]) for line in plan["lines"])
    assert told("plan", "show")[1]["hash"] == plan["hash"]

    status, refused = told("apply", "Shop", "--hash", "0" * 12, "--yes")
    assert (status, refused["error"]["code"]) == (Exit.FAILED, "plan.not_current")
    assert told("apply", "Shop", "--yes")[1]["error"]["code"] == "apply.hash_missing"
    assert told("apply", "Shop", "--hash", plan["hash"][:7], "--yes")[1]["error"]["code"] == "plan.not_current"
    status, done = told("apply", "--hash", plan["hash"][:12], "--yes")
    assert (status, done["state"], done["unequal"]) == (Exit.OK, "done", 0)

    assert told("apply", "--hash", plan["hash"], "--yes")[1]["error"]["code"] == "apply.nothing_waits"
    status, proof = told("proof", "--days")
    assert (status, proof["all_equal"]) == (Exit.OK, True)
    assert [row["quickbooks"] for row in proof["connections"][0]["rows"]] == [30.25]
    status, again = told("plan")
    assert (status, again["to_send"], again["groups"]) == (Exit.OK, 0, [])


def test_a_changed_line_shows_what_quickbooks_holds_before_it(told: Told, said: Said, chosen: str) -> None:
    till.ROWS["T1"] = [sale(1)]
    _, plan = told("plan")
    told("apply", "--hash", plan["hash"], "--yes")
    till.ROWS["T1"] = [sale(1, "11.00")]
    _, plan = told("plan", "--lines")
    [line] = plan["lines"]
    assert (line["action"], line["before"]["TotalAmt"]) == ("update", 10)
    status, shown = said("plan", "show", "--lines")
    assert status == Exit.NEEDS_PERSON
    assert '"TotalAmt":10' in next(row for row in shown.splitlines() if row.startswith("  before: "))
    assert "11.00" in next(row for row in shown.splitlines() if row.startswith("  after: "))
    assert f"--hash {plan['hash'][:12]}" in shown


def test_apply_shows_the_plan_and_does_nothing_without_a_persons_word(
    told: Told, said: Said, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.ROWS["T1"] = [sale(1)]
    told("plan")
    status, shown = said("apply")
    assert status == Exit.FAILED
    assert "cli.not_confirmed" in shown
    assert f"--hash {told('plan', 'show')[1]['hash'][:12]} --yes" in shown
    assert "Reçu de vente" in shown or "Sales receipt" in shown
    assert "plan.default_item" in "".join(shown.split()), "an item has no role that could be named"
    answers = iter(["n", "y"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.prompt", lambda *_, **__: next(answers))
    assert said("apply")[0] == Exit.INTERRUPTED
    assert told("plan", "show")[1]["state"] == "waiting"
    assert said("apply")[0] == Exit.OK


def test_a_difference_is_told_with_the_document_that_explains_it(
    told: Told, said: Said, chosen: str, sandbox: SandboxServer, realm: str
) -> None:
    till.ROWS["T1"] = [sale(1), sale(2, "5.00", "2026-03-03")]
    _, plan = told("plan")
    told("apply", "--hash", plan["hash"], "--yes")
    company = sandbox.store.get(realm)
    assert company is not None
    [receipt] = [row for row in company.rows() if row.kind == "SalesReceipt" and row.doc["TotalAmt"] == 5]
    receipt.doc["TotalAmt"] = receipt.doc["TotalAmt"] + 1
    assert told("proof")[0] == Exit.OK, "the stored proof is of before"

    status, proof = told("proof", "--refresh")
    assert (status, proof["all_equal"]) == (Exit.UNEQUAL, False)
    [row] = proof["connections"][0]["rows"]
    assert (row["day"], row["posted"], row["quickbooks"]) == ("2026-03-03", 5, 6)
    assert [(each["code"], each["document"]) for each in row["differences"]] == [("proof.amount_differs", receipt.id)]
    status, shown = said("sync", "--lang", "fr")
    assert status == Exit.UNEQUAL
    assert "Shop : terminée" in shown
    assert "La preuve ne tombe pas juste (1) : raccord proof 'Shop'" in shown
    status, shown = said("proof", "--month", "2026-03", "--lang", "fr")
    assert status == Exit.UNEQUAL
    assert "À faire [proof.amount_differs] : " in shown
    assert f"Reçu de vente {receipt.id} (sales/s2), 1,00" in shown
    assert told("proof", "--month", "2026-02")[1]["connections"][0]["rows"] == []


def test_what_others_do_on_a_watched_account_and_the_nights_are_shown(
    told: Told, said: Said, chosen: str, sandbox: SandboxServer, realm: str
) -> None:
    till.ROWS["T1"] = [sale(1)]
    _, plan = told("plan")
    told("apply", "--hash", plan["hash"], "--yes")
    assert told("proof")[1]["others"] == []
    books = sandbox.store.get(realm)
    assert books is not None

    def side(posting: str, name: str, value: str) -> dict[str, Any]:
        account = next(row.id for row in books.rows() if row.kind == "Account" and row.doc[name] == value)
        detail = {"PostingType": posting, "AccountRef": {"value": account}}
        return {"Amount": 0.01, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}

    lines = [side("Debit", "AccountSubType", "UndepositedFunds"), side("Credit", "AccountType", "Expense")]
    lab(sandbox, "create", realm, entity="JournalEntry", changes={"TxnDate": "2026-03-05", "Line": lines})
    told("proof", "--refresh")
    status, answer = told("proof")
    assert (status, answer["others_total"]) == (Exit.OK, 1)
    [other] = answer["others"]
    assert (other["kind"], other["what"], other["amount_before"], other["amount_after"]) == (
        "JournalEntry", "added", None, 0.01,
    )  # fmt: skip
    shown = said("proof", "--lang", "fr")[1]
    assert "Par d'autres, sur les comptes suivis" in shown
    assert "Écriture" in shown
    assert other["document"] in shown
    assert "raccord serve" in said("proof", "nights")[1]
    _, answer = told("proof", "nights", "--at", "03:15")
    assert [(each["at"], each["time_zone"], each["enabled"]) for each in answer["nights"]] == [
        ("03:15", "America/Toronto", True)
    ]
    assert told("proof", "nights", "--off")[1]["nights"][0]["enabled"] is False
    assert "off" in said("proof", "nights")[1]


def test_a_proof_waits_for_nobody_while_a_run_holds_the_company(
    told: Told, chosen: str, company: str, database: Database
) -> None:
    held = company_locks(database, "another").take(company)
    assert held is not None
    status, answer = told("proof", "--refresh")
    assert (status, answer["error"]["code"]) == (Exit.FAILED, "jobs.company_busy")
    held.release()
    assert told("proof", "--refresh")[0] == Exit.OK


@pytest.mark.requirement("BF-02", "BF-03")
def test_a_bank_line_is_answered_with_an_account_by_name(
    told: Told, said: Said, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.ROWS["T1"] = [
        {"stream": "bank", "id": f"b{number}", "day": "2026-03-04", "amount": "-12.30"} for number in (1, 2, 3)
    ]
    told("sync")
    status, holds = told("holds")
    assert (status, holds["total"]) == (Exit.NEEDS_PERSON, 3)
    ids = [each["hold"] for each in holds["questions"]]
    parts = [told("holds", "--limit", "2", "--offset", str(at))[1] for at in (0, 2)]
    assert [each["hold"] for part in parts for each in part["questions"]] == ids
    assert [(part["total"], part["offset"], part["more"]) for part in parts] == [(3, 0, True), (3, 2, False)]
    assert "… and 1 more (--offset 2)." in said("holds", "--limit", "2")[1]
    last = said("holds", "--limit", "2", "--offset", "2")[1]
    assert ("(3–3 of 3)" in last, "more (" in last) == (True, False)
    status, refused = told("holds", "answer", ids[0], "--account", "Nowhere")
    assert (status, refused["error"]["code"]) == (Exit.FAILED, "choice.does_not_fit")
    assert refused["error"]["fix"]["en"].startswith("For example: ")
    name = refused["error"]["fix"]["en"].removeprefix("For example: ").split(",")[0].rstrip(".")
    # Whatever stands before it in a list that is too long to be read whole.
    for place in ("raccord.overview.questions", "raccord.cli.holds.command"):
        monkeypatch.setattr(f"{place}.MOST", 1)
    name = refused["error"]["fix"]["en"].removeprefix("For example: ").split(",")[-1].strip(" .")
    status, shown = said("holds", "answer", ids[0][-8:], "bank/b2", "--account", name.upper())
    assert status == Exit.OK, shown
    assert told("holds", "skip", "bank/b3", "--why", "private")[1]["skipped"] == ["bank/b3"]
    assert told("holds")[1]["total"] == 0
    assert told("holds", "answer", ids[0], "--account", name)[1]["error"]["code"] == "hold.unknown"
    _, plan = told("plan")
    assert [(group["kind"], group["lines"]) for group in plan["groups"]] == [("Purchase", 2)]


@pytest.mark.requirement("BF-05")
def test_a_bank_line_is_split_moved_or_personal_and_an_answer_taken_back(told: Told, said: Said, chosen: str) -> None:
    till.ROWS["T1"] = [
        {"stream": "bank", "id": f"b{number}", "day": "2026-03-04", "amount": "-12.30", "memo": f"M{number}"}
        for number in (1, 2, 3)
    ]
    told("sync")
    part = ("--part", "fournitures=10,25", "--part", "déplacement", "--cheque")
    assert told("holds", "split", "bank/b1", *part) == (Exit.OK, {"treated": ["bank/b1"]})
    assert told("holds", "transfer", "bank/b2")[1]["error"]["code"] == "treatment.no_transfer"
    assert told("holds", "transfer", "bank/b2", "--account", "Épargne")[0] == Exit.OK
    status, refused = told("holds", "personal", "bank/b3", "--account", "Fournitures de bureau")
    assert (status, refused["error"]["code"]) == (Exit.FAILED, "choice.does_not_fit"), "never an expense"
    status, refused = told("holds", "personal", "bank/b3", "--account", "Bénéfices non répartis")
    assert (status, refused["error"]["code"]) == (Exit.FAILED, "choice.does_not_fit"), "nor what was earned before"
    status, shown = said("holds", "transfer", "bank/b3", "--account", "Épargne")
    assert status == Exit.OK, shown
    assert told("holds", "split", "bank/b1", "--part", "x=1")[1]["error"]["code"] == "hold.unknown"
    assert told("holds", "take-back", chosen, "bank/b2")[1] == {"taken_back": "bank/b2"}
    assert told("holds", "split", "bank/b2", "--part", "fournitures=z")[1]["error"]["code"] == "review.not_an_amount"
    assert told("holds", "split", "bank/b2", "--part", "fournitures")[0] == Exit.OK
    _, plan = told("plan")
    assert [(group["kind"], group["lines"]) for group in plan["groups"]] == [("Purchase", 2), ("Transfer", 1)]


def test_lines_that_were_called_differently_are_shown_and_said_to_be_one_or_two(
    told: Told, said: Said, chosen: str
) -> None:
    for name, sign in (("T1", "-"), ("T2", "")):
        till.ROWS[name] = [
            {
                "stream": "bank",
                "id": f"{amount}",
                "day": "2026-03-04",
                "amount": f"{sign}{amount}",
                "memo": f"M{amount}",
            }
            for amount in (10, 20)
        ]
    second = ("--label", "Savings", "--starts-on", "2026-03-01", "--set", "till=T2", "--secret", "code=env:TILL_CODE")
    assert told("connect", "source", "till", *second)[0] == Exit.OK
    assert told("connect", "choose", "Savings", "bank", "Épargne")[0] == Exit.OK
    for name in ("Shop", "Savings"):
        told("sync", name)
    holds = {(each["connection"], each["key"]): each["hold"] for each in told("holds")[1]["questions"]}
    roles = {each["role"]: each["candidates"] for each in told("connect", "roles", "Shop")[1]["roles"]}
    chequing = roles["bank"][0]["name"]
    for key in ("bank/10", "bank/20"):
        assert told("holds", "transfer", holds["Savings", key], "--account", chequing)[0] == Exit.OK
        assert told("holds", "split", holds["Shop", key], "--part", "fournitures")[0] == Exit.OK
    questions = {(each["connection"], each["key"]): each["one_or_two"] for each in told("holds")[1]["questions"]}
    assert questions.keys() == holds.keys()
    assert questions["Shop", "bank/10"]["called"]["en"] == "Fournitures de bureau"
    assert questions["Shop", "bank/10"]["other_called"]["en"] == f"transfer: {chequing}"
    assert "⇄" in said("holds")[1]
    assert told("holds", "two-sides", holds["Shop", "bank/10"], "yes")[1] == {"same": True, "treated": ["bank/10"]}
    assert told("holds", "two-sides", holds["Savings", "bank/20"], "no")[1]["treated"] == ["bank/20", "bank/20"]
    assert told("holds")[1]["total"] == 0


def test_a_missing_choice_is_answered_once_for_all_that_wait_for_it(told: Told, said: Said, connected: str) -> None:
    till.ROWS["T1"] = [sale(1), sale(2)]
    told("sync")
    status, holds = told("holds")
    assert status == Exit.NEEDS_PERSON
    [choice] = holds["choices"]
    assert (choice["role"], choice["drafts"]) == ("tax", 2)
    status, shown = said("holds")
    assert "raccord connect choose" in shown
    _, roles = told("connect", "roles", "Shop")
    code = next(
        each["id"]
        for role in roles["roles"]
        if role["role"] == "tax"
        for each in role["candidates"]
        if "TVQ" in each["name"]
    )
    assert told("holds", "answer", "sales/s1", "--account", code)[0] == Exit.OK
    _, plan = told("plan")
    assert {group["kind"]: group["lines"] for group in plan["groups"]}["SalesReceipt"] == 2


@pytest.mark.requirement("CH-57", "CH-58")
def test_problems_are_told_by_cause_and_marked_one_by_one_or_all_of_a_cause(
    told: Told, said: Said, chosen: str
) -> None:
    till.ROWS["T1"] = [{**sale(number), "kind": "wrong"} for number in (1, 2, 3)]
    told("sync")
    status, problems = told("problems")
    assert status == Exit.NEEDS_PERSON
    [group] = problems["groups"]
    assert (group["code"], group["count"]) == ("mapping.bad_record", 3)
    assert "sales/s2" in said("problems", "--cause", group["cause"])[1]
    assert "Montant impossible" in group["text"]["fr"]
    status, shown = said("problems", "--cause", "mapping.bad_record")
    assert "sales/s2" in shown
    assert told("problems", "ready")[1]["error"]["code"] == "problem.which"
    several = told("problems", "resolved", "sales/s1", "sales/s2", "--document", "R-1")[1]["error"]["code"]
    assert several == "problem.one_document"
    # What no draft was made of has no document to be tied to: whoever says so vouches for it.
    entered = told("problems", "resolved", "sales/s1", "--document", "R-1")
    assert (entered[0], entered[1]["declared"], entered[1]["document"]) == (Exit.OK, True, None)
    assert told("problems", "resolved", "sales/s1")[1]["error"]["code"] == "problem.unknown"
    assert len(told("problems", "ready", "--cause", "mapping.bad_record")[1]["marked"]) == 2
    assert told("problems")[0] == Exit.OK
    told("sync")
    assert told("problems")[1]["groups"][0]["count"] == 2, "the two that were marked ready were mapped again"


def test_every_command_is_described_in_both_languages(said: Said) -> None:
    commands = [[name] for name in ("connect", "plan", "apply", "proof", "holds", "problems", "doctor")] + [
        ["connect", name] for name in ("quickbooks", "source", "roles", "choose", "upload", "disconnect")
    ]
    for path in commands:
        status, french = said(*path, "--help", "--lang", "fr")
        _, english = said(*path, "--help", "--lang", "en")
        assert status == Exit.OK, path
        assert french.splitlines()[2] != english.splitlines()[2], path


def test_a_database_that_is_away_or_locked_is_said_not_traced(
    told: Told, chosen: str, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RACCORD_DATABASE_URL", "postgresql://nobody:canary-7731@127.0.0.1:1/none")
    status, answer = told("holds")
    assert (status, answer["error"]["code"]) == (Exit.FAILED, "store.away")
    assert "canary" not in json.dumps(answer)


def test_a_quickbooks_that_refuses_or_is_away_is_said_with_its_cause(
    told: Told, chosen: str, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RACCORD_QUICKBOOKS_CLIENT_SECRET", "wrong")
    status, answer = told("connect", "quickbooks", "--consent")
    assert (status, answer["error"]["code"]) == (Exit.FAILED, "quickbooks.app_credentials")
    monkeypatch.setenv("RACCORD_QUICKBOOKS_ENVIRONMENT", "http://127.0.0.1:9")
    assert told("connect", "quickbooks", "--consent")[1]["error"]["code"] == "connect.no_answer"
    monkeypatch.setenv("RACCORD_QUICKBOOKS_ENVIRONMENT", "sandbox")
    assert told("connect", "quickbooks", "--consent")[1]["error"]["code"] == "connect.consent_is_a_persons"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["sync", "Nowhere"], "connection.which"),
        (["connect", "pause", "Nowhere", "--yes"], "connection.which"),
        (["connect", "source", "nothing"], "connector.not_installed"),
        (["connect", "choose", "Shop", "nothing", "1"], "choice.unknown_role"),
        (["holds", "answer", "ffffffff", "--account", "1"], "hold.unknown"),
        (["problems", "ready", "ffffffff"], "problem.unknown"),
        (["plan", "show"], "plan.none"),
        (["apply"], "apply.nothing_waits"),
    ],
)
def test_unknown_names_end_in_a_sentence_in_both_languages(
    told: Told, connected: str, arguments: list[str], code: str
) -> None:
    status, answer = told(*arguments)
    assert (status, answer["error"]["code"]) == (Exit.FAILED, code)
    assert all(answer["error"][part][language] for part in ("text", "fix") for language in ("fr", "en"))


def test_the_list_of_nothing_says_what_to_do_next(said: Said) -> None:
    assert "raccord connect source" in said("connect", "list")[1]
    assert run(["holds"]) == Exit.OK


def test_a_source_that_never_answers_is_told_of_and_given_up(
    told: Told, said: Said, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    class Away(dict[str, list[dict[str, str]]]):
        def get(self, *_key: object) -> Any:
            raise SourceAway(Text("pay.example ne répond pas.", "pay.example does not answer."))

    def meanwhile(_steps: Steps, _span: timedelta) -> bool:
        if not seen:
            seen.extend([told("problems")[1], told("status")[1]["companies"][0]["sources"]])
        return False

    monkeypatch.setattr(Steps, "_pause", meanwhile)
    with monkeypatch.context() as silent:
        silent.setattr(till, "ROWS", Away())
        status, shown = said("sync", "Shop")
    assert status == Exit.FAILED
    # What was shown before the commands of meanwhile, theirs took with them.
    assert shown.count("pay.example does not answer. Next try in") == 3
    assert "pay.example does not answer. Check the connection" in " ".join(shown.split())
    told_of, sources = seen
    assert [each["code"] for each in told_of["groups"]] == ["source.later"]
    assert [each["away"]["en"] for each in sources] == ["pay.example does not answer."]
    till.ROWS["T1"] = [sale(1)]
    assert told("sync", "Shop")[1]["runs"][0]["state"] == "approval"
    assert [each["code"] for each in told("problems")[1]["groups"]] == ["jobs.retries_exhausted"]
    assert told("status")[1]["companies"][0]["sources"][0]["away"] is None
